/** Methods of Tensor about shapes, repetition, pieces and positions. */
import { ArgumentError } from '../errors.js';
import { checkDim } from '../tensor/shape.js';
import type { Sizes } from '../tensor/size-arguments.js';
import { Tensor } from '../tensor/tensor.js';
import { define, defineAll } from './define.js';
import { expand, type RepeatInterleaveOptions, repeat, repeatInterleave } from './expand.js';
import { index, indexPut_, maskedSelect, slice, type TensorIndex } from './slicing.js';
import { chunk, split } from './split.js';
import { permute } from './strided.js';
import { checkTensor } from './support.js';
import { reshape, unflatten } from './views.js';

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Number of dimensions; the same as `ndim`. */
    dim(): number;
    /** The sizes of the dimensions; the same as `shape`. */
    size(): readonly number[];
    /** The size of one dimension, counted from the end when negative. */
    size(dim: number): number;
    /** The dimensions in the opposite order: the transpose of a matrix. Copies. */
    readonly T: Tensor;
    /** The same as `reshape`: tensors are dense, so a view can always be had. */
    view(...shape: Parameters<Tensor['reshape']>): Tensor;
    /** Repeats dimensions of size 1 to the sizes of `shape`; -1 keeps a size. Copies. */
    expand(...shape: Sizes): Tensor;
    /** This tensor `repeats[d]` times along each dimension d. Copies. */
    repeat(...repeats: Sizes): Tensor;
    /** Each number `repeats` times in a row, along `dim` or of the flattened tensor. Copies. */
    repeatInterleave(repeats: number | Tensor, options?: RepeatInterleaveOptions): Tensor;
    /** The dimension `dim` divided into dimensions of these sizes, one of them perhaps -1. Shares memory. */
    unflatten(dim: number, sizes: readonly number[]): Tensor;
    /** Pieces of a size, or of the sizes given, along `dim` (0). Copies. */
    split(sizes: number | readonly number[], dim?: number): Tensor[];
    /** At most `chunks` pieces of equal size along `dim` (0). Copies. */
    chunk(chunks: number, dim?: number): Tensor[];
    /** The elements at positions: `x.index(0, new Slice(1, null, 2))` is PyTorch's `x[0, 1::2]`. Copies. */
    index(...indices: readonly TensorIndex[]): Tensor;
    /** Writes into the elements at positions: `x.indexPut_([0], 1)` is PyTorch's `x[0] = 1`. Returns this. */
    indexPut_(indices: readonly TensorIndex[], value: Tensor | number): this;
    /** Positions from start to end in steps along `dim` (0). Copies. */
    slice(dim?: number, start?: number | null, end?: number | null, step?: number): Tensor;
    /** The elements where a mask of zeros and ones is not 0. Copies. */
    maskedSelect(mask: Tensor): Tensor;
  }
}

defineAll({
  unflatten,
  expand,
  repeat,
  repeatInterleave,
  split,
  chunk,
  index,
  indexPut_,
  slice,
  maskedSelect,
  view: reshape,
});

define('dim', function (this: Tensor) {
  return checkTensor('dim', this).ndim;
});

define('size', function (this: Tensor, dim?: number) {
  const { shape, ndim } = checkTensor('size', this);
  if (dim === undefined) return shape;
  if (ndim === 0) throw new ArgumentError('size: Dimension specified as 0 but tensor has no dimensions');
  return shape[checkDim('size', dim, ndim)];
});

Object.defineProperty(Tensor.prototype, 'T', {
  configurable: true,
  get(this: Tensor): Tensor {
    return permute(checkTensor('T', this), [...this.shape.keys()].reverse());
  },
});
