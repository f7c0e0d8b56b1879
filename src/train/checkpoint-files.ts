/** The files that a ModelCheckpoint writes: when, under which names, and which of them are kept. */
import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkBoolean, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, StateError } from '../errors.js';
import { codeOf, pathOf } from '../files/path.js';
import { isTemporaryOf, writeAtomically } from '../io/atomic-write.js';
import { fillPath, isPattern } from '../io/checkpoint-path.js';
import { isArray, isRecord } from '../realm.js';
import type { EpochResult } from './history.js';
import { checkScoreName, Monitor, type MonitorOptions, monitorKeys, scoreOf } from './monitor.js';

/** Options of a {@link ModelCheckpoint} that writes files by itself. */
export interface CheckpointFileOptions extends MonitorOptions {
  /**
   * The file, which each checkpoint replaces. With `{step}` (steps made in all) or `{epoch}` (the epoch that is running, or is just over) in its name each
   * checkpoint has its own: `run/{step}.safetensors`. The folder is made when it is not there.
   */
  path: string | URL;
  /** Each time this number of steps has been made. At most one of the three may be given; default: `everyEpochs: 1`. */
  everySteps?: number;
  /** Each time this number of epochs is over, with validation, schedulers and callbacks. */
  everyEpochs?: number;
  /** When this number of seconds has passed since the last one began, after the step that is in progress. */
  everySeconds?: number;
  /**
   * How many files are kept when each has its own name: the last ones, with `monitor` the best ones. Older ones are removed once the new one
   * is on the disk. Default: all.
   */
  keep?: number;
  /**
   * Only epochs that are better than those before are saved, with `keep` those that are among that number of best ones: by this score, as
   * {@link MonitorOptions.monitor}. Without `monitor`, all are.
   */
  monitor?: string;
  /** Whether a training that the signal or the time limit ends is saved where it stands, in the middle of an epoch too. Default: true without `monitor`. */
  saveOnStop?: boolean;
}

/** A file that is kept. */
interface Kept {
  readonly path: string;
  /** What it was saved for; null without `monitor`. */
  readonly score: number | null;
}

/** Where a training stands. */
export interface Moment {
  readonly epoch: number;
  readonly step: number;
}

const optionKeys = ['path', 'everySteps', 'everyEpochs', 'everySeconds', 'keep', 'saveOnStop', ...monitorKeys] as const;

/** Temporary files of a write that was killed; another process may be writing younger ones. */
const staleMilliseconds = 60_000;

export class CheckpointFiles {
  readonly savesOnStop: boolean;
  readonly #caller: string;
  readonly #path: string;
  readonly #everySteps: number | null;
  readonly #everyEpochs: number | null;
  readonly #everySeconds: number | null;
  readonly #keep: number | null;
  readonly #monitor: Monitor | null;
  readonly #score: string | undefined;
  #kept: Kept[] = [];
  #lastPath: string | null = null;
  /** Steps made when the last one was taken. */
  #lastStep = 0;
  #lastTime = performance.now();
  #isDueAfterEpoch = false;
  #dueScore: number | null = null;
  /** The write in progress, which does not reject. */
  #writing: Promise<void> = Promise.resolve();
  #isPrepared = false;

  /** @throws ArgumentError for options that are not valid. */
  constructor(caller: string, options: CheckpointFileOptions) {
    const given = checkOptions(caller, options, optionKeys);
    const { path, everySteps, everySeconds, keep, monitor } = given;
    const everies = [everySteps, given.everyEpochs, everySeconds].filter((each) => each !== undefined);
    if (everies.length > 1)
      throw new ArgumentError(
        `${caller}: give one of everySteps, everyEpochs and everySeconds, got ${everies.length} of them`,
      );
    const isMonitored = monitor !== undefined;
    if (!isMonitored && (given.mode !== undefined || given.minDelta !== undefined))
      throw new ArgumentError(`${caller}: mode and minDelta say how monitor is read; give monitor too`);
    if (isMonitored && (everySteps !== undefined || everySeconds !== undefined))
      throw new ArgumentError(
        `${caller}: monitor goes by the scores of epochs: give everyEpochs, not everySteps or everySeconds`,
      );
    this.#caller = caller;
    this.#path = resolve(pathOf(caller, path));
    this.#everySteps = everySteps === undefined ? null : checkSize(caller, 'everySteps', everySteps, 1);
    const everyEpochs = everies.length === 0 ? 1 : given.everyEpochs;
    this.#everyEpochs = everyEpochs === undefined ? null : checkSize(caller, 'everyEpochs', everyEpochs, 1);
    if (everySeconds !== undefined && (typeof everySeconds !== 'number' || !(everySeconds > 0)))
      throw new ArgumentError(`${caller}: everySeconds must be a positive number, got ${show(everySeconds)}`);
    this.#everySeconds = everySeconds ?? null;
    this.#keep = keep === undefined ? null : checkSize(caller, 'keep', keep, 1);
    if (keep !== undefined && keep > 1 && !isPattern(this.#path))
      throw new ArgumentError(
        `${caller}: to keep ${keep} files they need names: put {step} or {epoch} into ${show(path)}`,
      );
    this.#monitor = isMonitored ? new Monitor(caller, given) : null;
    this.#score = monitor;
    this.savesOnStop = checkBoolean(caller, 'saveOnStop', given.saveOnStop ?? !isMonitored);
  }

  /** The file that was written last, or null. */
  get lastPath(): string | null {
    return this.#lastPath;
  }

  /** The best score so far, or null. */
  get best(): number | null {
    return this.#monitor?.best ?? null;
  }

  /** A training begins. */
  begin(scores: readonly string[]): void {
    checkScoreName(this.#caller, this.#score, scores);
    this.#monitor?.reset(scores);
    this.#kept = [];
    this.#lastPath = null;
    this.#lastStep = 0;
    this.#lastTime = performance.now();
    this.#isDueAfterEpoch = false;
    this.#isPrepared = false;
  }

  /** Looks at the result of an epoch. */
  see(result: EpochResult): void {
    this.#dueScore = this.#monitor === null ? null : scoreOf(this.#caller, result, this.#score);
    const isTurn = this.#everyEpochs !== null && result.epoch % this.#everyEpochs === 0;
    this.#isDueAfterEpoch = isTurn && (this.#monitor === null || this.#isAmongBest(result, this.#monitor));
  }

  /** Steps that may be made after `total` before one is due. */
  stepsLeft(total: number): number {
    return this.#everySteps === null ? Number.POSITIVE_INFINITY : this.#everySteps - (total % this.#everySteps);
  }

  /** Seconds until one is due; infinite where it does not go by time. */
  get secondsLeft(): number {
    if (this.#everySeconds === null) return Number.POSITIVE_INFINITY;
    return this.#everySeconds - (performance.now() - this.#lastTime) / 1000;
  }

  isDueAtStep(total: number): boolean {
    if (total === this.#lastStep || total === 0) return false;
    return (this.#everySteps !== null && total % this.#everySteps === 0) || this.secondsLeft <= 0;
  }

  isDueAfterEpoch(total: number): boolean {
    return this.#isDueAfterEpoch || (total > this.#lastStep && this.secondsLeft <= 0);
  }

  /** Names the file of a checkpoint that is about to be taken, and says which files are to go once it is written. */
  plan({ epoch, step }: Moment): { path: string; stale: string[] } {
    const path = fillPath(this.#path, { epoch, step });
    const score = this.#isDueAfterEpoch ? this.#dueScore : null;
    this.#kept = [...this.#kept.filter((each) => each.path !== path), { path, score }];
    this.#lastStep = step;
    this.#lastTime = performance.now();
    this.#isDueAfterEpoch = false;
    const stale: string[] = [];
    while (this.#keep !== null && this.#kept.length > this.#keep) {
      const worst = this.#worst();
      this.#kept = this.#kept.filter((each) => each !== worst);
      stale.push(worst.path);
    }
    return { path, stale };
  }

  /** Waits for the write in progress. */
  get isIdle(): Promise<void> {
    return this.#writing;
  }

  /** Writes a checkpoint, whose bytes may still be being made. */
  write(chunks: AsyncIterable<Uint8Array>, { path, stale }: { path: string; stale: readonly string[] }): Promise<void> {
    const done = this.#write(chunks, path, stale);
    this.#writing = done.catch(() => {});
    return done;
  }

  /** The best score as it is now. Which files there are is looked up when the checkpoint is written: that one is among them. */
  stateDict(): object {
    const kept = () => this.#kept.map(({ path, score }) => ({ path, score }));
    const lastStep = () => this.#lastStep;
    return {
      best: this.#monitor?.best ?? null,
      get kept() {
        return kept();
      },
      get lastStep() {
        return lastStep();
      },
    };
  }

  /** @throws StateError for what {@link stateDict} has not given. */
  loadStateDict(state: unknown): void {
    const wrong = () =>
      new StateError(`${this.#caller}: the state in the checkpoint is not one of a ModelCheckpoint with a path`);
    if (!isRecord(state) || !isArray(state.kept) || typeof state.lastStep !== 'number') throw wrong();
    const { best, kept, lastStep } = state;
    if (best !== null && typeof best !== 'number') throw wrong();
    const read = kept.map((each: unknown) => {
      const isKept =
        isRecord(each) && typeof each.path === 'string' && (each.score === null || typeof each.score === 'number');
      if (!isKept) throw wrong();
      return { path: each.path as string, score: each.score as number | null };
    });
    this.#monitor?.restore(best as number | null);
    this.#kept = read;
    this.#lastStep = lastStep as number;
  }

  async #write(chunks: AsyncIterable<Uint8Array>, path: string, stale: readonly string[]): Promise<void> {
    if (!this.#isPrepared) await prepareFolder(this.#caller, path);
    this.#isPrepared = true;
    await writeAtomically(this.#caller, path, chunks);
    this.#lastPath = path;
    for (const old of stale)
      await unlink(old).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
  }

  #isAmongBest(result: EpochResult, monitor: Monitor): boolean {
    const isBest = monitor.improves(result);
    if (this.#keep === null || this.#keep === 1) return isBest;
    const score = this.#dueScore;
    if (score === null || Number.isNaN(score)) return false;
    return this.#kept.length < this.#keep || monitor.isBetter(score, this.#worst().score);
  }

  /** The file that goes first: the oldest, or the one with the worst score. */
  #worst(): Kept {
    const monitor = this.#monitor;
    if (monitor === null) return this.#kept[0]!;
    return this.#kept.reduce((worst, each) => (monitor.isBetter(worst.score!, each.score) ? each : worst));
  }
}

/** Makes the folder, and removes what writes that were killed have left of this file. */
async function prepareFolder(caller: string, path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new ArgumentError(`${caller}: the folder ${folder} cannot be made (${String(codeOf(cause))})`, { cause });
  }
  for (const file of await readdir(folder)) {
    if (!isTemporaryOf(path, file)) continue;
    const left = join(folder, file);
    const found = await stat(left).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > staleMilliseconds) await unlink(left).catch(() => {});
  }
}
