/** Pictures: the confusion matrix as SVG, images as text. */
import * as echarts from 'echarts';
import type { Tensor } from 'lanewise';
import type { Answer } from './answers.js';

/** How often the network has taken each class (row) for each (column), as a heat map. */
export function drawConfusion(answers: readonly Answer[], names: readonly string[]): string {
  const counts = names.map(() => names.map(() => 0));
  for (const { label, chosen } of answers) counts[label]![chosen]!++;
  const cells = counts.flatMap((row, label) => row.map((count, chosen) => [chosen, label, count]));
  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 640 });
  try {
    drawing.setOption({
      animation: false,
      backgroundColor: '#fff',
      grid: { top: 24, right: 24, bottom: 96, left: 110 },
      xAxis: { type: 'category', data: names, name: 'network says', nameLocation: 'middle', nameGap: 64, axisLabel },
      yAxis: { type: 'category', data: names, name: 'image shows', inverse: true },
      visualMap: { show: false, min: 0, max: answers.length / names.length, inRange: { color: ['#fff', '#1f77b4'] } },
      series: [{ type: 'heatmap', data: cells, label: { show: true } }],
    });
    return drawing.renderToSVGString();
  } finally {
    drawing.dispose();
  }
}
const axisLabel = { rotate: 45, interval: 0 };

const side = 28;
const shades = ' .:-=+*#%@';

/** Images next to one another, a character for each pixel of every second line, each under its title. */
export function drawImages(
  images: Tensor,
  shown: readonly { readonly image: number; readonly title: string }[],
): string {
  const pixels = images.toTypedArray('float32');
  const titles = shown.map(({ title }) => title.padEnd(side)).join('  ');
  const lines = Array.from({ length: side / 2 }, (_, line) =>
    shown.map(({ image }) => lineOf(pixels, image * side * side + 2 * line * side)).join('  '),
  );
  return [titles, ...lines].map((line) => line.trimEnd()).join('\n');
}

/** Two lines of pixels as one line of text: characters are twice as high as wide. */
const lineOf = (pixels: ArrayLike<number>, at: number): string =>
  Array.from({ length: side }, (_, x) => {
    const mean = (pixels[at + x]! + pixels[at + side + x]!) / 2;
    return shades[Math.min(shades.length - 1, Math.floor(mean * shades.length))];
  }).join('');
