/** Bars of time by contender. */
import { formatMs } from '../report/text.js';
import type { Row } from '../report/document.js';
import { type Bar, barChart, type Panel } from './charts/bars.js';
import { type ChartFigure, countThreads, formatTime, onMostThreads } from './figure.js';
import { barTone, inOrder, type Names } from './names.js';

export type Threads = 'one' | 'all';

export const rowsOn = (rows: readonly Row[], threads: Threads): Row[] =>
  threads === 'all' ? onMostThreads(rows) : rows.filter((row) => row.threads === 1);

interface TimePanel {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** @param what stands in the caption: what takes that long. Null when there is nothing to draw. */
export function timeFigure(
  id: string,
  what: string,
  panels: readonly TimePanel[],
  names: Names,
  labelOf: (row: Row) => string = (row) => names.of(row),
): ChartFigure | null {
  const measured = panels.filter(({ rows }) => rows.length > 0);
  const all = inOrder(measured.flatMap(({ rows }) => rows));
  if (all.length === 0) return null;
  const labels = [...new Set(all.map(labelOf))];
  const most = Math.max(...all.map(({ threads }) => threads));
  const shortest = Math.max(...measured.map(({ rows }) => Math.min(...rows.map(({ medianMs }) => medianMs))));
  // One unit in all panels of a figure, fit for the quickest of them.
  const unit = shortest < 0.1 ? { name: 'µs', of: 1000 } : { name: 'ms', of: 1 };
  const bar = (row: Row): Bar => ({
    ...{ value: row.medianMs * unit.of, low: row.p10Ms * unit.of, high: row.p90Ms * unit.of, tone: barTone(row) },
    text: `${formatMs(row.medianMs * unit.of)} ${unit.name}${row.threads < most ? `, ${countThreads(row.threads)}` : ''}`,
  });
  const drawn = measured.map(({ title, rows }): Panel => {
    const found = labels.map((label) => rows.find((row) => labelOf(row) === label));
    return { title, bars: found.map((row) => (row === undefined ? null : bar(row))) };
  });
  return {
    id,
    caption: `${what}, ${countThreads(most)}: median, with whiskers from the 10th to the 90th percentile. Shorter is better.`,
    alt: measured.map(({ title, rows }) => describe(what, title, inOrder(rows), labelOf)).join(' '),
    chart: barChart({ labels, panels: drawn, axis: unit.name }),
  };
}

const describe = (what: string, title: string, rows: readonly Row[], labelOf: (row: Row) => string) =>
  `${what}, ${title}: ${rows.map((row) => `${labelOf(row)} ${formatTime(row.medianMs)}`).join('; ')}.`;
