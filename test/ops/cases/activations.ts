/** Activation functions as programs, with their gradients, and clamp. */
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { derive, substitute } from '../../../src/pointwise/derivative.js';
import type { Expression } from '../../../src/pointwise/expression.js';
import { floats, specialMix, specials } from '../../helpers/values.js';
import { type Bound, type Case, type CaseArgs, lengths, opCase, seedOf, type Tolerance } from './case.js';
import { argsOf, over, programOf } from './programs.js';

const sqrtHalf = Math.SQRT1_2;
const gelu = Math.sqrt(2 / Math.PI);

/** Expressions of x, as PyTorch defines them. */
export const activations = {
  silu: (x: Expression) => x.mul(x.sigmoid()),
  'gelu by erf': (x: Expression) => x.mul(0.5).mul(x.mul(sqrtHalf).erf().add(1)),
  'gelu by tanh': (x: Expression) => x.mul(0.5).mul(x.mul(x).mul(x).mul(0.044715).add(x).mul(gelu).tanh().add(1)),
  elu: (x: Expression) => x.gt(0).where(x, x.expm1().mul(1.5)),
  softplus: (x: Expression) => x.relu().add(x.abs().neg().exp().log1p()),
  hardswish: (x: Expression) => x.mul(x.add(3).maximum(0).minimum(6).div(6)),
} as const;
export type Activation = keyof typeof activations;

export const activationProgram = (name: Activation): PointwiseProgram => programOf(1, 0, ([x]) => activations[name](x));

/** Errors in units of 2^-24, relative to what `size` gives for x. */
const sized = (units: number, size: (x: number) => number): Bound<'pointwise'> => ({
  ulp: 0,
  units,
  condition: ({ inputs: [x] }: CaseArgs<'pointwise'>) => ({ 'outputs[0]': Float64Array.from(x!, size) }),
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** An error of an ulp is up to two units. */
const bounds: Readonly<Record<Activation, Tolerance<'pointwise'>>> = {
  // sigmoid within 3 ulp, and a product.
  silu: sized(7, (x) => Math.abs(x * sigmoid(x))),
  // 1 + erf cancels for x < 0: erf within 4 ulp of an argument with two roundings, which moves it by no more than erf itself; a sum and a product of up to 2.
  'gelu by erf': sized(14, Math.abs),
  // tanh within 2 ulp, of an argument with six roundings; a sum and a product.
  'gelu by tanh': sized(14, Math.abs),
  // expm1 within 4 ulp, and a product.
  elu: sized(9, (x) => (x > 0 ? 0 : 1.5 * Math.abs(Math.expm1(x)))),
  // exp within 2 ulp, log1p within 4, a sum.
  softplus: sized(14, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  // Four operations, the first of which cancels at -3.
  hardswish: sized(4, (x) => (Math.abs(x) * (Math.abs(x) + 3)) / 6),
};

function casesOf(name: Activation): Case[] {
  const program = activationProgram(name);
  const of = (what: string, x: Float32Array, options: object): Case =>
    opCase('pointwise', `${name}, ${what}`, bounds[name], () => argsOf({ program, inputs: [x] }), {
      inPlace: [over(0)],
      ...options,
    });
  return [
    ...[17, 1021, 100003].map((n) => of(`${n} elements`, floats(n, seedOf(`${name} ${n}`), -8, 8), {})),
    // x³ leaves the range of floats where the reference in float64 does not: tanh of either is 1.
    of('special values', specialMix(seedOf(name)), { subnormal: true, provesLittle: 'half of them are 0 or NaN' }),
  ];
}

/** The gradient of a function of one input, from its output y, as autograd runs it. */
const gradientOf = (build: (x: Expression) => Expression): PointwiseProgram =>
  programOf(2, 0, ([grad, y, x]) => substitute(derive(build(x), grad, [x])[0]!, new Map([[build(x), y]])));

interface Gradient {
  /** Of the output y and its gradient. */
  readonly program: PointwiseProgram;
  readonly tolerance: Tolerance<'pointwise'>;
  readonly y: (n: number, seed: number) => Float32Array;
  readonly edges: readonly number[];
}

/** sigmoid and tanh give outputs in (0, 1) and (-1, 1). */
const gradients: Readonly<Record<string, Gradient>> = {
  'gradient of relu': {
    program: gradientOf((x) => x.relu()),
    tolerance: 'exact',
    y: (n, seed) => floats(n, seed, -1, 4),
    edges: [0, -0, 1e-30],
  },
  'gradient of sigmoid': {
    program: gradientOf((x) => x.sigmoid()),
    // Three rounded operations.
    tolerance: { ulp: 2 },
    y: (n, seed) => floats(n, seed, 0, 1),
    edges: [0, 1, 0.99999994, 1e-30],
  },
  'gradient of tanh': {
    program: gradientOf((x) => x.tanh()),
    // Without an fma y² is rounded before it is taken from 1, so near |y| = 1 the error is one of 1, not of the difference.
    tolerance: { ulp: 2, units: 1, condition: ({ inputs }) => ({ 'outputs[0]': inputs[0]!.map(Math.abs) }) },
    y: (n, seed) => floats(n, seed, -1, 1),
    edges: [1, -1, 0.99999994, -0.9999, 0],
  },
};

function gradientCases(name: string): Case[] {
  const { program, tolerance, y, edges } = gradients[name]!;
  const inPlace = [over(0), over(1)];
  const ordinary = lengths.map((n) => {
    const seed = seedOf(`${name} ${n}`);
    const args = () => argsOf({ program, inputs: [floats(n, seed), y(n, seed + 1)] });
    return opCase('pointwise', `${name}, ${n} elements`, tolerance, args, { inPlace });
  });
  const special = (what: string, outputs: readonly number[]): Case => {
    const grad = Float32Array.from(outputs.flatMap(() => [...specials]));
    const repeated = Float32Array.from(outputs.flatMap((value) => specials.map(() => value)));
    const provesLittle = name.endsWith('relu') ? { provesLittle: 'half the special values are not positive' } : {};
    const args = () => argsOf({ program, inputs: [grad, repeated] });
    return opCase('pointwise', `${name}, ${what}`, tolerance, args, { inPlace, subnormal: true, ...provesLittle });
  };
  // Beyond 1e19 the square of y overflows, in PyTorch too; no tanh is that large.
  const outputs = name.endsWith('tanh')
    ? specials.filter((value) => !(Math.abs(value) > 1e19) || Math.abs(value) === Number.POSITIVE_INFINITY)
    : specials;
  return [...ordinary, special('special values', outputs), special('edges of the range', edges)];
}

const clamp = programOf(1, 2, ([x], [low, high]) => x.maximum(low).minimum(high));
const clampGradient = programOf(2, 2, ([grad, x], [low, high]) => low.le(x).where(x.le(high).where(grad, 0), 0));

/** Bounds of clamp: both, either, crossed (high wins, as in PyTorch), equal, and one that float32 has to round. */
const intervals: readonly (readonly [low: number, high: number])[] = [
  [-0.5, 0.75],
  [Number.NEGATIVE_INFINITY, 0.25],
  [-0.25, Number.POSITIVE_INFINITY],
  [0.1, 1.3],
  [0.7, 0.7],
];

function clampCases(): Case[] {
  const cases: Case[] = [];
  const add = (name: string, x: Float32Array, scalars: readonly [number, number], options: object): void => {
    const grad = floats(x.length, seedOf(`clamp ${name}`));
    const forward = () => argsOf({ program: clamp, inputs: [x], scalars });
    const backward = () => argsOf({ program: clampGradient, inputs: [grad, x], scalars });
    cases.push(opCase('pointwise', `clamp, ${name}`, 'exact', forward, { inPlace: [over(0)], ...options }));
    cases.push(
      opCase('pointwise', `gradient of clamp, ${name}`, 'exact', backward, { inPlace: [over(0), over(1)], ...options }),
    );
  };
  for (const n of lengths) add(`${n} elements`, floats(n, seedOf(`clamp ${n}`)), [-1.5, 1.25], {});
  for (const [low, high] of intervals) {
    const x = Float32Array.from([...specialMix(7), low, high, ...floats(40, 8)]);
    const provesLittle = 'the gradient is 0 outside the bounds, where most special values are';
    add(`special values between ${low} and ${high}`, x, [low, high], { provesLittle });
  }
  add('crossed bounds', floats(37, 10), [1, -1], { provesLittle: 'everything becomes high' });
  return cases;
}

export const activationCases: readonly Case[] = [
  ...(Object.keys(activations) as Activation[]).flatMap(casesOf),
  ...Object.keys(gradients).flatMap(gradientCases),
  ...clampCases(),
];
