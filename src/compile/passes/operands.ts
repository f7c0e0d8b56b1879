/** The operands of pointwise instructions: which value, and how it is walked. */
import type { ValueId } from '../../ops/graph.js';
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

export function spaceOf({ args }: InstructionOf<'pointwise'>): Space {
  const { layout, inputs } = args;
  const rank = layout.length / (1 + inputs.length);
  const part = (index: number) => Array.from(layout.subarray(index * rank, (index + 1) * rank));
  return { sizes: part(0), operands: inputs.map((value, i) => ({ value, strides: part(1 + i) })) };
}

export function layoutOfSpace({ sizes, operands }: Space): Layout {
  return layoutOf(sizes, ...operands.map(({ strides }) => strides));
}

export const elementsOf = ({ sizes }: Space): number => sizes.reduce((product, size) => product * size, 1);

/** Whether every element is read in the order of memory. */
export const isDense = ({ sizes }: Space, { strides }: Operand): boolean => sameShape(strides, stridesOf(sizes));

/** Whether one element is read again and again. */
export const isRepeated = ({ strides }: Operand): boolean => strides.every((stride) => stride === 0);

/**
 * The same operands over other sizes with as many elements.
 * @returns null when one of them is neither dense nor one element.
 */
function over(space: Space, sizes: readonly number[]): Space | null {
  const operands: Operand[] = [];
  for (const operand of space.operands) {
    if (isDense(space, operand)) operands.push({ ...operand, strides: stridesOf(sizes) });
    else if (isRepeated(operand)) operands.push({ ...operand, strides: sizes.map(() => 0) });
    else return null;
  }
  return { sizes, operands };
}

/** Both over the same sizes, or null. */
export function unify(a: Space, b: Space): readonly [Space, Space] | null {
  if (sameShape(a.sizes, b.sizes)) return [a, b];
  if (elementsOf(a) !== elementsOf(b)) return null;
  const first = over(a, b.sizes);
  if (first !== null) return [first, b];
  const second = over(b, a.sizes);
  return second === null ? null : [a, second];
}

/**
 * The same over [rows, columns], where every operand is dense, one row that is repeated, or one element; else null.
 * @param lengthOf the elements of a value
 */
export function overMatrix(
  space: Space,
  rows: number,
  columns: number,
  lengthOf: (value: ValueId) => number,
): Space | null {
  if (elementsOf(space) !== rows * columns) return null;
  const sizes = [rows, columns];
  const matrix = sameShape(space.sizes, sizes) ? space : over(space, sizes);
  const fits = (operand: Operand): boolean => {
    const length = lengthOf(operand.value);
    if (isDense(matrix!, operand)) return length === rows * columns;
    if (isRepeated(operand)) return length === 1;
    return operand.strides[0] === 0 && operand.strides[1] === 1 && length === columns;
  };
  return matrix?.operands.every(fits) ? matrix : null;
}
