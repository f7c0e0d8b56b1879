/** A chart with what a reader needs beside it. */
import { formatMs } from '../report/text.js';
import type { Row } from '../report/document.js';
import type { Chart } from './charts/chart.js';

export interface ChartFigure {
  /** The name of its file, and of its place in the page. */
  readonly id: string;
  readonly caption: string;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  readonly chart: Chart;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  /** Paragraphs. */
  readonly text: readonly string[];
  readonly figures: readonly ChartFigure[];
}

/** As the last part of a file's name. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** Short times in microseconds: nobody reads 0.0123 ms. */
export function formatTime(ms: number): string {
  return ms < 0.1 ? `${formatMs(ms * 1000)} µs` : `${formatMs(ms)} ms`;
}

export const countThreads = (threads: number): string => (threads === 1 ? '1 thread' : `${threads} threads`);

export const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];

/** Each contender's row on as many threads as it was run with at most. */
export function onMostThreads(rows: readonly Row[]): Row[] {
  const key = ({ threads: _, ...row }: Row) =>
    JSON.stringify([row.case, row.contender, row.isa, row.shape, row.batch, row.optimizer, row.point]);
  const most = new Map<string, Row>();
  for (const row of rows) if ((most.get(key(row))?.threads ?? 0) < row.threads) most.set(key(row), row);
  return rows.filter((row) => most.get(key(row)) === row);
}
