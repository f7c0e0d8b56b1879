/** One training as others see it: where it stands, and what happens as it happens. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { EpochResult, Progress, TrainingOptions } from './training.js';

export type EndState = 'done' | 'cancelled' | 'failed';
export type JobState = 'running' | 'cancelling' | EndState;

/** As `GET /jobs/:id` tells it. */
export interface JobReport {
  readonly id: string;
  readonly state: JobState;
  readonly options: TrainingOptions;
  readonly progress: Progress;
  readonly history: readonly EpochResult[];
  /** Why it failed. */
  readonly error: string | null;
}

export type JobEvent =
  | { readonly event: 'progress'; readonly data: Progress }
  /** `id` counts what is told again to those who come late. */
  | { readonly event: 'epoch'; readonly id: string; readonly data: EpochResult }
  | { readonly event: EndState; readonly id: string; readonly data: JobReport };

export class Job {
  readonly id = randomUUID();
  readonly options: TrainingOptions;
  readonly #abort = new AbortController();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #history: EpochResult[] = [];
  #progress: Progress = { fraction: 0, epoch: 1, loss: null };
  #state: JobState = 'running';
  #end: EndState | null = null;
  #error: string | null = null;

  constructor(options: TrainingOptions) {
    this.options = options;
  }

  get state(): JobState {
    return this.#state;
  }

  /** Aborted by {@link cancel}. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Asks for the end of a running job. It comes after the step in progress. */
  cancel(): void {
    if (this.#state !== 'running') return;
    this.#state = 'cancelling';
    this.#abort.abort();
  }

  report(): JobReport {
    const { id, options } = this;
    return {
      id,
      state: this.#state,
      options,
      progress: this.#progress,
      history: [...this.#history],
      error: this.#error,
    };
  }

  addProgress(progress: Progress): void {
    this.#progress = progress;
    this.#changes.emit('change');
  }

  addEpoch(result: EpochResult): void {
    this.#history.push(result);
    this.#changes.emit('change');
  }

  end(state: EndState, error: string | null = null): void {
    this.#state = state;
    this.#error = error;
    this.#end = state;
    this.#changes.emit('change');
  }

  /**
   * What has happened after the event with the id `after`, then what happens, up to the end of the job. Aborting the signal ends it
   * too. A client that reads slowly gets the latest progress only, so that nothing piles up for it.
   */
  async *events(after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
    let told = after;
    let progress: Progress | null = null;
    while (!signal.aborted) {
      if (told < this.#history.length) {
        const data = this.#history[told++]!;
        yield { event: 'epoch', id: String(data.epoch), data };
      } else if (this.#end !== null) {
        yield { event: this.#end, id: String(this.#history.length + 1), data: this.report() };
        return;
      } else if (progress !== this.#progress) {
        progress = this.#progress;
        yield { event: 'progress', data: progress };
      } else {
        await once(this.#changes, 'change', { signal }).catch(() => {});
      }
    }
  }
}
