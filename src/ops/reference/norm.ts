/** Batch, layer, group, instance and RMS norm, and their gradients. */
import type { FloatArray, Memory, OpArgs, Ops } from '../ops.js';
import { numberOf } from '../roles.js';
import { readFloats, writeFloats } from './memory.js';

/** Elements that have one mean: how many, where each stands, and where the weight of each does. */
interface Group {
  readonly size: number;
  readonly at: (element: number) => number;
  readonly weightAt: (element: number) => number;
}

/** The elements of each channel. */
function channelsOf({ batch, channels, pixels, channelsLast }: OpArgs<'batchNorm'> | OpArgs<'batchNormBackward'>) {
  const [perPixel, perChannel] = channelsLast ? [channels, 1] : [1, pixels];
  return Array.from(
    { length: channels },
    (_, c): Group => ({
      size: batch * pixels,
      at: (i) => Math.floor(i / pixels) * channels * pixels + (i % pixels) * perPixel + c * perChannel,
      weightAt: () => c,
    }),
  );
}

/** The elements of each row. */
function rowsOf({ outer, groups, channels, inner }: OpArgs<'layerNorm'> | OpArgs<'layerNormBackward'>): Group[] {
  const size = channels * inner;
  return Array.from({ length: outer * groups }, (_, r) => ({
    size,
    at: (i) => r * size + i,
    weightAt: (i) => (r % groups) * channels + Math.floor(i / inner),
  }));
}

const sum = (size: number, term: (i: number) => number): number => {
  let total = 0;
  for (let i = 0; i < size; i++) total += term(i);
  return total;
};

interface Forward {
  readonly x: Memory;
  readonly weight: Memory | null;
  readonly bias: Memory | null;
  readonly out: Memory;
  readonly mean: Memory;
  readonly variance: Memory;
  readonly eps: OpArgs<'batchNorm'>['eps'];
}

function forward(args: Forward, groups: readonly Group[], centered: boolean): void {
  const x = readFloats(args.x);
  const [weight, bias] = [args.weight, args.bias].map((each) => (each === null ? null : readFloats(each)));
  const [out, means, variances] = [args.out, args.mean, args.variance].map(writeFloats) as [
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  for (const [g, { size, at, weightAt }] of groups.entries()) {
    const mean = centered ? sum(size, (i) => x[at(i)]!) / size : 0;
    const variance = sum(size, (i) => (x[at(i)]! - mean) ** 2) / size;
    means[g] = mean;
    variances[g] = variance;
    const rstd = 1 / Math.sqrt(variance + numberOf(args.eps));
    for (let i = 0; i < size; i++)
      out[at(i)] = (x[at(i)]! - mean) * rstd * (weight?.[weightAt(i)] ?? 1) + (bias?.[weightAt(i)] ?? 0);
  }
}

interface Backward {
  readonly grad: Memory;
  readonly x: Memory;
  readonly weight: Memory | null;
  readonly mean: Memory;
  readonly variance: Memory;
  readonly out: Memory | null;
  readonly weightGrad: Memory | null;
  readonly biasGrad: Memory | null;
  readonly eps: OpArgs<'batchNorm'>['eps'];
}

function backward(args: Backward, groups: readonly Group[], weights: number, centered: boolean): void {
  const [grad, x, means, variances] = [args.grad, args.x, args.mean, args.variance].map(readFloats) as [
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const weight = args.weight === null ? null : readFloats(args.weight);
  const out = args.out === null ? null : writeFloats(args.out);
  const [weightGrad, biasGrad] = [new Float64Array(weights), new Float64Array(weights)];
  for (const [g, { size, at, weightAt }] of groups.entries()) {
    const rstd = 1 / Math.sqrt(variances[g]! + numberOf(args.eps));
    const y = (i: number) => (x[at(i)]! - means[g]!) * rstd;
    const weighted = (i: number) => grad[at(i)]! * (weight?.[weightAt(i)] ?? 1);
    for (let i = 0; i < size; i++) {
      weightGrad[weightAt(i)]! += grad[at(i)]! * y(i);
      biasGrad[weightAt(i)]! += grad[at(i)]!;
    }
    if (out === null) continue;
    const shift = centered ? sum(size, weighted) / size : 0;
    const slope = sum(size, (i) => weighted(i) * y(i)) / size;
    for (let i = 0; i < size; i++) out[at(i)] = rstd * (weighted(i) - shift - y(i) * slope);
  }
  if (args.weightGrad !== null) writeFloats(args.weightGrad).set(weightGrad);
  if (args.biasGrad !== null) writeFloats(args.biasGrad).set(biasGrad);
}

export const normOps: Pick<Ops, 'batchNorm' | 'batchNormBackward' | 'layerNorm' | 'layerNormBackward'> = {
  batchNorm: (args) => forward(args, channelsOf(args), true),
  batchNormBackward: (args) => backward(args, channelsOf(args), args.channels, true),
  layerNorm: (args) => forward(args, rowsOf(args), args.centered),
  layerNormBackward: (args) => backward(args, rowsOf(args), args.groups * args.channels, args.centered),
};
