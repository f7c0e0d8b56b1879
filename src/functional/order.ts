/** Orders along one dimension: sorting, the k largest, running sums. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { checkDim } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { ValuesAndIndices } from './extremum.js';
import { gather } from './gather.js';
import { narrow } from './strided.js';
import { around, checkTensor, empty } from './support.js';

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** The dimension, counted from the end when negative. Default: the last. */
  dim?: number;
  /** From the largest to the smallest. Default false. */
  descending?: boolean;
}

/** Options of {@link topk}. */
export interface TopkOptions {
  /** The dimension, counted from the end when negative. Default: the last. */
  dim?: number;
  /** The largest (the default) or the smallest. */
  largest?: boolean;
}

/**
 * The numbers in order along a dimension, and where each stood (int32). Equal numbers keep their order, as in PyTorch with
 * `stable=True`; NaN is the largest. Gradient: grad where each came from. As `torch.sort`.
 */
export function sort(input: Tensor, options?: SortOptions): ValuesAndIndices {
  const { indices, dim } = order('sort', input, options);
  return { values: gather(input, dim, indices), indices };
}

/** Where the numbers stand that {@link sort} would give; int32, no gradient. */
export function argsort(input: Tensor, options?: SortOptions): Tensor {
  return order('argsort', input, options).indices;
}

/**
 * The k largest numbers along a dimension, from the largest on, and where they stand (int32); of equal numbers the first. NaN is
 * the largest. Gradient: grad where each came from. As `torch.topk`.
 * @throws ArgumentError when there are fewer than k.
 */
export function topk(input: Tensor, k: number, options?: TopkOptions): ValuesAndIndices {
  const caller = 'topk';
  const { dim: given = -1, largest = true } = checkOptions(caller, options, ['dim', 'largest']);
  checkTensor(caller, input);
  const dim = checkDim(caller, given, input.ndim);
  checkBoolean(caller, 'largest', largest);
  if (typeof k !== 'number' || !Number.isSafeInteger(k))
    throw new ArgumentError(`${caller}: k must be an integer, got ${show(k)}`);
  if (k < 0 || k > (input.shape[dim] ?? 1)) throw new ArgumentError(`${caller}: selected index k out of range`);
  const { indices: all } = order(caller, input, { dim, descending: largest });
  const indices = input.ndim === 0 ? all : narrow(all, dim, 0, k);
  return { values: gather(input, dim, indices), indices };
}

/**
 * output[j] = input[0] + ... + input[j] along a dimension, added up in float64. int32 stays int32 and wraps around. Gradient: the
 * running sum of grad from the other end. As `torch.cumsum`.
 */
export function cumsum(input: Tensor, dim: number): Tensor {
  checkTensor('cumsum', input);
  const along = checkDim('cumsum', dim, input.ndim);
  const output = runningSum(input, along, false);
  return setGradFn('CumsumBackward0', output, [input], [], (grad) => [runningSum(grad, along, true)]);
}

function runningSum(input: Tensor, dim: number, reverse: boolean): Tensor {
  const output = empty(input.shape, input.dtype);
  currentOps().cumsum({ x: input.storage, out: output.storage, ...around(input.shape, dim), reverse });
  return output;
}

function order(caller: string, input: Tensor, options: SortOptions | undefined): { indices: Tensor; dim: number } {
  checkTensor(caller, input);
  const { dim: given = -1, descending = false } = checkOptions(caller, options, ['dim', 'descending']);
  const dim = checkDim(caller, given, input.ndim);
  checkBoolean(caller, 'descending', descending);
  const indices = empty(input.shape, 'int32');
  currentOps().argsort({ x: input.storage, index: indices.storage, ...around(input.shape, dim), descending });
  return { indices, dim };
}
