/** add, sub, mul, div and pow: lengths, layouts, special values in every pairing. */
import { floats, specials, subnormals } from '../../helpers/values.js';
import { type Case, lengths, opCase, seedOf, type Tolerance } from './case.js';
import { broadcastShapes, count, extent, layout } from './layouts.js';

type Binary = 'add' | 'sub' | 'mul' | 'div' | 'pow';

interface Values {
  /** Correctly rounded in float32, so the reference rounded once is the only right answer; but for pow. */
  readonly tolerance: Tolerance<Binary>;
  readonly a: (n: number, seed: number) => Float32Array;
  readonly b: (n: number, seed: number) => Float32Array;
}

const plain = (n: number, seed: number): Float32Array => floats(n, seed);
const ops: Readonly<Record<Binary, Values>> = {
  add: { tolerance: 'exact', a: plain, b: plain },
  sub: { tolerance: 'exact', a: plain, b: plain },
  mul: { tolerance: 'exact', a: plain, b: plain },
  div: { tolerance: 'exact', a: plain, b: plain },
  pow: {
    // Not in kernels.md: 2 ulp is what an exp and a log that carry some extra bits leave.
    tolerance: { ulp: 2 },
    a: (n, seed) => floats(n, seed, 0.01, 20),
    b: (n, seed) => floats(n, seed, -6, 6),
  },
};

/** Every value of the list against every other. */
function pairs(values: readonly number[]): { a: Float32Array; b: Float32Array } {
  const a = values.flatMap((x) => values.map(() => x));
  const b = values.flatMap(() => [...values]);
  return { a: Float32Array.from(a), b: Float32Array.from(b) };
}

function flat(n: number): Float64Array {
  return layout([n], [1], [1]);
}

function casesOf(op: Binary): Case[] {
  const { tolerance, a, b } = ops[op];
  const cases: Case[] = [];
  for (const n of lengths) {
    const seed = seedOf(`${op} ${n}`);
    const args = () => ({ a: a(n, seed), b: b(n, seed + 1), out: n, layout: flat(n) });
    cases.push(opCase(op, `${n} elements`, tolerance, args, { inPlace: ['a', 'b'] }));
  }
  for (const [name, sizes, aStrides, bStrides] of broadcastShapes) {
    const seed = seedOf(`${op} ${name}`);
    const args = () => ({
      a: a(extent(sizes, aStrides), seed),
      b: b(extent(sizes, bStrides), seed + 1),
      out: count(sizes),
      layout: layout(sizes, aStrides, bStrides),
    });
    cases.push(opCase(op, name, tolerance, args));
  }
  const special = (values: readonly number[]) => () => {
    const pair = pairs(values);
    return { ...pair, out: pair.a.length, layout: flat(pair.a.length) };
  };
  cases.push(opCase(op, 'special values', tolerance, special(specials), { inPlace: ['a', 'b'], subnormal: true }));
  const tiny = [...subnormals, 1, -2, 0.75, 3, 1e-38, -1e-20, 1e20, 0];
  cases.push(
    opCase(op, 'subnormal values', tolerance, special(tiny), {
      subnormal: true,
      provesLittle: 'most products and powers of tiny numbers are 0',
    }),
  );
  return cases;
}

/** Powers where exp(b·log a) in plain float32 would be far off, and integers, which C's pow gets right. */
const powEdges: readonly (readonly [number, number])[] = [
  [1.0000001, 1e7],
  [0.9999999, 3e7],
  [2, 127],
  [2, -126],
  [-2, 3],
  [-2, 2],
  [-3, -1],
  [-2, 0.5],
  [-8, 16777217],
  [10, 38],
  [10, 39],
  [10, -37],
  [1.5, 200],
  [0.1, 30],
  [7, 0],
  [1e-30, 1.2],
  [3e38, 0.99],
  [1e20, -1.5],
];

const edgeCase = opCase('pow', 'edges of the range', ops.pow.tolerance, () => ({
  a: Float32Array.from(powEdges, ([a]) => a),
  b: Float32Array.from(powEdges, ([, b]) => b),
  out: powEdges.length,
  layout: flat(powEdges.length),
}));

export const broadcastCases: readonly Case[] = [...(Object.keys(ops) as Binary[]).flatMap(casesOf), edgeCase];
