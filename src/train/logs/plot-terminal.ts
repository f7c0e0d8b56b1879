/** Charts as text, by simple-ascii-chart. */
import type { Chart } from './charts.js';
import { optionalPackage } from './optional-package.js';

interface Look {
  readonly width: number;
  readonly height: number;
  readonly color: boolean;
}

export async function drawText(charts: readonly Chart[], { width, height, color }: Look): Promise<string> {
  const { default: draw } = await optionalPackage<typeof import('simple-ascii-chart')>(
    'plot',
    'simple-ascii-chart',
    (name) => import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name),
  );
  return charts
    .map(({ title, curves }) => {
      const seen = curves.filter(({ points }) => points.length > 0);
      if (seen.length === 0) return `${title}: no finite value\n`;
      return draw(
        seen.map(({ points }) => points.map(([epoch, value]): [number, number] => [epoch, value])),
        {
          title,
          width,
          height,
          xLabel: 'epoch',
          legend: { position: 'bottom', series: seen.map(({ name }) => name) },
          formatter: (value: number) =>
            Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3))),
          ...(color ? { color: seen.map(({ name }) => (name === 'train' ? 'ansiBlue' : 'ansiYellow')) } : {}),
        },
      );
    })
    .join('\n');
}
