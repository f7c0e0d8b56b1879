/** Largest and smallest elements, of a whole tensor or along one dimension. */
import { checkBoolean, checkOptions } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { checkDim, formatShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { sum } from './sum.js';
import { around, checkFloat, empty, expanded, unary, viewAs, zeroed, zeroWhere } from './support.js';

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
 * The largest element; with `dim`, the largest along it and where. A NaN counts as largest. The gradient goes to the
 * element chosen along a dimension; without `dim` it is shared evenly among equal largest elements, as in PyTorch.
 * @throws ArgumentError for an empty tensor or dimension.
 */
export function max(input: Tensor): Tensor;
export function max(input: Tensor, options: DimOptions): ValuesAndIndices;
export function max(input: Tensor, options?: DimOptions): Tensor | ValuesAndIndices {
  return options === undefined ? overall('max', input) : along('max', input, options);
}

/** The smallest element; rules as for {@link max}. A NaN counts as smallest. */
export function min(input: Tensor): Tensor;
export function min(input: Tensor, options: DimOptions): ValuesAndIndices;
export function min(input: Tensor, options?: DimOptions): Tensor | ValuesAndIndices {
  return options === undefined ? overall('min', input) : along('min', input, options);
}

/** Index of the first largest element: in row-major order without `dim`, else along it. int32, no gradient. */
export function argmax(input: Tensor, options?: DimOptions): Tensor {
  checkFloat('argmax', input);
  if (options !== undefined) return find('argmax', 'max', input, options).indices;
  checkNotEmpty('argmax', input);
  return find('argmax', 'max', viewAs(input, [input.numel]), { dim: 0 }).indices;
}

function along(name: 'max' | 'min', input: Tensor, options: DimOptions): ValuesAndIndices {
  const { values, indices, outer, size, inner } = find(name, name, input, options);
  const gradName = name === 'max' ? 'MaxBackward0' : 'MinBackward0';
  record(gradName, values, [input], [indices], (grad) => {
    const gradInput = zeroed(input.shape, input.dtype);
    const at = { index: indices.storage, outer, size, count: 1, inner };
    currentOps().scatter({ x: grad.storage, out: gradInput.storage, ...at });
    return [gradInput];
  });
  return { values, indices };
}

function find(place: string, name: 'max' | 'min', input: Tensor, options: DimOptions) {
  checkFloat(place, input);
  const given = checkOptions(place, options, ['dim', 'keepdim']);
  const { keepdim = false } = given;
  checkBoolean(place, 'keepdim', keepdim);
  const dim = checkDim(place, given.dim, input.ndim);
  const { outer, size, inner } = around(input.shape, dim);
  if (size === 0)
    throw new ArgumentError(
      `${place}: Expected reduction dim ${dim} to have non-zero size, got shape ${formatShape(input.shape)}`,
    );
  const shape = input.shape.flatMap((length, i) => (i !== dim ? [length] : keepdim ? [1] : []));
  const values = empty(shape, input.dtype);
  const indices = empty(shape, 'int32');
  currentOps()[name]({ x: input.storage, out: values.storage, index: indices.storage, outer, size, inner });
  return { values, indices, outer, size, inner };
}

function overall(name: 'max' | 'min', input: Tensor): Tensor {
  checkFloat(name, input);
  checkNotEmpty(name, input);
  const { values } = find(name, name, viewAs(input, [input.numel]), { dim: 0 });
  const gradName = name === 'max' ? 'MaxBackward1' : 'MinBackward1';
  return record(gradName, values, [input], [input, values], (grad) => [sharedEvenly(grad, input, values)]);
}

/** grad/k at each of the k elements equal to the extremum, 0 elsewhere; in ops alone, so that it can be recorded. */
function sharedEvenly(grad: Tensor, input: Tensor, values: Tensor): Tensor {
  const [x, extremum] = [input.detach(), values.detach()];
  // sign(|x - extremum|) is 0 at the chosen elements: infinity minus itself is NaN, whose sign is 0 too.
  const equal = sub(1, unary('sign', unary('abs', sub(x, extremum))));
  // All of them where the extremum is NaN: then only those count that are NaN themselves.
  const chosen = mul(equal, sub(1, mul(isNumber(x), sub(1, isNumber(extremum)))));
  // Not a product, which would be NaN beside an infinite gradient.
  return zeroWhere(expanded(div(grad, sum(chosen)), input.shape), chosen);
}

/** 1, and 0 for NaN. */
function isNumber(x: Tensor): Tensor {
  return unary('sign', add(unary('abs', x), 1));
}

function checkNotEmpty(place: string, input: Tensor): void {
  if (input.numel === 0)
    throw new ArgumentError(
      `${place}: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the ` +
        "'dim' option.",
    );
}
