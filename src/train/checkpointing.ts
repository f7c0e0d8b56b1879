/** Checkpoints of a training: when they are due, what they hold, and their way to the disk. */
import { checkpointChunks, checkpointLayout, splitCheckpoint } from '../io/checkpoint-file.js';
import { CopiesInTurns, type CopyMemory } from '../tensor/copies-in-turns.js';
import type { Callback } from './callback.js';
import type { Cancellation } from './cancellation.js';
import type { CheckpointFiles, Moment } from './checkpoint-files.js';
import { ModelCheckpoint } from './model-checkpoint.js';
import type { Boundaries } from './step-loop.js';

/** No timer can wait longer: 24 days. */
const longestMilliseconds = 2 ** 31 - 1;

/** A training between two steps. */
export interface Snapshot {
  readonly moment: Moment;
  /** All that it consists of. Tensors are its own, not copies. */
  readonly state: Readonly<Record<string, unknown>>;
}

/** Those that write files among the callbacks; null when there are none. */
export function checkpointFilesOf(callbacks: readonly Callback[]): readonly CheckpointFiles[] | null {
  const files = callbacks.flatMap((each) => (each instanceof ModelCheckpoint ? (each['~files'] ?? []) : []));
  return files.length === 0 ? null : files;
}

export class Checkpointing implements Boundaries {
  readonly #caller: string;
  readonly #files: readonly CheckpointFiles[];
  readonly #cancellation: Cancellation;
  /** Takes a snapshot of the training as it stands; the states of the files are part of it. */
  readonly #take: (prepare: (moment: Moment) => void) => Snapshot;
  /** Kept from one checkpoint to the next: making it takes longer than filling it. */
  readonly #memory: CopyMemory = new WeakMap();
  #interrupt: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(
    caller: string,
    files: readonly CheckpointFiles[],
    cancellation: Cancellation,
    take: (prepare: (moment: Moment) => void) => Snapshot,
  ) {
    this.#caller = caller;
    this.#files = files;
    this.#cancellation = cancellation;
    this.#take = take;
  }

  /** Whether the end by a signal or by the time limit is one more moment to save. */
  get savesOnStop(): boolean {
    return this.#files.some(({ savesOnStop }) => savesOnStop);
  }

  /** @throws ArgumentError for a state that cannot be saved: now, and not after an hour. */
  check(): void {
    splitCheckpoint(this.#caller, this.#take(() => {}).state);
  }

  stepsLeft(total: number): number {
    return Math.min(...this.#files.map((each) => each.stepsLeft(total)));
  }

  isDue(total: number): boolean {
    return this.#files.some((each) => each.isDueAtStep(total));
  }

  onDue(interrupt: () => void): () => void {
    this.#interrupt = interrupt;
    this.#arm();
    return () => {
      this.#interrupt = null;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    };
  }

  async reached(): Promise<void> {
    await this.#save((each, { step }) => each.isDueAtStep(step));
  }

  /** Behind an epoch and all that belongs to it. */
  async afterEpoch(total: number): Promise<void> {
    if (this.#files.some((each) => each.isDueAfterEpoch(total)))
      await this.#save((each, { step }) => each.isDueAfterEpoch(step));
  }

  /**
   * The training was stopped and stood last as `snapshot` says.
   * @throws what keeps it from being written.
   */
  async atStop(snapshot: Snapshot): Promise<void> {
    const files = this.#files.filter(({ savesOnStop }) => savesOnStop);
    const plans = files.map((each) => ({ files: each, plan: each.plan(snapshot.moment) }));
    await this.#write(snapshot, plans);
    await this.settle();
  }

  /** Waits until all that was taken is on the disk. @throws the error of a write. */
  async settle(): Promise<void> {
    await Promise.all(this.#files.map(({ isIdle }) => isIdle));
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #save(isDue: (files: CheckpointFiles, moment: Moment) => boolean): Promise<void> {
    const plans: Plan[] = [];
    const snapshot = this.#take((moment) => {
      for (const files of this.#files) if (isDue(files, moment)) plans.push({ files, plan: files.plan(moment) });
    });
    await this.#write(snapshot, plans);
  }

  /** Resolves when the training may go on. */
  async #write({ state }: Snapshot, plans: readonly Plan[]): Promise<void> {
    const split = splitCheckpoint(this.#caller, state);
    const layout = checkpointLayout(this.#caller, split, split.tensors);
    // There is one set of copies: those of the checkpoint before are being written from the same memory.
    await Promise.all(this.#files.map(({ isIdle }) => isIdle));
    const copies = new CopiesInTurns(
      layout.items.map(({ tensor }) => tensor.storage),
      this.#memory,
    );
    for (const { files, plan } of plans)
      files
        .write(
          checkpointChunks(layout, (storage) => copies.piecesOf(storage)),
          plan,
        )
        .catch((error: unknown) => {
          this.#failure ??= { error };
          this.#cancellation.stop(error);
        });
    await copies.make();
  }

  /** Interrupts a job of many steps when it becomes time. */
  #arm(): void {
    const seconds = Math.min(...this.#files.map(({ secondsLeft }) => secondsLeft));
    if (seconds === Number.POSITIVE_INFINITY) return;
    const milliseconds = Math.min(Math.max(seconds * 1000, 0), longestMilliseconds);
    this.#timer = setTimeout(() => {
      if (this.#files.some(({ secondsLeft }) => secondsLeft <= 0)) this.#interrupt?.();
      else this.#arm();
    }, milliseconds).unref();
  }
}

interface Plan {
  readonly files: CheckpointFiles;
  readonly plan: ReturnType<CheckpointFiles['plan']>;
}
