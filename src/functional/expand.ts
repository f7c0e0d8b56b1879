/** Functions that repeat numbers: each copies, and its gradient adds up what came of one number. */
import { checkOptions, checkSize } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { currentTrace } from '../ops/trace.js';
import { checkDim, checkShape, formatShape, numelOf, readSizes, type Shape } from '../tensor/shape.js';
import { type Sizes, shapeOfSizes } from '../tensor/size-arguments.js';
import { Storage } from '../tensor/storage.js';
import { setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { sumTo } from './reduce-to.js';
import { around, checkTensor, copied, empty, expanded, viewAs } from './support.js';

/** Where to repeat. */
export interface RepeatInterleaveOptions {
  /** The dimension, counted from the end when negative. Default: the tensor is flattened first. */
  dim?: number;
}

/**
 * Repeats dimensions of size 1 to the sizes of `shape`; -1 keeps a size, and more sizes than dimensions add some in front.
 * Copies (in PyTorch a view). Gradient: the sum over what was repeated. As `torch.Tensor.expand`.
 * @throws ShapeError when a size differs from one that is not 1, or there are fewer sizes than dimensions.
 */
export function expand(input: Tensor, ...shape: Sizes): Tensor {
  const caller = 'expand';
  checkTensor(caller, input);
  const sizes = checkExpansion(input, shapeOfSizes(caller, shape));
  const output = numelOf(sizes) === input.numel ? viewAs(copied(input), sizes) : expanded(input, sizes);
  return setGradFn('ExpandBackward0', output, [input], [], (grad) => [sumTo(grad, input)]);
}

function checkExpansion(input: Tensor, given: unknown): Shape {
  const shape = readSizes('expand', given);
  const lead = shape.length - input.ndim;
  if (lead < 0)
    throw new ShapeError(
      `expand: the number of sizes provided (${shape.length}) must be greater or equal to the number of dimensions in ` +
        `the tensor (${input.ndim})`,
    );
  const known = shape.map((size, dim) => {
    if (size !== -1) return size;
    if (dim < lead)
      throw new ShapeError(
        `expand: The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${dim}`,
      );
    return input.shape[dim - lead]!;
  });
  const sizes = checkShape('expand', known);
  input.shape.forEach((size, dim) => {
    if (size !== 1 && size !== sizes[dim + lead])
      throw new ShapeError(
        `expand: The expanded size of the tensor (${sizes[dim + lead]}) must match the existing size (${size}) at ` +
          `non-singleton dimension ${dim + lead}.  Target sizes: ${formatShape(shape as Shape)}.  Tensor sizes: ` +
          formatShape(input.shape),
      );
  });
  return sizes;
}

/**
 * The tensor `repeats[d]` times along each dimension d; more numbers than dimensions add some in front. Copies.
 * Gradient: the sum over the repetitions. As `torch.Tensor.repeat`.
 */
export function repeat(input: Tensor, ...repeats: Sizes): Tensor {
  const caller = 'repeat';
  checkTensor(caller, input);
  const counts = checkShape(caller, shapeOfSizes(caller, repeats));
  const lead = counts.length - input.ndim;
  if (lead < 0)
    throw new ShapeError(
      `${caller}: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor`,
    );
  const from = [...new Array<number>(lead).fill(1), ...input.shape];
  const shape = checkShape(
    caller,
    from.map((size, dim) => size * counts[dim]!),
  );
  let tiled = viewAs(input, from);
  // From the last dimension on, so that each step copies runs as long as can be.
  for (let dim = from.length - 1; dim >= 0; dim--) tiled = tile(tiled, dim, counts[dim]!);
  const output = viewAs(tiled.storage === input.storage ? copied(tiled) : tiled, shape);
  return setGradFn('RepeatBackward0', output, [input], [], (grad) => {
    let sum = grad;
    for (let dim = 0; dim < from.length; dim++) sum = untile(sum, dim, counts[dim]!, from[dim]!);
    return [viewAs(sum, input.shape)];
  });
}

/** `count` copies one behind the other along `dim`. */
function tile(input: Tensor, dim: number, count: number): Tensor {
  if (count === 1) return input;
  const { outer, size, inner } = around(input.shape, dim);
  const once = viewAs(input, [outer, 1, size * inner]);
  return viewAs(expanded(once, [outer, count, size * inner]), input.shape.with(dim, size * count));
}

function untile(grad: Tensor, dim: number, count: number, size: number): Tensor {
  if (count === 1) return grad;
  const { outer, inner } = around(grad.shape, dim);
  return summed(grad, { outer, size: count, inner: size * inner }, grad.shape.with(dim, size));
}

/** The sum along the middle of [outer, size, inner], under another shape; no gradient. */
function summed(grad: Tensor, triple: { outer: number; size: number; inner: number }, shape: Shape): Tensor {
  const output = empty(shape, grad.dtype);
  currentOps().sum({ x: grad.storage, out: output.storage, ...triple });
  return output;
}

/**
 * Each number `repeats` times in a row, along `dim` or of the flattened tensor. Copies. Gradient: the sum over the
 * repetitions. As `torch.repeat_interleave`.
 * @param repeats how often; or an int32 tensor that says it for each position along `dim` (its numbers are read, so it
 * cannot be used inside of `compile`).
 */
export function repeatInterleave(input: Tensor, repeats: number | Tensor, options?: RepeatInterleaveOptions): Tensor {
  const caller = 'repeatInterleave';
  checkTensor(caller, input);
  const { dim } = checkOptions(caller, options, ['dim']);
  const source = dim === undefined ? [input.numel] : input.ndim === 0 ? [1] : input.shape;
  const along = dim === undefined ? 0 : checkDim(caller, dim, input.ndim);
  const { outer, size, inner } = around(source, along);
  if (repeats instanceof Tensor) {
    const rows = rowsOf(caller, repeats, size, along);
    return selectRows(input, { outer, size, inner }, rows, source.with(along, rows.length));
  }
  if (typeof repeats === 'number' && repeats < 0) throw new ArgumentError(`${caller}: Repeats must be non-negative`);
  const count = checkSize(caller, 'repeats', repeats);
  const shape = checkShape(caller, source.with(along, size * count));
  const many = expanded(viewAs(input, [outer * size, 1, inner]), [outer * size, count, inner]);
  const output = viewAs(many.storage === input.storage ? copied(many) : many, shape);
  return setGradFn('RepeatInterleaveBackward0', output, [input], [], (grad) => [
    summed(grad, { outer: outer * size, size: count, inner }, input.shape),
  ]);
}

/** The position that each row of the result comes from. */
function rowsOf(caller: string, repeats: Tensor, size: number, dim: number): Int32Array {
  if (repeats.dtype !== 'int32') throw new ArgumentError(`${caller}: expected int32 repeats, got ${repeats.dtype}`);
  if (repeats.ndim > 1) throw new ShapeError(`${caller}: repeats must be 0-dim or 1-dim tensor`);
  if (repeats.numel !== size && repeats.numel !== 1)
    throw new ShapeError(
      `${caller}: repeats must have the same size as input along dim, but got repeats.size(0) = ${repeats.numel} and ` +
        `input.size(${dim}) = ${size}`,
    );
  const now = currentTrace();
  if (now !== null)
    throw now.refuse(
      `${caller}() by a tensor`,
      'its result has another size at each run; repeat by a number, or outside',
    );
  const counts = repeats.storage.read();
  let total = 0;
  for (const count of counts) {
    if (count < 0) throw new ArgumentError(`${caller}: repeats can not be negative`);
    total += repeats.numel === 1 ? count * size : count;
  }
  if (total > 2 ** 31 - 1) throw new ArgumentError(`${caller}: ${total} repetitions are too many`);
  const rows = new Int32Array(total);
  let end = 0;
  for (let i = 0; i < size; i++) {
    const count = counts[repeats.numel === 1 ? 0 : i]!;
    rows.fill(i, end, end + count);
    end += count;
  }
  return rows;
}

function selectRows(
  input: Tensor,
  { outer, size, inner }: { outer: number; size: number; inner: number },
  rows: Int32Array,
  shape: Shape,
): Tensor {
  checkShape('repeatInterleave', shape);
  if (outer * size > 2 ** 31 - 1) throw new ArgumentError(`repeatInterleave: ${outer * size} rows are too many`);
  const all = Int32Array.from({ length: outer * rows.length }, (_, at) => {
    return Math.floor(at / rows.length) * size + rows[at % rows.length]!;
  });
  const at = { index: new Storage('int32', all), rows: outer * size, width: inner, count: all.length };
  const output = empty(shape, input.dtype);
  currentOps().indexSelect({ x: input.storage, out: output.storage, ...at });
  return setGradFn('RepeatInterleaveBackward0', output, [input], [], (grad) => {
    const gradInput = empty(input.shape, input.dtype);
    currentOps().indexAdd({ grad: grad.storage, out: gradInput.storage, ...at });
    return [gradInput];
  });
}
