/** Charts as SVG, by echarts without a browser. */
import type { Chart } from './charts.js';
import { optionalPackage } from './optional-package.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels around the curves of a chart. */
const margin = { top: 46, bottom: 42, left: 64, right: 24 };

export async function drawSvg(charts: readonly Chart[], { width, height }: Size): Promise<string> {
  const echarts = await optionalPackage<typeof import('echarts')>(
    'plot',
    'echarts',
    (name) => import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name),
  );
  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height: height * charts.length });
  try {
    drawing.setOption({
      animation: false,
      backgroundColor: '#fff',
      legend: { data: ['train', 'validation'], top: 4, right: margin.right },
      title: charts.map(({ title }, i) => ({ text: title, left: 8, top: i * height + 4, textStyle: { fontSize: 14 } })),
      grid: charts.map((_, i) => ({
        top: i * height + margin.top,
        height: Math.max(1, height - margin.top - margin.bottom),
        left: margin.left,
        right: margin.right,
      })),
      xAxis: charts.map((_, i) => ({
        gridIndex: i,
        type: 'value' as const,
        name: 'epoch',
        nameLocation: 'middle' as const,
        nameGap: 24,
        min: 'dataMin' as const,
        max: 'dataMax' as const,
        minInterval: 1,
      })),
      yAxis: charts.map((_, i) => ({ gridIndex: i, type: 'value' as const, scale: true })),
      series: charts.flatMap(({ curves }, i) =>
        curves.map(({ name, points }) => ({
          name,
          type: 'line' as const,
          xAxisIndex: i,
          yAxisIndex: i,
          showSymbol: points.length < 2,
          data: points.map((point) => [...point]),
          color: name === 'train' ? '#1f77b4' : '#ff7f0e',
        })),
      ),
    });
    return drawing.renderToSVGString();
  } finally {
    drawing.dispose();
  }
}
