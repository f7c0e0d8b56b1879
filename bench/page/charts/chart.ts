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
const fontFamily = 'system-ui, sans-serif';

/** @param background none on a page that has one. */
export function renderChart({ width, height, option }: Chart, theme: Theme, background: string | null): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily, fontSize, color: theme.ink },
      ...(background === null ? {} : { backgroundColor: background }),
      ...option(theme),
    });
    return withoutTraces(chart.renderToSVGString());
  } finally {
    // Else its timers keep the process alive.
    chart.dispose();
  }
}

/** What the renderer leaves for scripts and pointers that are not there; ids are not the same from call to call. */
const withoutTraces = (svg: string): string =>
  svg
    .replace(/ (ecmeta_\w+|pointer-events|class)="[^"]*"/g, '')
    .replace(/<style\s*>[\s\S]*?<\/style>/g, '')
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

export const titleAt = (theme: Theme, text: string, left: number, top = 0) => ({
  ...{ text, left, top, padding: 0 },
  textStyle: { color: theme.ink, fontSize: fontSize + 1, fontWeight: 600 as const },
});
