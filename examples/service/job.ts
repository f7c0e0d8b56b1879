/** One training as others see it: where it stands, and what happens as it happens. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import type { EpochResult, Progress, TrainingOptions } from './training.js';

export type JobState = 'running' | 'done' | 'cancelled' | 'failed';

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
  | { readonly event: Exclude<JobState, 'running'>; readonly id: string; readonly data: JobReport };

export class Job {
  readonly id = randomUUID();
  readonly options: TrainingOptions;
  readonly #abort = new AbortController();
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #history: EpochResult[] = [];
  #progress: Progress = { fraction: 0, epoch: 1, loss: null };
  #state: JobState = 'running';
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

  cancel(): void {
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
    this.#emit({ event: 'progress', data: progress });
  }

  addEpoch(result: EpochResult): void {
    this.#history.push(result);
    this.#emit(this.#epochEvent(result));
  }

  end(state: Exclude<JobState, 'running'>, error: string | null = null): void {
    this.#state = state;
    this.#error = error;
    this.#emit(this.#endEvent(state));
    this.#events.emit('end');
  }

  /**
   * What has happened after the event with the id `after`, then what happens, up to the end of the job. Aborting the
   * signal ends it too.
   */
  async *events(after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
    // Listening begins before anything is told, so that nothing falls between the two.
    const coming = this.#state === 'running' ? on(this.#events, 'event', { signal, close: ['end'] }) : [];
    const past: JobEvent[] = this.#history.map((result) => this.#epochEvent(result)).slice(after);
    if (this.#state === 'running') past.push({ event: 'progress', data: this.#progress });
    else past.push(this.#endEvent(this.#state));
    yield* past;
    try {
      for await (const [event] of coming) yield event as JobEvent;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #emit(event: JobEvent): void {
    this.#events.emit('event', event);
  }

  #epochEvent(data: EpochResult): JobEvent {
    return { event: 'epoch', id: String(data.epoch), data };
  }

  #endEvent(event: Exclude<JobState, 'running'>): JobEvent {
    return { event, id: String(this.#history.length + 1), data: this.report() };
  }
}
