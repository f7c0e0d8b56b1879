/** Tensors as parts of storages: sizes and steps are checked, and their elements gathered. */
import { maxElements } from '../check.js';
import { gatherRows } from '../files/strided.js';
import type { DType, HostArray } from '../ops/ops.js';
import { isArray } from '../realm.js';
import { maxRank, numelOf, type Shape, stridesOf } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import type { TorchTensor, Value } from './pickle-values.js';

/** A tensor whose elements all lie in its storage. */
export interface View {
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly numel: number;
}

/**
 * The view that a tensor describes. @param length elements of its storage. @param fail is given what is wrong.
 * A view of more elements than its storage has would take memory that the file does not.
 */
export function viewOf(tensor: TorchTensor, length: number, fail: (what: string) => never): View {
  const { offset, size, stride } = tensor;
  if (!isCount(offset) || !isCounts(size) || !isCounts(stride) || size.length !== stride.length)
    fail('its offset, size and stride are not integers that fit together');
  if (size.length > maxRank) fail(`has ${size.length} dimensions, at most ${maxRank} are possible`);
  const numel = size.includes(0) ? 0 : numelOf(size);
  if (numel > maxElements || size.some((one) => one > maxElements))
    fail(`shape [${size.join(', ')}] has too many elements`);
  const last = offset + size.reduce((sum, one, dim) => sum + (one - 1) * stride[dim]!, 0);
  if (numel > 0 && last >= length)
    fail(
      `shape [${size.join(', ')}] with strides [${stride.join(', ')}] from ${offset} on ends at element ${last} of a storage of ${length}`,
    );
  if (numel > length)
    fail(`is an expanded tensor of ${numel} elements in a storage of ${length}: save it as .contiguous()`);
  return { offset, shape: Object.freeze([...size]), strides: stride, numel };
}

/** Tells views of the same elements in the same order. */
export const viewKey = ({ offset, shape, strides }: View): string => `${offset};${shape};${strides}`;

/** The tensor of a view; one that is all of its storage takes the array over. */
export function tensorOfView(view: View, array: HostArray, dtype: DType): Tensor {
  const { offset, shape, strides, numel } = view;
  const isWhole = isContiguous(view) && offset === 0 && numel === array.length;
  const own = isWhole ? array : gatherRows(array, dtype, shape, strides, offset);
  return new Tensor(new Storage(dtype, own), shape);
}

/** Whether the elements lie in row-major order without gaps. */
function isContiguous({ shape, strides }: View): boolean {
  const dense = stridesOf(shape);
  return shape.includes(0) || shape.every((size, dim) => size === 1 || strides[dim] === dense[dim]);
}

function isCount(value: Value): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isCounts(value: Value): value is readonly number[] {
  return isArray(value) && (value as readonly Value[]).every(isCount);
}
