/** The comparison of documents: which rows are the same thing measured again, and what is said of them. */
import { median } from 'simple-statistics';
import { isNative, reference } from '../contenders/contenders.js';
import { InputError } from '../options.js';
import type { BenchDocument, Row } from '../results/document.js';
import { countThreads, formatMs, formatTable } from '../results/text.js';
import { type Comparison, compareRows, type Matched } from './noise.js';

/** As a person would name it: `gemm 512x512x512 nn, native avx2, 1 thread`. */
export function rowName({ case: name, shape, batch, optimizer, contender, isa, threads, point }: Row): string {
  const what = [name, point === null ? shape : point.value].filter((part) => part !== null).join(' ');
  const size = batch === null || point?.name === 'batch' ? null : `batch ${batch}`;
  const parts = [what, size, optimizer, isa === null ? contender : `${contender} ${isa}`, countThreads(threads)];
  return parts.filter((part) => part !== null).join(', ');
}

/** @param before the run before the change and those that repeat it. */
export function matchRows(before: readonly BenchDocument[], after: BenchDocument) {
  const [first, ...others] = before.map(({ rows }) => new Map(rows.map((row) => [rowName(row), row])));
  const last = new Map(after.rows.map((row) => [rowName(row), row]));
  const rows: Matched[] = [];
  const onlyBefore: string[] = [];
  for (const [name, row] of first ?? []) {
    const again = others.flatMap((run) => run.get(name) ?? []);
    const found = last.get(name);
    const own = isNative(row.contender) || row.contender === reference;
    if (found === undefined || again.length < others.length) onlyBefore.push(name);
    else rows.push({ name, own, before: [row, ...again], after: found });
  }
  return { rows, onlyBefore, onlyAfter: [...last.keys()].filter((name) => !first?.has(name)) };
}

/** What must be the same in all runs, lest their times say nothing about each other. */
const conditions: Readonly<Record<string, (document: BenchDocument) => string | number>> = {
  processors: ({ machine }) => machine.cpu,
  'numbers of processors': ({ machine }) => `${machine.allowedCpus} of ${machine.logicalCpus}`,
  'instruction sets': ({ machine }) => machine.isas.join(', '),
  'numbers of threads': ({ machine }) => machine.threads,
  platforms: ({ machine }) => machine.platform,
  'lengths of turns': ({ run }) => (run.quick ? 'those of --quick' : 'full'),
};

/** Versions that are not the same, and may explain a difference. */
function remarks(before: BenchDocument, after: BenchDocument): string[] {
  const versionsOf = ({ contenders }: BenchDocument) =>
    contenders.flatMap(({ id, versions }) =>
      Object.entries(versions).map(([name, version]) => [`${id}: ${name}`, version]),
    );
  const old = new Map(versionsOf(before) as [string, string][]);
  return versionsOf(after).flatMap(([what, version]) => {
    const same = old.get(what!) ?? version;
    return same === version ? [] : [`${what} ${same} before, ${version} after`];
  });
}

/** How the machine itself fared: the rows of others, whose code did not change, and the FMA peak of every run. */
function controls(comparisons: readonly Comparison[], runs: readonly BenchDocument[]): string[] {
  const others = comparisons.filter(({ own }) => !own).map(({ ratio }) => ratio);
  const peaks = runs[0]!.peaks.flatMap(({ isa, threads }) => {
    const same = runs.flatMap((run) => run.peaks.find((peak) => peak.isa === isa && peak.threads === threads) ?? []);
    const values = same.map((peak) => peak.median.toFixed(1)).join(', ');
    return same.length < runs.length ? [] : [`FMA peak ${isa}, ${countThreads(threads)}: ${values} GFLOP/s`];
  });
  if (others.length === 0) return peaks;
  return [`other contenders' rows: ${percent(median(others))} in the median of ${others.length}`, ...peaks];
}

const percent = (ratio: number) => `${ratio >= 1 ? '+' : ''}${((ratio - 1) * 100).toFixed(1)} %`;

/** The largest slowdown first. */
function formatComparisons(comparisons: readonly Comparison[]): string {
  const lines = [...comparisons]
    .sort((a, b) => b.ratio - a.ratio)
    .map(({ name, after, ratio, noise, verdict, own }) => [
      ...[name, formatMs(after.medianMs / ratio), formatMs(after.medianMs), percent(ratio)],
      ...[`±${(noise * 100).toFixed(1)} %`, own ? verdict.replace('same', '') : 'not lanewise'],
    ]);
  return formatTable(['row', '>before ms', '>after ms', '>change', '>noise', ''], lines);
}

const named = (title: string, names: readonly string[]) =>
  names.length === 0 ? [] : [`${title}:`, ...names.map((name) => `  ${name}`)];

/**
 * @param before the run before the change, and further runs of the same.
 * @throws InputError when they were made on different machines or by different means, without `force`; always when a run
 * is given twice or nothing is in all of them.
 */
export function compareDocuments(
  before: readonly BenchDocument[],
  after: BenchDocument,
  { force, all }: { readonly force: boolean; readonly all: boolean },
): { readonly text: string; readonly slower: boolean } {
  const runs = [...before, after];
  const [first] = runs as [BenchDocument];
  if (new Set(runs.map(({ run }) => run.startedAt)).size < runs.length)
    throw new InputError('the same run is given twice: it cannot say how far two runs lie apart');
  const different = Object.entries(conditions).flatMap(([what, of]) => {
    const other = runs.find((run) => of(run) !== of(first));
    return other === undefined ? [] : [`different ${what}: ${of(first)} and ${of(other)}`];
  });
  if (different.length > 0 && !force)
    throw new InputError(
      `these runs cannot be compared:\n  ${different.join('\n  ')}\n--force compares them all the same`,
    );
  const { rows, onlyBefore, onlyAfter } = matchRows(before, after);
  if (rows.length === 0) throw new InputError('no row is in all of these runs');

  const comparisons = compareRows(rows);
  const count = (verdict: Comparison['verdict']) => comparisons.filter((each) => each.verdict === verdict).length;
  const shown = all ? comparisons : comparisons.filter(({ verdict }) => verdict !== 'same');
  const guess = 'no second run of the code before (--again): the noise between runs is a guess, not measured';
  const own = comparisons.filter((each) => each.own).length;
  const parts = [
    shown.length > 0 ? formatComparisons(shown) : '',
    `${own} ${own === 1 ? 'row' : 'rows'} of lanewise compared: ${count('slower')} slower, ${count('faster')} faster, the rest within noise`,
    [
      ...different.map((each) => `compared by force, though they have ${each}`),
      ...(before.length === 1 ? [guess] : []),
      ...remarks(first, after),
      ...controls(comparisons, runs),
    ].join('\n'),
    [...named('only before', onlyBefore), ...named('only after', onlyAfter)].join('\n'),
  ];
  return { text: parts.filter((part) => part !== '').join('\n\n'), slower: count('slower') > 0 };
}
