/** What a checkpoint keeps of a training in addition to model, optimizer, schedulers and generators: where it stands, and what kind it is of. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { Difference } from '../io/restore.js';
import { Module } from '../nn/module.js';
import { isArray, isRecord } from '../realm.js';
import type { SavedLog } from './epoch-log.js';
import type { GeneratorStates } from './generators.js';
import type { Settings } from './options.js';
import type { Source } from './source.js';
import type { SavedTally } from './tallies.js';

/** An epoch in the middle. */
export interface SavedPass {
  readonly steps: number;
  readonly samples: number;
  readonly tallies: readonly SavedTally[];
  /** Whether all of its steps were made, and what comes after them was not. */
  readonly isOver: boolean;
  /** How long it has been training. */
  readonly seconds: number;
}

/** Where in its data a training stands. */
export type SavedPosition =
  | {
      readonly kind: 'tensors';
      /** Steps made of the present order. */
      readonly steps: number;
      /** What the order was drawn from; null for that of the data. */
      readonly seed: bigint | null;
      /** Whether there is an order already. */
      readonly isDrawn: boolean;
    }
  | {
      readonly kind: 'batches';
      readonly given: number | null;
      readonly begin: GeneratorStates | null;
      readonly state: unknown;
    };

/** Where a training stands. */
export interface FitState {
  /** By {@link describeSettings}. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Epochs that are over. */
  readonly epochs: number;
  /** Steps made in all. */
  readonly steps: number;
  /** The epoch that follows, if steps of it have been made. */
  readonly pass: SavedPass | null;
  readonly stepsOfEpoch: number | null;
  readonly stopReason: string | null;
  readonly seconds: number;
  readonly position: SavedPosition;
  readonly log: SavedLog;
}

/** A callback in a checkpoint. */
export interface SavedCallback {
  readonly name: string;
  readonly state: unknown;
}

/** What must be the same when a training is resumed, in words. */
export function describeSettings(settings: Settings): Record<string, unknown> {
  const { model, optimizer, loss, metrics, train, validation, schedulers, stepsPerEpoch, batchSize, shuffle, fuse } =
    settings;
  return {
    model: String(model),
    optimizer: optimizer.constructor.name,
    loss: loss instanceof Module ? String(loss) : 'a function',
    metrics: metrics.map(({ name }) => name).join(', '),
    train: describeSource(train),
    validation: validation === null ? 'none' : describeSource(validation),
    stepsPerEpoch: stepsPerEpoch ?? 'one pass over the data',
    ...(train.kind === 'tensors' ? { batchSize, shuffle } : {}),
    schedulers: schedulers.map(({ scheduler, interval }) => `${scheduler.constructor.name} by ${interval}`).join(', '),
    fuse,
  };
}

function describeSource(source: Source): string {
  if (source.kind === 'tensors') return `tensors of ${source.rows} rows`;
  const { length } = source.batches as { readonly length?: unknown };
  return Number.isSafeInteger(length) ? `${String(length)} batches` : 'batches';
}

/** What is described in another way. */
export function settingDifferences(
  saved: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): Difference[] {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const [before, here] = [saved[name], now[name]];
    if (before === here) return [];
    if (name !== 'model' || typeof before !== 'string' || typeof here !== 'string') return [differ(name, before, here)];
    // The first lines that differ: a model may have hundreds.
    const [lines, others] = [before.split('\n'), here.split('\n')];
    const at = lines.findIndex((line, i) => line !== others[i]);
    return [differ(name, lines[at]?.trim(), others[at < 0 ? lines.length : at]?.trim())];
  });
}

const differ = (name: string, before: unknown, here: unknown): Difference => {
  const say = (value: unknown) => (value === undefined || value === '' ? 'nothing' : String(value));
  return { text: `${name}: ${say(before)} in the checkpoint, ${say(here)} here`, isSize: false };
};

/** @throws ArgumentError for what is no state of a training. */
export function readFitState(caller: string, given: unknown): FitState {
  if (given === undefined)
    throw new ArgumentError(
      `${caller}: the checkpoint was not taken by fit, so nothing says where in its data the training stood; ` +
        'io.loadCheckpoint reads it for a training by hand',
    );
  const wrong = (what: string, value: unknown): never => {
    throw new ArgumentError(`${caller}: the state of the training has ${show(value)} as ${what}`);
  };
  const record = (what: string, value: unknown) => (isRecord(value) ? value : wrong(what, value));
  const count = (what: string, value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= 0 ? (value as number) : wrong(what, value);
  const number = (what: string, value: unknown) => (typeof value === 'number' ? value : wrong(what, value));
  const list = (what: string, value: unknown): readonly unknown[] => (isArray(value) ? value : wrong(what, value));
  const all = record('fit', given);
  const readPass = (pass: Record<string, unknown>): SavedPass => ({
    steps: count('pass.steps', pass.steps),
    samples: count('pass.samples', pass.samples),
    seconds: number('pass.seconds', pass.seconds),
    isOver: pass.isOver === true,
    tallies: list('pass.tallies', pass.tallies).map((each) => {
      const { measures, steps, sums } = record('a tally', each);
      for (const sum of list('sums', sums)) number('a sum', sum);
      return {
        measures: list('measures', measures) as SavedTally['measures'],
        steps: count('steps', steps),
        sums: sums as readonly number[],
      };
    }),
  });
  const readPosition = (saved: Record<string, unknown>): SavedPosition => {
    const { kind, steps, seed, isDrawn, given: taken, begin, state } = saved;
    if (kind === 'tensors') {
      if (seed !== null && typeof seed !== 'bigint') wrong('seed', seed);
      return { kind, steps: count('steps', steps), seed: seed as bigint | null, isDrawn: isDrawn === true };
    }
    if (kind !== 'batches') wrong('position', kind);
    return {
      kind: 'batches',
      given: taken === null ? null : count('batches given', taken),
      begin: begin === null ? null : (record('begin', begin) as GeneratorStates),
      state: state ?? null,
    };
  };
  const { stopReason } = all;
  return {
    settings: record('settings', all.settings),
    epochs: count('epochs', all.epochs),
    steps: count('steps', all.steps),
    pass: all.pass === null ? null : readPass(record('pass', all.pass)),
    stepsOfEpoch: all.stepsOfEpoch === null ? null : count('stepsOfEpoch', all.stepsOfEpoch),
    stopReason: stopReason === null || typeof stopReason === 'string' ? stopReason : wrong('stopReason', stopReason),
    seconds: number('seconds', all.seconds),
    position: readPosition(record('position', all.position)),
    log: list('log', all.log) as SavedLog,
  };
}
