/** What `lanewise train` is told, read and checked. */
import { defaultNaValues } from '../data/table/cells.js';
import { listOption, numberOption, textOption, UsageError, type Values } from './command.js';
import type { Plan } from './profile.js';

export type TrainSettings = ReturnType<typeof readSettings>;

/** @throws UsageError that names the option. */
export function readSettings(values: Values) {
  const target = textOption(values, 'target');
  if (target === null) throw new UsageError('train: --target COLUMN is missing: the column that is to be told');
  const task = textOption(values, 'task');
  if (task !== null && task !== 'regression' && task !== 'classification')
    throw new UsageError(`--task must be regression or classification, got '${task}'`);
  const hidden = textOption(values, 'hidden') === null ? [64, 32] : listOption(values, 'hidden').map(Number);
  if (hidden.some((width) => !Number.isSafeInteger(width) || width < 1 || width > 65_536))
    throw new UsageError(`--hidden must be widths from 1 to 65536, got '${String(values.hidden)}'`);
  const isInteger = true;
  const shares = {
    validation: numberOption(values, 'validation', 0.15, { least: 0.01, most: 0.5 }),
    test: numberOption(values, 'test', 0.15, { least: 0.01, most: 0.5 }),
  };
  if (shares.validation + shares.test > 0.9)
    throw new UsageError('--validation and --test leave too few rows to train on');
  return {
    wishes: {
      target,
      task: task as Plan['task'] | null,
      features: listOption(values, 'features'),
      drop: listOption(values, 'drop'),
      categorical: listOption(values, 'categorical'),
      naValues: [...defaultNaValues, ...listOption(values, 'na')],
    },
    hidden,
    shares,
    dropout: numberOption(values, 'dropout', 0.1, { most: 0.95 }),
    lr: numberOption(values, 'lr', 0.001, { least: 1e-9, most: 10 }),
    batchSize:
      values['batch-size'] === undefined
        ? null
        : numberOption(values, 'batch-size', 0, { least: 1, most: 1e6, isInteger }),
    epochs: numberOption(values, 'epochs', 200, { least: 1, most: 1e6, isInteger }),
    patience: numberOption(values, 'patience', 15, { least: 1, most: 1e6, isInteger }),
    seed: numberOption(values, 'seed', 0, { most: 2 ** 32 - 1, isInteger }),
  };
}
