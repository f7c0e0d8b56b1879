/** `saveCheckpoint` and `loadCheckpoint`: all that a training consists of, in one file. */
import { checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { pathOf } from '../files/path.js';
import { type AnyModule, Module } from '../nn/module.js';
import type { StateDict } from '../nn/state-dict.js';
import { LRScheduler, type SchedulerStateDict } from '../optim/lr-scheduler/scheduler.js';
import { Optimizer } from '../optim/optimizer.js';
import type { OptimizerStateDict } from '../optim/state-dict.js';
import { Generator, type GeneratorState } from '../random/generator.js';
import { isArray, isRecord } from '../realm.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { writeAtomically } from './atomic-write.js';
import {
  type CheckpointState,
  checkpointChunks,
  checkpointLayout,
  readCheckpoint,
  splitCheckpoint,
} from './checkpoint-file.js';
import { restore } from './restore.js';

/** What belongs to a training by hand, of which any may be left out. */
export interface TrainingParts {
  /** Its state dict. */
  model?: AnyModule | undefined;
  /** Its options and what it keeps for the parameters. */
  optimizer?: Optimizer | undefined;
  /** One, or several in their order. */
  scheduler?: LRScheduler | readonly LRScheduler[] | undefined;
  /** What orders and masks are drawn from; `defaultGenerator` perhaps. */
  generator?: Generator | undefined;
}

/** What {@link saveCheckpoint} takes. */
export interface CheckpointContents extends TrainingParts {
  /**
   * What else is to be kept, such as the number of the epoch: `null`, booleans, numbers (to the bit), strings, bigints, tensors, and arrays
   * and plain objects of such.
   */
  state?: unknown;
}

/** What {@link loadCheckpoint} gives. */
export interface LoadedCheckpoint {
  /** For `model.loadStateDict`; null when the file has none. */
  readonly model: StateDict | null;
  /** For `optimizer.loadStateDict`; null when the file has none. */
  readonly optimizer: OptimizerStateDict | null;
  /** For `scheduler.loadStateDict`, in their order. */
  readonly schedulers: readonly SchedulerStateDict[];
  /** For `generator.setState`; null when the file has none. */
  readonly generator: GeneratorState | null;
  /** What was given as `state`; null when nothing was. */
  readonly state: unknown;
  /** Where `fit` stood when `ModelCheckpoint` wrote the file; null for a file of {@link saveCheckpoint}. */
  readonly fit: {
    /** Epochs that were over, with validation and callbacks. */
    readonly epochs: number;
    /** Steps that were made in all. */
    readonly steps: number;
  } | null;
}

const partNames = ['model', 'optimizer', 'scheduler', 'generator'] as const;

/**
 * Saves a training that is written by hand, so that it can go on to the same bits: model, optimizer, schedulers, generator, and whatever else in
 * `state`. What is saved is how they stand at the call, which is copied at once; while `fit` trains the model, as one step has left it.
 *
 * The file is replaced atomically and durably: at every moment it is the old one or the new one, whole; when the promise resolves it is on
 * the disk. It is a safetensors file: `safetensors.torch.load_file` reads it, with the model's tensors by PyTorch's names; the names of
 * others begin with `lanewise:`.
 *
 * ```ts
 * await io.saveCheckpoint('run.safetensors', { model, optimizer, scheduler, generator: defaultGenerator, state: { epoch } });
 * // in another process, after the same code has made them:
 * const { state } = await io.loadCheckpoint('run.safetensors', { model, optimizer, scheduler, generator: defaultGenerator });
 * ```
 *
 * A training by `fit` is saved by `ModelCheckpoint`, and continued by its option `resume`.
 * @throws ArgumentError for what cannot be saved, with its place, and for a file that cannot be written: the old one is as it was.
 */
export async function saveCheckpoint(path: string | URL, contents: CheckpointContents): Promise<void> {
  const caller = 'io.saveCheckpoint';
  pathOf(caller, path);
  const { state, ...rest } = checkOptions(caller, contents, [...partNames, 'state']);
  const { model, optimizer, schedulers, generator } = readParts(caller, rest);
  const split = splitCheckpoint(caller, {
    ...(model === null ? {} : { model: model.stateDict() }),
    ...(optimizer === null ? {} : { optimizer: optimizer.stateDict() }),
    ...(schedulers.length === 0 ? {} : { schedulers: schedulers.map((each) => each.stateDict()) }),
    ...(generator === null ? {} : { generator: generator.getState() }),
    ...(state === undefined ? {} : { state }),
  });
  const copies = Array.from(split.tensors, ([name, tensor]) => [name, copyOf(tensor)] as const);
  const layout = checkpointLayout(caller, split, new Map(copies));
  await writeAtomically(
    caller,
    path,
    checkpointChunks(layout, (storage) => [storage.read()]),
  );
}

/**
 * Reads a file of {@link saveCheckpoint}, or of `ModelCheckpoint`.
 * @param into takes over what the file has of it: all, or nothing when anything does not fit.
 * @throws ArgumentError or ShapeError that names the file and all differences: for a file that is not there, not whole, no checkpoint, or of
 * another version; for another model, optimizer or number of schedulers than those of `into`, and when the file lacks one.
 */
export async function loadCheckpoint(path: string | URL, into?: TrainingParts): Promise<LoadedCheckpoint> {
  const caller = 'io.loadCheckpoint';
  const named = pathOf(caller, path);
  const parts = readParts(caller, checkOptions(caller, into, partNames));
  const loaded = readContents(`${caller}: ${named}`, await readCheckpoint(caller, named));
  restore(`${caller}: ${named}`, parts, loaded);
  return loaded;
}

/** The parts of a checkpoint, as far as all kinds have them. */
export function readContents(caller: string, checkpoint: CheckpointState): LoadedCheckpoint {
  const part = <T>(key: string, isRight: (value: unknown) => boolean): T | null => {
    const value = checkpoint[key];
    if (value === undefined) return null;
    if (isRight(value)) return value as T;
    throw new ArgumentError(`${caller}: the state has ${show(value)} as ${key}`);
  };
  const fit = part<Record<string, unknown>>('fit', isRecord);
  return {
    model: part('model', isRecord),
    optimizer: part('optimizer', isRecord),
    schedulers: part<SchedulerStateDict[]>('schedulers', isArray) ?? [],
    generator:
      part('generator', isRecord) ?? part<{ training?: GeneratorState }>('generators', isRecord)?.training ?? null,
    state: checkpoint.state ?? null,
    fit: fit === null ? null : { epochs: Number(fit.epochs), steps: Number(fit.steps) },
  };
}

/** {@link TrainingParts}, read. */
export interface ReadParts {
  readonly model: AnyModule | null;
  readonly optimizer: Optimizer | null;
  readonly schedulers: readonly LRScheduler[];
  readonly generator: Generator | null;
}

function readParts(caller: string, { model, optimizer, scheduler, generator }: TrainingParts): ReadParts {
  const one = <T extends object>(what: string, value: unknown, isOne: (value: object) => value is T): T | null => {
    if (value === undefined) return null;
    if (typeof value === 'object' && value !== null && isOne(value)) return value;
    throw new ArgumentError(`${caller}: ${what}, got ${show(value)}`);
  };
  const given: readonly unknown[] = isArray(scheduler) ? scheduler : scheduler === undefined ? [] : [scheduler];
  return {
    model: one('model must be a module', model, (each) => each instanceof Module),
    optimizer: one('optimizer must be an optimizer', optimizer, (each) => each instanceof Optimizer),
    schedulers: given.map(
      (each) => one('scheduler must be a scheduler or a list of schedulers', each ?? null, isScheduler)!,
    ),
    generator: one('generator must be a Generator', generator, (each) => each instanceof Generator),
  };
}

const isScheduler = (value: object): value is LRScheduler => value instanceof LRScheduler;

function copyOf({ storage, shape }: Tensor): Tensor {
  return new Tensor(new Storage(storage.dtype, storage.read().slice()), shape);
}
