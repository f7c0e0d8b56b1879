/** Max pooling over windows, with its inverse. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { isArray } from '../realm.js';
import { isGradEnabled } from '../tensor/grad-mode.js';
import { formatShape, numelOf, type Shape, sameShape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { readOutputSize } from './adaptive.js';
import {
  adaptiveWindowsOf,
  type MaxPoolOptions,
  type Pooled,
  type PoolOptions,
  type PoolSettings,
  type PoolSize,
  readPoolOptions,
  readPoolSettings,
  windowsOf,
} from './pool-windows.js';
import { checkFloat, checkTensor, empty, zeroed } from './support.js';

/** What max pooling gives: the largest elements, with their places where these are asked for. */
export type MaxPooled<Options> = Options extends { returnIndices: true } ? [output: Tensor, indices: Tensor] : Tensor;

/**
 * The largest element of each window of [N, C, L] or [C, L]: window o holds positions o·stride - padding + t·dilation, t < kernelSize, of
 * the input; padding counts as -∞. A NaN is the largest. Gradient: to the largest element, the first of equal ones. A window of padding only,
 * which dilation can make, gives -∞ with index -1 and takes no gradient; PyTorch's index of it lies outside of the plane.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html | torch.nn.functional.max_pool1d}.
 * @returns [N, C, outSize] with outSize = floor((L + 2·padding - dilation·(kernelSize - 1) - 1) / stride) + 1; with `returnIndices`
 * also where each stands in its plane, int32.
 * @throws ArgumentError for settings, ShapeError for sizes that do not fit, in PyTorch's words.
 */
export function maxPool1d<O extends MaxPoolOptions>(
  input: Tensor,
  kernelSize: PoolSize,
  options?: PoolSize | O,
): MaxPooled<O> {
  return maxPool('maxPool1d', input, 1, kernelSize, options);
}

/**
 * The same for [N, C, H, W] or [C, H, W]; sizes are numbers or pairs. The index counts row by row.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html | torch.nn.functional.max_pool2d}.
 */
export function maxPool2d<O extends MaxPoolOptions>(
  input: Tensor,
  kernelSize: PoolSize,
  options?: PoolSize | O,
): MaxPooled<O> {
  return maxPool('maxPool2d', input, 2, kernelSize, options);
}

/**
 * The same for [N, C, D, H, W] or [C, D, H, W].
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html | torch.nn.functional.max_pool3d}.
 */
export function maxPool3d<O extends MaxPoolOptions>(
  input: Tensor,
  kernelSize: PoolSize,
  options?: PoolSize | O,
): MaxPooled<O> {
  return maxPool('maxPool3d', input, 3, kernelSize, options);
}

/** @internal */
export const maxPoolKeys = ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'] as const;

function maxPool<O extends MaxPoolOptions>(
  caller: string,
  input: Tensor,
  dims: number,
  kernelSize: PoolSize,
  options: PoolSize | O | undefined,
): MaxPooled<O> {
  checkFloat(caller, input);
  const { returnIndices = false, ...given } = readPoolOptions<MaxPoolOptions>(caller, options, maxPoolKeys);
  checkBoolean(caller, 'returnIndices', returnIndices);
  const settings = readPoolSettings(caller, dims, kernelSize, given);
  return poolMax(caller, input, settings, returnIndices) as MaxPooled<O>;
}

/** Max pooling with settings that have been read. @internal */
export function poolMax(caller: string, input: Tensor, settings: PoolSettings, returnIndices: boolean) {
  checkFloat(caller, input);
  const name = `MaxPool${settings.kernel.length}DWithIndicesBackward0`;
  return largest(name, input, windowsOf(caller, input, settings), returnIndices);
}

function largest(name: string, input: Tensor, { windows, shape }: Pooled, returnIndices: boolean) {
  const output = empty(shape, input.dtype);
  const isWanted = returnIndices || (input.requiresGrad && isGradEnabled());
  const indices = isWanted ? empty(shape, 'int32') : null;
  const plain = { windows, outChannelsLast: false };
  const [x, index] = [input.storage, indices?.storage ?? null];
  currentOps().maxPool({ x, out: output.storage, index, ...plain, xChannelsLast: false });
  if (indices === null) return output;
  setGradFn(name, output, [input], [indices], (grad) => {
    const gradInput = empty(input.shape, input.dtype);
    const at = { index: indices.storage, out: gradInput.storage, ...plain, gradChannelsLast: false };
    currentOps().maxPoolBackward({ grad: grad.storage, ...at });
    return [gradInput];
  });
  return returnIndices ? [output, indices] : output;
}

/** Options of adaptive max pooling. */
export interface AdaptiveMaxPoolOptions {
  /** Whether the result is `[output, indices]`. Default false. */
  returnIndices?: boolean;
}

/**
 * The largest element of each of `outputSize` windows of [N, C, L] or [C, L]: window i is [floor(i·L/outputSize),
 * ceil((i+1)·L/outputSize)). Gradient and indices as of {@link maxPool1d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html | torch.nn.functional.adaptive_max_pool1d}.
 */
export function adaptiveMaxPool1d<O extends AdaptiveMaxPoolOptions>(
  input: Tensor,
  outputSize: OutputSize,
  options?: O,
): MaxPooled<O> {
  return adaptiveMaxPool('adaptiveMaxPool1d', input, 1, outputSize, options);
}

/**
 * The same for [N, C, H, W] or [C, H, W]; outputSize is a number or a pair, where null keeps the size of the input.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html | torch.nn.functional.adaptive_max_pool2d}.
 */
export function adaptiveMaxPool2d<O extends AdaptiveMaxPoolOptions>(
  input: Tensor,
  outputSize: OutputSize,
  options?: O,
): MaxPooled<O> {
  return adaptiveMaxPool('adaptiveMaxPool2d', input, 2, outputSize, options);
}

/** A size for all dimensions, or one for each, where null keeps that of the input. */
export type OutputSize = number | null | readonly (number | null)[];

function adaptiveMaxPool<O extends AdaptiveMaxPoolOptions>(
  caller: string,
  input: Tensor,
  dims: number,
  outputSize: OutputSize,
  options: O | undefined,
): MaxPooled<O> {
  checkFloat(caller, input);
  const { returnIndices = false } = checkOptions<AdaptiveMaxPoolOptions>(caller, options, ['returnIndices']);
  checkBoolean(caller, 'returnIndices', returnIndices);
  const sizes = readOutputSize(caller, outputSize, dims);
  const windows = adaptiveWindowsOf(caller, input, sizes);
  return largest(`AdaptiveMaxPool${dims}DBackward0`, input, windows, returnIndices) as MaxPooled<O>;
}

/** Options of the inverse of max pooling. */
export interface MaxUnpoolOptions extends Pick<PoolOptions, 'stride' | 'padding'> {
  /** The sizes of the result: those of space, or all. Default: (size - 1)·stride - 2·padding + kernelSize. */
  outputSize?: readonly number[];
}

/**
 * The inverse of {@link maxPool1d}, as far as there is one: zeros, with the elements of `input` where `indices` says. Of two for one place the
 * later counts. Gradient: grad at these places.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html | torch.nn.functional.max_unpool1d}.
 * @param indices int32 of the shape of input. @throws ArgumentError for an index beyond the result.
 */
export function maxUnpool1d(
  input: Tensor,
  indices: Tensor,
  kernelSize: PoolSize,
  options?: PoolSize | MaxUnpoolOptions,
): Tensor {
  return maxUnpool('maxUnpool1d', input, indices, 1, kernelSize, options);
}

/**
 * The inverse of {@link maxPool2d}; see {@link maxUnpool1d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html | torch.nn.functional.max_unpool2d}.
 */
export function maxUnpool2d(
  input: Tensor,
  indices: Tensor,
  kernelSize: PoolSize,
  options?: PoolSize | MaxUnpoolOptions,
): Tensor {
  return maxUnpool('maxUnpool2d', input, indices, 2, kernelSize, options);
}

function maxUnpool(
  caller: string,
  input: Tensor,
  indices: Tensor,
  dims: number,
  kernelSize: PoolSize,
  options: PoolSize | MaxUnpoolOptions | undefined,
): Tensor {
  checkFloat(caller, input);
  const keys = ['stride', 'padding', 'outputSize'] as const;
  const { outputSize, ...given } = readPoolOptions<MaxUnpoolOptions>(caller, options, keys);
  const settings = readPoolSettings(caller, dims, kernelSize, given);
  if (checkTensor(caller, indices, 'an int32 Tensor').dtype !== 'int32')
    throw new ArgumentError(`${caller}: elements in indices should be type int32 but got: ${indices.dtype}`);
  if (input.ndim !== dims + 1 && input.ndim !== dims + 2)
    throw new ShapeError(
      `${caller}: Input to max_unpooling${dims}d should be a ${dims + 1}d or ${dims + 2}d Tensor, but got a tensor with ${input.ndim} dimensions.`,
    );
  if (!sameShape(indices.shape, input.shape))
    throw new ShapeError(
      `${caller}: Expected shape of indices to be same as that of the input tensor (${formatShape(input.shape)}) but got indices ` +
        `tensor with shape: ${formatShape(indices.shape)}`,
    );
  const lead = input.shape.slice(0, input.ndim - dims);
  const sizes = unpooledSizes(caller, input.shape.slice(lead.length), settings, outputSize);
  const at = { index: indices.storage, outer: numelOf(lead), size: numelOf(sizes), inner: 1 };
  const count = numelOf(input.shape.slice(lead.length));
  currentOps().checkIndex({ index: indices.storage, bound: at.size, dim: lead.length });
  const output = zeroed([...lead, ...sizes], input.dtype);
  currentOps().scatter({ x: input.storage, out: output.storage, ...at, count });
  return setGradFn(`MaxUnpool${dims}DBackward0`, output, [input], [indices], (grad) => {
    const gradInput = empty(input.shape, input.dtype);
    currentOps().gather({ x: grad.storage, out: gradInput.storage, ...at, count });
    return [gradInput];
  });
}

function unpooledSizes(
  caller: string,
  sizes: Shape,
  { kernel, stride, padding }: PoolSettings,
  outputSize: unknown,
): number[] {
  const usual = sizes.map((size, d) => (size - 1) * stride[d]! - 2 * padding[d]! + kernel[d]!);
  if (outputSize === undefined) return usual.map((size) => Math.max(size, 0));
  const dims = sizes.length;
  if (!isArray(outputSize)) throw new ArgumentError(`${caller}: outputSize must be an array, got ${show(outputSize)}`);
  if (outputSize.length !== dims && outputSize.length !== dims + 2)
    throw new ShapeError(
      `${caller}: output_size should be a sequence containing ${dims} or ${dims + 2} elements, but it has a length of ` +
        `'${outputSize.length}'`,
    );
  const asked = outputSize.slice(outputSize.length - dims) as number[];
  for (const [d, size] of asked.entries()) {
    const [least, most] = [usual[d]! - stride[d]!, usual[d]! + stride[d]!];
    if (!Number.isSafeInteger(size) || !(least < size && size < most))
      throw new ShapeError(
        `${caller}: invalid output_size "${show(outputSize)}" (dim ${d} must be between ${least} and ${most})`,
      );
  }
  return asked;
}
