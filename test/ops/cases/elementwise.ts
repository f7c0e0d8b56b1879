/** Functions of one operand and the gradients of activations. */
import { floats, magnitudes, specialMix, specials, subnormals } from '../../helpers/values.js';
import { type Case, lengths, opCase, seedOf, type Tolerance } from './case.js';

type Unary = 'neg' | 'exp' | 'log' | 'sqrt' | 'abs' | 'sign' | 'relu' | 'sigmoid' | 'tanh';
type Backward = 'reluBackward' | 'sigmoidBackward' | 'tanhBackward';

interface Values<Name extends Unary | Backward> {
  readonly tolerance: Tolerance<Name>;
  /** Ordinary inputs. */
  readonly x: (n: number, seed: number) => Float32Array;
  /** Inputs on the edges of what the function is defined or representable on. */
  readonly edges?: readonly number[];
}

const plain = (n: number, seed: number): Float32Array => floats(n, seed);

const unary: { readonly [Name in Unary]: Values<Name> } = {
  neg: { tolerance: 'exact', x: plain },
  // kernels.md: exp within 2 ulp, log within 4.
  exp: {
    tolerance: { ulp: 2 },
    x: (n, seed) => floats(n, seed, -86, 88),
    edges: [
      88.7, 88.72283, 88.73, 89, 1e10, -87.2, -87.33, -87.34, -103.9, -104.1, -1e10, 1e-8, -1e-8, 0.34657, 0.34658,
    ],
  },
  log: {
    tolerance: { ulp: 4 },
    x: (n, seed) => magnitudes(n, seed, -120, 120).map(Math.abs),
    edges: [
      1,
      0.99999994,
      1.0000001,
      Math.SQRT1_2,
      Math.SQRT1_2 + 1e-7,
      Math.SQRT2,
      Math.SQRT2 - 2e-7,
      0.5,
      2,
      1.1754944e-38,
      3.4e38,
      -1e-30,
    ],
  },
  sqrt: { tolerance: 'exact', x: (n, seed) => magnitudes(n, seed, -120, 120).map(Math.abs) },
  abs: { tolerance: 'exact', x: plain },
  sign: { tolerance: 'exact', x: (n, seed) => floats(n, seed).map((x) => (Math.abs(x) < 0.4 ? 0 : x)) },
  relu: { tolerance: 'exact', x: (n, seed) => floats(n, seed, -1, 2) },
  // One exp within 2 ulp and a rounded sum and quotient; of tanh the accuracy is not in kernels.md.
  sigmoid: {
    tolerance: { ulp: 3 },
    x: (n, seed) => floats(n, seed, -20, 20),
    edges: [16.6, 17.4, -17.4, 40, -40, 87, -87, -87.4, -88.8, -103, -200, 200, 1e-6, -1e-6],
  },
  tanh: {
    tolerance: { ulp: 2 },
    x: (n, seed) => floats(n, seed, -4, 4),
    edges: [1e-30, -1e-10, 1e-4, 3e-4, -0.01, 0.1, 0.54, 0.5494, 0.625, -0.6251, 8.9, 9.01, 9.02, -9.1, 20, 100, -100],
  },
};

/** `x` is called y where an output comes in; sigmoid and tanh give outputs in (0, 1) and (-1, 1). */
const backward: { readonly [Name in Backward]: Values<Name> } = {
  reluBackward: { tolerance: 'exact', x: (n, seed) => floats(n, seed, -1, 4) },
  // Three rounded operations.
  sigmoidBackward: { tolerance: { ulp: 2 }, x: (n, seed) => floats(n, seed, 0, 1), edges: [0, 1, 0.99999994, 1e-30] },
  // y² is rounded before it is taken from 1, so near |y| = 1 the error is one of 1, not of the difference.
  tanhBackward: {
    tolerance: { ulp: 2, units: 1, condition: ({ grad }) => ({ out: grad.map(Math.abs) }) },
    x: (n, seed) => floats(n, seed, -1, 1),
    edges: [1, -1, 0.99999994, -0.9999, 0],
  },
};

function unaryCases(op: Unary): Case[] {
  const { tolerance, x, edges } = unary[op] as Values<Unary>;
  const cases = lengths.map((n) => {
    const args = () => ({ x: x(n, seedOf(`${op} ${n}`)), out: n, n });
    const provesLittle = op === 'sign' && n < 16 ? { provesLittle: 'a few elements may all have one sign' } : {};
    return opCase(op, `${n} elements`, tolerance, args, { inPlace: ['x'], ...provesLittle });
  });
  const of = (name: string, values: Float32Array): Case => {
    const args = () => ({ x: values, out: values.length, n: values.length });
    const few = op === 'sign' || op === 'relu' || name.startsWith('subnormal');
    return opCase(op, name, tolerance, args, {
      inPlace: ['x'],
      subnormal: true,
      ...(few ? { provesLittle: 'special inputs have few results; the other cases have many' } : {}),
    });
  };
  cases.push(of('special values', specialMix(seedOf(op))), of('subnormal values', specialMix(seedOf(op), subnormals)));
  if (edges !== undefined) cases.push(of('edges of the range', Float32Array.from(edges)));
  return cases;
}

function backwardCases(op: Backward): Case[] {
  const { tolerance, x, edges } = backward[op] as Values<Backward>;
  const cases = lengths.map((n) => {
    const seed = seedOf(`${op} ${n}`);
    const args = () => ({ grad: floats(n, seed), y: x(n, seed + 1), out: n, n });
    return opCase(op, `${n} elements`, tolerance, args, { inPlace: ['grad', 'y'] });
  });
  const special = (name: string, y: readonly number[]): Case => {
    const args = () => ({
      grad: Float32Array.from(y.flatMap(() => [...specials])),
      y: Float32Array.from(y.flatMap((value) => specials.map(() => value))),
      out: y.length * specials.length,
      n: y.length * specials.length,
    });
    const provesLittle = op === 'reluBackward' ? { provesLittle: 'half the special values are not positive' } : {};
    return opCase(op, name, tolerance, args, { inPlace: ['grad', 'y'], subnormal: true, ...provesLittle });
  };
  // Beyond 1e19 the square of y overflows, in PyTorch too; no tanh is that large.
  const outputs =
    op === 'tanhBackward'
      ? specials.filter((y) => !(Math.abs(y) > 1e19) || Math.abs(y) === Number.POSITIVE_INFINITY)
      : specials;
  cases.push(special('special values', outputs));
  if (edges !== undefined) cases.push(special('edges of the range', edges));
  return cases;
}

/** Bounds of clamp: both, either, crossed (high wins, as in PyTorch), equal, and one that float32 has to round. */
const bounds: readonly (readonly [low: number, high: number])[] = [
  [-0.5, 0.75],
  [Number.NEGATIVE_INFINITY, 0.25],
  [-0.25, Number.POSITIVE_INFINITY],
  [0.1, 1.3],
];

function clampCases(): Case[] {
  const cases: Case[] = [];
  for (const n of lengths) {
    const x = floats(n, seedOf(`clamp ${n}`));
    const grad = floats(n, seedOf(`clampBackward ${n}`));
    const [low, high] = [-1.5, 1.25];
    const name = `${n} elements`;
    cases.push(opCase('clamp', name, 'exact', () => ({ x, out: n, n, low, high }), { inPlace: ['x'] }));
    const args = () => ({ grad, x, out: n, n, low, high });
    cases.push(opCase('clampBackward', name, 'exact', args, { inPlace: ['grad', 'x'] }));
  }
  for (const [low, high] of bounds) {
    const x = Float32Array.from([...specialMix(7), low, high, ...floats(40, 8)]);
    const n = x.length;
    const grad = floats(n, 9);
    const name = `special values between ${low} and ${high}`;
    cases.push(opCase('clamp', name, 'exact', () => ({ x, out: n, n, low, high })));
    const provesLittle = 'the gradient is 0 outside the bounds, where most special values are';
    cases.push(opCase('clampBackward', name, 'exact', () => ({ grad, x, out: n, n, low, high }), { provesLittle }));
  }
  const crossed = () => ({ x: floats(37, 10), out: 37, n: 37, low: 1, high: -1 });
  cases.push(opCase('clamp', 'crossed bounds', 'exact', crossed, { provesLittle: 'everything becomes high' }));
  return cases;
}

export const elementwiseCases: readonly Case[] = [
  ...(Object.keys(unary) as Unary[]).flatMap(unaryCases),
  ...(Object.keys(backward) as Backward[]).flatMap(backwardCases),
  ...clampCases(),
];
