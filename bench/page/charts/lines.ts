/** Speed along a sweep: a line a contender, with the spread at each point. */
import type { CustomSeriesRenderItem } from 'echarts';
import type { Theme, Tone } from '../theme.js';
import { categoryAxis, type Chart, fontSize, margin, titleAt, valueAxis } from './chart.js';

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

export interface Line {
  readonly name: string;
  readonly tone: Tone;
  readonly points: readonly LinePoint[];
}

export interface Lines {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

const symbols = ['circle', 'diamond', 'triangle', 'rect'];
const dashes = ['solid', 'dashed', 'dotted'] as const;
const [width, height] = [440, 276];

/** Points stand at equal distances whatever lies between them: sizes grow by steps, and each step is to be seen. */
export function lineChart({ title, x, y, lines }: Lines): Chart {
  const places = [...new Set(lines.flatMap(({ points }) => points.map((point) => point.x)))].sort((a, b) => a - b);
  const option = (theme: Theme) => ({
    title: titleAt(theme, title),
    legend: {
      ...{ top: 28, left: margin, padding: 0, itemGap: 14, itemWidth: 22, itemHeight: 9 },
      textStyle: { color: theme.ink, fontSize: fontSize - 1 },
      data: lines.map(({ name }) => name),
    },
    grid: { left: 54, right: 14, top: 58, bottom: 44 },
    xAxis: {
      ...categoryAxis(theme, places.map(String)),
      ...{ name: x, nameLocation: 'middle' as const, nameGap: 26, boundaryGap: true },
      nameTextStyle: { color: theme.muted, fontSize },
      axisLabel: { color: theme.muted, fontSize: fontSize - 1, hideOverlap: true },
    },
    yAxis: { ...valueAxis(theme, y), type: 'value' as const, min: 0, nameGap: 36 },
    series: lines.flatMap(({ name, tone, points }, i) => [
      {
        ...{
          name,
          type: 'line' as const,
          silent: true,
          clip: false,
          symbol: symbols[i % symbols.length]!,
          symbolSize: 8,
        },
        lineStyle: { color: theme[tone], width: 2, type: dashes[i % dashes.length]! },
        itemStyle: { color: theme[tone] },
        data: points.map((point) => [places.indexOf(point.x), point.y]),
      },
      {
        ...{ type: 'custom' as const, silent: true, clip: false, encode: { x: 0, y: [1, 2] } },
        data: points.map(({ x: at, low, high }) => [places.indexOf(at), low, high]),
        renderItem: whiskers(points, places, theme[tone]),
      },
    ]),
  });
  return { width, height, option };
}

const whiskers =
  (points: readonly LinePoint[], places: readonly number[], stroke: string): CustomSeriesRenderItem =>
  ({ dataIndex }, api) => {
    const { x, low, high } = points[dataIndex]!;
    const [[center, from], [, to]] = [low, high].map((value) => api.coord([places.indexOf(x), value])) as [
      [number, number],
      [number, number],
    ];
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: 'line' as const,
      ...{ shape: { x1, y1, x2, y2 }, style: { stroke, lineWidth: 1 } },
    });
    const cap = (at: number) => line(center - 3, at, center + 3, at);
    return { type: 'group' as const, children: [line(center, from, center, to), cap(from), cap(to)] };
  };
