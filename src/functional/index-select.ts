import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { checkDim, formatShape, numelOf } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { transpose } from './strided.js';
import { checkTensor, empty } from './support.js';

/**
 * The slices of `input` along `dim` that `index` names, in its order, as `torch.index_select(input, dim, index)`;
 * `indexSelect(input, index)` takes rows: output[i] = input[index[i]]. Gradient: slices of grad added up where they came from.
 * @param index int32 [count] or a scalar, each in [0, input.shape[dim]). An input that is a scalar has one slice, itself.
 * @throws ArgumentError when an index is out of bounds.
 */
export function indexSelect(input: Tensor, index: Tensor): Tensor;
export function indexSelect(input: Tensor, dim: number, index: Tensor): Tensor;
export function indexSelect(input: Tensor, first: Tensor | number, second?: Tensor): Tensor {
  checkTensor('indexSelect', input);
  if (typeof first !== 'number') return rowsOf(input, first);
  const dim = checkDim('indexSelect', first, input.ndim);
  const index = checkTensor('indexSelect', second, 'an int32 Tensor');
  return dim === 0 ? rowsOf(input, index) : transpose(rowsOf(transpose(input, 0, dim), index), 0, dim);
}

function rowsOf(input: Tensor, index: Tensor): Tensor {
  checkTensor('indexSelect', index, 'an int32 Tensor');
  if (index.dtype !== 'int32') throw new ArgumentError(`indexSelect: expected int32 indices, got ${index.dtype}`);
  if (index.ndim > 1)
    throw new ShapeError(`indexSelect: Index is supposed to be a vector, got shape ${formatShape(index.shape)}`);
  if (input.ndim === 0 && index.numel !== 1)
    throw new ShapeError(`indexSelect: Index to scalar can have only 1 value, got ${index.numel} value(s)`);
  const rows = input.shape[0] ?? 1;
  currentOps().checkIndex({ index: index.storage, bound: rows, dim: 0 });
  const count = index.numel;
  const width = numelOf(input.shape.slice(1));
  const output = empty(input.ndim === 0 ? [] : [count, ...input.shape.slice(1)], input.dtype);
  const at = { index: index.storage, rows, width, count };
  currentOps().indexSelect({ x: input.storage, out: output.storage, ...at });
  return setGradFn('IndexSelectBackward0', output, [input], [index], (grad) => {
    const gradInput = empty(input.shape, input.dtype);
    currentOps().indexAdd({ grad: grad.storage, out: gradInput.storage, ...at });
    return [gradInput];
  });
}
