/** What the benchmark prints. */
import Table from 'cli-table3';
import type { Absence, BenchDocument, ContenderInfo, Machine, PeakInfo, Row, Target } from './document.js';
import type { Finding } from '../measure/study.js';
import { isReached } from './targets.js';

/** Rows with fewer samples are marked: their spread says little. */
const fewSamples = 10;

const noLines = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid']
    .concat(['mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, name === 'middle' ? ' ' : '']),
);
const plain = { chars: noLines, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 } };

const heads = ['case', 'shape', 'batch', 'optimizer', 'threads', 'isa', 'contender'] as const;
const figures = ['median ms', 'p10-p90 ms', 'GFLOP/s', '% of peak', 'over reference'] as const;

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

/** Those that bring versions or notes of their own, and those that do not take part. */
export function formatContenders(contenders: readonly ContenderInfo[], absent: readonly Absence[]): string {
  const blocks = contenders.flatMap(({ id, versions, threadSource, notes }) => {
    const own = Object.entries(versions).filter(([name]) => !['node', 'lanewise addon'].includes(name));
    if (own.length === 0 && notes.length === 0) return [];
    const parts = own.map(([name, version]) => `${name} ${version}`);
    const head = `${id}: ${parts.join(', ')}; threads: ${threadSource}`;
    return [[head, ...notes.map((note) => `  ${note}`)].join('\n')];
  });
  const missing = absent.map(({ id, why }) => `not here: ${id} ${why}`);
  // One with a process for each number of threads is named once.
  return [...new Set(blocks), ...missing].join('\n');
}

/** Everything behind the head. */
export function formatDocument({ rows, peaks, figures, targets, failures, run }: BenchDocument): string {
  const parts = [
    rows.length > 0 ? formatRows(rows) : '',
    formatPeaks(peaks),
    figures.length > 0 ? formatFindings(figures) : '',
    targets.length > 0 ? formatTargets(targets) : '',
    ...failures.map((failure) => `not measured: ${failure}`),
    run.interrupted ? 'stopped early: the tables hold what was done so far' : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

export function formatRows(rows: readonly Row[]): string {
  const table = new Table({
    ...plain,
    head: [...heads, ...figures],
    colAligns: [
      ...heads.map((head) => (head === 'batch' || head === 'threads' ? 'right' : 'left')),
      ...figures.map(() => 'right'),
    ] as ('left' | 'right')[],
  });
  let marked = false;
  for (const row of rows) {
    const few = row.samples < fewSamples;
    marked ||= few;
    table.push([
      ...heads.map((head) => row[head] ?? '-'),
      `${formatMs(row.medianMs)}${few ? '*' : ' '}`,
      `${formatMs(row.p10Ms)}-${formatMs(row.p90Ms)}`,
      row.gflops === null ? '-' : row.gflops.toFixed(1),
      row.percentOfPeak === null ? '-' : row.percentOfPeak.toFixed(0),
      row.speedupOverReference === null ? '-' : `${formatRatio(row.speedupOverReference)}x`,
    ]);
  }
  return table.toString() + (marked ? `\n* fewer than ${fewSamples} samples` : '');
}

/** Three significant digits, never fewer than the whole part has. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  if (ms >= 100) return ms.toFixed(0);
  return ms >= 1 ? ms.toPrecision(3) : ms.toFixed(Math.min(6, 2 - Math.floor(Math.log10(Math.max(ms, 1e-6)))));
}

function formatRatio(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** One line for each peak: its median over the run, and how far it went up and down. */
export function formatPeaks(peaks: readonly PeakInfo[]): string {
  return peaks
    .map(({ isa, threads, median, lowest, highest }) => {
      const range = lowest < highest ? ` (${lowest.toFixed(1)} to ${highest.toFixed(1)} over the run)` : '';
      return `FMA peak ${isa}, ${threads} thread${threads === 1 ? '' : 's'}: ${median.toFixed(1)} GFLOP/s${range}`;
    })
    .join('\n');
}

/** The figures of studies; one without a target is there to explain the others. */
export function formatFindings(findings: readonly Finding[]): string {
  const table = new Table({
    ...plain,
    head: ['case', 'figure', 'measured', 'target', ''],
    colAligns: ['left', 'left', 'right', 'right', 'left'],
  });
  for (const finding of findings) {
    const { what, value, unit, target, bound } = finding;
    const judged = target === null || bound === null ? ['', ''] : judgement({ value, unit, target, bound });
    table.push([finding.case, what, `${formatRatio(value)}${unit}`, ...judged]);
  }
  return table.toString();
}

/** The target, and whether it was reached. */
function judgement(result: Pick<Target, 'value' | 'unit' | 'target' | 'bound'>): [string, string] {
  const { unit, target, bound } = result;
  return [`${bound === 'least' ? '>=' : '<='} ${target}${unit}`, isReached(result) ? 'reached' : 'short'];
}

export function formatTargets(targets: readonly Target[]): string {
  const table = new Table({
    ...plain,
    head: ['what it must reach', 'measured', 'target', ''],
    colAligns: ['left', 'right', 'right', 'left'],
  });
  for (const target of targets) {
    const { what, value, unit } = target;
    table.push([what, `${formatRatio(value)}${unit}`, ...judgement(target)]);
  }
  return table.toString();
}
