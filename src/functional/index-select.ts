import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { formatShape, numelOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkTensor, empty } from './support.js';

/**
 * The rows of `input` that `index` names, in its order: output[i] = input[index[i]] along dimension 0, as
 * `torch.index_select(input, 0, index)`. Gradient: rows of grad added up where they came from.
 * @param index int32 [count], each in [0, input.shape[0]).
 * @throws ArgumentError when an index is out of bounds.
 */
export function indexSelect(input: Tensor, index: Tensor): Tensor {
  checkTensor('indexSelect', input);
  if (input.ndim === 0) throw new ShapeError('indexSelect: a scalar has no rows');
  const rows = input.shape[0]!;
  checkTensor('indexSelect', index, 'an int32 Tensor');
  if (index.dtype !== 'int32') throw new ArgumentError(`indexSelect: expected int32 indices, got ${index.dtype}`);
  if (index.ndim !== 1)
    throw new ShapeError(`indexSelect: expected 1-dimensional indices, got shape ${formatShape(index.shape)}`);
  currentOps().checkIndex({ index: index.storage, bound: rows, dim: 0 });
  const count = index.numel;
  const width = numelOf(input.shape.slice(1));
  const output = empty([count, ...input.shape.slice(1)], input.dtype);
  const at = { index: index.storage, rows, width, count };
  currentOps().indexSelect({ x: input.storage, out: output.storage, ...at });
  return record('IndexSelectBackward0', output, [input], [index], (grad) => {
    const gradInput = empty(input.shape, input.dtype);
    currentOps().indexAdd({ grad: grad.storage, out: gradInput.storage, ...at });
    return [gradInput];
  });
}
