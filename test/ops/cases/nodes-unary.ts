/** Nodes of one operand, each as a program. */
import { floats, magnitudes, specialMix, subnormals } from '../../helpers/values.js';
import { type Case, lengths, opCase, seedOf, type Tolerance } from './case.js';
import { argsOf, nodeOf, over } from './programs.js';

interface Values {
  readonly tolerance: Tolerance<'pointwise'>;
  /** Ordinary inputs. */
  readonly x: (n: number, seed: number) => Float32Array;
  /** Inputs on the edges of what the function is defined or representable on. */
  readonly edges?: readonly number[];
  /** Special inputs have few results. */
  readonly few?: true;
}

const plain = (n: number, seed: number): Float32Array => floats(n, seed);
const positive = (n: number, seed: number): Float32Array => magnitudes(n, seed, -120, 120).map(Math.abs);
/** Every second one a multiple of 1/4, so that there are halves. */
const quarters = (n: number, seed: number): Float32Array =>
  floats(n, seed, -9, 9).map((x, i) => (i % 2 === 0 ? Math.round(4 * x) / 4 : x));
/** Tiny and ordinary ones in turn. */
const fine = (n: number, seed: number, low: number, high: number): Float32Array => {
  const tiny = magnitudes(n, seed + 1, -30, -1);
  return floats(n, seed, low, high).map((x, i) => (i % 2 === 0 ? x : tiny[i]!));
};

const rounding: Values = {
  tolerance: 'exact',
  x: quarters,
  few: true,
  edges: [
    ...[0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3.5, 0.49999997, -0.49999997, 0.50000006, 0.3, -0.3, -0.7, 1, -1],
    // Around 2^23 and 2^24, above which every float is whole; beyond int32.
    ...[4194303.5, 4194304.5, -4194304.5, 8388607.5, -8388607.5, 8388606.5, 8388608, 8388609, -8388609, 16777215],
    ...[16777216, 16777218, 2147483648, -2147483648, 2147483904, 4294967296, 1e10, -1e20],
  ],
};

/** The floats that are nearest to a multiple of π/2, by size: where the reduction of the argument cancels most. */
const nearQuarters = [
  ...[
    1.5707963705062866, 3.1415927410125732, 4.71238899230957, 6.2831854820251465, 9.42477798461914, 18.84955596923828,
  ],
  ...[252.89820861816406, 505.7964172363281, 1011.5928344726562, 2238.384765625, 52516.43359375, 105032.8671875],
  ...[42781604, 21999384576, 43998769152, 1522788990976, 8.11762663906456e22, 4.638183382783466e25],
  ...[1.0341291951386403e27, 7.729178919452902e28, 3.0916715677811608e29, 4.3865578967101227e33],
];
/** At most 1 ulp: up to 1e5 by a reduction in float, beyond by a slower one. */
const circular: Values = {
  tolerance: { ulp: 1 },
  x: (n, seed) => fine(n, seed, -20, 20).map((x, i) => (i % 7 === 3 ? x * 4321 : x)),
  edges: [
    ...nearQuarters,
    ...nearQuarters.map((x) => -x),
    ...[0.7853981, 0.7853982, 2.3561945, 99999.99, 1e5, 100000.01, 131072, -123456.79, 1e6, 3e9, 1e12, 1e30, 3.4e38],
  ],
};

/** Exact ones are correctly rounded. Bounds of the others are those of native/kernels/README.md. */
const unary = {
  neg: { tolerance: 'exact', x: plain },
  abs: { tolerance: 'exact', x: plain },
  sign: { tolerance: 'exact', x: (n, seed) => floats(n, seed).map((x) => (Math.abs(x) < 0.4 ? 0 : x)), few: true },
  exp: {
    tolerance: { ulp: 2 },
    x: (n, seed) => floats(n, seed, -86, 88),
    edges: [
      ...[88.7, 88.72283, 88.73, 89, 1e10, -87.2, -87.33, -87.34, -103.9, -104.1, -1e10, 1e-8, -1e-8],
      ...[0.34657, 0.34658],
    ],
  },
  expm1: {
    tolerance: { ulp: 4 },
    x: (n, seed) => fine(n, seed, -20, 80),
    edges: [
      ...[88.7, 88.72283, 88.73, 89, 1e10, -17.3, -17.4, -20, -104.1, -1e10, 1e-8, -1e-8, 1e-20, -1e-30, 1e-3],
      ...[0.34657, 0.34658, -0.34657, -0.34658, Math.LN2, -Math.LN2, 0.25, -0.25, 0.5, -0.5, 1, -1],
    ],
  },
  log: {
    tolerance: { ulp: 4 },
    x: positive,
    edges: [
      ...[1, 0.99999994, 1.0000001, Math.SQRT1_2, Math.SQRT1_2 + 1e-7, Math.SQRT2, Math.SQRT2 - 2e-7, 0.5, 2],
      ...[1.1754944e-38, 3.4e38, -1e-30],
    ],
  },
  log1p: {
    tolerance: { ulp: 4 },
    x: (n, seed) => fine(n, seed, -0.999, 30).map((x, i) => (i % 5 === 4 ? Math.abs(x) * 1e20 : x)),
    edges: [
      ...[-1, -0.99999994, -0.9999999, -1.0000001, -0.5, -0.29289323, -0.2928932, 0.41421357, 0.41421354, 1e-8, -1e-8],
      ...[5.9604645e-8, -5.9604645e-8, 1e-20, -1e-30, 1, 2, 16777216, 3.4e38],
    ],
  },
  sqrt: { tolerance: 'exact', x: positive },
  sin: circular,
  cos: circular,
  tanh: {
    tolerance: { ulp: 2 },
    x: (n, seed) => floats(n, seed, -4, 4),
    edges: [
      ...[1e-30, -1e-10, 1e-4, 3e-4, -0.01, 0.1, 0.54, 0.5494, 0.625, -0.6251, 8.9, 9.01, 9.02, -9.1, 20, 100, -100],
    ],
  },
  // One exp within 2 ulp and a rounded sum and quotient.
  sigmoid: {
    tolerance: { ulp: 3 },
    x: (n, seed) => floats(n, seed, -20, 20),
    edges: [16.6, 17.4, -17.4, 40, -40, 87, -87, -87.4, -88.8, -103, -200, 200, 1e-6, -1e-6],
  },
  erf: {
    tolerance: { ulp: 4 },
    x: (n, seed) => fine(n, seed, -4.2, 4.2),
    edges: [
      ...[1e-30, -1e-10, 1e-4, 0.1, 0.5, -0.5, 0.84375, -0.84374, 0.921875, 1, -1, 1.25, 2, 2.857143, 3, -3.5, 3.8],
      ...[3.9, 3.92, 3.9192059, -4, 5, 6, 10, -100, 1e10, 2 ** -126, -1.5 * 2 ** -126, 2 ** -125, 1.9 * 2 ** -124],
    ],
  },
  floor: rounding,
  ceil: rounding,
  round: rounding,
  relu: { tolerance: 'exact', x: (n, seed) => floats(n, seed, -1, 2), few: true },
} as const satisfies Record<string, Values>;

export const unaryNodes = Object.keys(unary) as (keyof typeof unary)[];

function casesOf(node: keyof typeof unary): Case[] {
  const { tolerance, x, edges, few }: Values = unary[node];
  const program = nodeOf(node);
  const inPlace = [over(0)];
  const cases = lengths.map((n) => {
    const args = () => argsOf({ program, inputs: [x(n, seedOf(`${node} ${n}`))] });
    const provesLittle =
      few && n < 16 ? { provesLittle: 'a few elements may all have one sign, or be rounded alike' } : {};
    return opCase('pointwise', `${node}, ${n} elements`, tolerance, args, { inPlace, ...provesLittle });
  });
  const of = (name: string, values: Float32Array): Case => {
    const args = () => argsOf({ program, inputs: [values] });
    const isFew = few || name.startsWith('subnormal');
    return opCase('pointwise', `${node}, ${name}`, tolerance, args, {
      inPlace,
      subnormal: 'outside',
      ...(isFew ? { provesLittle: 'special inputs have few results; the other cases have many' } : {}),
    });
  };
  cases.push(of('special values', specialMix(seedOf(node))));
  cases.push(of('subnormal values', specialMix(seedOf(node), subnormals)));
  if (edges !== undefined) cases.push(of('edges of the range', Float32Array.from(edges)));
  return cases;
}

export const unaryCases: readonly Case[] = unaryNodes.flatMap(casesOf);
