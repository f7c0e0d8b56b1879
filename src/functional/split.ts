/** A tensor in pieces along one dimension. All copy (in PyTorch they are views). */
import { checkSize, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { isArray } from '../realm.js';
import { checkDim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { narrow } from './strided.js';
import { checkTensor } from './support.js';

/**
 * The pieces along `dim`, as `torch.split`.
 * @param sizes the size of each piece but the last, which may be smaller; or the sizes of all, which add up to the whole.
 * @throws ArgumentError for sizes that are negative, or do not add up.
 */
export function split(input: Tensor, sizes: number | readonly number[], dim = 0): Tensor[] {
  const caller = 'split';
  checkTensor(caller, input);
  if (input.ndim === 0) throw new ShapeError('split expects at least a 1-dimensional tensor');
  const along = checkDim(caller, dim, input.ndim);
  const size = input.shape[along]!;
  return pieces(input, along, isArray(sizes) ? checkSizes(sizes, size, along) : equalSizes(sizes, size));
}

/**
 * At most `chunks` pieces of equal size along `dim`; the last may be smaller, and there may be fewer, as in `torch.chunk`.
 * @throws ArgumentError unless `chunks` is a positive integer.
 */
export function chunk(input: Tensor, chunks: number, dim = 0): Tensor[] {
  const caller = 'chunk';
  checkTensor(caller, input);
  if (input.ndim === 0) throw new ShapeError('chunk expects at least a 1-dimensional tensor');
  if (typeof chunks !== 'number' || !Number.isSafeInteger(chunks) || chunks <= 0)
    throw new ArgumentError(`chunk expects \`chunks\` to be greater than 0, got: ${show(chunks)}`);
  const along = checkDim(caller, dim, input.ndim);
  const size = input.shape[along]!;
  checkSize(caller, 'chunks', chunks);
  return pieces(
    input,
    along,
    size === 0 ? new Array<number>(chunks).fill(0) : equalSizes(Math.ceil(size / chunks), size),
  );
}

function pieces(input: Tensor, dim: number, sizes: readonly number[]): Tensor[] {
  let start = 0;
  return sizes.map((size) => {
    const piece = narrow(input, dim, start, size);
    start += size;
    return piece;
  });
}

function equalSizes(each: unknown, size: number): number[] {
  if (typeof each === 'number' && each < 0)
    throw new ArgumentError(`split expects split_size be non-negative, but got split_size=${each}`);
  const step = checkSize('split', 'split_size', each);
  if (step === 0 && size > 0)
    throw new ArgumentError(`split_size can only be 0 if dimension size is 0, but got dimension size of ${size}`);
  if (size === 0) return [0];
  const count = Math.ceil(size / step);
  return Array.from({ length: count }, (_, i) => Math.min(step, size - i * step));
}

function checkSizes(sizes: readonly unknown[], size: number, dim: number): number[] {
  const list = readList('split', 'sizes', sizes, (each) => {
    if (typeof each === 'number' && each < 0)
      throw new ArgumentError(
        `split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=${show(sizes)}`,
      );
    return checkSize('split', 'a size', each);
  });
  if (list.reduce((total, each) => total + each, 0) !== size)
    throw new ArgumentError(
      `split_with_sizes expects split_sizes to sum exactly to ${size} (input tensor's size at dimension ${dim}), but ` +
        `got split_sizes=${show(sizes)}`,
    );
  return list;
}
