/** Horizontal bars from zero with whiskers, in panels side by side that share their labels. */
import type { CustomSeriesRenderItem } from 'echarts';
import type { Theme, Tone } from '../theme.js';
import { categoryAxis, type Chart, fontSize, titleAt, valueAxis, widthOf } from './chart.js';

export interface Bar {
  readonly value: number;
  /** The ends of the whisker. */
  readonly low: number;
  readonly high: number;
  readonly tone: Tone;
  /** Written behind the bar. */
  readonly text: string;
}

export interface Panel {
  readonly title: string;
  /** One for each label; null for what was not measured. */
  readonly bars: readonly (Bar | null)[];
}

export interface Bars {
  readonly labels: readonly string[];
  readonly panels: readonly Panel[];
  /** What the axis counts. */
  readonly axis: string;
  /** Where the axis ends; otherwise it fits the bars. */
  readonly end?: number;
}

/** Bars more than so many times as long as the shortest are written, not drawn: the others would be too short to read. */
const mostTimesShortest = 12;
const [panelWidth, rowHeight, top, bottom] = [262, 25, 32, 44];
/** Between panels; the second one where bars and whiskers may reach the end of the axis, and the text lies beyond. */
const gaps = { usual: 32, fixedEnd: 62 } as const;
/** What the text behind the longest bar needs, as a share of a panel. */
const textShare = 0.3;
/** Whiskers that go farther than this beyond the longest bar are cut at the end of the axis. */
const mostWhisker = 1.6;

export function barChart({ labels, panels, axis, end }: Bars): Chart {
  const labelWidth = widthOf(labels);
  const gap = end === undefined ? gaps.usual : gaps.fixedEnd;
  const width = labelWidth + panels.length * (panelWidth + gap);
  const height = top + labels.length * rowHeight + bottom;
  const left = (i: number) => labelWidth + i * (panelWidth + gap);
  const option = (theme: Theme) => ({
    title: panels.map(({ title }, i) => titleAt(theme, title, left(i))),
    grid: panels.map((_, i) => ({ left: left(i), width: panelWidth, top, bottom })),
    xAxis: panels.map(({ bars }, gridIndex) => ({
      ...{ type: 'value' as const, gridIndex, min: 0, max: end ?? axisEnd(bars) },
      ...(end === undefined ? { splitNumber: 4 } : { interval: end / 4 }),
      ...valueAxis(theme, axis),
      axisLabel: { ...valueAxis(theme, axis).axisLabel, showMaxLabel: end !== undefined },
    })),
    yAxis: panels.map((_, gridIndex) => {
      const shared = { ...categoryAxis(theme, labels), gridIndex, inverse: true };
      return gridIndex === 0 ? shared : { ...shared, axisLabel: { show: false } };
    }),
    series: panels.flatMap(({ bars }, i) => {
      const limit = longestDrawn(bars);
      const place = { xAxisIndex: i, yAxisIndex: i, silent: true };
      return [
        {
          ...place,
          type: 'bar' as const,
          barWidth: '62%',
          data: bars.map((bar) =>
            bar === null || bar.value > limit ? null : { value: bar.value, itemStyle: { color: theme[bar.tone] } },
          ),
        },
        {
          ...place,
          type: 'custom' as const,
          clip: false,
          data: bars.map((bar, row) => [bar?.value ?? 0, row]),
          renderItem: annotate(bars, limit, end ?? axisEnd(bars) * (1 - textShare), theme),
        },
      ];
    }),
  });
  return { width, height, option };
}

const drawn = (bars: readonly (Bar | null)[]) => bars.filter((bar) => bar !== null);

function longestDrawn(bars: readonly (Bar | null)[]): number {
  return mostTimesShortest * Math.min(...drawn(bars).map(({ value }) => value));
}

function axisEnd(bars: readonly (Bar | null)[]): number {
  const short = drawn(bars).filter(({ value }) => value <= longestDrawn(bars));
  const longest = Math.max(...short.map(({ value }) => value));
  const whiskers = Math.max(...short.map(({ high }) => high));
  const needed = Math.min(whiskers, longest * mostWhisker) / (1 - textShare);
  return Number.isFinite(needed) ? Number(needed.toPrecision(2)) : 1;
}

/** The whisker, cut where its room ends, and the text behind it; text alone where there is no bar. */
const annotate =
  (bars: readonly (Bar | null)[], limit: number, room: number, theme: Theme): CustomSeriesRenderItem =>
  ({ dataIndex }, api) => {
    const bar = bars[dataIndex] ?? null;
    const at = (value: number) => api.coord([value, dataIndex]) as [number, number];
    const write = (x: number, text: string, fill: string) => ({
      type: 'text' as const,
      style: { ...{ x, y: at(0)[1], text, fill, fontSize: fontSize - 1 }, verticalAlign: 'middle' as const },
    });
    if (bar === null) return write(at(0)[0] + 6, 'not measured', theme.muted);
    if (bar.value > limit) return write(at(0)[0] + 6, `${bar.text}: far beyond this axis →`, theme.muted);
    const [[from, y], [to]] = [at(bar.low), at(Math.min(bar.high, Math.max(room, bar.value)))];
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: 'line' as const,
      ...{ shape: { x1, y1, x2, y2 }, style: { stroke: theme.ink, lineWidth: 1 } },
    });
    return {
      type: 'group' as const,
      children: [
        line(from, y, to, y),
        line(from, y - 3, from, y + 3),
        ...(bar.high > room ? [] : [line(to, y - 3, to, y + 3)]),
        write(Math.max(to, at(bar.value)[0]) + 6, bar.text, theme.ink),
      ],
    };
  };
