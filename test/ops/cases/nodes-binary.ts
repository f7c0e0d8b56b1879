/** Nodes of two operands, each as a program: lengths, layouts, special values in every pairing. */
import { floats, specials, subnormals } from '../../helpers/values.js';
import { type Case, lengths, opCase, seedOf, type Tolerance } from './case.js';
import { broadcastShapes, extent, layout } from './layouts.js';
import { argsOf, nodeOf, over } from './programs.js';

interface Values {
  /** Correctly rounded in float32, so the reference rounded once is the only right answer; but for pow. */
  readonly tolerance: Tolerance<'pointwise'>;
  readonly a: (n: number, seed: number) => Float32Array;
  readonly b: (n: number, seed: number) => Float32Array;
}

const plain = (n: number, seed: number): Float32Array => floats(n, seed);
/** In coarse steps, so that some are equal. */
const coarse = (n: number, seed: number): Float32Array => floats(n, seed).map((x) => Math.round(8 * x) / 8);
const binary = {
  add: { tolerance: 'exact', a: plain, b: plain },
  sub: { tolerance: 'exact', a: plain, b: plain },
  mul: { tolerance: 'exact', a: plain, b: plain },
  div: { tolerance: 'exact', a: plain, b: plain },
  pow: {
    // 2 ulp is what an exp and a log that carry some extra bits leave.
    tolerance: { ulp: 2 },
    a: (n, seed) => floats(n, seed, 0.01, 20),
    b: (n, seed) => floats(n, seed, -6, 6),
  },
  max: { tolerance: 'exact', a: coarse, b: coarse },
  min: { tolerance: 'exact', a: coarse, b: coarse },
} as const satisfies Record<string, Values>;

export const binaryNodes = Object.keys(binary) as (keyof typeof binary)[];

/** Every value of the list against every other. */
function pairs(values: readonly number[]): Float32Array[] {
  const a = values.flatMap((x) => values.map(() => x));
  const b = values.flatMap(() => [...values]);
  return [Float32Array.from(a), Float32Array.from(b)];
}

const inPlace = [over(0), over(1)];

function casesOf(node: keyof typeof binary): Case[] {
  const { tolerance, a, b }: Values = binary[node];
  const program = nodeOf(node);
  const cases: Case[] = [];
  for (const n of lengths) {
    const seed = seedOf(`${node} ${n}`);
    const args = () => argsOf({ program, inputs: [a(n, seed), b(n, seed + 1)] });
    cases.push(opCase('pointwise', `${node}, ${n} elements`, tolerance, args, { inPlace }));
  }
  for (const [name, sizes, aStrides, bStrides] of broadcastShapes) {
    const seed = seedOf(`${node} ${name}`);
    const inputs = () => [a(extent(sizes, aStrides), seed), b(extent(sizes, bStrides), seed + 1)];
    const args = () => argsOf({ program, inputs: inputs(), layout: layout(sizes, aStrides, bStrides) });
    cases.push(opCase('pointwise', `${node}, ${name}`, tolerance, args));
  }
  const subnormal = node === 'max' || node === 'min' ? 'compared' : true;
  const special = (values: readonly number[]) => () => argsOf({ program, inputs: pairs(values) });
  cases.push(
    opCase('pointwise', `${node}, special values`, tolerance, special(specials), { inPlace, subnormal: true }),
  );
  const tiny = [...subnormals, 1, -2, 0.75, 3, 1e-38, -1e-20, 1e20, 0];
  cases.push(
    opCase('pointwise', `${node}, subnormal values`, tolerance, special(tiny), {
      subnormal,
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

const edgeCase = opCase('pointwise', 'pow, edges of the range', binary.pow.tolerance, () =>
  argsOf({
    program: nodeOf('pow'),
    inputs: [Float32Array.from(powEdges, ([a]) => a), Float32Array.from(powEdges, ([, b]) => b)],
  }),
);

export const binaryCases: readonly Case[] = [...binaryNodes.flatMap(casesOf), edgeCase];
