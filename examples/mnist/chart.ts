import plot, { type Colors, type Coordinates } from 'simple-ascii-chart';
import type { EpochResult } from './train.js';

/** Loss and accuracy over the epochs, drawn for a terminal; `colour` off where the text goes to a file. */
export function drawCurves(history: readonly EpochResult[], colour: boolean): string {
  const line = (value: (result: EpochResult) => number) =>
    history.map((result): [number, number] => [result.epoch, value(result)]);
  const size = { width: 60, height: 10, xLabel: 'epoch' };
  const losses: Coordinates = [line((result) => result.trainLoss), line((result) => result.testLoss)];
  const loss = plot(losses, {
    ...size,
    title: 'loss',
    ...(colour && { color: ['ansiBlue', 'ansiYellow'] satisfies Colors }),
    legend: { position: 'bottom', series: ['train', 'test'] },
    formatter: shorten,
  });
  const accuracy = plot(
    line((result) => result.testAccuracy),
    {
      ...size,
      title: 'test accuracy',
      ...(colour && { color: 'ansiGreen' satisfies Colors }),
      formatter: shorten,
    },
  );
  return `${loss}\n${accuracy}`;
}

function shorten(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}
