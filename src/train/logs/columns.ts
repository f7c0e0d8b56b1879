/** What a training tells of its epochs, as columns with names. */
import type { EpochResult, Scores } from '../history.js';

/** A column, and its value in an epoch; undefined where the epoch has none. */
export interface Column {
  readonly name: string;
  read(result: EpochResult): number | undefined;
}

/** The names of all metrics of some epochs. */
function metricsOf(results: Iterable<EpochResult>): string[] {
  const names = new Set<string>();
  for (const { metrics } of results) for (const name of Object.keys(metrics)) names.add(name);
  return [...names];
}

const scoreOf = (scores: Scores | undefined, name: string): number | undefined =>
  name === 'loss' ? scores?.loss : scores?.metrics[name];

/** The loss and every metric, of training and behind them of validation. */
export function scoreColumns(metrics: readonly string[], hasValidation: boolean): Column[] {
  const names = ['loss', ...metrics];
  const training = names.map((name): Column => ({ name, read: (result) => scoreOf(result, name) }));
  if (!hasValidation) return training;
  const validation = names.map(
    (name): Column => ({ name: `validation.${name}`, read: ({ validation }) => scoreOf(validation, name) }),
  );
  return [...training, ...validation];
}

/** Those of a whole training. */
export function scoreColumnsOf(results: readonly EpochResult[]): Column[] {
  return scoreColumns(
    metricsOf(results),
    results.some(({ validation }) => validation !== undefined),
  );
}

/** A learning rate for each parameter group: `lr` for one, `lr.0`, `lr.1`, ... for several. */
export const rateColumns = (groups: number): Column[] =>
  Array.from({ length: groups }, (_, i) => ({
    name: groups === 1 ? 'lr' : `lr.${i}`,
    read: ({ lr }) => lr[i],
  }));

/** Everything, as a table has it. */
export function tableColumns(scores: readonly Column[], groups: number): Column[] {
  return [
    { name: 'epoch', read: ({ epoch }) => epoch },
    { name: 'steps', read: ({ steps }) => steps },
    { name: 'samples', read: ({ samples }) => samples },
    ...scores,
    ...rateColumns(groups),
    { name: 'seconds', read: ({ seconds }) => seconds },
    { name: 'samplesPerSecond', read: ({ samplesPerSecond }) => samplesPerSecond },
  ];
}
