import { checkBoolean, checkOneOf, checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { checkMomentum, setMomentum } from './momentum.js';
import { finite, perGroup } from './scheduler.js';

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions {
  /** The lowest rate, or one for each group. The groups have it at once. Required. */
  baseLr: number | readonly number[];
  /** The highest rate of the first cycle, or one for each group. Required. */
  maxLr: number | readonly number[];
  /** Steps in which the rate rises. Default 2000. */
  stepSizeUp?: number;
  /** Steps in which it falls. Default: as many. */
  stepSizeDown?: number;
  /**
   * How high a cycle is: `'triangular'` as high as the first, `'triangular2'` half as high as the one before, `'exp_range'` gamma to the power
   * of the step. Default `'triangular'`.
   */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** Of `'exp_range'`. Default 1. */
  gamma?: number;
  /** The height instead of `mode`: a function of the number of the cycle, from 1, or of the step. It is not part of the state. */
  scaleFn?: (x: number) => number;
  /** What scaleFn is given: `'cycle'` (the default) or `'iterations'`. */
  scaleMode?: 'cycle' | 'iterations';
  /** Whether momentum (of Adam: beta1) goes the opposite way. Default true. */
  cycleMomentum?: boolean;
  /** Momentum at the highest rate, or one for each group. Default 0.8. */
  baseMomentum?: number | readonly number[];
  /** Momentum at the lowest rate, or one for each group. Default 0.9. */
  maxMomentum?: number | readonly number[];
}

/** The options, read: lists have one number for each group. */
interface Cycles {
  baseLr: readonly number[];
  maxLr: readonly number[];
  /** Steps in a cycle, and the share of them in which the rate rises. */
  '~totalSize': number;
  '~stepRatio': number;
  mode: 'triangular' | 'triangular2' | 'exp_range';
  gamma: number;
  scaleFn: ((x: number) => number) | undefined;
  scaleMode: 'cycle' | 'iterations';
  cycleMomentum: boolean;
  baseMomentum: readonly number[];
  maxMomentum: readonly number[];
}

const keys = [
  ...(['baseLr', 'maxLr', 'stepSizeUp', 'stepSizeDown', 'mode', 'gamma', 'scaleFn', 'scaleMode'] as const),
  ...(['cycleMomentum', 'baseMomentum', 'maxMomentum', '~totalSize', '~stepRatio'] as const),
];

function positive(caller: string, what: string, value: unknown): number {
  if (finite(caller, what, value) <= 0)
    throw new ArgumentError(`${caller}: ${what} must be above 0, got ${show(value)}`);
  return value as number;
}

function read(caller: string, options: CyclicLROptions | undefined, optimizer: Optimizer): Cycles {
  type Given = CyclicLROptions & Partial<Pick<Cycles, '~totalSize' | '~stepRatio'>>;
  const given = checkOptions<Given>(caller, options, keys);
  const { stepSizeUp = 2000, mode = 'triangular', gamma = 1, scaleFn, cycleMomentum = true } = given;
  const { stepSizeDown = stepSizeUp, baseMomentum = 0.8, maxMomentum = 0.9, scaleMode = 'cycle' } = given;
  const groups = optimizer.paramGroups.length;
  if (scaleFn !== undefined && typeof scaleFn !== 'function')
    throw new ArgumentError(`${caller}: scaleFn must be a function, got ${show(scaleFn)}`);
  if (scaleFn === undefined && !['triangular', 'triangular2', 'exp_range'].includes(mode))
    throw new ArgumentError(`${caller}: mode is invalid and scale_fn is None`);
  const baseLr = perGroup(caller, 'baseLr', given.baseLr, groups);
  const maxLr = perGroup(caller, 'maxLr', given.maxLr, groups);
  const up = positive(caller, 'stepSizeUp', stepSizeUp);
  const total = given['~totalSize'] ?? up + positive(caller, 'stepSizeDown', stepSizeDown);
  checkBoolean(caller, 'cycleMomentum', cycleMomentum);
  if (cycleMomentum) checkMomentum(caller, 'cycle_momentum', optimizer);
  const ownMode = mode === 'exp_range' ? 'iterations' : 'cycle';
  return {
    baseLr,
    maxLr,
    '~totalSize': positive(caller, 'total_size', total),
    '~stepRatio': finite(caller, 'step_ratio', given['~stepRatio'] ?? up / total),
    mode,
    gamma: finite(caller, 'gamma', gamma),
    scaleFn,
    scaleMode: checkOneOf(caller, 'scaleMode', scaleFn === undefined ? ownMode : scaleMode, ['cycle', 'iterations']),
    cycleMomentum,
    baseMomentum: perGroup(caller, 'baseMomentum', baseMomentum, groups),
    maxMomentum: perGroup(caller, 'maxMomentum', maxMomentum, groups),
  };
}

/** How far up a step stands in its cycle, times the height of the cycle. */
function heightAt(epoch: number, cycles: Cycles): number {
  const { '~totalSize': total, '~stepRatio': ratio, mode, gamma, scaleFn, scaleMode } = cycles;
  const cycle = Math.floor(1 + epoch / total);
  const x = 1 + epoch / total - cycle;
  const factor = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
  if (scaleFn !== undefined) return factor * scaleFn(scaleMode === 'cycle' ? cycle : epoch);
  if (mode === 'exp_range') return factor * gamma ** epoch;
  return mode === 'triangular' ? factor : factor / 2 ** (cycle - 1);
}

const between = (from: number, to: number, height: number) => from + (to - from) * height;

const schedule: Schedule<Cycles, CyclicLROptions> = {
  name: 'CyclicLR',
  read,
  initialRates: ({ baseLr }) => [...baseLr],
  rate: ({ epoch, group, options }) => between(options.baseLr[group]!, options.maxLr[group]!, heightAt(epoch, options)),
  apply(optimizer, epoch, options) {
    if (!options.cycleMomentum) return;
    const height = heightAt(epoch, options);
    setMomentum(optimizer, (i) => between(options.maxMomentum[i]!, options.baseMomentum[i]!, height));
  },
  saved: {
    max_lrs: 'maxLr',
    total_size: '~totalSize',
    step_ratio: '~stepRatio',
    mode: 'mode',
    gamma: 'gamma',
    scale_mode: 'scaleMode',
    cycle_momentum: 'cycleMomentum',
    base_momentums: 'baseMomentum',
    max_momentums: 'maxMomentum',
  },
};

/**
 * The rate rises and falls between baseLr and maxLr in a straight line, momentum the other way round. Step it after every batch.
 *
 * Smith, Cyclical Learning Rates for Training Neural Networks (2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html | CyclicLR}.
 */
export class CyclicLR extends EpochScheduler<Cycles, CyclicLROptions> {
  /** @throws ArgumentError for options that are not valid, or an optimizer without momentum unless cycleMomentum is false. */
  constructor(optimizer: Optimizer, options: CyclicLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
