/** Batch, layer, group, instance and RMS norm, and their gradients. */
import { floats } from '../../helpers/values.js';
import { type Bound, type Case, type CaseOptions, opCase, seedOf, sumUnits } from './case.js';

type Images = readonly [batch: number, channels: number, pixels: number];

/** Sizes around vectors, blocks of 1024 pixels and strips of 64 channels; the last over the threshold for threads. */
const images: readonly Images[] = [
  [3, 4, 1],
  [2, 1, 7],
  [5, 17, 1],
  [4, 3, 16],
  [3, 16, 9],
  [2, 65, 33],
  [7, 5, 49],
  [1, 2, 1025],
  [3, 3, 2100],
  [1300, 9, 1],
  [33, 12, 196],
];

/** An error of the sums of `n` elements, in which everything is of this size at most. */
const near = (n: number, size: number) => ({
  units: sumUnits(n) + 8,
  condition: (args: object) =>
    Object.fromEntries(
      ['out', 'mean', 'variance', 'weightGrad', 'biasGrad'].flatMap((name) => {
        const length = (args as Record<string, unknown>)[name];
        return typeof length === 'number' ? [[name, new Float32Array(length).fill(size)]] : [];
      }),
    ),
});

const empty: CaseOptions = { provesLittle: 'nothing is there' };

function batchCases([batch, channels, pixels]: Images): Case[] {
  const seed = seedOf(`batchNorm ${batch} ${channels} ${pixels}`);
  const n = batch * channels * pixels;
  const each = batch * pixels;
  // Means away from 0, as behind a ReLU.
  const x = floats(n, seed, -1, 2);
  const grad = floats(n, seed + 1);
  const weight = floats(channels, seed + 2);
  const mean = floats(channels, seed + 3, 0, 1);
  const variance = floats(channels, seed + 4, 0.3, 1);
  const forward = { ulp: 2, ...near(Math.min(each, 16), 4) } as Bound<'batchNorm'>;
  const back = { ulp: 4, ...near(each, 4 * each) } as Bound<'batchNormBackward'>;
  return [false, true].flatMap((channelsLast) => {
    const name = `${batch}x${channels}x${pixels}${channelsLast ? ', channels last' : ''}`;
    const sizes = { batch, channels, pixels, eps: 1e-5, channelsLast };
    const results = { out: n, mean: channels, variance: channels };
    const gradients = { out: n, weightGrad: channels, biasGrad: channels };
    const few: CaseOptions = channels === 1 ? { provesLittle: 'one channel has one mean' } : {};
    return [
      opCase('batchNorm', name, forward, () => ({ x, weight, bias: mean, ...results, ...sizes }), few),
      opCase(
        'batchNorm',
        `${name}, plain`,
        forward,
        () => ({ x, weight: null, bias: null, ...results, ...sizes }),
        few,
      ),
      opCase('batchNormBackward', name, back, () => ({ grad, x, weight, mean, variance, ...gradients, ...sizes }), few),
      opCase(
        'batchNormBackward',
        `${name}, out alone`,
        back,
        () => ({ grad, x, weight: null, mean, variance, ...gradients, weightGrad: null, biasGrad: null, ...sizes }),
        few,
      ),
      opCase(
        'batchNormBackward',
        `${name}, no out`,
        back,
        () => ({ grad, x, weight, mean, variance, ...gradients, out: null, ...sizes }),
        few,
      ),
    ];
  });
}

type Rows = readonly [outer: number, groups: number, channels: number, inner: number];

const rows: readonly Rows[] = [
  [3, 1, 5, 1],
  [7, 1, 16, 1],
  [9, 1, 33, 1],
  [2, 1, 1030, 1],
  [130, 1, 257, 1],
  [3, 2, 3, 7],
  [5, 3, 1, 17],
  [2, 2, 4, 1031],
  [33, 4, 8, 49],
];

function rowCases([outer, groups, channels, inner]: Rows): Case[] {
  const seed = seedOf(`layerNorm ${outer} ${groups} ${channels} ${inner}`);
  const n = outer * groups * channels * inner;
  const x = floats(n, seed, -1, 2);
  const grad = floats(n, seed + 1);
  const [count, weights] = [outer * groups, groups * channels];
  const [weight, bias] = [floats(weights, seed + 2), floats(weights, seed + 5)];
  const variance = floats(count, seed + 4, 0.3, 1);
  const forward = { ulp: 2, ...near(16, 4) } as Bound<'layerNorm'>;
  const back = {
    ulp: 4,
    ...near(outer * inner + channels, 4 * Math.max(outer * inner, 16)),
  } as Bound<'layerNormBackward'>;
  return [true, false].flatMap((centered) => {
    const name = `${outer}x${groups}x${channels}x${inner}${centered ? '' : ', by squares'}`;
    const sizes = { outer, groups, channels, inner, eps: 1e-5, centered };
    const mean = centered ? floats(count, seed + 3, 0, 1) : new Float32Array(count);
    const results = { out: n, mean: count, variance: count };
    const gradients = { out: n, weightGrad: weights, biasGrad: weights };
    const zero: CaseOptions = centered ? {} : { provesLittle: 'the mean is 0' };
    return [
      opCase('layerNorm', name, forward, () => ({ x, weight, bias, ...results, ...sizes }), zero),
      opCase('layerNorm', `${name}, no bias`, forward, () => ({ x, weight, bias: null, ...results, ...sizes }), zero),
      opCase(
        'layerNorm',
        `${name}, plain`,
        forward,
        () => ({ x, weight: null, bias: null, ...results, ...sizes }),
        zero,
      ),
      opCase('layerNorm', `${name}, no weight`, forward, () => ({ x, weight: null, bias, ...results, ...sizes }), zero),
      opCase('layerNormBackward', name, back, () => ({ grad, x, weight, mean, variance, ...gradients, ...sizes })),
      opCase('layerNormBackward', `${name}, out alone`, back, () => ({
        ...{ grad, x, weight: null, mean, variance, ...gradients, weightGrad: null, biasGrad: null, ...sizes },
      })),
      opCase('layerNormBackward', `${name}, no out`, back, () => ({
        ...{ grad, x, weight, mean, variance, ...gradients, out: null, ...sizes },
      })),
    ];
  });
}

function edgeCases(): Case[] {
  const none = new Float32Array(0);
  const sizes = { batch: 0, channels: 2, pixels: 5, eps: 1e-5, channelsLast: false };
  const statistics = { mean: Float32Array.of(1, 2), variance: Float32Array.of(1, 2) };
  const lines = { outer: 0, groups: 1, channels: 3, inner: 1, eps: 1e-5, centered: true };
  // Means far from 0 compared with the deviation: what is squared is the distance from the mean.
  const far = floats(2 * 3 * 40, 5, 999, 1001);
  const rough = { ulp: 2, ...near(16, 4000) } as Bound<'batchNorm'>;
  return [
    opCase(
      'batchNorm',
      'no images',
      'exact',
      () => ({ x: none, weight: null, bias: null, out: 0, mean: 2, variance: 2, ...sizes }),
      empty,
    ),
    opCase(
      'batchNormBackward',
      'no images',
      'exact',
      () => ({ grad: none, x: none, weight: null, ...statistics, out: 0, weightGrad: 2, biasGrad: 2, ...sizes }),
      empty,
    ),
    opCase('batchNorm', 'means of 1000', rough, () => ({
      ...{ x: far, weight: null, bias: null, out: far.length, mean: 3, variance: 3 },
      ...{ batch: 2, channels: 3, pixels: 40, eps: 1e-5, channelsLast: false },
    })),
    opCase(
      'layerNorm',
      'no rows',
      'exact',
      () => ({ x: none, weight: null, bias: null, out: 0, mean: 0, variance: 0, ...lines }),
      empty,
    ),
    opCase(
      'layerNormBackward',
      'no rows',
      'exact',
      () => ({
        ...{ grad: none, x: none, weight: null, mean: none, variance: none },
        ...{ out: 0, weightGrad: 3, biasGrad: 3, ...lines },
      }),
      empty,
    ),
  ];
}

export const normCases: readonly Case[] = [...images.flatMap(batchCases), ...rows.flatMap(rowCases), ...edgeCases()];
