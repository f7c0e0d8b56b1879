/** Batch normalisation: by the statistics of a batch, or by those of the batches before it. */
import { checkBoolean, checkNumber, checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { plainCall } from '../ops/pointwise-program.js';
import { emit } from '../pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../pointwise/expression.js';
import { denseLayout, formatShape, numelOf } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { PointwiseFunction } from './pointwise.js';
import { checkFloat, checkSameDtype, empty, emptyLike } from './support.js';
import { reshape } from './views.js';

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** What the normalised channels are multiplied by, [C]. Default: nothing. */
  weight?: Tensor | null;
  /** What is added then, [C]. Default: nothing. */
  bias?: Tensor | null;
  /** Whether the statistics are those of the input. Default false. */
  training?: boolean;
  /** The share of the input's statistics in the running ones after this call. Default 0.1. */
  momentum?: number;
  /** Added to the variance; positive in training. Default 1e-5. */
  eps?: number;
}

/**
 * y = (x - mean) / √(variance + eps)·weight + bias for each channel of [N, C, ...]. In training mean and variance (divided by n) are those of
 * the input over N and space, and the running ones become (1 - momentum)·running + momentum·batch, with the variance divided by n - 1; else
 * they are the running ones. Gradients as in the paper; in evaluation grad·weight / √(variance + eps).
 *
 * Ioffe and Szegedy, Batch Normalization (ICML 2015);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html | torch.nn.functional.batch_norm}.
 * @param runningMean [C], changed in training; null for none. @param runningVar the same.
 * @throws ArgumentError, ShapeError in PyTorch's words; no statistics are changed then.
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options?: BatchNormOptions,
): Tensor {
  const caller = 'batchNorm';
  checkFloat(caller, input);
  const given = checkOptions(caller, options, ['weight', 'bias', 'training', 'momentum', 'eps']);
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = given;
  checkBoolean(caller, 'training', training);
  checkNumber(caller, 'momentum', momentum);
  const running = { mean: runningMean, variance: runningVar, count: null, momentum };
  return normalizeBatch(caller, input, { weight, bias, eps, training, running });
}

/** Statistics of the batches so far. */
export interface RunningStatistics {
  readonly mean: Tensor | null;
  readonly variance: Tensor | null;
  /** How many batches there have been, an int32 scalar that is counted up; null for none. */
  readonly count: Tensor | null;
  /** null: 1 / count, so that all batches have the same share. */
  readonly momentum: number | null;
}

/** What the norms have in common. */
export interface Affine {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly eps: number;
}

/** @internal */
export interface BatchNormSettings extends Affine {
  readonly training: boolean;
  readonly running: RunningStatistics;
}

/** Batch norm with settings that may be a layer's. @internal */
export function normalizeBatch(caller: string, input: Tensor, settings: BatchNormSettings): Tensor {
  const { weight, bias, eps, training, running } = settings;
  checkBatchNorm(caller, input, settings);
  const [batch = 1, channels = 0] = input.shape;
  if (!training) {
    if (running.mean === null) throw new ArgumentError(`${caller}: running_mean must be defined in evaluation mode`);
    if (running.variance === null) throw new ArgumentError(`${caller}: running_var must be defined in evaluation mode`);
    return normalizeBy(caller, input, running.mean, running.variance, settings);
  }
  const pixels = numelOf(input.shape.slice(2));
  const each = batch * pixels;
  if (each === 1)
    throw new ShapeError(
      `${caller}: Expected more than 1 value per channel when training, got input size ${formatShape(input.shape)}`,
    );
  const sizes = { batch, channels, pixels, eps, channelsLast: false };
  const [output, mean, variance] = [emptyLike(input), empty([channels], input.dtype), empty([channels], input.dtype)];
  const storageOf = (tensor: Tensor | null) => tensor?.storage ?? null;
  const affine = { weight: storageOf(weight), bias: storageOf(bias) };
  const results = { out: output.storage, mean: mean.storage, variance: variance.storage };
  currentOps().batchNorm({ x: input.storage, ...affine, ...results, ...sizes });
  updateRunning(running, mean, variance, each);
  const inputs = [input, weight, bias].filter((tensor) => tensor !== null);
  const saved = [input, mean, variance, ...(weight === null ? [] : [weight])];
  return setGradFn('NativeBatchNormBackward0', output, inputs, saved, (grad) => {
    const room = (like: Tensor | null) => (like?.requiresGrad ? emptyLike(like) : null);
    const [gradInput, gradWeight, gradBias] = [room(input), room(weight), room(bias)];
    currentOps().batchNormBackward({
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
}

/** What is checked before anything moves. @internal */
export function checkBatchNorm(caller: string, input: Tensor, settings: BatchNormSettings): void {
  const { weight, bias, eps, training, running } = settings;
  checkFloat(caller, input);
  const [, channels = 0] = input.shape;
  checkNumber(caller, 'eps', eps);
  for (const [what, tensor] of [
    ['running_mean', running.mean],
    ['running_var', running.variance],
    ['weight', weight],
    ['bias', bias],
  ] as const)
    checkChannels(caller, what, tensor, input, channels);
  if (training && eps <= 0)
    throw new ArgumentError(`${caller}: batch_norm eps must be positive during training, but got ${show(eps)}`);
}

function checkChannels(caller: string, what: string, tensor: Tensor | null, input: Tensor, channels: number): void {
  if (tensor === null) return;
  checkFloat(caller, tensor);
  checkSameDtype(caller, input, tensor);
  if (tensor.numel !== channels)
    throw new ShapeError(`${caller}: ${what} should contain ${channels} elements not ${tensor.numel}`);
}

// --- running statistics -------------------------------------------------------------------------------------------------

/** How running statistics take in those of a batch. */
const programs = new Map<string, ReturnType<typeof emit>['program']>();

/** (1 - m)·running + m·batch for mean and variance; inputs: batch mean and variance, running ones. */
function updateProgram(counts: boolean, cumulative: boolean, which: readonly boolean[]) {
  const key = `${counts} ${cumulative} ${which}`;
  const known = programs.get(key);
  if (known !== undefined) return known;
  const graph = new ExpressionGraph();
  const [momentum, correction] = [graph.scalar(0), graph.scalar(1)];
  const share = cumulative ? graph.constant(1).div(graph.scalar(2)) : momentum;
  const kept = which.flatMap((isThere, i) => (isThere ? [i] : []));
  const outputs = kept.map((what, at) => {
    const batch = graph.input(at);
    const running = graph.input(kept.length + at);
    const taken: Expression = what === 0 ? batch : batch.mul(correction);
    return graph.read(running.mul(graph.constant(1).sub(share)).add(taken.mul(share)));
  });
  const { program } = emit(outputs, { inputs: 2 * kept.length, scalars: counts ? 3 : 2 });
  programs.set(key, program);
  return program;
}

/**
 * Takes the statistics of a batch of `each` elements in; of an empty one only its number.
 * @param correction what the variance is multiplied by, which is divided by n. @internal
 */
export function updateRunning(
  running: RunningStatistics,
  mean: Tensor,
  variance: Tensor,
  each: number,
  correction = each / (each - 1),
): void {
  const { count, momentum } = running;
  if (each === 0) {
    count?.add_(1);
    return;
  }
  const pairs = [
    [mean, running.mean],
    [variance, running.variance],
  ] as const;
  const there = pairs.flatMap(([batch, own]) => (own === null ? [] : [{ batch, own }]));
  if (there.length === 0) {
    count?.add_(1);
    return;
  }
  const outputs = there.map(({ own }) => own.storage);
  const isCumulative = momentum === null && count !== null;
  currentOps().pointwise({
    ...plainCall,
    program: updateProgram(
      count !== null,
      isCumulative,
      pairs.map(([, own]) => own !== null),
    ),
    inputs: [...there.map(({ batch }) => batch.storage), ...outputs],
    scalars: [momentum ?? 0, correction],
    outputs,
    step: count?.storage ?? null,
    layout: denseLayout(mean.numel, 2 * there.length),
  });
}

// --- evaluation ---------------------------------------------------------------------------------------------------------

const scales = [false, true].map(
  (weighted) =>
    new PointwiseFunction({
      inputs: weighted ? 2 : 1,
      scalars: 1,
      build: ([variance, weight], [eps], graph) =>
        (weighted ? weight! : graph.constant(1)).div(variance!.add(eps!).sqrt()),
    }),
);

const shifts = [false, true].map(
  (biased) =>
    new PointwiseFunction({
      gradName: 'NativeBatchNormBackward0',
      inputs: biased ? 4 : 3,
      build: ([x, mean, scale, bias]) => (biased ? x!.sub(mean!).fma(scale!, bias!) : x!.sub(mean!).mul(scale!)),
    }),
);

/** By given statistics: a pointwise expression over broadcast channels, which fuses with what stands around it. @internal */
export function normalizeBy(
  caller: string,
  input: Tensor,
  mean: Tensor,
  variance: Tensor,
  { weight, bias, eps }: Affine,
): Tensor {
  const perChannel = [mean.numel, ...new Array<number>(Math.max(0, input.ndim - 2)).fill(1)];
  const asChannels = (tensor: Tensor) => (input.ndim <= 2 ? tensor : reshape(tensor, perChannel));
  const scale = scales[weight === null ? 0 : 1]!.apply(caller, weight === null ? [variance] : [variance, weight], [
    eps,
  ]);
  const operands = [input, asChannels(mean), asChannels(scale), ...(bias === null ? [] : [asChannels(bias)])];
  return shifts[bias === null ? 0 : 1]!.apply(caller, operands);
}
