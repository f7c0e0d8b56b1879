/** A chart as SVG text, without a browser. */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Theme } from '../theme.js';

use([BarChart, CustomChart, LineChart, ScatterChart]);
use([GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

/** What is drawn, for any colours. */
export interface Chart {
  readonly width: number;
  readonly height: number;
  option(theme: Theme): EChartsCoreOption;
}

export const fontSize = 12;
/** What no ink comes nearer to the edge than. */
export const margin = 6;
/** Of an average character, and of what is around a label. */
const [characterWidth, labelPadding] = [6.9, 14];

/** Without a browser the width of a text is a guess. */
export const widthOf = (labels: readonly string[]): number =>
  Math.ceil(Math.max(0, ...labels.map(({ length }) => length)) * characterWidth) + labelPadding;

const fontFamily = 'system-ui, sans-serif';

/**
 * @param id what the names inside of the drawing begin with: drawings of one page must not share them.
 * @param background none on a page that has one.
 */
export function renderChart(
  { width, height, option }: Chart,
  id: string,
  theme: Theme,
  background: string | null,
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily, fontSize, color: theme.ink },
      ...(background === null ? {} : { backgroundColor: background }),
      ...option(theme),
    });
    return tidy(chart.renderToSVGString(), id);
  } finally {
    // Else its timers keep the process alive.
    chart.dispose();
  }
}

/** Without what is for scripts and pointers, which are not there; the renderer's own names differ from call to call. */
const tidy = (svg: string, id: string): string =>
  svg
    .replace(/ (ecmeta_\w+|pointer-events|class)="[^"]*"/g, '')
    .replace(/<style\s*>[\s\S]*?<\/style>/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/\n{2,}/g, '\n');

export const valueAxis = (theme: Theme, name: string) => ({
  name,
  nameLocation: 'middle' as const,
  nameGap: 24,
  nameTextStyle: { color: theme.muted, fontSize },
  axisLabel: { color: theme.muted, fontSize: fontSize - 1, hideOverlap: true },
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: theme.rule } },
});

export const categoryAxis = (theme: Theme, labels: readonly string[]) => ({
  type: 'category' as const,
  data: [...labels],
  axisLabel: { color: theme.ink, fontSize, interval: 0 },
  axisLine: { lineStyle: { color: theme.muted } },
  axisTick: { show: false },
});

export const titleAt = (theme: Theme, text: string, left: number = margin) => ({
  ...{ text, left, top: margin, padding: 0 },
  textStyle: { color: theme.ink, fontSize: fontSize + 1, fontWeight: 600 as const },
});
