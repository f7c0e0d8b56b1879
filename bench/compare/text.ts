/** What the comparison prints. */
import Table from 'cli-table3';
import type { PeakInfo } from '../report/document.js';
import { quantile } from '../report/statistics.js';
import { formatMs } from '../report/text.js';
import type { Comparison } from './noise.js';

const percent = (ratio: number) => `${ratio >= 1 ? '+' : ''}${((ratio - 1) * 100).toFixed(1)} %`;

/** The largest slowdown first. */
export function formatComparisons(comparisons: readonly Comparison[]): string {
  const table = new Table({
    head: ['row', 'before ms', 'after ms', 'change', 'noise', ''],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const { name, before, after, ratio, noise, verdict, own } of [...comparisons].sort((a, b) => b.ratio - a.ratio))
    table.push([
      name,
      formatMs(before.length === 1 ? before[0]!.medianMs : after.medianMs / ratio),
      formatMs(after.medianMs),
      percent(ratio),
      `±${(noise * 100).toFixed(1)} %`,
      own ? (verdict === 'same' ? '' : verdict) : 'not lanewise',
    ]);
  return table.toString();
}

/** How those fared whose code did not change: the machine's own difference between the runs. */
export function formatControls(comparisons: readonly Comparison[]): string[] {
  const others = comparisons.filter(({ own }) => !own).map(({ ratio }) => ratio);
  if (others.length === 0) return [];
  return [`other contenders' rows: ${percent(quantile(others, 0.5))} in the median of ${others.length}`];
}

/** The FMA peak of every run, in their order. */
export function formatPeaks(runs: readonly (readonly PeakInfo[])[]): string[] {
  return (runs[0] ?? []).flatMap(({ isa, threads }) => {
    const same = runs.map((peaks) => peaks.find((peak) => peak.isa === isa && peak.threads === threads)?.median);
    if (same.some((median) => median === undefined)) return [];
    const values = same.map((median) => median!.toFixed(1)).join(', ');
    return [`FMA peak ${isa}, ${threads === 1 ? '1 thread' : `${threads} threads`}: ${values} GFLOP/s`];
  });
}

/** Named all where they are few. */
export function formatMissing(title: string, names: readonly string[]): string[] {
  const shown = 10;
  if (names.length === 0) return [];
  const more = names.length > shown ? [`  and ${names.length - shown} more`] : [];
  return [`${title}:`, ...names.slice(0, shown).map((name) => `  ${name}`), ...more];
}
