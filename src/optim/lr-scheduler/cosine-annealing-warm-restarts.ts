import { checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { EpochScheduler, type ResumeOptions, type Schedule } from './epoch-scheduler.js';
import { finite } from './scheduler.js';

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Epochs until the first restart: PyTorch's `T_0`. Required. */
  t0: number;
  /** What the number of epochs between restarts is multiplied with at each: PyTorch's `T_mult`. Default 1. */
  tMult?: number;
  /** The lowest rate. Default 0. */
  etaMin?: number;
}

/** The options, read, and where it stands. */
interface Restarts extends Required<CosineAnnealingWarmRestartsOptions> {
  /** Epochs between the restarts before and after. */
  '~period': number;
  /** Epochs since the last restart. */
  '~since': number;
}

const isWhole = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && Number(value) >= least;

function read(caller: string, options: Partial<Restarts> | undefined): Restarts {
  const given = checkOptions(caller, options, ['t0', 'tMult', 'etaMin', '~period', '~since']);
  const { t0, tMult = 1, etaMin = 0 } = given;
  if (!isWhole(t0, 1)) throw new ArgumentError(`${caller}: Expected positive integer T_0, but got ${show(t0)}`);
  if (!isWhole(tMult, 1)) throw new ArgumentError(`${caller}: Expected integer T_mult >= 1, but got ${show(tMult)}`);
  const { '~period': period = t0, '~since': since = -1 } = given;
  return {
    t0,
    tMult,
    etaMin: finite(caller, 'etaMin', etaMin),
    '~period': finite(caller, 'T_i', period),
    '~since': finite(caller, 'T_cur', since),
  };
}

function advance(options: Restarts, given: number | undefined, last: number): Restarts {
  const { t0, tMult } = options;
  const epoch = given ?? (last < 0 ? 0 : undefined);
  if (epoch === undefined) {
    const period = options['~period'];
    const since = options['~since'] < 0 ? last + 1 : options['~since'] + 1;
    if (since < period) return { ...options, '~since': since };
    return { ...options, '~since': since % period, '~period': period * tMult };
  }
  if (epoch < t0) return { ...options, '~since': epoch, '~period': t0 };
  if (tMult === 1) return { ...options, '~since': epoch % t0 };
  const restarts = Math.trunc(Math.log((epoch / t0) * (tMult - 1) + 1) / Math.log(tMult));
  const since = epoch - (t0 * (tMult ** restarts - 1)) / (tMult - 1);
  return { ...options, '~since': since, '~period': t0 * tMult ** restarts };
}

const schedule: Schedule<Restarts> = {
  name: 'CosineAnnealingWarmRestarts',
  read,
  advance,
  rate: ({ base, options: { etaMin, '~since': since, '~period': period } }) =>
    etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * since) / period))) / 2,
  saved: { T_0: 't0', T_i: '~period', T_mult: 'tMult', eta_min: 'etaMin', T_cur: '~since' },
};

/**
 * Falls as a cosine from the initial rate to etaMin in t0 epochs, then begins again with tMult times as many:
 * etaMin + (base - etaMin)·(1 + cos(π·since/period))/2.
 *
 * Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (ICLR 2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html | CosineAnnealingWarmRestarts}.
 */
export class CosineAnnealingWarmRestarts extends EpochScheduler<Restarts, CosineAnnealingWarmRestartsOptions> {
  /** @throws ArgumentError unless t0 and tMult are positive integers. */
  constructor(optimizer: Optimizer, options: CosineAnnealingWarmRestartsOptions & ResumeOptions) {
    super(schedule, optimizer, options);
  }

  /**
   * Goes one epoch on, or to an epoch, which may have a fraction (`epoch + batch / batches`) and may lie before the one where it stands.
   * @throws ArgumentError for an epoch below 0.
   */
  override step(epoch?: number): void {
    if (epoch === undefined) {
      super.step();
      return;
    }
    const checked = finite(this.caller, 'epoch', epoch);
    if (checked < 0) throw new ArgumentError(`${this.caller}: Expected non-negative epoch, but got ${epoch}`);
    this.stepTo(checked);
  }
}
