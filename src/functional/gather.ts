/** Elements by index along one dimension: taken, put, added up; and labels as rows of zeros and a one. */
import { checkSize } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { currentTrace } from '../ops/trace.js';
import { checkInt32 } from '../tensor/creation.js';
import { checkDim, formatShape, layoutOf, type Shape, sameShape, stridesOf } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { around, checkFloat, checkTensor, copied, empty, filled, zeroed } from './support.js';

/**
 * output[i][j][k] = input[i][index[i][j][k]][k] for dim = 1, and so on: as `torch.gather`. Gradient: grad added up where the
 * elements came from.
 * @param index int32, as many dimensions as input, no size larger than input's but that of `dim`; each in [0, input.shape[dim]).
 * @throws ArgumentError when an index is out of bounds.
 */
export function gather(input: Tensor, dim: number, index: Tensor): Tensor {
  const caller = 'gather';
  checkTensor(caller, input);
  const along = checkIndex(caller, input, dim, index, 'input');
  if (!fits(index.shape, input.shape, along))
    throw new ShapeError(
      `${caller}: Size does not match at dimension ${firstMisfit(index.shape, input.shape, along)} expected index ` +
        `${formatShape(index.shape)} to be no larger than self ${formatShape(input.shape)} apart from dimension ${along}`,
    );
  checkBounds(index, input.shape[along] ?? 1, along);
  const part = reached(index, input, along);
  const at = sizesOf(index, part, along);
  const output = empty(index.shape, input.dtype);
  currentOps().gather({ x: corner(input, part).storage, out: output.storage, ...at });
  return setGradFn('GatherBackward0', output, [input], [index], (grad) => {
    const sum = zeroed(part, input.dtype);
    currentOps().scatterAdd({ x: grad.storage, out: sum.storage, ...at });
    return [within(sum, input.shape)];
  });
}

/**
 * A copy of input with output[i][index[i][j][k]][k] = src[i][j][k] for dim = 1, and so on; where an index stands twice, the last one
 * counts. As `torch.scatter`. Gradients: grad, 0 where something was put; and grad at the positions of src.
 * @param index as for {@link gather}, and no size larger than that of src.
 * @param src a number, or a tensor of the dtype of input.
 */
export function scatter(input: Tensor, dim: number, index: Tensor, src: Tensor | number): Tensor {
  const caller = 'scatter';
  checkTensor(caller, input);
  if (typeof src !== 'number') checkTensor(caller, src, 'a Tensor or a number');
  const along = checkIndex(caller, input, dim, index, 'self');
  const source = typeof src === 'number' ? null : src;
  checkSource(caller, input, along, index, source);
  const number = typeof src === 'number' && input.dtype === 'int32' ? checkInt32(caller, src) : src;
  checkBounds(index, input.shape[along] ?? 1, along);
  const values = typeof number === 'number' ? filled(index.shape, number, input.dtype) : corner(number, index.shape);
  const output = copied(input);
  change(output, along, index, (part, at) => currentOps().scatter({ x: values.storage, out: part.storage, ...at }));
  const name = source === null ? 'ScatterBackward1' : 'ScatterBackward0';
  return setGradFn(name, output, source === null ? [input] : [input, source], [index], (grad) => [
    input.requiresGrad ? without(grad, along, index) : null,
    source?.requiresGrad ? sourceGradient(grad, along, index, source) : null,
  ]);
}

/**
 * A copy of input with src[i][j][k] added to output[i][index[i][j][k]][k] for dim = 1, and so on, in the order of src. As
 * `torch.scatter_add`. Gradients: grad, and grad at the positions of src.
 */
export function scatterAdd(input: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const caller = 'scatterAdd';
  checkFloat(caller, input);
  checkTensor(caller, src);
  const along = checkIndex(caller, input, dim, index, 'self');
  checkSource(caller, input, along, index, src);
  checkBounds(index, input.shape[along] ?? 1, along);
  const values = corner(src, index.shape);
  const output = copied(input);
  change(output, along, index, (part, at) => currentOps().scatterAdd({ x: values.storage, out: part.storage, ...at }));
  return setGradFn('ScatterAddBackward0', output, [input, src], [index], (grad) => [
    grad,
    src.requiresGrad ? sourceGradient(grad, along, index, src) : null,
  ]);
}

/**
 * A row of zeros with a one at each label: labels of any shape give [..., numClasses], int32. As
 * `torch.nn.functional.one_hot`; convert the result with `to('float32')`.
 * @param numClasses -1, the default, stands for the largest label plus 1; the labels are read then, so not inside of `compile`.
 * @throws ArgumentError for a label outside of [0, numClasses).
 */
export function oneHot(labels: Tensor, numClasses = -1): Tensor {
  const caller = 'oneHot';
  checkTensor(caller, labels, 'a Tensor of labels');
  if (labels.dtype !== 'int32')
    throw new ArgumentError(`${caller}: one_hot is only applicable to int32 labels, got ${labels.dtype}`);
  const classes = numClasses === -1 ? largestLabel(caller, labels) + 1 : checkSize(caller, 'numClasses', numClasses);
  if (labels.numel > 0 && classes === 0)
    throw new ArgumentError(`${caller}: Class values must be smaller than num_classes.`);
  currentOps().checkIndex({ index: labels.storage, bound: classes, dim: labels.ndim });
  const output = zeroed([...labels.shape, classes], 'int32');
  const ones = filled(labels.shape, 1, 'int32');
  const at = { index: labels.storage, outer: labels.numel, size: classes, count: 1, inner: 1 };
  currentOps().scatter({ x: ones.storage, out: output.storage, ...at });
  return output;
}

function largestLabel(caller: string, labels: Tensor): number {
  const now = currentTrace();
  if (now !== null) throw now.refuse(`${caller}() without numClasses`, 'pass the number of classes');
  if (labels.numel === 0)
    throw new ArgumentError(`${caller}: Can not infer total number of classes from empty tensor.`);
  let largest = 0;
  for (const label of labels.storage.read()) {
    if (label < 0) throw new ArgumentError(`${caller}: Class values must be non-negative.`);
    largest = Math.max(largest, label);
  }
  return largest;
}

/** The dimension, once index fits input in kind. */
function checkIndex(caller: string, input: Tensor, dim: number, index: Tensor, what: string): number {
  const along = checkDim(caller, dim, input.ndim);
  checkTensor(caller, index, 'an int32 Tensor');
  if (index.dtype !== 'int32')
    throw new ArgumentError(`${caller}(): Expected dtype int32 for index, got ${index.dtype}`);
  if (index.ndim !== input.ndim)
    throw new ShapeError(`${caller}: Index tensor must have the same number of dimensions as ${what} tensor`);
  return along;
}

function checkSource(caller: string, input: Tensor, dim: number, index: Tensor, src: Tensor | null): void {
  if (src !== null && src.dtype !== input.dtype)
    throw new ArgumentError(
      `${caller}(): Expected self.dtype to be equal to src.dtype, got ${input.dtype} and ${src.dtype}`,
    );
  if (src !== null && src.ndim !== index.ndim)
    throw new ShapeError(`${caller}: Index tensor must have the same number of dimensions as src tensor`);
  if (!fits(index.shape, input.shape, dim) || (src !== null && !fits(index.shape, src.shape, -1)))
    throw new ShapeError(
      `${caller}: Expected index ${formatShape(index.shape)} to be no larger than self ${formatShape(input.shape)} apart ` +
        `from dimension ${dim}${src === null ? '' : ` and to be no larger size than src ${formatShape(src.shape)}`}`,
    );
}

function firstMisfit(index: Shape, input: Shape, dim: number): number {
  return index.findIndex((size, d) => d !== dim && size > input[d]!);
}

/** Whether no size of index is larger than input's, but that of `dim`. */
function fits(index: Shape, input: Shape, dim: number): boolean {
  return firstMisfit(index, input, dim) < 0;
}

function checkBounds(index: Tensor, bound: number, dim: number): void {
  currentOps().checkIndex({ index: index.storage, bound, dim });
}

/** The part of a shape that index reaches: all of `dim`, and as much as index has of the other dimensions. */
function reached(index: Tensor, { shape }: Tensor, dim: number): Shape {
  return shape.length === 0 ? shape : index.shape.with(dim, shape[dim]!);
}

/** What the ops take: index as [outer, count, inner], the other side as [outer, size, inner]. */
function sizesOf(index: Tensor, part: Shape, dim: number) {
  const { outer, size: count, inner } = around(index.shape, dim);
  return { index: index.storage, outer, size: part[dim] ?? 1, count, inner };
}

/** Lets `run` write the part of output that index reaches. */
function change(
  output: Tensor,
  dim: number,
  index: Tensor,
  run: (part: Tensor, at: ReturnType<typeof sizesOf>) => void,
): void {
  const shape = reached(index, output, dim);
  const part = corner(output, shape);
  run(part, sizesOf(index, shape, dim));
  if (part !== output) copyInto(part, output);
}

/** grad, and 0 at the positions of index. */
function without(grad: Tensor, dim: number, index: Tensor): Tensor {
  const output = copied(grad);
  const zeros = zeroed(index.shape, grad.dtype);
  change(output, dim, index, (part, at) => currentOps().scatter({ x: zeros.storage, out: part.storage, ...at }));
  return output;
}

/** grad at the positions of index, and 0 where src reaches further. */
function sourceGradient(grad: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const shape = reached(index, grad, dim);
  const picked = empty(index.shape, grad.dtype);
  const at = sizesOf(index, shape, dim);
  currentOps().gather({ x: corner(grad, shape).storage, out: picked.storage, ...at });
  return within(picked, src.shape);
}

/** The numbers in the first corner of zeros of a larger shape; input itself when it has that shape. */
function within(input: Tensor, shape: Shape): Tensor {
  if (sameShape(input.shape, shape)) return input;
  const output = zeroed(shape, input.dtype);
  copyInto(input, output);
  return output;
}

/** The first `shape[d]` positions along each dimension d; input itself when those are all. */
function corner(input: Tensor, shape: Shape): Tensor {
  if (sameShape(input.shape, shape)) return input;
  const output = empty(shape, input.dtype);
  const layout = layoutOf(shape, stridesOf(input.shape), stridesOf(shape));
  currentOps().copy({ x: input.storage, out: output.storage, layout, xOffset: 0, outOffset: 0 });
  return output;
}

/** Writes numbers into the first corner of a larger tensor. */
function copyInto(piece: Tensor, target: Tensor): void {
  const layout = layoutOf(piece.shape, stridesOf(piece.shape), stridesOf(target.shape));
  currentOps().copy({ x: piece.storage, out: target.storage, layout, xOffset: 0, outOffset: 0 });
}
