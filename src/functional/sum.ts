/** Sums and means over dimensions. */
import { readList } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray } from '../realm.js';
import { checkDim, maxRank } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { readDimArguments } from './dim-arguments.js';
import { quotient } from './plain.js';
import { reduceTo } from './reduce-to.js';
import { checkTensor, copied, expanded, viewAs } from './support.js';

/** One dimension or several, counted from the end when negative; null for all. */
export type Dims = number | readonly number[] | null;

/** Over which dimensions to reduce: one or several, counted from the end when negative. Default: all. */
export interface ReduceOptions {
  /** One dimension or several. Default: all. */
  dim?: Dims;
  /** Keep the reduced dimensions with size 1. Default false. */
  keepdim?: boolean;
}

/**
 * Σ input over `dim`; 0 over nothing. Gradient: grad, repeated. As `torch.sum`: `sum(x)`, `sum(x, 1)`, `sum(x, [0, 1], true)`,
 * `sum(x, { dim: 1, keepdim: true })`. The sum of int32 is int32, where PyTorch's is int64.
 * @throws ArgumentError when a sum of int32 is no int32.
 */
export function sum(input: Tensor, dim?: Dims, keepdim?: boolean): Tensor;
export function sum(input: Tensor, options?: ReduceOptions): Tensor;
export function sum(input: Tensor, first?: Dims | ReduceOptions, second?: boolean): Tensor {
  const { kept, shape } = reduction('sum', input, first, second);
  const reduced = reduceTo(input, kept);
  const output = viewAs(reduced.storage === input.storage ? copied(reduced) : reduced, shape);
  return setGradFn('SumBackward1', output, [input], [], (grad) => [expanded(viewAs(grad, kept), input.shape)]);
}

/**
 * The mean of input over `dim`; NaN over nothing. Gradient: grad/n, repeated. As `torch.mean`; arguments as for {@link sum}.
 * @throws ArgumentError for an int32 tensor.
 */
export function mean(input: Tensor, dim?: Dims, keepdim?: boolean): Tensor;
export function mean(input: Tensor, options?: ReduceOptions): Tensor;
export function mean(input: Tensor, first?: Dims | ReduceOptions, second?: boolean): Tensor {
  const { kept, shape, count } = reduction('mean', input, first, second);
  if (input.dtype === 'int32')
    throw new ArgumentError(
      'mean: could not infer output dtype. Input dtype must be a floating point dtype. Got: int32; convert it with ' +
        "to('float32')",
    );
  const output = quotient(viewAs(reduceTo(input, kept), shape), count);
  return setGradFn('MeanBackward1', output, [input], [], (grad) => [
    expanded(quotient(viewAs(grad, kept), count), input.shape),
  ]);
}

/** Works out which dimensions go: the shape with 1 in their place, the shape of the result, and how many are summed. */
function reduction(caller: string, input: Tensor, first: unknown, second: unknown) {
  checkTensor(caller, input);
  const { dim, keepdim } = readDimArguments(caller, first, second);
  const dims = checkDims(caller, dim, input.ndim);
  const kept = input.shape.map((size, dim) => (dims.has(dim) ? 1 : size));
  const shape = keepdim ? kept : input.shape.filter((_, dim) => !dims.has(dim));
  const count = input.shape.reduce((product, size, dim) => (dims.has(dim) ? product * size : product), 1);
  return { kept, shape, count };
}

function checkDims(caller: string, dim: unknown, rank: number): Set<number> {
  if (dim === undefined) return new Set(Array.from({ length: rank }, (_, i) => i));
  const list = isArray(dim) ? readList(caller, 'dims', dim, (one): unknown => one, maxRank) : [dim];
  // As in PyTorch, an empty list stands for all dimensions.
  if (list.length === 0) return checkDims(caller, undefined, rank);
  const dims = new Set<number>();
  for (const item of list) {
    const one = checkDim(caller, item, rank);
    if (dims.has(one)) throw new ArgumentError(`${caller}: dim ${one} appears multiple times in the list of dims`);
    dims.add(one);
  }
  return dims;
}
