/** One step of each optimizer, with the programs that src/optim traces. */

import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { adamKind } from '../../../src/optim/adam.js';
import { sgdKind } from '../../../src/optim/sgd.js';
import { updateOf } from '../../../src/optim/update.js';
import { floats } from '../../helpers/values.js';
import { type Bound, type Case, lengths, opCase, type Placement, seedOf } from './case.js';
import { argsOf, over } from './programs.js';

/** What a step is made of, apart from the gradient. */
export interface Step {
  readonly program: PointwiseProgram;
  readonly param: Float32Array;
  readonly buffers: readonly Float32Array[];
  readonly scalars: readonly number[];
  /** Steps made so far, where they are counted. */
  readonly step: number | null;
}

/** Every output lies over what it is the next of. */
export const updated = ({ buffers }: Step, first: number): Placement =>
  over(...[null, ...buffers].map((_, i) => first + i));

export interface Sgd {
  readonly momentum?: number;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
  /** Steps made so far; absent: no momentum buffer. */
  readonly step?: number;
}

export function sgdStep(n: number, seed: number, options: Sgd): Step {
  const { momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, step = null } = options;
  const form = { momentum: momentum !== 0, nesterov, decays: weightDecay !== 0 };
  return {
    program: updateOf(sgdKind, form).program,
    param: floats(n, seed),
    buffers: momentum === 0 ? [] : [floats(n, seed + 2)],
    scalars: [0.05, momentum, dampening, weightDecay],
    step,
  };
}

/** The largest of what is added up on the way to each new value: of the parameter, then of the buffer. `sizes`: of the gradient. */
export function sgdCondition({ param, buffers, scalars }: Step, sizes: ArrayLike<number>): Float64Array[] {
  const [lr, momentum, dampening, weightDecay] = scalars as [number, number, number, number];
  const [buffer] = buffers;
  const direction = Float64Array.from(sizes, (size, i) => {
    const decayed = Math.abs(size) + Math.abs(weightDecay * param[i]!);
    return decayed * Math.abs(1 - dampening) + Math.abs(momentum * (buffer?.[i] ?? 0)) + decayed;
  });
  return [
    Float64Array.from(param, (p, i) => Math.abs(p) + Math.abs(lr) * (1 + Math.abs(momentum)) * direction[i]!),
    direction,
  ];
}

export const sgdSettings: readonly (readonly [string, Sgd])[] = [
  ['plain', {}],
  ['weight decay', { weightDecay: 0.1 }],
  ['momentum, first step', { momentum: 0.9, dampening: 0.5, step: 0 }],
  ['momentum', { momentum: 0.9, step: 3 }],
  ['momentum, dampening and decay', { momentum: 0.9, dampening: 0.3, weightDecay: 0.01, step: 1 }],
  ['Nesterov, first step', { momentum: 0.8, nesterov: true, step: 0 }],
  ['Nesterov and decay', { momentum: 0.8, nesterov: true, weightDecay: 0.05, step: 9 }],
];

export interface Adam {
  readonly step: number;
  readonly weightDecay?: number;
  readonly decoupled?: boolean;
  readonly amsgrad?: boolean;
  readonly eps?: number;
}

export function adamStep(n: number, seed: number, options: Adam): Step {
  const { step, weightDecay = 0, decoupled = false, amsgrad = false, eps = 1e-8 } = options;
  const form = { decays: weightDecay !== 0, maximize: false, decoupled: weightDecay !== 0 && decoupled, amsgrad };
  const [m, v, maxV] = [floats(n, seed + 2, -0.5, 0.5), floats(n, seed + 3, 0, 0.5), floats(n, seed + 4, 0, 0.6)];
  return {
    program: updateOf(adamKind, form).program,
    param: floats(n, seed),
    buffers: amsgrad ? [m, v, maxV] : [m, v],
    scalars: [0.01, 0.9, 0.999, eps, weightDecay],
    step,
  };
}

/**
 * Of the parameter, then of m, v and the largest v. `sizes`: what was added up to make each element of the gradient, where it is itself
 * a sum.
 *
 * The step lr·m/(√v + eps) is itself m and v with their rounding: relative to the sizes of what m is made of. v is a
 * sum of positive terms, whose rounding moves the step in proportion.
 */
export function adamCondition(
  { param, buffers, scalars, step }: Step,
  decoupled: boolean,
  grad: ArrayLike<number>,
  sizes: ArrayLike<number> = Array.from(grad, Math.abs),
): Float64Array[] {
  const [m, v, maxV] = buffers as [Float32Array, Float32Array, Float32Array?];
  const [lr, beta1, beta2, eps, weightDecay] = scalars as [number, number, number, number, number];
  const t = step! + 1;
  const gradients = Float64Array.from(sizes, (size, i) => size + (decoupled ? 0 : Math.abs(weightDecay * param[i]!)));
  const first = Float64Array.from(m, (old, i) => Math.abs(old) + (1 - beta1) * (gradients[i]! + Math.abs(old)));
  const second = Float64Array.from(v, (old, i) => beta2 * old + (1 - beta2) * gradients[i]! ** 2);
  const moved = Float64Array.from(first, (value, i) => {
    // The smallest v there can be: without what cancels in g.
    const g = grad[i]! + (decoupled ? 0 : weightDecay * param[i]!);
    const vHat = Math.max(maxV?.[i] ?? 0, beta2 * v[i]! + (1 - beta2) * g * g);
    const spread = vHat === 0 ? 1 : second[i]! / Math.max(vHat, second[i]! * 1e-3);
    return ((lr / (1 - beta1 ** t)) * value * spread) / (Math.sqrt(vHat) / Math.sqrt(1 - beta2 ** t) + eps);
  });
  return [Float64Array.from(param, (p, i) => Math.abs(p) + moved[i]!), first, second, second];
}

export const adamSettings: readonly (readonly [string, Adam])[] = [
  ['first step', { step: 0 }],
  ['tenth step', { step: 9 }],
  ['step 100001', { step: 100000 }],
  ['weight decay', { step: 2, weightDecay: 0.1 }],
  ['decoupled decay', { step: 2, weightDecay: 0.1, decoupled: true }],
  ['AMSGrad', { step: 4, amsgrad: true }],
  ['AMSGrad, decoupled decay, large eps', { step: 4, amsgrad: true, weightDecay: 0.1, decoupled: true, eps: 0.1 }],
];

/** Conditions by the names of the outputs. */
export const named = (conditions: readonly Float64Array[]): Record<string, Float64Array> =>
  Object.fromEntries(conditions.map((condition, i) => [`outputs[${i}]`, condition]));

/** The step with this gradient, next to what it is made from and in its place. */
function stepCase(name: string, step: Step, grad: Float32Array, tolerance: Bound<'pointwise'>, options = {}): Case {
  const { program, param, buffers, scalars } = step;
  const counted = step.step === null ? {} : { step: step.step };
  const args = () => argsOf({ program, inputs: [grad, param, ...buffers], scalars, ...counted });
  return opCase('pointwise', name, tolerance, args, { inPlace: [updated(step, 1)], ...options });
}

function sgdCase(name: string, options: Sgd, n: number, given?: Float32Array): Case {
  const seed = seedOf(`sgd ${n} ${name}`);
  const step = sgdStep(n, seed, options);
  const grad = given ?? floats(n, seed + 1);
  // At most six operations, each rounded.
  const tolerance = { ulp: 1, units: 6, condition: () => named(sgdCondition(step, grad)) };
  return stepCase(`sgd, ${n} elements, ${name}`, step, grad, tolerance);
}

function adamCase(name: string, options: Adam, n: number): Case {
  const seed = seedOf(`adam ${n} ${name}`);
  const step = adamStep(n, seed, options);
  return adamWith(`adam, ${n} elements, ${name}`, options, step, floats(n, seed + 1));
}

function adamWith(name: string, options: Adam, step: Step, grad: Float32Array, more = {}): Case {
  // About ten rounded operations on the way to a new parameter, at most four of them on the same term.
  const condition = () => named(adamCondition(step, options.decoupled ?? false, grad));
  return stepCase(name, step, grad, { ulp: 1, units: 8, condition }, more);
}

/** Gradients that are NaN, infinite, zero (with no history: 0/(0 + eps)) or huge. */
function specialSteps(): Case[] {
  const grad = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e15, 1, -1, 0.5);
  const n = grad.length;
  const options = { momentum: 0.9, weightDecay: 0.01, nesterov: true, step: 1 };
  const first = { step: 0, amsgrad: true };
  const still = { ...adamStep(n, 63, first), buffers: [0, 1, 2].map(() => new Float32Array(n)) };
  const provesLittle = 'moments that start at 0';
  return [
    sgdCase('special gradients', options, n, grad),
    adamWith('adam, special gradients', first, still, grad, { provesLittle }),
  ];
}

export const optimizerCases: readonly Case[] = [
  ...sgdSettings.flatMap(([name, options]) => [17, 1021].map((n) => sgdCase(name, options, n))),
  ...lengths.map((n) => sgdCase('momentum, every length', { momentum: 0.9, step: 1, weightDecay: 0.01 }, n)),
  ...adamSettings.flatMap(([name, options]) => [17, 1021].map((n) => adamCase(name, options, n))),
  ...lengths.map((n) => adamCase('every length', { step: 1, weightDecay: 0.01 }, n)),
  ...specialSteps(),
];
