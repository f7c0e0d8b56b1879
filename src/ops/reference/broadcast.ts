/** Elementwise ops of two operands that broadcast against each other. */
import type { OpArgs, Ops } from '../ops.js';
import { forEachRow, innermostRow } from './layout.js';
import { readFloats, writeFloats } from './memory.js';

function binary(compute: (a: number, b: number) => number): (args: OpArgs<'add'>) => void {
  return ({ a, b, out, layout }) => {
    const left = readFloats(a);
    const right = readFloats(b);
    const target = writeFloats(out);
    const { size, firstStride, secondStride } = innermostRow(layout);
    forEachRow(layout, (first, second, position) => {
      for (let i = 0; i < size; i++) {
        target[position + i] = compute(left[first + i * firstStride]!, right[second + i * secondStride]!);
      }
    });
  };
}

/** C's pow, which differs from JavaScript's where 1 to any power, and -1 to an infinite one, is 1. */
function pow(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY)) return 1;
  return a ** b;
}

export const broadcastOps: Pick<Ops, 'add' | 'sub' | 'mul' | 'div' | 'pow'> = {
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  pow: binary(pow),
};
