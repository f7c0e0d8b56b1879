/** What the programs print. */
import Table from 'cli-table3';
import type { BenchDocument, Machine, Row } from './document.js';

/** Rows with fewer samples are marked: their spread says little. */
const fewSamples = 10;

const chars = Object.fromEntries(
  ['top', 'bottom', 'left', 'right'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [side + part, '']),
  ),
);
const noLines = { ...chars, mid: '', 'mid-mid': '', middle: ' ' };

/** A table without lines. Columns whose name begins with `>` stand to the right. */
export function formatTable(columns: readonly string[], lines: readonly (readonly (string | number)[])[]): string {
  const table = new Table({
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    head: columns.map((name) => name.replace(/^>/, '')),
    colAligns: columns.map((name) => (name.startsWith('>') ? 'right' : 'left')),
  });
  table.push(...lines.map((line) => [...line]));
  return table.toString();
}

export const countThreads = (threads: number): string => (threads === 1 ? '1 thread' : `${threads} threads`);

/** Three significant digits, never fewer than the whole part has. */
export function formatMs(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  return ms >= 1 ? ms.toPrecision(3) : ms.toFixed(Math.min(6, 2 - Math.floor(Math.log10(Math.max(ms, 1e-6)))));
}

export const formatRatio = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** The head of the output. */
export function formatMachine(machine: Machine): string {
  const { cpu, logicalCpus, allowedCpus, isas, threads, threadSource, node, platform, lanewise } = machine;
  const commit = lanewise.commit === null ? 'no git checkout' : `commit ${lanewise.commit}`;
  const allowed = allowedCpus < logicalCpus ? `, ${allowedCpus} allowed` : '';
  return [
    `CPU       ${cpu}, ${logicalCpus} logical${allowed}; ${isas.length === 0 ? 'no native backend' : isas.join(' ')}`,
    `threads   ${threads === 1 ? '1' : `1 and ${threads}`} (${threadSource})`,
    `node      ${node} on ${platform}`,
    `lanewise  ${lanewise.version}, ${commit}${lanewise.changed ? ' with changes' : ''}`,
  ].join('\n');
}

/** Those that bring versions or notes, and those that do not take part. */
export function formatContenders({ contenders, absent }: Pick<BenchDocument, 'contenders' | 'absent'>): string {
  const blocks = contenders.flatMap(({ id, versions, threadSource, notes }) => {
    const own = Object.entries(versions).filter(([name]) => !['node', 'lanewise addon'].includes(name));
    if (own.length === 0 && notes.length === 0) return [];
    const head = `${id}: ${own.map((each) => each.join(' ')).join(', ')}; threads: ${threadSource}`;
    return [[head, ...notes.map((note) => `  ${note}`)].join('\n')];
  });
  // One with a process for each number of threads is named once.
  return [...new Set(blocks), ...absent.map(({ id, why }) => `not here: ${id} ${why}`)].join('\n');
}

/** Everything behind the head. */
export function formatDocument({ rows, peaks, figures, failures, run }: BenchDocument): string {
  const found = figures.map(({ case: name, what, value, unit }) => [name, what, `${formatRatio(value)}${unit}`]);
  const parts = [
    rows.length > 0 ? formatRows(rows) : '',
    peaks.map(formatPeak).join('\n'),
    found.length > 0 ? formatTable(['case', 'figure', '>measured'], found) : '',
    ...failures.map((failure) => `not measured: ${failure}`),
    run.interrupted ? 'stopped early: the tables hold what was done so far' : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

export function formatRows(rows: readonly Row[]): string {
  const heads = ['case', 'shape', '>batch', 'optimizer', '>threads', 'isa', 'contender'];
  const marks = rows.map(({ samples }) => (samples < fewSamples ? '*' : ' '));
  const lines = rows.map((row, i) => [
    ...heads.map((head) => row[head.replace('>', '') as 'shape' | 'batch'] ?? '-'),
    `${formatMs(row.medianMs)}${marks[i]}`,
    `${formatMs(row.p10Ms)}-${formatMs(row.p90Ms)}`,
    row.gflops?.toFixed(1) ?? '-',
    row.percentOfPeak?.toFixed(0) ?? '-',
    row.speedupOverReference === null ? '-' : `${formatRatio(row.speedupOverReference)}x`,
  ]);
  const columns = [...heads, '>median ms', '>p10-p90 ms', '>GFLOP/s', '>% of peak', '>over reference'];
  return formatTable(columns, lines) + (marks.includes('*') ? `\n* fewer than ${fewSamples} samples` : '');
}

/** Its median over the run, and how far it went up and down. */
export function formatPeak({ isa, threads, median, lowest, highest }: BenchDocument['peaks'][number]): string {
  const range = lowest < highest ? ` (${lowest.toFixed(1)} to ${highest.toFixed(1)} over the run)` : '';
  return `FMA peak ${isa}, ${countThreads(threads)}: ${median.toFixed(1)} GFLOP/s${range}`;
}
