/** Curves of a training, drawn by packages that only those need who plot. */
import { checkOneOf, checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray, isRecord } from '../../realm.js';
import type { EpochResult, History } from '../history.js';
import { type Chart, chartsOf } from './charts.js';

const caller = 'plot';
const formats = ['svg', 'terminal'] as const;

/** Options of {@link plot}. */
export interface PlotOptions {
  /** `'svg'`, the default: an image; `'terminal'`: text. */
  format?: 'svg' | 'terminal';
  /** Which scores, each in a separate chart: `'loss'` or names of metrics. Default: all. */
  scores?: readonly string[];
  /** Of each chart: in pixels, default 720; in characters, default 60. */
  width?: number;
  /** Of each chart: in pixels, default 280; in lines, default 10. */
  height?: number;
  /** Whether text has colours. Default: whether the standard output is a terminal. */
  color?: boolean;
}

/**
 * Draws the scores of a training over its epochs, training and validation in one chart: as SVG with the package echarts, as text for a terminal with
 * simple-ascii-chart. They are optional: install the one that is used.
 *
 * ```ts
 * writeFileSync('curves.svg', await plot(history));
 * console.log(await plot(history, { format: 'terminal' }));
 * ```
 * @param history what `fit` gives, or its epochs.
 * @throws ArgumentError for a history without epochs, and for options that are not valid. @throws StateError for a package that is not installed.
 */
export async function plot(history: History | readonly EpochResult[], options?: PlotOptions): Promise<string> {
  const keys = ['format', 'scores', 'width', 'height', 'color'] as const;
  const {
    format = 'svg',
    scores,
    color = process.stdout.isTTY === true,
    ...size
  } = checkOptions(caller, options, keys);
  checkOneOf(caller, 'format', format, formats);
  if (typeof color !== 'boolean') throw new ArgumentError(`${caller}: color must be a boolean, got ${show(color)}`);
  const isSvg = format === 'svg';
  const width = checkSize(caller, 'width', size.width ?? (isSvg ? 720 : 60));
  const height = checkSize(caller, 'height', size.height ?? (isSvg ? 280 : 10));
  const charts = chosen(chartsOf(readResults(history)), scores);
  if (!isSvg) return (await import('./plot-terminal.js')).drawText(charts, { width, height, color });
  return (await import('./plot-svg.js')).drawSvg(charts, { width, height });
}

function readResults(history: unknown): readonly EpochResult[] {
  const epochs: unknown = isArray(history) ? history : isRecord(history) ? history.epochs : undefined;
  if (!isArray(epochs)) throw new ArgumentError(`${caller}: expected a history or its epochs, got ${show(history)}`);
  if (epochs.length === 0) throw new ArgumentError(`${caller}: the history has no epochs`);
  return epochs as readonly EpochResult[];
}

function chosen(charts: readonly Chart[], scores: unknown): readonly Chart[] {
  if (scores === undefined) return charts;
  if (!isArray(scores)) throw new ArgumentError(`${caller}: scores must be an array of names, got ${show(scores)}`);
  return scores.map((name) => {
    const found = charts.find((chart) => chart.title === name);
    if (found !== undefined) return found;
    const names = charts.map(({ title }) => title).join(', ');
    throw new ArgumentError(`${caller}: there is no score called ${show(name)}; there are ${names}`);
  });
}
