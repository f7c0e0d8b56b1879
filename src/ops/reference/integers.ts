/** Arithmetic of int32 memory: exact, and modulo 2^32 where a result does not fit. */
import { type IntegerOperation, integerOperations, type Ops } from '../ops.js';
import { forEachRow, innermostRow } from './layout.js';
import { readInts, writeInts } from './memory.js';

function power(base: number, exponent: number): number {
  if (exponent < 0) {
    if (base === 1) return 1;
    return base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  }
  let result = 1;
  for (let left = exponent, square = base; left > 0; left = Math.floor(left / 2), square = Math.imul(square, square))
    if (left % 2 === 1) result = Math.imul(result, square);
  return result;
}

const operations: Readonly<Record<IntegerOperation, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: Math.imul,
  pow: power,
  maximum: Math.max,
  minimum: Math.min,
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  eq: (a, b) => Number(a === b),
};
const byCode: ReadonlyMap<number, (a: number, b: number) => number> = new Map(
  Object.entries(integerOperations).map(([name, code]) => [code, operations[name as IntegerOperation]]),
);

export const integerOps: Pick<Ops, 'integers'> = {
  integers({ a, b, out, operation, layout }) {
    const compute = byCode.get(operation)!;
    const left = readInts(a);
    const right = readInts(b);
    const target = writeInts(out);
    const { size, firstStride, secondStride } = innermostRow(layout);
    forEachRow(layout, (first, second, position) => {
      for (let i = 0; i < size; i++)
        target[position + i] = compute(left[first + i * firstStride]!, right[second + i * secondStride]!);
    });
  },
};
