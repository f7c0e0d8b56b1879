/** Batches that come one by one, from anything that can be iterated. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { ownTurn } from '../ops/turns.js';
import { type Generator, withGenerator } from '../random/generator.js';
import type { Tensor } from '../tensor/tensor.js';
import type { BatchReader } from './batch.js';
import { type Cancellation, timeIsUp } from './cancellation.js';
import type { Submitted } from './epoch-run.js';
import type { StepProgram, StepPrograms, TraceStep } from './steps.js';

export class StreamedData {
  readonly #caller: string;
  readonly #what: string;
  readonly #batches: Iterable<unknown> | AsyncIterable<unknown>;
  readonly #reader: BatchReader;
  readonly #trace: TraceStep;
  readonly #generator: Generator;
  /** The iterator that the next batch comes from, and how many it has given. Null: the iterable begins again. */
  #open: { readonly iterator: Iterator<unknown> | AsyncIterator<unknown>; given: number } | null = null;
  readonly #programs: StepPrograms;

  constructor(
    caller: string,
    what: string,
    batches: Iterable<unknown> | AsyncIterable<unknown>,
    reader: BatchReader,
    trace: TraceStep,
    programs: StepPrograms,
    generator: Generator,
  ) {
    this.#caller = caller;
    this.#what = what;
    this.#programs = programs;
    this.#batches = batches;
    this.#reader = reader;
    this.#trace = trace;
    this.#generator = generator;
  }

  /** Batches in an epoch, as far as the iterable says: a DataLoader or an array does. */
  get steps(): number | null {
    const { length } = this.#batches as { readonly length?: unknown };
    return Number.isSafeInteger(length) ? (length as number) : null;
  }

  /**
   * Makes a step of each batch. No batch is asked for while two are on their way.
   * @param submit begins a step on the tensors of a batch; `finish` waits for one.
   * @param most ends it after this many steps, where the next call goes on; the iterable begins again when it ends before.
   * @throws what the iterable throws, and what does not fit; the iterator is closed then, as it is when the training is stopped.
   */
  async run(
    cancellation: Cancellation,
    submit: (program: StepProgram, tensors: readonly Tensor[], rows: number) => Submitted,
    finish: (submitted: Submitted) => Promise<void>,
    mostInFlight: number,
    most = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const inFlight: Submitted[] = [];
    let taken = 0;
    try {
      while (taken < most && !cancellation.isStopped) {
        while (inFlight.length >= mostInFlight) await finish(inFlight.shift()!);
        if (cancellation.isStopped) break;
        try {
          // Whatever the batch costs to make, timers and I/O come before the next one, of this training or another.
          await ownTurn();
          this.#open ??= { iterator: this.#iterate(), given: 0 };
          const open = this.#open;
          const next = await take(open.iterator, cancellation, this.#generator);
          if (next === timeIsUp) break;
          if (Object(next) !== next)
            throw new ArgumentError(
              `${this.#caller}: the iterator of ${this.#what} must give { done, value }, got ${show(next)}`,
            );
          if (next.done === true) {
            this.#open = null;
            if (open.given === 0 && !cancellation.isStopped) throw this.#noBatch();
            if (most === Number.POSITIVE_INFINITY) break;
            continue;
          }
          inFlight.push(submit(...this.#read(next.value, taken)));
          taken++;
          open.given++;
        } catch (error) {
          // Steps of the batches before it are made, so that where the error leaves the model is no matter of chance.
          if (!cancellation.isStopped) for (const submitted of inFlight) await finish(submitted);
          throw error;
        }
      }
      for (const submitted of inFlight) await finish(submitted);
    } finally {
      if (taken < most) await this.close(cancellation);
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

  #iterate(): Iterator<unknown> | AsyncIterator<unknown> {
    const batches = this.#batches;
    return withGenerator(this.#generator, () =>
      Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator](),
    );
  }

  #read(value: unknown, number: number): [StepProgram, readonly Tensor[], number] {
    const name = `batch ${number} of ${this.#what}`;
    // With a `forward` of the caller's own, tensors that are not read row by row may be part of a batch.
    const { structure, rows } = this.#reader.read(name, value, this.#reader.isPair ? 'all' : 'first');
    if (rows === 0) throw new ShapeError(`${this.#caller}: ${name} has no rows`);
    const { tensors, form, rebuild } = structure;
    const program = this.#programs.get(tensors, () => this.#trace((...args) => rebuild(args), tensors, rows), form);
    return [program, tensors, rows];
  }

  #noBatch(): ArgumentError {
    return new ArgumentError(
      `${this.#caller}: ${this.#what} gave no batch; what is iterated more than once must begin anew each time, ` +
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

const isThenable = (value: unknown): value is PromiseLike<never> =>
  Object(value) === value && typeof (value as { readonly then?: unknown }).then === 'function';
