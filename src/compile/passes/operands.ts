/** The operands of pointwise instructions: which value, and how it is walked. */
import type { ValueId } from '../../ops/graph.js';
import { type MatrixSizes, matrixStrides } from '../../ops/matrix-operands.js';
import type { Layout } from '../../ops/ops.js';
import { layoutOf, sameShape, stridesOf } from '../../tensor/shape.js';
import type { InstructionOf } from './instruction.js';

/** Memory that a program reads, with a stride for each dimension. */
export interface Operand {
  readonly value: ValueId;
  readonly strides: readonly number[];
}

/** What a program runs over: the sizes of the elements, and its operands. */
export interface Space {
  readonly sizes: readonly number[];
  readonly operands: readonly Operand[];
}

export function spaceOf({ args }: InstructionOf<'pointwise'> | InstructionOf<'reduce'>): Space {
  const { layout, inputs } = args;
  const rank = layout.length / (1 + inputs.length);
  const part = (index: number) => Array.from(layout.subarray(index * rank, (index + 1) * rank));
  return { sizes: part(0), operands: inputs.map((value, i) => ({ value, strides: part(1 + i) })) };
}

export function layoutOfSpace({ sizes, operands }: Space): Layout {
  return layoutOf(sizes, ...operands.map(({ strides }) => strides));
}

export const elementsOf = ({ sizes }: Pick<Space, 'sizes'>): number =>
  sizes.reduce((product, size) => product * size, 1);

/** Whether every element is read in the order of memory. */
export const isDense = ({ sizes }: Space, { strides }: Operand): boolean => sameShape(strides, stridesOf(sizes));

/** Whether one element is read again and again. */
export const isRepeated = ({ strides }: Operand): boolean => strides.every((stride) => stride === 0);

/**
 * The same elements in the same order over other sizes: dimensions are split, and those joined that all operands walk without a gap.
 * @returns null where an operand is not walked so, or the number of elements is another one.
 */
export function reshape(space: Space, sizes: readonly number[]): Space | null {
  if (sameShape(space.sizes, sizes)) return space;
  if (elementsOf(space) !== elementsOf({ sizes })) return null;
  const operands: Operand[] = [];
  for (const operand of space.operands) {
    const strides = isDense(space, operand)
      ? stridesOf(sizes)
      : isRepeated(operand)
        ? sizes.map(() => 0)
        : reshapedStrides(space.sizes, operand.strides, sizes);
    if (strides === null) return null;
    operands.push({ ...operand, strides });
  }
  return { sizes, operands };
}

/** Innermost dimensions first, a factor of a dimension at a time. A dimension of one element gets stride 0. */
function reshapedStrides(from: readonly number[], strides: readonly number[], to: readonly number[]): number[] | null {
  const result = to.map(() => 0);
  let dim = from.length;
  let left = 1;
  let stride = 0;
  for (let target = to.length - 1; target >= 0; target--) {
    for (let wanted = to[target]!, got = 1; wanted > 1; ) {
      while (left === 1) {
        if (dim === 0) return null;
        left = from[--dim]!;
        stride = strides[dim]!;
      }
      const taken = wanted % left === 0 ? left : left % wanted === 0 ? wanted : 0;
      if (taken === 0 || (got > 1 && stride !== result[target]! * got)) return null;
      if (got === 1) result[target] = stride;
      got *= taken;
      wanted /= taken;
      left /= taken;
      stride *= taken;
    }
  }
  return result;
}

/** Both over the same sizes, or null. */
export function unify(a: Space, b: Space): readonly [Space, Space] | null {
  if (sameShape(a.sizes, b.sizes)) return [a, b];
  const first = reshape(a, b.sizes);
  if (first !== null) return [first, b];
  const second = reshape(b, a.sizes);
  return second === null ? null : [a, second];
}

/**
 * The same over [images, rows, columns], where every operand is dense, a row for each image, one row that is repeated, or one element; else null.
 * @param lengthOf the elements of a value
 */
export function overMatrix(space: Space, sizes: MatrixSizes, lengthOf: (value: ValueId) => number): Space | null {
  const matrix = reshape(space, sizes);
  if (matrix === null) return null;
  const operands: Operand[] = [];
  for (const { value, strides } of matrix.operands) {
    const expected = matrixStrides(lengthOf(value), sizes);
    if (expected === null || sizes.some((size, dim) => size > 1 && strides[dim] !== expected[dim])) return null;
    operands.push({ value, strides: expected });
  }
  return { sizes, operands };
}
