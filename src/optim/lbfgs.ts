import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { abs, neg } from '../functional/elementwise.js';
import { PointwiseFunction } from '../functional/pointwise.js';
import { dot } from '../functional/products.js';
import { cat, narrow } from '../functional/strided.js';
import { sum } from '../functional/sum.js';
import { zeros } from '../tensor/creation.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { type LbfgsState, type Pair, type Progress, readLbfgsState, writeLbfgsState } from './lbfgs-state.js';
import { assertNotTracing, Optimizer, withGrad } from './optimizer.js';
import { checkAtLeastZero, checkCount } from './options.js';
import type { GroupOptions, Params } from './params.js';
import type { OptimizerStateDict } from './state-dict.js';
import { type LinePoint, strongWolfe } from './wolfe.js';

export interface LBFGSOptions extends BaseOptions {
  /** Iterations of a step at most. Default 20. */
  maxIter: number;
  /** Calls of the closure in a step at most. Default: 1.25 times maxIter, rounded down. */
  maxEval: number;
  /** A step ends when no element of the gradient is larger. Default 1e-7. */
  toleranceGrad: number;
  /** A step ends when neither the loss nor a parameter changes by more. Default 1e-9. */
  toleranceChange: number;
  /** How many pairs of differences are kept. Default 100. */
  historySize: number;
  /** Search for the length of each iteration's step: `'strong_wolfe'`, or null for `lr` itself. Default null. */
  lineSearchFn: 'strong_wolfe' | null;
}

const kind: OptimizerKind<LBFGSOptions, never, never> = {
  name: 'LBFGS',
  defaults: {
    ...{ lr: 1, maxIter: 20, maxEval: 25, toleranceGrad: 1e-7, toleranceChange: 1e-9 },
    ...{ historySize: 100, lineSearchFn: null },
  },
  check(caller, options) {
    checkAtLeastZero(caller, 'learning rate', options.lr);
    checkCount(caller, 'max_iter value', options.maxIter);
    checkCount(caller, 'max_eval value', options.maxEval);
    checkAtLeastZero(caller, 'tolerance_grad value', options.toleranceGrad);
    checkAtLeastZero(caller, 'tolerance_change value', options.toleranceChange);
    checkCount(caller, 'history_size value', options.historySize);
    if (options.lineSearchFn !== null && options.lineSearchFn !== 'strong_wolfe')
      throw new ArgumentError(`${caller}: only 'strong_wolfe' is supported, got ${show(options.lineSearchFn)}`);
  },
  numbers: {},
  state: { required: [], optional: [], countsSteps: false },
  update: ({ param }) => ({ param }),
};

/** x + a·y. */
const moved = new PointwiseFunction({ inputs: 2, scalars: 1, build: ([x, y], [a]) => a!.fma(y!, x!) });
const scaled = new PointwiseFunction({ inputs: 1, scalars: 1, build: ([x], [a]) => x!.mul(a!) });
const plus = (x: Tensor, a: number, y: Tensor) => moved.compute('LBFGS', [x, y], [a]);
const times = (x: Tensor, a: number) => scaled.compute('LBFGS', [x], [a]);
const product = (a: Tensor, b: Tensor) => dot(a, b).item();
const largest = (x: Tensor) => (x.numel === 0 ? 0 : abs(x).max().item());

/** Pairs whose y·s is no larger are left out. */
const leastCurvature = 1e-10;

/** -H·gradient, H being the approximation of the inverse Hessian by the pairs (the two-loop recursion). */
function directionOf(gradient: Tensor, pairs: readonly Pair[], diagonal: number): Tensor {
  let q = neg(gradient);
  const factors: number[] = [];
  for (const { y, s, rho } of pairs.toReversed()) {
    const factor = product(s, q) * rho;
    factors.unshift(factor);
    q = plus(q, -factor, y);
  }
  let direction = times(q, diagonal);
  pairs.forEach(({ y, s, rho }, i) => {
    direction = plus(direction, factors[i]! - product(y, direction) * rho, s);
  });
  return direction;
}

/**
 * The method of Broyden, Fletcher, Goldfarb and Shanno with limited memory: each iteration goes along d = -H·g, where H approximates the inverse of the
 * Hessian by the last `historySize` differences of gradients and of parameters. The length is `lr` (in the very first iteration
 * min(1, 1/Σ|g|)·lr), or found by a line search. It computes loss and gradient several times a step, so that a step takes a closure that
 * does; the loss has to be the same function at each call: no dropout, one batch.
 *
 * A step ends after `maxIter` iterations, `maxEval` calls, or when gradient, change of parameters or change of the loss are within the tolerances. The parameters must
 * have one dtype, and all are in one group.
 *
 * Liu and Nocedal, On the limited memory BFGS method for large scale optimization (1989); Nocedal and Wright, Numerical Optimization (2006), algorithm 7.4;
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html | torch.optim.LBFGS}.
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  #state: LbfgsState | null = null;

  /** @throws ArgumentError for parameters or options that are not valid, or more than one group. */
  constructor(params: Params<LBFGSOptions>, options?: Partial<LBFGSOptions>) {
    super(kind, params, withEvaluations(options));
  }

  /** @throws ArgumentError: there is one group only. */
  override addParamGroup(group: GroupOptions<LBFGSOptions>): void {
    if (this.paramGroups.length > 0)
      throw new ArgumentError("LBFGS: LBFGS doesn't support per-parameter options (parameter groups)");
    super.addParamGroup(group, ([first, ...rest]) => {
      if (rest.some(({ dtype }) => dtype !== first!.dtype))
        throw new ArgumentError('LBFGS: all parameters must have the same dtype');
    });
  }

  /**
   * Changes the parameters by up to `maxIter` iterations.
   * @param closure clears the gradients, computes the loss, calls `backward` and returns the loss, a tensor or a number.
   * @returns what the first call has returned
   * @throws ArgumentError without a closure; what the closure throws, with parameters and state as they were before the step.
   */
  override step(closure?: undefined): undefined;
  override step<T>(closure: () => T): T;
  override step<T>(closure?: () => T): T | undefined {
    assertNotTracing('LBFGS.step');
    if (typeof closure !== 'function')
      throw new ArgumentError(`LBFGS.step: expected a closure that returns the loss, got ${show(closure)}`);
    this['~checkGroups']();
    return noGrad(() => {
      const { params } = this.paramGroups[0]!;
      const before = params.map((param) => param.detach().clone());
      try {
        return this.#iterate(closure);
      } catch (error) {
        restore(params, before);
        throw error;
      }
    });
  }

  #iterate<T>(closure: () => T): T {
    const [group] = this.paramGroups;
    const { params, lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn } = group!;
    const evaluate = () => lossOf(withGrad(closure));
    const result = withGrad(closure);
    let loss = lossOf(result);
    let gradient = gradientOf(params);
    let { evaluations, iterations, progress } = this.#state ?? { evaluations: 0, iterations: 0, progress: null };
    evaluations += 1;
    let calls = 1;
    let isOptimal = largest(gradient) <= toleranceGrad;
    for (let i = 1; i <= maxIter && !isOptimal; i++) {
      iterations += 1;
      let direction: Tensor;
      let { pairs = [], diagonal = 1 } = progress ?? {};
      if (progress === null) direction = neg(gradient);
      else {
        const y = plus(gradient, -1, progress.gradient);
        const s = times(progress.direction, progress.length);
        const curvature = product(y, s);
        if (curvature > leastCurvature) {
          pairs = [...pairs.slice(pairs.length < historySize ? 0 : 1), { y, s, rho: 1 / curvature }];
          diagonal = curvature / product(y, y);
        }
        direction = directionOf(gradient, pairs, diagonal);
      }
      let length = progress === null ? Math.min(1, 1 / sum(abs(gradient)).item()) * lr : lr;
      const slope = product(gradient, direction);
      const lossBefore = loss;
      const keep = (): Progress => ({ direction, length, pairs, diagonal, gradient: gradientBefore, loss: lossBefore });
      const gradientBefore = gradient;
      progress = keep();
      if (slope > -toleranceChange) break;
      if (lineSearchFn === null) {
        move(params, length, direction);
        // A loss after the last iteration would be of no use.
        if (i < maxIter) {
          loss = evaluate();
          gradient = gradientOf(params);
          evaluations += 1;
          calls += 1;
        }
      } else {
        const start = params.map((param) => param.detach().clone());
        const at = (t: number): LinePoint<Tensor> => {
          move(params, t, direction);
          const value = evaluate();
          const own = gradientOf(params);
          restore(params, start);
          return { at: t, value, slope: product(own, direction), gradient: own };
        };
        const settings = { toleranceChange, directionNorm: largest(direction), most: maxEval - calls };
        const found = strongWolfe({ at: 0, value: loss, slope, gradient }, length, at, settings);
        ({ at: length, value: loss, gradient } = found.point);
        evaluations += found.evaluations;
        calls += found.evaluations;
        move(params, length, direction);
        progress = keep();
      }
      isOptimal = largest(gradient) <= toleranceGrad;
      if (calls >= maxEval || largest(times(direction, length)) <= toleranceChange) break;
      if (Math.abs(loss - lossBefore) < toleranceChange) break;
    }
    this.#state = { evaluations, iterations, progress };
    return result;
  }

  /**
   * As {@link Optimizer.stateDict}, in PyTorch's structure: the state of the first parameter has that of all, counts (`func_evals`, `n_iter`), vectors of the elements of
   * all parameters (`d`, `prev_flat_grad`), lists of them (`old_dirs`, `old_stps`) and numbers (`t`, `ro`, `H_diag`, `prev_loss`).
   */
  override stateDict(): OptimizerStateDict {
    const { param_groups } = super.stateDict();
    const state = (this.#state === null ? {} : { 0: writeLbfgsState(this.#state) }) as OptimizerStateDict['state'];
    return { state, param_groups };
  }

  /** As {@link Optimizer.loadStateDict}. */
  override loadStateDict(stateDict: OptimizerStateDict): void {
    const caller = 'LBFGS.loadStateDict';
    const { saved } = this['~readStateDict'](caller, { ...stateDict, state: {} });
    const numbers = saved.groups[0]!.params;
    const { params } = this.paramGroups[0]!;
    const elements = params.reduce((sum, { numel }) => sum + numel, 0);
    const given = (stateDict.state as Readonly<Record<number, unknown>>)?.[numbers[0]!];
    const state = given === undefined ? null : noGrad(() => readLbfgsState(caller, given, params[0]!, elements));
    super.loadStateDict({ ...stateDict, state: {} });
    this.#state = state;
  }
}

/** `maxEval` follows `maxIter` where it is not given. */
function withEvaluations(options: Partial<LBFGSOptions> | undefined): Partial<LBFGSOptions> | undefined {
  if (typeof options !== 'object' || options === null || options.maxEval !== undefined) return options;
  const { maxIter } = options;
  return typeof maxIter === 'number' ? { ...options, maxEval: Math.floor((maxIter * 5) / 4) } : options;
}

function lossOf(loss: unknown): number {
  const value: unknown = loss instanceof Tensor && loss.numel === 1 ? loss.item() : loss;
  if (typeof value !== 'number')
    throw new ArgumentError(
      `LBFGS.step: the closure must return the loss, a number or a tensor of one, got ${show(loss)}`,
    );
  return value;
}

/** The gradients of all parameters as one vector; 0 where there is none. */
function gradientOf(params: readonly Tensor[]): Tensor {
  return cat(params.map(({ grad, numel, dtype }) => grad?.detach().reshape([numel]) ?? zeros([numel], { dtype })));
}

function restore(params: readonly Tensor[], values: readonly Tensor[]): void {
  for (const [i, param] of params.entries()) param.detach().copy_(values[i]!);
}

/** Adds length·direction. */
function move(params: readonly Tensor[], length: number, direction: Tensor): void {
  let at = 0;
  for (const param of params) {
    const own = narrow(direction, 0, at, param.numel).reshape(param.shape);
    moved.write([param, own], [length]);
    at += param.numel;
  }
}
