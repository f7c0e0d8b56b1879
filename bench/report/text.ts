/** What the benchmark prints. */
import Table from 'cli-table3';
import type { Measurement, Peak } from '../measure/schedule.js';
import type { Row } from './rows.js';
import { quantile } from './statistics.js';
import type { Finding } from '../measure/study.js';
import { isReached, type Result } from './targets.js';

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

/** @param sampleCounts how many samples stand behind each row. */
export function formatRows(rows: readonly Row[], sampleCounts: readonly number[]): string {
  const table = new Table({
    ...plain,
    head: [...heads, ...figures],
    colAligns: [
      ...heads.map((head) => (head === 'batch' || head === 'threads' ? 'right' : 'left')),
      ...figures.map(() => 'right'),
    ] as ('left' | 'right')[],
  });
  let marked = false;
  rows.forEach((row, i) => {
    const few = (sampleCounts[i] ?? 0) < fewSamples;
    marked ||= few;
    table.push([
      ...heads.map((head) => row[head] ?? '-'),
      `${formatMs(row.medianMs)}${few ? '*' : ' '}`,
      `${formatMs(row.p10Ms)}-${formatMs(row.p90Ms)}`,
      row.gflops === null ? '-' : row.gflops.toFixed(1),
      row.percentOfPeak === null ? '-' : row.percentOfPeak.toFixed(0),
      row.speedupOverReference === null ? '-' : `${formatRatio(row.speedupOverReference)}x`,
    ]);
  });
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

/** One line for each peak that was measured: its median over the run, and how far it went up and down. */
export function formatPeaks(measurements: readonly Measurement[]): string {
  const seen = new Map<string, { contender: string; threads: number; values: number[] }>();
  const noted = new Set<Peak>();
  for (const peak of measurements.flatMap((measurement) => measurement.peaks)) {
    if (noted.has(peak)) continue; // the measurements of one workload share their peaks
    noted.add(peak);
    const key = `${peak.contender} ${peak.threads}`;
    const found = seen.get(key) ?? { contender: peak.contender, threads: peak.threads, values: [] };
    found.values.push(peak.gflops);
    seen.set(key, found);
  }
  return [...seen.values()]
    .map(({ contender, threads, values }) => {
      const [low, middle, high] = [0, 0.5, 1].map((q) => quantile(values, q).toFixed(1));
      const range = values.length > 1 ? ` (${low} to ${high} over the run)` : '';
      const isa = contender.slice(contender.indexOf(':') + 1);
      return `FMA peak ${isa}, ${threads} thread${threads === 1 ? '' : 's'}: ${middle} GFLOP/s${range}`;
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
function judgement(result: Omit<Result, 'what'>): [string, string] {
  const { unit, target, bound } = result;
  return [`${bound === 'least' ? '>=' : '<='} ${target}${unit}`, isReached(result) ? 'reached' : 'short'];
}

export function formatResults(results: readonly Result[]): string {
  const table = new Table({
    ...plain,
    head: ['what it must reach', 'measured', 'target', ''],
    colAligns: ['left', 'right', 'right', 'left'],
  });
  for (const result of results) {
    const { what, value, unit } = result;
    table.push([what, `${formatRatio(value)}${unit}`, ...judgement(result)]);
  }
  return table.toString();
}
