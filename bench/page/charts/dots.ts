/** Values as dots along one axis, several kinds a row. */
import type { Theme, Tone } from '../theme.js';
import { categoryAxis, type Chart, fontSize, margin, titleAt, valueAxis, widthOf } from './chart.js';

export interface DotSeries {
  readonly name: string;
  readonly tone: Tone;
  /** One for each row; null for what was not measured. */
  readonly values: readonly (number | null)[];
}

export interface Dots {
  readonly title: string;
  readonly labels: readonly string[];
  readonly series: readonly DotSeries[];
  readonly axis: {
    readonly name: string;
    /** A logarithmic axis has no zero: for ratios. */
    readonly log: boolean;
    readonly end?: number;
    /** Where a line is drawn. */
    readonly mark?: number;
  };
}

/** Apart also where colours are not. */
const symbols = ['circle', 'diamond', 'triangle', 'rect', 'emptyCircle', 'emptyDiamond', 'emptyTriangle', 'emptyRect'];
const [plotWidth, right, rowHeight, top, bottom] = [290, 26, 23, 56, 44];

export function dotChart({ title, labels, series, axis }: Dots): Chart {
  const labelWidth = widthOf(labels);
  const height = top + labels.length * rowHeight + bottom;
  const option = (theme: Theme) => ({
    title: titleAt(theme, title),
    legend: {
      ...{ top: 28, left: margin, padding: 0, itemGap: 12, itemWidth: 10, itemHeight: 10 },
      textStyle: { color: theme.ink, fontSize: fontSize - 1 },
    },
    grid: { left: labelWidth, right, top, bottom },
    xAxis: {
      ...valueAxis(theme, axis.name),
      ...(axis.log ? { type: 'log' as const, ...ends(series, axis.mark) } : { type: 'value' as const, min: 0 }),
      ...(axis.end === undefined ? {} : { max: axis.end }),
    },
    yAxis: {
      ...categoryAxis(theme, labels),
      inverse: true,
      splitLine: { show: true, lineStyle: { color: theme.rule, type: 'dotted' as const } },
    },
    series: series.map(({ name, tone, values }, i) => ({
      ...{
        name,
        type: 'scatter' as const,
        silent: true,
        clip: false,
        symbol: symbols[i % symbols.length]!,
        symbolSize: 9,
      },
      itemStyle: { color: theme[tone] },
      data: values.flatMap((value, row) => (value === null ? [] : [[value, row]])),
      ...(i === 0 && axis.mark !== undefined ? { markLine: markAt(axis.mark, theme) } : {}),
    })),
  });
  return { width: labelWidth + plotWidth + right, height, option };
}

const markAt = (value: number, theme: Theme) => ({
  ...{ symbol: 'none', silent: true, label: { show: false }, data: [{ xAxis: value }] },
  lineStyle: { color: theme.ink, type: 'solid' as const, width: 1 },
});

/** A little room on both sides, the mark inside. */
function ends(series: readonly DotSeries[], mark: number | undefined): { readonly min: number; readonly max: number } {
  const values = series.flatMap((each) => each.values).filter((value) => value !== null);
  const all = mark === undefined ? values : [...values, mark];
  const steps = [1, 2, 5].flatMap((step) => [-3, -2, -1, 0, 1, 2, 3, 4].map((power) => step * 10 ** power));
  return {
    min: Math.max(...steps.filter((step) => step < Math.min(...all))),
    max: Math.min(...steps.filter((step) => step > Math.max(...all))),
  };
}
