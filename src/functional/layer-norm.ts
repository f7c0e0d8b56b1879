/** Normalisation of each sample by itself: layer, group, instance and RMS norm. */
import { checkBoolean, checkNumber, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { isArray } from '../realm.js';
import { checkShape, formatShape, numelOf, type Shape, sameShape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Affine, normalizeBatch, type RunningStatistics, updateRunning } from './batch-norm.js';
import { mean as meanOf } from './sum.js';
import { checkFloat, checkSameDtype, empty, emptyLike } from './support.js';

/** Options of {@link layerNorm} and {@link groupNorm}. */
export interface NormOptions {
  /** What the result is multiplied by. Default: nothing. */
  weight?: Tensor | null;
  /** What is added then. Default: nothing. */
  bias?: Tensor | null;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/** Options of {@link rmsNorm}. */
export interface RMSNormOptions {
  /** What the result is multiplied by. Default: nothing. */
  weight?: Tensor | null;
  /** Added to the mean of squares. Default null: the smallest step from 1 that the dtype has. */
  eps?: number | null;
}

/** Options of {@link instanceNorm}. */
export interface InstanceNormOptions extends NormOptions {
  /** [C]; changed where `useInputStats`, else what is normalised by. Default: none. */
  runningMean?: Tensor | null;
  /** [C], as runningMean. */
  runningVar?: Tensor | null;
  /** Whether the statistics are those of the input. Default true. */
  useInputStats?: boolean;
  /** The share of the input's statistics in the running ones after this call. Default 0.1. */
  momentum?: number;
}

/** The last dimensions, which have one mean: a size, or the sizes. */
export type NormalizedShape = number | readonly number[];

/** Reads the shape of what has one mean. @internal */
export function readNormalizedShape(caller: string, shape: NormalizedShape): Shape {
  const read = checkShape(caller, isArray(shape) ? shape : [shape]);
  if (read.length > 0) return read;
  throw new ArgumentError(
    `${caller}: Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got ` +
      'normalized_shape = []',
  );
}

/**
 * y = (x - mean) / √(variance + eps)·weight + bias, with mean and variance (divided by n) over the last dimensions, which have
 * `normalizedShape`; so have weight and bias.
 *
 * Ba, Kiros and Hinton, Layer Normalization (2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html | torch.nn.functional.layer_norm}.
 * @throws ShapeError when sizes do not fit, in PyTorch's words.
 */
export function layerNorm(input: Tensor, normalizedShape: NormalizedShape, options?: NormOptions): Tensor {
  const caller = 'layerNorm';
  checkFloat(caller, input);
  const { weight = null, bias = null, eps = 1e-5 } = checkOptions(caller, options, ['weight', 'bias', 'eps']);
  return normalizeLast(caller, input, normalizedShape, { weight, bias, eps }, true);
}

/**
 * y = x / √(mean of x² + eps)·weight over the last dimensions, which have `normalizedShape`.
 *
 * Zhang and Sennrich, Root Mean Square Layer Normalization (NeurIPS 2019);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html | torch.nn.functional.rms_norm}.
 * @throws ShapeError when sizes do not fit, in PyTorch's words.
 */
export function rmsNorm(input: Tensor, normalizedShape: NormalizedShape, options?: RMSNormOptions): Tensor {
  const caller = 'rmsNorm';
  checkFloat(caller, input);
  const { weight = null, eps = null } = checkOptions(caller, options, ['weight', 'eps']);
  return normalizeLast(caller, input, normalizedShape, { weight, bias: null, eps }, false);
}

/** Layer or RMS norm with settings that may be a layer's. @internal */
export function normalizeLast(
  caller: string,
  input: Tensor,
  normalizedShape: NormalizedShape,
  given: Omit<Affine, 'eps'> & { readonly eps: number | null },
  centered: boolean,
): Tensor {
  const least = checkFloat(caller, input).dtype === 'float64' ? Number.EPSILON : 2 ** -23;
  const affine = { ...given, eps: given.eps ?? least };
  const shape = readNormalizedShape(caller, normalizedShape);
  const lead = input.ndim - shape.length;
  if (lead < 0 || !sameShape(input.shape.slice(lead), shape))
    throw new ShapeError(
      `${caller}: Given normalized_shape=${formatShape(shape)}, expected input with shape [*${centered ? ', ' : ''}` +
        `${shape.join(', ')}], but got input of size${formatShape(input.shape)}`,
    );
  for (const [what, tensor] of [
    ['weight', affine.weight],
    ['bias', affine.bias],
  ] as const) {
    if (tensor !== null && !sameShape(tensor.shape, shape))
      throw new ShapeError(
        `${caller}: Expected ${what} to be of same shape as normalized_shape, but got ${what} of shape ` +
          `${formatShape(tensor.shape)} and normalized_shape = ${formatShape(shape)}`,
      );
  }
  const sizes = { outer: numelOf(input.shape.slice(0, lead)), groups: 1, channels: numelOf(shape), inner: 1 };
  const name = centered ? 'NativeLayerNormBackward0' : 'FusedRmsNormBackward0';
  return normalizeRows(caller, name, input, affine, sizes, centered).output;
}

/**
 * y = (x - mean) / √(variance + eps)·weight + bias for [N, C, ...]: mean and variance (divided by n) of each of `numGroups` groups of channels of a
 * sample; weight and bias are [C].
 *
 * Wu and He, Group Normalization (ECCV 2018);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html | torch.nn.functional.group_norm}.
 * @throws ShapeError when sizes do not fit, in PyTorch's words.
 */
export function groupNorm(input: Tensor, numGroups: number, options?: NormOptions): Tensor {
  const caller = 'groupNorm';
  checkFloat(caller, input);
  const { weight = null, bias = null, eps = 1e-5 } = checkOptions(caller, options, ['weight', 'bias', 'eps']);
  return normalizeGroups(caller, input, numGroups, { weight, bias, eps });
}

/** Group norm with settings that may be a layer's. @internal */
export function normalizeGroups(caller: string, input: Tensor, numGroups: number, affine: Affine): Tensor {
  checkFloat(caller, input);
  checkSize(caller, 'numGroups', numGroups, 1);
  if (input.ndim < 2)
    throw new ShapeError(`${caller}: Expected at least 2 dimensions for input tensor but received ${input.ndim}`);
  const [outer, channels] = input.shape as [number, number];
  if (channels % numGroups !== 0)
    throw new ShapeError(
      `${caller}: Expected number of channels in input to be divisible by num_groups, but got input of shape ` +
        `${formatShape(input.shape)} and num_groups=${numGroups}`,
    );
  for (const [what, tensor] of [
    ['weight', affine.weight],
    ['bias', affine.bias],
  ] as const) {
    if (tensor !== null && (tensor.ndim !== 1 || tensor.numel !== channels))
      throw new ShapeError(
        `${caller}: Expected ${what} to be a vector of size equal to the number of channels in input, but got ${what} of shape ` +
          `${formatShape(tensor.shape)} and input of shape ${formatShape(input.shape)}`,
      );
  }
  const inner = numelOf(input.shape.slice(2));
  if ((outer * channels * inner) / numGroups === 1)
    throw new ShapeError(
      `${caller}: Expected more than 1 value per channel when training, got input size ${formatShape(input.shape)}`,
    );
  const sizes = { outer, groups: numGroups, channels: channels / numGroups, inner };
  return normalizeRows(caller, 'NativeGroupNormBackward0', input, affine, sizes, true).output;
}

/**
 * {@link batchNorm} of each sample by itself: mean and variance over space, of each channel of [N, C, ...]. Running statistics become those of
 * the mean over N.
 *
 * Ulyanov, Vedaldi and Lempitsky, Instance Normalization (2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html | torch.nn.functional.instance_norm}.
 * @throws ArgumentError, ShapeError in PyTorch's words; no statistics are changed then.
 */
export function instanceNorm(input: Tensor, options?: InstanceNormOptions): Tensor {
  const caller = 'instanceNorm';
  checkFloat(caller, input);
  const keys = ['runningMean', 'runningVar', 'weight', 'bias', 'useInputStats', 'momentum', 'eps'] as const;
  const given = checkOptions(caller, options, keys);
  const { runningMean: mean = null, runningVar: variance = null, momentum = 0.1, useInputStats = true } = given;
  checkBoolean(caller, 'useInputStats', useInputStats);
  checkNumber(caller, 'momentum', momentum);
  const { weight = null, bias = null, eps = 1e-5 } = given;
  return normalizeInstances(
    caller,
    input,
    { weight, bias, eps },
    { mean, variance, count: null, momentum },
    useInputStats,
  );
}

/** Instance norm with settings that may be a layer's. @internal */
export function normalizeInstances(
  caller: string,
  input: Tensor,
  affine: Affine,
  running: RunningStatistics,
  useInputStats: boolean,
): Tensor {
  checkFloat(caller, input);
  if (!useInputStats) {
    if (running.mean === null || running.variance === null)
      throw new ArgumentError(
        `${caller}: Expected running_mean and running_var to be defined when use_input_stats is false`,
      );
    return normalizeBatch(caller, input, { ...affine, training: false, running });
  }
  const [outer = 1, groups = 0] = input.shape;
  const inner = numelOf(input.shape.slice(2));
  if (inner === 1)
    throw new ShapeError(
      `${caller}: Expected more than 1 spatial element when training, got input size ${formatShape(input.shape)}`,
    );
  for (const [what, tensor] of [
    ['running_mean', running.mean],
    ['running_var', running.variance],
    ['weight', affine.weight],
    ['bias', affine.bias],
  ] as const) {
    if (tensor === null) continue;
    checkSameDtype(caller, input, checkFloat(caller, tensor));
    if (tensor.numel !== groups)
      throw new ShapeError(`${caller}: ${what} should contain ${groups} elements not ${tensor.numel}`);
  }
  const sizes = { outer, groups, channels: 1, inner };
  const { output, mean, variance } = normalizeRows(caller, 'InstanceNormBackward0', input, affine, sizes, true);
  if ((running.mean !== null || running.variance !== null) && input.numel > 0)
    updateRunning(running, meanOf(mean, 0), meanOf(variance, 0), inner);
  return output;
}

interface Rows {
  readonly outer: number;
  readonly groups: number;
  readonly channels: number;
  readonly inner: number;
}

function normalizeRows(
  caller: string,
  name: string,
  input: Tensor,
  { weight, bias, eps }: Affine,
  rows: Rows,
  centered: boolean,
): { output: Tensor; mean: Tensor; variance: Tensor } {
  if (typeof eps !== 'number' || Number.isNaN(eps))
    throw new ArgumentError(`${caller}: eps must be a number, got ${show(eps)}`);
  for (const tensor of [weight, bias]) if (tensor !== null) checkSameDtype(caller, input, checkFloat(caller, tensor));
  const sizes = { ...rows, eps, centered };
  const statistics = [rows.outer, rows.groups];
  const [output, mean, variance] = [emptyLike(input), empty(statistics, input.dtype), empty(statistics, input.dtype)];
  const storageOf = (tensor: Tensor | null) => tensor?.storage ?? null;
  const affine = { weight: storageOf(weight), bias: storageOf(bias) };
  const results = { out: output.storage, mean: mean.storage, variance: variance.storage };
  currentOps().layerNorm({ x: input.storage, ...affine, ...results, ...sizes });
  const inputs = [input, weight, bias].filter((tensor) => tensor !== null);
  const saved = [input, mean, variance, ...(weight === null ? [] : [weight])];
  setGradFn(name, output, inputs, saved, (grad) => {
    const room = (like: Tensor | null) => (like?.requiresGrad ? emptyLike(like) : null);
    const [gradInput, gradWeight, gradBias] = [room(input), room(weight), room(bias)];
    currentOps().layerNormBackward({
      grad: grad.storage,
      x: input.storage,
      weight: affine.weight,
      mean: mean.storage,
      variance: variance.storage,
      out: storageOf(gradInput),
      weightGrad: storageOf(gradWeight),
      biasGrad: storageOf(gradBias),
      ...sizes,
    });
    return [gradInput, ...(weight === null ? [] : [gradWeight]), ...(bias === null ? [] : [gradBias])];
  });
  return { output, mean, variance };
}
