/** What {@link LBFGS} keeps between its steps, in PyTorch's structure and back. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { isArray, isRecord } from '../realm.js';
import { full } from '../tensor/creation.js';
import { openSaved } from '../tensor/saved.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { readScalar } from './state.js';

/** The difference of two gradients and the step between them. */
export interface Pair {
  readonly y: Tensor;
  readonly s: Tensor;
  /** 1/(y·s). */
  readonly rho: number;
}

/** Where an iteration has left off. */
export interface Progress {
  readonly direction: Tensor;
  readonly length: number;
  readonly pairs: readonly Pair[];
  /** The diagonal of the first approximation of the inverse Hessian. */
  readonly diagonal: number;
  readonly gradient: Tensor;
  readonly loss: number;
}

/** All that is kept. */
export interface LbfgsState {
  readonly evaluations: number;
  readonly iterations: number;
  /** null before the first iteration. */
  readonly progress: Progress | null;
}

/** The state under PyTorch's names: numbers, tensors and lists of them. */
export function writeLbfgsState({ evaluations, iterations, progress }: LbfgsState): Record<string, unknown> {
  const counts = { func_evals: evaluations, n_iter: iterations };
  if (progress === null) return counts;
  const { direction, length, pairs, diagonal, gradient, loss } = progress;
  const number = (value: number) => full([], value, { dtype: direction.dtype });
  return {
    ...counts,
    d: direction,
    t: length,
    old_dirs: pairs.map(({ y }) => y),
    old_stps: pairs.map(({ s }) => s),
    ro: pairs.map(({ rho }) => number(rho)),
    H_diag: number(diagonal),
    prev_flat_grad: gradient,
    prev_loss: loss,
  };
}

/** @throws ArgumentError or ShapeError for a state that does not fit parameters with that number of elements. */
export function readLbfgsState(caller: string, given: unknown, like: Tensor, elements: number): LbfgsState {
  if (!isRecord(given)) throw new ArgumentError(`${caller}: the state of a parameter is an object, got ${show(given)}`);
  const numberAt = (name: string, value: unknown): number => {
    const number = readScalar(value);
    if (number === null) throw new ArgumentError(`${caller}: ${name} must be a finite number, got ${show(value)}`);
    return number;
  };
  const vector = (name: string, value: unknown): Tensor => {
    const source = value instanceof Tensor ? value : openSaved(caller, value);
    if (source === null) throw new ArgumentError(`${caller}: ${name} must be a Tensor, got ${show(value)}`);
    if (source.shape.length !== 1 || source.shape[0] !== elements)
      throw new ShapeError(`${caller}: ${name} has shape ${formatShape(source.shape)}, expected [${elements}]`);
    // A copy: the caller's may change.
    return (source instanceof Tensor ? source.detach().clone() : source.read()).to(like.dtype);
  };
  const list = (name: string): readonly unknown[] => {
    const value = given[name];
    if (!isArray(value)) throw new ArgumentError(`${caller}: ${name} must be a list, got ${show(value)}`);
    return Array.from(value as readonly unknown[]);
  };
  const counts = {
    evaluations: numberAt('func_evals', given.func_evals),
    iterations: numberAt('n_iter', given.n_iter),
  };
  if (given.d === undefined || given.d === null) return { ...counts, progress: null };
  const [dirs, steps, rho] = [list('old_dirs'), list('old_stps'), list('ro')];
  if (dirs.length !== steps.length || dirs.length !== rho.length)
    throw new ArgumentError(`${caller}: old_dirs, old_stps and ro must be lists of equal length`);
  const pairs = dirs.map((y, i) => ({
    y: vector('old_dirs', y),
    s: vector('old_stps', steps[i]),
    rho: numberAt('ro', rho[i]),
  }));
  const progress: Progress = {
    direction: vector('d', given.d),
    length: numberAt('t', given.t),
    pairs,
    diagonal: numberAt('H_diag', given.H_diag),
    gradient: vector('prev_flat_grad', given.prev_flat_grad),
    loss: numberAt('prev_loss', given.prev_loss),
  };
  return { ...counts, progress };
}
