import { checkBoolean, checkOneOf, checkOptions, checkSize } from '../../check.js';
import { ArgumentError, StateError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { checkMomentum, setMomentum } from './momentum.js';
import { finite, perGroup } from './scheduler.js';

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** The highest rate, or one for each group. Required. */
  maxLr: number | readonly number[];
  /** Steps in the cycle; or give `epochs` and `stepsPerEpoch`. */
  totalSteps?: number;
  /** Epochs in the cycle, with `stepsPerEpoch` instead of `totalSteps`. */
  epochs?: number;
  /** Steps in an epoch. */
  stepsPerEpoch?: number;
  /** Share of the cycle in which the rate rises. Default 0.3. */
  pctStart?: number;
  /** Default `'cos'`. */
  annealStrategy?: 'cos' | 'linear';
  /** Whether momentum (of Adam: beta1) goes the opposite way. Default true. */
  cycleMomentum?: boolean;
  /** Momentum at the highest rate, or one for each group. Default 0.85. */
  baseMomentum?: number | readonly number[];
  /** Momentum at the lowest rate, or one for each group. Default 0.95. */
  maxMomentum?: number | readonly number[];
  /** The cycle begins at maxLr / divFactor. Default 25. */
  divFactor?: number;
  /** It ends at its first rate / finalDivFactor. Default 1e4. */
  finalDivFactor?: number;
  /** Whether the rate falls to its first value before it falls to its last. Default false. */
  threePhase?: boolean;
}

/** The options, read: lists have one number for each group. */
interface Cycle {
  maxLr: readonly number[];
  totalSteps: number;
  pctStart: number;
  annealStrategy: 'cos' | 'linear';
  cycleMomentum: boolean;
  baseMomentum: readonly number[];
  maxMomentum: readonly number[];
  divFactor: number;
  finalDivFactor: number;
  threePhase: boolean;
}

const keys = [
  ...(['maxLr', 'totalSteps', 'epochs', 'stepsPerEpoch', 'pctStart', 'annealStrategy', 'cycleMomentum'] as const),
  ...(['baseMomentum', 'maxMomentum', 'divFactor', 'finalDivFactor', 'threePhase'] as const),
];

function readSteps(caller: string, { totalSteps, epochs, stepsPerEpoch }: Partial<OneCycleLROptions>): number {
  if (totalSteps !== undefined) return checkSize(caller, 'totalSteps', totalSteps, 1);
  if (epochs === undefined || stepsPerEpoch === undefined)
    throw new ArgumentError(`${caller}: You must define either totalSteps OR (epochs AND stepsPerEpoch)`);
  return checkSize(caller, 'epochs', epochs, 1) * checkSize(caller, 'stepsPerEpoch', stepsPerEpoch, 1);
}

function read(caller: string, options: OneCycleLROptions | undefined, optimizer: Optimizer): Cycle {
  const given = checkOptions(caller, options, keys);
  const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, threePhase = false } = given;
  const { divFactor = 25, finalDivFactor = 1e4, baseMomentum = 0.85, maxMomentum = 0.95 } = given;
  const groups = optimizer.paramGroups.length;
  const cycle = {
    maxLr: perGroup(caller, 'maxLr', given.maxLr, groups),
    totalSteps: readSteps(caller, given),
    pctStart: finite(caller, 'pctStart', pctStart),
    annealStrategy: checkOneOf(caller, 'annealStrategy', annealStrategy, ['cos', 'linear']),
    cycleMomentum: checkBoolean(caller, 'cycleMomentum', cycleMomentum),
    baseMomentum: perGroup(caller, 'baseMomentum', baseMomentum, groups),
    maxMomentum: perGroup(caller, 'maxMomentum', maxMomentum, groups),
    divFactor: finite(caller, 'divFactor', divFactor),
    finalDivFactor: finite(caller, 'finalDivFactor', finalDivFactor),
    threePhase: checkBoolean(caller, 'threePhase', threePhase),
  };
  if (pctStart < 0 || pctStart > 1)
    throw new ArgumentError(`${caller}: Expected float between 0 and 1 pct_start, but got ${pctStart}`);
  if (cycleMomentum) checkMomentum(caller, 'cycleMomentum', optimizer);
  return cycle;
}

/** A part of the cycle: its last step, and what it leads from and to. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [from: Rate, to: Rate];
  readonly momentum: readonly [from: Momentum, to: Momentum];
}
type Rate = 'initial' | 'max' | 'min';
type Momentum = 'base' | 'max';

function phasesOf({ totalSteps, pctStart, threePhase }: Cycle): readonly Phase[] {
  const rise: Phase = { end: pctStart * totalSteps - 1, lr: ['initial', 'max'], momentum: ['max', 'base'] };
  const end = totalSteps - 1;
  if (!threePhase) return [rise, { end, lr: ['max', 'min'], momentum: ['base', 'max'] }];
  return [
    rise,
    { end: 2 * pctStart * totalSteps - 2, lr: ['max', 'initial'], momentum: ['base', 'max'] },
    { end, lr: ['initial', 'min'], momentum: ['max', 'max'] },
  ];
}

/** Where in which phase a step stands. */
function locate(cycle: Cycle, step: number): { phase: Phase; share: number } {
  const phases = phasesOf(cycle);
  let start = 0;
  for (const [i, phase] of phases.entries()) {
    if (step <= phase.end || i === phases.length - 1)
      // A phase of one step is over at once; PyTorch divides by zero.
      return { phase, share: phase.end === start ? 1 : (step - start) / (phase.end - start) };
    start = phase.end;
  }
  throw new StateError('OneCycleLR: no phase');
}

function anneal({ annealStrategy }: Cycle, from: number, to: number, share: number): number {
  if (annealStrategy === 'linear') return (to - from) * share + from;
  return to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
}

const initialOf = (cycle: Cycle) => cycle.maxLr.map((max) => max / cycle.divFactor);

const schedule: Schedule<Cycle, OneCycleLROptions> = {
  name: 'OneCycleLR',
  endsAtZero: true,
  read,
  initialRates: initialOf,
  rate({ epoch, options: cycle, group }) {
    if (epoch > cycle.totalSteps)
      throw new StateError(
        `OneCycleLR: Tried to step ${epoch} times. The specified number of total steps is ${cycle.totalSteps}`,
      );
    const initial = initialOf(cycle)[group]!;
    const rates = { initial, max: cycle.maxLr[group]!, min: initial / cycle.finalDivFactor };
    const { phase, share } = locate(cycle, epoch);
    return anneal(cycle, rates[phase.lr[0]], rates[phase.lr[1]], share);
  },
  apply(optimizer, epoch, cycle) {
    if (!cycle.cycleMomentum) return;
    const { phase, share } = locate(cycle, epoch);
    setMomentum(optimizer, (i) => {
      const values = { base: cycle.baseMomentum[i]!, max: cycle.maxMomentum[i]! };
      return anneal(cycle, values[phase.momentum[0]], values[phase.momentum[1]], share);
    });
  },
  saved: {
    total_steps: 'totalSteps',
    max_lr: 'maxLr',
    pct_start: 'pctStart',
    anneal_strategy: 'annealStrategy',
    cycle_momentum: 'cycleMomentum',
    base_momentum: 'baseMomentum',
    max_momentum: 'maxMomentum',
    div_factor: 'divFactor',
    final_div_factor: 'finalDivFactor',
    three_phase: 'threePhase',
  },
};

/**
 * One cycle: the rate rises from maxLr/divFactor to maxLr and falls to a fraction of where it began, momentum the other way
 * round. Step it after every batch.
 *
 * Smith and Topin, Super-Convergence (2018);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html | OneCycleLR}.
 */
export class OneCycleLR extends EpochScheduler<Cycle, OneCycleLROptions> {
  /** @throws ArgumentError for options that are not valid, or an optimizer without momentum unless cycleMomentum is false. */
  constructor(optimizer: Optimizer, options: OneCycleLROptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }
}
