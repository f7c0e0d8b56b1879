/** Gradient checks of pooling. */
import { functional as F, tensor } from '../../src/index.js';
import { labels, numbers, of, on } from './gradient-inputs.js';

/** Numbers that are far apart, so that a step changes nothing about which is the largest. */
function shuffled(shape: number[]) {
  const length = shape.reduce((a, b) => a * b, 1);
  const values = Float64Array.from({ length }, (_, i) => ((i * 37) % length) / 10 - 1);
  return tensor(values, { shape });
}

const withIndices = { returnIndices: true } as const;

export const poolGradients = [
  of(
    'maxPool1d',
    '',
    () => [shuffled([2, 3, 11])],
    (x) => F.maxPool1d(x!, 3, { stride: 2, padding: 1 }),
  ),
  of(
    'maxPool2d',
    'windows of 2x2',
    () => [shuffled([2, 3, 6, 7])],
    (x) => F.maxPool2d(x!, 2),
  ),
  of(
    'maxPool2d',
    'overlapping, ceil',
    () => [shuffled([1, 2, 5, 6])],
    (x) => F.maxPool2d(x!, 3, { stride: 2, padding: 1, ceilMode: true }),
  ),
  of(
    'maxPool2d',
    'many channels, one image',
    () => [shuffled([17, 5, 3])],
    (x) => F.maxPool2d(x!, [2, 1], 1),
  ),
  of(
    'maxPool2d',
    'with indices',
    () => [shuffled([1, 2, 4, 4])],
    (x) => F.maxPool2d(x!, 2, withIndices)[0],
  ),
  of(
    'maxPool3d',
    '',
    () => [shuffled([1, 2, 3, 4, 4])],
    (x) => F.maxPool3d(x!, 2, 1),
  ),
  of(
    'adaptiveMaxPool1d',
    '',
    () => [shuffled([1, 2, 7])],
    (x) => F.adaptiveMaxPool1d(x!, 3),
  ),
  of(
    'adaptiveMaxPool2d',
    '',
    () => [shuffled([2, 2, 5, 3])],
    (x) => F.adaptiveMaxPool2d(x!, [2, null]),
  ),
  of(
    'maxUnpool1d',
    '',
    () => [numbers([1, 2, 3])],
    (x) => F.maxUnpool1d(x!, labels([0, 3, 5, 1, 2, 4], [1, 2, 3]), 2),
  ),
  of(
    'maxUnpool2d',
    '',
    () => [numbers([2, 2, 1])],
    (x) => F.maxUnpool2d(x!, labels([0, 5, 3, 6], [2, 2, 1]), 2),
  ),
  on('avgPool1d', '', [2, 2, 9], (x) => F.avgPool1d(x, 3, { stride: 2, padding: 1 })),
  on('avgPool2d', 'windows of 2x2', [2, 2, 4, 6], (x) => F.avgPool2d(x, 2)),
  on('avgPool2d', 'padding that does not count', [1, 5, 5, 4], (x) =>
    F.avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
  ),
  on('avgPool2d', 'another divisor', [2, 4, 4], (x) => F.avgPool2d(x, 2, { stride: 1, divisorOverride: 3 })),
  on('avgPool3d', '', [1, 1, 3, 4, 4], (x) => F.avgPool3d(x, 2)),
  on('adaptiveAvgPool1d', '', [1, 2, 7], (x) => F.adaptiveAvgPool1d(x, 3)),
  on('adaptiveAvgPool2d', 'to one', [2, 3, 4, 4], (x) => F.adaptiveAvgPool2d(x, 1)),
  on('adaptiveAvgPool2d', 'uneven', [2, 5, 3], (x) => F.adaptiveAvgPool2d(x, [3, null])),
];
