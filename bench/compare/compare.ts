/** The comparison of documents, from what they are to what is said of them. */
import type { BenchDocument } from '../report/document.js';
import { differences, matchRows, remarks } from './match.js';
import { compareRows, type Comparison } from './noise.js';
import { formatComparisons, formatControls, formatMissing, formatPeaks } from './text.js';

/** Runs whose times say nothing about each other; the message says why. */
export class IncomparableError extends Error {}

export interface Outcome {
  readonly text: string;
  readonly slower: boolean;
}

/**
 * @param before the run before the change, and further runs of the same.
 * @throws IncomparableError when they were made on different machines or by different means, without `force`; always when
 * a run is given twice or nothing is in all of them.
 */
export function compareDocuments(
  before: readonly BenchDocument[],
  after: BenchDocument,
  { force, all }: { readonly force: boolean; readonly all: boolean },
): Outcome {
  const runs = [...before, after];
  if (new Set(runs.map(({ run }) => run.startedAt)).size < runs.length)
    throw new IncomparableError('the same run is given twice: it cannot say how far two runs lie apart');
  const different = [...new Set(runs.slice(1).flatMap((other) => differences(runs[0]!, other)))];
  if (different.length > 0 && !force)
    throw new IncomparableError(
      `these runs cannot be compared:\n${different.map((each) => `  ${each}`).join('\n')}\n--force compares them all the same`,
    );
  const { rows, onlyBefore, onlyAfter } = matchRows(before, after);
  if (rows.length === 0) throw new IncomparableError('no row is in all of these runs');

  const comparisons = compareRows(rows);
  const count = (verdict: Comparison['verdict']) => comparisons.filter((each) => each.verdict === verdict).length;
  const shown = all ? comparisons : comparisons.filter(({ verdict }) => verdict !== 'same');
  const notes = [
    ...different.map((each) => `compared by force, though they have ${each}`),
    ...(before.length === 1
      ? ['no second run of the code before (--again): the noise between runs is a guess, not measured']
      : []),
    ...remarks(runs[0]!, after),
    ...formatControls(comparisons),
    ...formatPeaks(runs.map(({ peaks }) => peaks)),
  ];
  const own = comparisons.filter((each) => each.own).length;
  const parts = [
    shown.length > 0 ? formatComparisons(shown) : '',
    `${own} ${own === 1 ? 'row' : 'rows'} of lanewise compared: ${count('slower')} slower, ${count('faster')} faster, the rest within noise`,
    notes.join('\n'),
    [...formatMissing('only before', onlyBefore), ...formatMissing('only after', onlyAfter)].join('\n'),
  ];
  return { text: parts.filter((part) => part !== '').join('\n\n'), slower: count('slower') > 0 };
}
