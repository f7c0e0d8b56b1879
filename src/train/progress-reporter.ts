/** Reports the progress of a training every 100 ms. */

import type { Cancellation } from './cancellation.js';
import type { Progress } from './history.js';
import type { Scoring, Totals } from './scoring.js';

const intervalMilliseconds = 100;

/** The epoch that the reporter watches. */
export interface Epoch {
  /** Counted from 1. */
  readonly number: number;
  /** How long it has been training. */
  seconds(): number;
  /** Steps in it, or null. */
  readonly steps: number | null;
  totals(): Totals;
}

export class ProgressReporter {
  readonly #epochs: number;
  readonly #scoring: Scoring;
  readonly #tell: (progress: Progress) => void;
  readonly #cancellation: Cancellation;
  readonly #timer: NodeJS.Timeout;
  readonly #start = performance.now();
  #epoch: Epoch | null = null;
  #before: Epoch | null = null;
  #told: readonly [epoch: number, step: number] = [0, 0];

  constructor(epochs: number, scoring: Scoring, tell: (progress: Progress) => void, cancellation: Cancellation) {
    this.#scoring = scoring;
    this.#epochs = epochs;
    this.#tell = tell;
    this.#cancellation = cancellation;
    this.#timer = setInterval(() => cancellation.guard(() => this.#report()), intervalMilliseconds).unref();
  }

  /** What to look at from here on. */
  watch(epoch: Epoch): void {
    this.#before = this.#epoch;
    this.#epoch = epoch;
  }

  /** Tells the last of it, if it was not told. */
  finish(): void {
    this.end();
    this.#report();
  }

  /** Tells nothing more. */
  end(): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    if (this.#epoch === null || (this.#cancellation.isStopped && !this.#cancellation.isTimeUp)) return;
    // An epoch without a step has nothing to tell yet: then the one before it, which has come to its end.
    const epoch = this.#epoch.totals().steps > 0 ? this.#epoch : (this.#before ?? this.#epoch);
    const totals = epoch.totals();
    const { steps: step, samples } = totals;
    if (step === 0 || (this.#told[0] === epoch.number && this.#told[1] === step)) return;
    this.#told = [epoch.number, step];
    const { steps } = epoch;
    const ofEpoch = steps === null ? 0 : Math.min(step / steps, 1);
    const progress: Progress = {
      epoch: epoch.number,
      epochs: this.#epochs,
      step,
      steps,
      fraction: (epoch.number - 1 + ofEpoch) / this.#epochs,
      loss: this.#scoring.scoresOf(totals).loss,
      samplesPerSecond: samples / epoch.seconds(),
      seconds: (performance.now() - this.#start) / 1000,
    };
    this.#cancellation.watch(this.#tell(progress));
  }
}
