/** How speed grows with depth, width, batch and threads. */
import type { BenchDocument } from '../../report/document.js';
import { largestFall, type SweepLine, sweepLines } from '../../report/sweeps.js';
import { lineChart } from '../charts/lines.js';
import { type ChartFigure, type Section, slug } from '../figure.js';
import { inOrder, type Names, toneOf } from '../names.js';

const axes: Readonly<Record<string, string>> = {
  depth: 'hidden layers of 256, batch 128',
  width: 'width of two hidden layers, batch 128',
  batch: 'batch size of 784-256-128-10',
  threads: 'threads, 784-256-128-10',
};

export function growthSection({ rows }: BenchDocument, names: Names): Section {
  const lines = sweepLines(rows);
  const keys = [...new Set(lines.map(chartKey))];
  return {
    id: 'growth',
    title: 'How it grows',
    text: [
      'A whole training step with SGD while one size goes through a range and the others stay; on all threads but where threads are what grows. Points stand at equal distances, since each step from one to the next is held against the limit: no fall by more than 25 %.',
    ],
    figures: keys.map((key) => growthFigure(inOrder(lines.filter((line) => chartKey(line) === key)), names)),
  };
}

const chartKey = ({ case: name, beside }: SweepLine) => JSON.stringify([name, beside]);

function growthFigure(lines: readonly SweepLine[], names: Names): ChartFigure {
  const { case: of, name, beside } = lines[0]!;
  const title = [`By ${name}`, beside].filter((part) => part !== null).join(', ');
  const told = lines.map((line) => {
    const values = line.points.map(({ value, row }) => `${value}: ${row.gflops.toPrecision(3)}`).join('; ');
    return `${names.of(line)}, GFLOP/s by ${name}: ${values}.`;
  });
  const falls = lines.flatMap((line) => {
    const fall = largestFall(line);
    if (line.points.length < 2) return [];
    const words =
      fall === null
        ? 'never falls'
        : `falls most from ${fall.from.value} to ${fall.to.value}, by ${fall.percent.toFixed(1)} %`;
    return [`${names.of(line)} ${words}`];
  });
  return {
    id: slug(`${of} ${beside ?? ''}`),
    caption: `GFLOP/s at the median, whiskers from the 10th to the 90th percentile of time.${falls.length > 0 ? ` ${falls.join('; ')}.` : ''}`,
    alt: told.join(' '),
    chart: lineChart({
      ...{ title, x: axes[name] ?? name, y: 'GFLOP/s' },
      lines: lines.map((line) => ({
        name: names.of(line),
        tone: toneOf(line),
        points: line.points.map(({ value, row: { gflops, medianMs, p10Ms, p90Ms } }) => ({
          ...{ x: value, y: gflops, low: (gflops * medianMs) / p90Ms, high: (gflops * medianMs) / p10Ms },
        })),
      })),
    }),
  };
}
