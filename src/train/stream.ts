/** Batches that come one by one, from anything that can be iterated. */
import { show } from '../check.js';
import { DataLoader } from '../data/data-loader.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { ownTurn } from '../ops/turns.js';
import { type Generator, withGenerator } from '../random/generator.js';
import { holds } from '../realm.js';
import type { Tensor } from '../tensor/tensor.js';
import { rowsOf as takePart } from './accumulation.js';
import type { BatchReader } from './batch.js';
import { type Cancellation, timeIsUp } from './cancellation.js';
import { type BatchShare, keyOf, takeRows } from './distributed/batch-share.js';
import type { Sharing } from './distributed/sharing.js';
import type { GeneratorMarks, GeneratorStates, Generators } from './generators.js';
import type { StepProgram, StepPrograms, TraceStep } from './steps.js';

/** Where in its batches a training stands. */
export interface StreamPosition {
  /** How many the iterator that is open has given; null when none is. */
  readonly given: number | null;
  /** States of the generators when that iterator was asked for. */
  readonly begin: GeneratorStates | null;
  /** What the data say themselves, if they have `stateDict` and `loadStateDict`. */
  readonly state: unknown;
  /** Where the engines of the generators stand; null: where they do now. */
  readonly marks: GeneratorMarks | null;
}

/** Data that can say where they are, and go on from there, as torchdata's StatefulDataLoader. */
export interface StatefulBatches {
  stateDict(): unknown;
  loadStateDict(state: unknown): void;
}

/** What happens between two steps, none being on its way. */
export interface Boundary {
  /** Whether something is to happen after this many more steps have been submitted. */
  isDue(submitted: number): boolean;
  reached(): Promise<void>;
}

/** A batch, or the part of it that a step is made of. */
export interface Piece {
  readonly program: StepProgram;
  readonly tensors: readonly Tensor[];
  /** Rows of the step, of all ranks where they make it together. */
  readonly rows: number;
  /** How ranks make the step together; null where this one makes it by itself. */
  readonly sharing: Sharing | null;
  /** The number of the part of a batch of validation. */
  readonly part: number;
  /** A number for the batch: see {@link keyOf}. */
  readonly key: number;
}

/** How the batches of a pass become steps. */
export interface StreamRun<S> {
  /** Begins a step. */
  readonly submit: (piece: Piece) => S;
  /** Waits for a step; whether it was made. */
  readonly finish: (submitted: S) => Promise<boolean>;
  /** Is told of the end of the batches, and of what has gone wrong before a step of the next one. */
  readonly ended?: (failure: { readonly error: unknown } | null) => Promise<void>;
  readonly mostInFlight: number;
  /** Ends it after this many steps, where the next call goes on; the iterable begins again when it ends before. Default: one pass. */
  readonly most?: number | undefined;
  readonly boundary?: Boundary;
}

/** A step on its way, and where its batch was taken from. */
interface Taken<S> {
  readonly submitted: S;
  readonly position: StreamPosition | null;
}

/** How several ranks share the batches. */
export interface StreamSharing {
  readonly share: BatchShare;
  /** How they make a step together; null: each scores its rows. */
  readonly sharing: Sharing | null;
}

export class StreamedData {
  readonly #caller: string;
  readonly #what: string;
  readonly #batches: Iterable<unknown> | AsyncIterable<unknown>;
  readonly #reader: BatchReader;
  readonly #trace: TraceStep;
  readonly #generator: Generator;
  /** The iterator that the next batch comes from, and how many it has given. Null: the iterable begins again. */
  #open: {
    readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
    given: number;
    readonly begin: GeneratorStates | null;
  } | null = null;
  /** Null: its position is not asked for. */
  readonly #generators: Generators | null;
  /** Whether it is to be known where it stood before batches whose steps are not made. */
  readonly #tracksStops: boolean;
  #stoppedAt: StreamPosition | null = null;
  #hasEnded = false;
  #rows = 0;
  /** Null where this process has whole batches. */
  readonly #share: BatchShare | null;
  readonly #sharing: Sharing | null;
  readonly #programs: StepPrograms;

  constructor(
    caller: string,
    what: string,
    batches: Iterable<unknown> | AsyncIterable<unknown>,
    reader: BatchReader,
    trace: TraceStep,
    programs: StepPrograms,
    generator: Generator,
    watched: { readonly generators: Generators; readonly tracksStops: boolean } | null,
    sharing: StreamSharing | null,
  ) {
    this.#share = sharing?.share ?? null;
    this.#sharing = sharing?.sharing ?? null;
    this.#generators = watched?.generators ?? null;
    this.#tracksStops = watched?.tracksStops ?? false;
    this.#caller = caller;
    this.#what = what;
    this.#programs = programs;
    this.#batches = batches;
    this.#reader = reader;
    this.#trace = trace;
    this.#generator = generator;
  }

  /** Batches in a pass, as far as the iterable says: a DataLoader or an array does. */
  get steps(): number | null {
    const { length } = this.#batches as { readonly length?: unknown };
    return Number.isSafeInteger(length) ? (length as number) : null;
  }

  /** Whether the last pass has come to the end of the iterable, and all its steps were made. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Rows of the batches that have been taken, of all ranks. */
  get rows(): number {
    return this.#rows;
  }

  /** Where it stands: behind the last batch whose step was made. */
  get position(): StreamPosition {
    return this.#stoppedAt ?? this.#positionNow(null);
  }

  /**
   * Makes a step of each batch. No batch is asked for while two are on their way.
   * @throws what the iterable throws, and what does not fit; the iterator is closed then, as it is when the training is stopped.
   */
  async run<S>(
    cancellation: Cancellation,
    { submit, finish, ended, mostInFlight, most, boundary }: StreamRun<S>,
  ): Promise<void> {
    const inFlight: Taken<S>[] = [];
    const steps = most ?? Number.POSITIVE_INFINITY;
    let taken = 0;
    let isUnmade = false;
    this.#hasEnded = false;
    const finishOne = async (): Promise<void> => {
      const { submitted, position } = inFlight.shift()!;
      if (await finish(submitted)) return;
      isUnmade = true;
      this.#stoppedAt ??= position;
    };
    try {
      while (taken < steps && !cancellation.isStopped) {
        while (inFlight.length >= mostInFlight) await finishOne();
        if (boundary?.isDue(inFlight.length) === true) {
          while (inFlight.length > 0) await finishOne();
          if (!cancellation.isStopped) await boundary.reached();
        }
        if (cancellation.isStopped) break;
        const position = this.#tracksStops ? this.#positionNow(this.#generators!.mark()) : null;
        try {
          // Whatever the batch costs to make, timers and I/O come before the next one, of this training or another.
          await ownTurn();
          this.#open ??= this.#begin();
          const open = this.#open;
          const next = await take(open.iterator, cancellation, this.#generator);
          if (next === timeIsUp) {
            while (inFlight.length > 0) await finishOne();
            this.#stoppedAt ??= position;
            break;
          }
          if (Object(next) !== next)
            throw new ArgumentError(
              `${this.#caller}: the iterator of ${this.#what} must give { done, value }, got ${show(next)}`,
            );
          if (next.done === true) {
            this.#open = null;
            if (open.given === 0 && !cancellation.isStopped) throw this.#noBatch();
            if (steps < Number.POSITIVE_INFINITY) continue;
            while (inFlight.length > 0) await finishOne();
            await ended?.(null);
            this.#hasEnded = !isUnmade;
            break;
          }
          for (const piece of this.#read(next.value, taken)) {
            while (inFlight.length >= mostInFlight) await finishOne();
            inFlight.push({ submitted: submit(piece), position });
          }
          taken++;
          open.given++;
        } catch (error) {
          // Steps of the batches before it are made, so that where the error leaves the model is no matter of chance.
          if (!cancellation.isStopped) while (inFlight.length > 0) await finishOne();
          else if (this.#tracksStops) while (inFlight.length > 0) await finishOne().catch(() => {});
          this.#stoppedAt ??= position;
          await ended?.({ error });
          throw error;
        }
      }
      while (inFlight.length > 0) await finishOne();
      if (!cancellation.isStopped && boundary?.isDue(0) === true) await boundary.reached();
    } finally {
      if (taken < steps) {
        // Where it stands is not known any more once the iterator is closed.
        if (this.#tracksStops && cancellation.isStopped) this.#stoppedAt ??= this.#positionNow(null);
        await this.close(cancellation);
      }
    }
  }

  /**
   * Goes on from a position. The generators stand afterwards where they stood before.
   * @throws ArgumentError for data that cannot: that have fewer batches, or a state in the one and none in the other case.
   */
  async resume(saved: Omit<StreamPosition, 'marks'>, cancellation: Cancellation): Promise<void> {
    const { given, begin, state } = saved;
    const batches = this.#batches;
    const where = `${this.#caller}: resume: ${this.#what}`;
    const isStateful = isStatefulBatches(batches);
    if (isStateful !== (state !== null))
      throw new ArgumentError(
        `${where} has ${isStateful ? 'a stateDict, which the checkpoint lacks' : 'no loadStateDict to take over the state in the checkpoint'}`,
      );
    if (isStateful) batches.loadStateDict(state);
    if (given === null || begin === null) return;
    const generators = this.#generators!;
    const before = generators.states();
    generators.set(where, begin);
    try {
      if (isStateful) this.#open = { iterator: this.#iterate(), given, begin };
      else if (batches instanceof DataLoader)
        this.#open = {
          iterator: withGenerator(this.#generator, () => batches['~from'](given, this.#share?.begin())),
          given,
          begin,
        };
      else await this.#skip(given, begin, cancellation);
    } finally {
      generators.set(where, before);
    }
  }

  /** Takes batches that have been trained on before, to find the next. */
  async #skip(given: number, begin: GeneratorStates, cancellation: Cancellation): Promise<void> {
    const iterator = this.#iterate();
    this.#open = { iterator, given, begin };
    for (let i = 0; i < given; i++) {
      await ownTurn();
      const next = await take(iterator, cancellation, this.#generator);
      if (next === timeIsUp) return;
      if (Object(next) === next && next.done !== true) continue;
      this.#open = null;
      throw new ArgumentError(
        `${this.#caller}: resume: ${this.#what} gave ${i} batches, and the checkpoint was taken after ${given}: it must give the same again`,
      );
    }
  }

  /** Tells the iterator, if one is open, that no more is wanted. One that is stuck is not waited for. */
  async close(cancellation: Cancellation): Promise<void> {
    const open = this.#open;
    this.#open = null;
    try {
      const closed = Promise.resolve(open?.iterator.return?.());
      closed.catch(() => {});
      if (!cancellation.isStopped) await cancellation.race(closed);
    } catch {
      // The training ends by the error that is on its way.
    }
  }

  /** Releases the programs. */
  release(): void {
    this.#programs.release();
  }

  #begin() {
    const begin = this.#generators?.states() ?? null;
    return { iterator: this.#iterate(), given: 0, begin };
  }

  #positionNow(marks: GeneratorMarks | null): StreamPosition {
    const batches = this.#batches;
    const state = this.#generators !== null && isStatefulBatches(batches) ? batches.stateDict() : null;
    return { given: this.#open?.given ?? null, begin: this.#open?.begin ?? null, state, marks };
  }

  #iterate(): Iterator<unknown> | AsyncIterator<unknown> {
    const batches = this.#batches;
    const share = this.#share;
    // Of several ranks each reads its samples only.
    if (share !== null && batches instanceof DataLoader)
      return withGenerator(this.#generator, () => batches['~from'](0, share.begin()));
    return withGenerator(this.#generator, () =>
      Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator](),
    );
  }

  /** The steps that a batch is. */
  #read(value: unknown, number: number): Piece[] {
    const name = `batch ${number} of ${this.#what}`;
    const share = this.#share;
    const isSelected = share !== null && this.#batches instanceof DataLoader;
    const selected = isSelected ? share.next() : null;
    // With a `forward` of the caller's own, tensors that are not read row by row may be part of a batch.
    const { structure, rows } = this.#reader.read(name, value, this.#reader.isPair ? 'all' : 'first');
    if (rows === 0) throw new ShapeError(`${this.#caller}: ${name} has no rows`);
    const { tensors, form, rebuild } = structure;
    const whole = (own: readonly Tensor[], count: number) =>
      this.#programs.get(own, () => this.#trace((...args) => rebuild(args), own, count), form);
    const alone = { sharing: null, part: 0, key: 0 };
    if (share === null) return [{ ...alone, program: whole(tensors, rows), tensors, rows }];

    const shared = selected ?? share.of(rows);
    const { total, range, parts } = shared;
    this.#rows += total;
    const rowsOf = (start: number, count: number) =>
      tensors.map((each) => (each.shape[0] === rows ? takeRows(each, start, count) : each));
    const sharing = this.#sharing;
    const first = isSelected ? 0 : (range?.start ?? 0);
    const samples = Math.max(range?.count ?? 0, 1);
    if (isSelected && range !== null && rows !== samples)
      throw new ShapeError(
        `${this.#caller}: distributed: ${name} has ${rows} rows of ${samples} samples: a rank is given its samples of a batch, so collateFn has to make a row of each`,
      );
    // Batches of validation are not compared one by one: their rows are, once all are scored.
    if (range !== null && sharing === null)
      return parts.flatMap(({ part, start, count }) => {
        if (count === 0) return [];
        const own = rowsOf(first + start, count);
        return [{ ...alone, program: whole(own, count), tensors: own, rows: count, part }];
      });
    const key = keyOf(shared, tensors);
    if (range === null || sharing === null) return [{ ...alone, key, program: whole(tensors, rows), tensors, rows }];
    const own = rowsOf(first, range.count);
    const findParts = parts.map(
      ({ start, count }) =>
        (...args: Tensor[]) =>
          takePart(rebuild(args), range.count, start, count),
    );
    const program = this.#programs.get(
      own,
      () => sharing.trace(findParts, total / sharing.distribution.parts, own),
      `${form} shared`,
    );
    return [{ program, tensors: own, rows: total, sharing, part: 0, key }];
  }

  #noBatch(): ArgumentError {
    return new ArgumentError(
      `${this.#caller}: ${this.#what} gave no batch; what is iterated more than once must begin again each time, ` +
        'as a DataLoader does and a generator does not',
    );
  }
}

/** The next batch, or {@link timeIsUp}. */
async function take(
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
  cancellation: Cancellation,
  generator: Generator,
): Promise<IteratorResult<unknown> | typeof timeIsUp> {
  try {
    const next = withGenerator(generator, () => iterator.next());
    // A race costs as much as a small step does; what is there at once can do without.
    return isThenable(next) ? await cancellation.race(next) : next;
  } catch (error) {
    if (cancellation.isTimeUp) return timeIsUp;
    throw error;
  }
}

/** Whether data say where they are. */
export function isStatefulBatches(batches: unknown): batches is StatefulBatches {
  const isMethod = (key: string) => holds(batches, key) && typeof batches[key] === 'function';
  return isMethod('stateDict') && isMethod('loadStateDict');
}

const isThenable = (value: unknown): value is PromiseLike<never> =>
  Object(value) === value && typeof (value as { readonly then?: unknown }).then === 'function';
