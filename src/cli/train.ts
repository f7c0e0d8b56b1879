/** `lanewise train`: a network for a table, and how good it is. */
import { access, constants } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { manualSeed } from '../index.js';
import { checkCheckpoint, checkpointPath, removeCheckpoint } from './checkpoint.js';
import { type Command, textOption, UsageError } from './command.js';
import { openCsv, readRows } from './csv.js';
import { saveModel } from './model-file.js';
import { TableProfile } from './profile.js';
import { readTrainData, type TrainData } from './train-data.js';
import { readSettings } from './train-settings.js';
import { evaluate, type Report, reportLines, train } from './training.js';

export const trainCommand: Command = {
  name: 'train',
  summary: 'train a network on a CSV file',
  usage: 'TABLE.csv --target COLUMN [options]',
  about: `Learns to tell the column COLUMN of a CSV file (with a header) from its other columns: numbers, true and false,
dates (ISO 8601) and categories. A part of the rows is held out: the network stops when it gets no better on the
first, and its errors on the second are printed next to those of saying the mean, or the most frequent class, of all.
The model is saved with all that 'lanewise predict' needs. Ctrl-C stops after the step that is being made, saves the best model so far and
a checkpoint, and exits with 130. The same command with --resume goes on from there, to the result of a training
that was not stopped. A checkpoint is also written every minute, for the case of a kill; a training that is over removes it.`,
  options: {
    target: { type: 'string', short: 't', value: 'COLUMN', help: 'the column to tell (required)' },
    task: { type: 'string', value: 'TASK', help: 'regression or classification; default: by what the target holds' },
    out: { type: 'string', short: 'o', value: 'FILE', help: 'where the model is saved; default: TABLE.safetensors' },
    features: { type: 'string', value: 'A,B,...', help: 'the columns to learn from; default: all that are of use' },
    drop: { type: 'string', value: 'A,B,...', help: 'columns to leave out' },
    categorical: { type: 'string', value: 'A,B,...', help: 'columns whose numbers are names: postcodes, years' },
    na: { type: 'string', value: 'A,B,...', help: "more texts for 'no value', in addition to empty, NA, NaN, null" },
    delimiter: { type: 'string', value: 'C', help: 'what is between cells; default: by the first line' },
    hidden: { type: 'string', value: 'N,N,...', help: 'widths of the hidden layers; default: 64,32' },
    dropout: { type: 'string', value: 'P', help: 'share of values dropped in training; default: 0.1' },
    lr: { type: 'string', value: 'X', help: 'learning rate of AdamW; default: 0.001' },
    'batch-size': { type: 'string', value: 'N', help: 'rows in a step; default: 32 to 512 by the number of rows' },
    epochs: { type: 'string', value: 'N', help: 'at most as many; default: 200' },
    patience: { type: 'string', value: 'N', help: 'epochs without getting better that end it; default: 15' },
    validation: { type: 'string', value: 'X', help: 'share of rows to stop by; default: 0.15' },
    test: { type: 'string', value: 'X', help: 'share of rows to measure with; default: 0.15' },
    seed: { type: 'string', value: 'N', help: 'of weights, orders and the split; default: 0' },
    resume: { type: 'boolean', help: 'go on from the checkpoint of this training, at OUT.checkpoint.safetensors' },
    json: { type: 'boolean', help: 'print the result as JSON' },
    quiet: { type: 'boolean', short: 'q', help: 'no progress' },
  },
  examples: [
    'lanewise train houses.csv --target price',
    'lanewise train penguins.csv --target species --drop id --out penguins.safetensors',
    'lanewise train --resume houses.csv --target price',
  ],
  arguments: [1, 1],
  async run([path = ''], values, terminal) {
    const settings = readSettings(values);
    const out = textOption(values, 'out') ?? `${path.slice(0, path.length - extname(path).length)}.safetensors`;
    const note = values.quiet === true ? () => {} : terminal.note;
    const file = await openCsv(path, textOption(values, 'delimiter'));
    if (path === '-') throw new UsageError('train: the table is read more than once, so it must be a file');
    await checkFolder(out);
    const checkpoint = checkpointPath(out);
    const isResumed = values.resume === true;
    if (isResumed) await checkCheckpoint(checkpoint);
    const profile = new TableProfile(settings.wishes.naValues);
    for await (const rows of readRows(file)) {
      terminal.signal.throwIfAborted();
      profile.add(rows);
    }
    const plan = profile.plan(path, settings.wishes);
    for (const { column, why } of plan.left) note(`left out: ${column} (${why})`);
    manualSeed(settings.seed);
    const table = await readTrainData(file, plan, { ...settings, naValues: settings.wishes.naValues });
    note(`${plan.task} of ${plan.target.column}: ${describe(table)}`);
    const { spec, model, epochs, isInterrupted } = await train(plan, table, settings, terminal, {
      isQuiet: values.quiet === true,
      checkpoint,
      isResumed,
    });
    await saveModel(out, { spec, model, transformer: table.transformer });
    if (!isInterrupted) await removeCheckpoint(checkpoint);
    const report: Report = {
      task: plan.task,
      target: plan.target.column,
      ...(await evaluate(plan, table, model)),
      rows: { ...table.rows, withoutTarget: table.dropped },
      epochs,
      isInterrupted,
      model: out,
    };
    if (values.json === true) terminal.print(JSON.stringify(report));
    else for (const line of reportLines(report)) terminal.print(line);
    return isInterrupted ? 130 : 0;
  },
};

/** Said before the training, not after it. */
async function checkFolder(out: string): Promise<void> {
  try {
    await access(dirname(out), constants.W_OK);
  } catch (cause) {
    throw new UsageError(`--out: the folder ${dirname(out)} is not there, or cannot be written to`, { cause });
  }
}

function describe({ transformer, rows, dropped }: TrainData): string {
  const classes = transformer.classes;
  const told = classes === null ? '' : `, ${classes.length} classes`;
  const without = dropped === 0 ? '' : `; ${dropped} rows have no target or a class that no other row has`;
  return `${transformer.inputSize} inputs${told}; rows: ${rows.train} to train on, ${rows.validation} to stop by, ${rows.test} to test${without}`;
}
