/** One step of each optimizer. */
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, lengths, opCase, seedOf } from './case.js';

/** The largest of what is added up on the way to each new value. */
export function sgdCondition(args: CaseArgs<'sgd'>): Record<string, Float64Array> {
  const { param, grad, buffer, lr, momentum, dampening, weightDecay } = args;
  const direction = Float64Array.from(grad, (g, i) => {
    const decayed = Math.abs(g) + Math.abs(weightDecay * param[i]!);
    return decayed * Math.abs(1 - dampening) + Math.abs(momentum * (buffer?.[i] ?? 0)) + decayed;
  });
  return {
    param: Float64Array.from(param, (p, i) => Math.abs(p) + Math.abs(lr) * (1 + Math.abs(momentum)) * direction[i]!),
    buffer: direction,
  };
}

export interface Sgd {
  readonly momentum?: number;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
  /** Steps made so far; absent: no momentum buffer. */
  readonly step?: number;
}

function sgdCase(n: number, name: string, options: Sgd): Case {
  const seed = seedOf(`sgd ${n} ${name}`);
  const momentum = options.step !== undefined;
  // At most six operations, each rounded.
  const tolerance = { ulp: 1, units: 6, condition: sgdCondition };
  return opCase('sgd', `${n} elements, ${name}`, tolerance, () => ({
    param: floats(n, seed),
    grad: floats(n, seed + 1),
    buffer: momentum ? floats(n, seed + 2) : null,
    step: options.step === undefined ? null : Int32Array.of(options.step),
    n,
    lr: 0.05,
    momentum: options.momentum ?? 0,
    dampening: options.dampening ?? 0,
    weightDecay: options.weightDecay ?? 0,
    nesterov: options.nesterov ?? false,
  }));
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

/**
 * `sizes`: what was added up to make each element of the gradient, where it is itself a sum.
 *
 * The step lr·m/(√v + eps) is itself m and v with their rounding: relative to the sizes of what m is made of. v is a
 * sum of positive terms, whose rounding moves the step in proportion.
 */
export function adamCondition(
  args: CaseArgs<'adam'>,
  sizes: ArrayLike<number> = args.grad.map(Math.abs),
): Record<string, Float64Array> {
  const { param, grad, m, v, maxV, step, lr, beta1, beta2, eps, weightDecay, decoupled } = args;
  const t = step[0]! + 1;
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
  return {
    param: Float64Array.from(param, (p, i) => Math.abs(p) + moved[i]!),
    m: first,
    v: second,
    maxV: second,
  };
}

function adamCase(n: number, name: string, options: Adam): Case {
  const seed = seedOf(`adam ${n} ${name}`);
  // About ten rounded operations on the way to a new parameter, at most four of them on the same term.
  const tolerance = { ulp: 1, units: 8, condition: adamCondition };
  return opCase('adam', `${n} elements, ${name}`, tolerance, () => ({
    param: floats(n, seed),
    grad: floats(n, seed + 1),
    m: floats(n, seed + 2, -0.5, 0.5),
    v: floats(n, seed + 3, 0, 0.5),
    maxV: options.amsgrad === true ? floats(n, seed + 4, 0, 0.6) : null,
    step: Int32Array.of(options.step),
    n,
    lr: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    eps: options.eps ?? 1e-8,
    weightDecay: options.weightDecay ?? 0,
    decoupled: options.decoupled ?? false,
  }));
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

/** Gradients that are NaN, infinite, zero (with no history: 0/(0 + eps)) or huge. */
function specialSteps(): Case[] {
  const grad = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e15, 1, -1, 0.5);
  const n = grad.length;
  const zeros = (): Float32Array => new Float32Array(n);
  const provesLittle = 'moments that start at 0';
  return [
    opCase('sgd', 'special gradients', { ulp: 1, units: 6, condition: sgdCondition }, () => ({
      param: floats(n, 61),
      grad,
      buffer: floats(n, 62),
      step: Int32Array.of(1),
      n,
      lr: 0.05,
      momentum: 0.9,
      dampening: 0,
      weightDecay: 0.01,
      nesterov: true,
    })),
    opCase(
      'adam',
      'special gradients',
      { ulp: 1, units: 8, condition: adamCondition },
      () => ({
        param: floats(n, 63),
        grad,
        m: zeros(),
        v: zeros(),
        maxV: zeros(),
        step: Int32Array.of(0),
        n,
        lr: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0,
        decoupled: false,
      }),
      { provesLittle },
    ),
  ];
}

export const optimizerCases: readonly Case[] = [
  ...sgdSettings.flatMap(([name, options]) => [17, 1021].map((n) => sgdCase(n, name, options))),
  ...lengths.map((n) => sgdCase(n, 'momentum, every length', { momentum: 0.9, step: 1, weightDecay: 0.01 })),
  ...adamSettings.flatMap(([name, options]) => [17, 1021].map((n) => adamCase(n, name, options))),
  ...lengths.map((n) => adamCase(n, 'every length', { step: 1, weightDecay: 0.01 })),
  ...specialSteps(),
];
