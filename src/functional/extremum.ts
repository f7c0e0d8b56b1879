/** Largest and smallest elements, of a whole tensor or along one dimension. */
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { checkDim, formatShape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { readDimArguments } from './dim-arguments.js';
import { absolute, signOf, zeroWhere } from './plain.js';
import { sum } from './sum.js';
import { around, checkTensor, empty, expanded, viewAs, zeroed } from './support.js';

/** The dimension to reduce, counted from the end when negative. */
export interface DimOptions {
  /** The dimension, counted from the end when negative. */
  dim: number;
  /** Keep the reduced dimension with size 1. Default false. */
  keepdim?: boolean;
}

/** Values, and the int32 index along the dimension where each stands for the first time. */
export interface ValuesAndIndices {
  /** The values along the dimension. */
  values: Tensor;
  /** Where each stands, int32, same shape. */
  indices: Tensor;
}

/**
 * The largest element; with `dim`, the largest along it and where: `max(x, 1)`, `max(x, 1, true)`, `max(x, { dim: 1 })`. A NaN counts as largest. The gradient goes to the
 * element chosen along a dimension; without `dim` it is shared evenly among equal largest elements, as in PyTorch.
 * @throws ArgumentError for an empty tensor or dimension.
 */
export function max(input: Tensor): Tensor;
export function max(input: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
export function max(input: Tensor, options: DimOptions): ValuesAndIndices;
export function max(input: Tensor, first?: number | DimOptions, second?: boolean): Tensor | ValuesAndIndices {
  return first === undefined && second === undefined ? overall('max', input) : along('max', input, first, second);
}

/** The smallest element; rules as for {@link max}. A NaN counts as smallest. */
export function min(input: Tensor): Tensor;
export function min(input: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
export function min(input: Tensor, options: DimOptions): ValuesAndIndices;
export function min(input: Tensor, first?: number | DimOptions, second?: boolean): Tensor | ValuesAndIndices {
  return first === undefined && second === undefined ? overall('min', input) : along('min', input, first, second);
}

/**
 * Index of the first largest element: in row-major order without `dim`, else along it: `argmax(x)`, `argmax(x, 1)`,
 * `argmax(x, 1, true)`, `argmax(x, { dim: 1, keepdim: true })`. int32, no gradient.
 */
export function argmax(input: Tensor, dim?: number | null, keepdim?: boolean): Tensor;
export function argmax(input: Tensor, options?: Partial<DimOptions>): Tensor;
export function argmax(input: Tensor, first?: number | null | Partial<DimOptions>, second?: boolean): Tensor {
  return position('argmax', 'max', input, first, second);
}

/** Index of the first smallest element; arguments as for {@link argmax}. */
export function argmin(input: Tensor, dim?: number | null, keepdim?: boolean): Tensor;
export function argmin(input: Tensor, options?: Partial<DimOptions>): Tensor;
export function argmin(input: Tensor, first?: number | null | Partial<DimOptions>, second?: boolean): Tensor {
  return position('argmin', 'min', input, first, second);
}

function position(caller: string, name: 'max' | 'min', input: Tensor, first: unknown, second: unknown): Tensor {
  checkTensor(caller, input);
  const { dim, keepdim } = readDimArguments(caller, first, second);
  if (dim !== undefined) return find(caller, name, input, dim, keepdim).indices;
  checkNotEmpty(caller, input);
  const { indices } = find(caller, name, viewAs(input, [input.numel]), 0, false);
  return viewAs(indices, keepdim ? input.shape.map(() => 1) : []);
}

function along(name: 'max' | 'min', input: Tensor, first: unknown, second: unknown): ValuesAndIndices {
  checkTensor(name, input);
  const { dim, keepdim } = readDimArguments(name, first, second);
  const { values, indices, outer, size, inner } = find(name, name, input, dim, keepdim);
  const gradName = name === 'max' ? 'MaxBackward0' : 'MinBackward0';
  setGradFn(gradName, values, [input], [indices], (grad) => {
    const gradInput = zeroed(input.shape, input.dtype);
    const at = { index: indices.storage, outer, size, count: 1, inner };
    currentOps().scatter({ x: grad.storage, out: gradInput.storage, ...at });
    return [gradInput];
  });
  return { values, indices };
}

function find(caller: string, name: 'max' | 'min', input: Tensor, given: unknown, keepdim: boolean) {
  const dim = checkDim(caller, given, input.ndim);
  const { outer, size, inner } = around(input.shape, dim);
  if (size === 0)
    throw new ArgumentError(
      `${caller}: Expected reduction dim ${dim} to have non-zero size, got shape ${formatShape(input.shape)}`,
    );
  const shape = input.shape.flatMap((length, i) => (i !== dim ? [length] : keepdim ? [1] : []));
  const values = empty(shape, input.dtype);
  const indices = empty(shape, 'int32');
  const largest = name === 'max';
  currentOps().extreme({ x: input.storage, out: values.storage, index: indices.storage, outer, size, inner, largest });
  return { values, indices, outer, size, inner };
}

function overall(name: 'max' | 'min', input: Tensor): Tensor {
  checkTensor(name, input);
  checkNotEmpty(name, input);
  const { values } = find(name, name, viewAs(input, [input.numel]), 0, false);
  const gradName = name === 'max' ? 'MaxBackward1' : 'MinBackward1';
  return setGradFn(gradName, values, [input], [input, values], (grad) => [sharedEvenly(grad, input, values)]);
}

/** grad/k at each of the k elements equal to the extremum, 0 elsewhere; in ops alone, so that it can be traced. */
function sharedEvenly(grad: Tensor, input: Tensor, values: Tensor): Tensor {
  const [x, extremum] = [input.detach(), values.detach()];
  // sign(|x - extremum|) is 0 at the chosen elements: infinity minus itself is NaN, whose sign is 0 too.
  const equal = sub(1, signOf(absolute(sub(x, extremum))));
  // All of them where the extremum is NaN: then only those count that are NaN themselves.
  const chosen = mul(equal, sub(1, mul(isNumber(x), sub(1, isNumber(extremum)))));
  // Not a product, which would be NaN with an infinite gradient.
  return zeroWhere(expanded(div(grad, sum(chosen)), input.shape), chosen);
}

/** 1, and 0 for NaN. */
function isNumber(x: Tensor): Tensor {
  return signOf(add(absolute(x), 1));
}

function checkNotEmpty(caller: string, input: Tensor): void {
  if (input.numel === 0)
    throw new ArgumentError(
      `${caller}: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the ` +
        "'dim' option.",
    );
}
