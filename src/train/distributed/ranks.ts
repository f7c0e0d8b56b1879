/** What the ranks of a training have to do alike: they say so to each other, and act on what all have said. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { assertSame } from '../../distributed/agreement.js';
import { MpiGroup } from '../../distributed/mpi-group.js';
import { StateError } from '../../errors.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Cancellation, timeIsUp } from '../cancellation.js';
import type { Settings } from '../options.js';
import type { Distribution } from './option.js';

/** What a rank wants, as a number that travels. */
const codes = { nothing: 0, timeUp: 1, stop: 2, abort: 3, failure: 4 } as const;

type Code = (typeof codes)[keyof typeof codes];

const sentences: Readonly<Record<Code, string>> = {
  0: '',
  1: 'has used up its time',
  2: 'has stopped the training',
  3: 'has aborted the training',
  4: 'has failed; its own error says why',
};

export class Ranks {
  readonly distribution: Distribution;
  readonly #caller: string;
  readonly #cancellation: Cancellation;

  constructor(caller: string, distribution: Distribution, cancellation: Cancellation) {
    this.#caller = caller;
    this.distribution = distribution;
    this.#cancellation = cancellation;
  }

  /** One number for each rank, all 0 but this rank's: what it wants. They are to be summed over the ranks. */
  flags(failure: Failure | null, isStopped = false): Float64Array {
    const { group } = this.distribution;
    const flags = new Float64Array(group.size);
    flags[group.rank] = this.#code(failure, isStopped);
    return flags;
  }

  /**
   * Acts on what all ranks want, the gravest thing first.
   * @param flags the sums. @throws the failure of this rank, or a StateError that names the rank that has failed.
   * @returns the reason to stop after this epoch, or null.
   */
  act(flags: ArrayLike<number>, failure: Failure | null): string | null {
    const own = failure ?? this.#cancellation.failure;
    if (own !== null) throw own.error;
    const all = Array.from({ length: this.distribution.group.size }, (_, rank) => flags[rank] as Code);
    const gravest = Math.max(...all) as Code;
    const rank = all.indexOf(gravest);
    const text = `rank ${rank} ${sentences[gravest]}`;
    if (gravest === codes.failure) throw new StateError(`${this.#caller}: ${text}`);
    if (gravest === codes.stop) return text;
    if (gravest === codes.timeUp) this.#cancellation.act(timeIsUp);
    if (gravest === codes.abort) this.#cancellation.act(new StateError(`${this.#caller}: ${text}`), true);
    return null;
  }

  /** Asks all ranks. A collective. As {@link act}. */
  async agree(failure: Failure | null, isStopped = false): Promise<string | null> {
    return this.act(await this.#sum(this.flags(failure, isStopped), failure), failure);
  }

  /**
   * Asks all ranks whether they have the same next batch, before they make a step of it. A collective.
   * @param key of the batch; 0: there is none. @throws StateError that names a rank that has another; as {@link act}.
   */
  async agreeOnBatch(number: number, key: number, failure: Failure | null = null): Promise<void> {
    const { group } = this.distribution;
    const keys = new Float64Array(group.size);
    keys[group.rank] = key;
    const all = await this.#gather(keys, failure);
    const other = all?.findIndex((each) => each !== all[0]) ?? -1;
    if (all === null || other < 0) return;
    const has = (rank: number) => (all[rank] === 0 ? 'no' : 'a');
    throw new StateError(
      all[0] === 0 || all[other] === 0
        ? `${this.#caller}: rank ${other} has ${has(other)} batch ${number}, and rank 0 has ${has(0)} batch ${number}: train has to give as many batches on every rank`
        : `${this.#caller}: rank ${other} has another batch ${number} than rank 0: rows, shapes and samples have to be the same on every rank`,
    );
  }

  /**
   * Sums numbers of parts over the ranks: each rank gives those of its parts. A collective. As {@link act}.
   * @param own null where a rank has failed. @param rows that this rank has counted, the same on all.
   * @returns the numbers of all parts, part by part.
   */
  async gatherParts(own: Float64Array | null, width: number, rows: number, failure: Failure | null) {
    const { group, parts, first } = this.distribution;
    const numbers = new Float64Array(group.size + parts * width);
    numbers[group.rank] = rows;
    if (own !== null) numbers.set(own, group.size + first * width);
    const all = await this.#gather(numbers, failure);
    if (all === null) return numbers.subarray(group.size);
    const counted = all.subarray(0, group.size);
    const other = counted.findIndex((each) => each !== counted[0]);
    if (other >= 0)
      throw new StateError(
        `${this.#caller}: rank ${other} has ${counted[other]} rows of validation, and rank 0 has ${counted[0]}: they have to be the same on every rank`,
      );
    return all.subarray(group.size);
  }

  /** Sums numbers, with flags in front of them that it acts on. Null when the training has been ended. */
  async #gather(numbers: Float64Array, failure: Failure | null): Promise<Float64Array | null> {
    const sums = await this.#sum(Float64Array.of(...this.flags(failure), ...numbers), failure);
    this.act(sums, failure);
    return this.#cancellation.isStopped ? null : sums.subarray(this.distribution.group.size);
  }

  async #sum(numbers: Float64Array, failure: Failure | null): Promise<Float64Array> {
    try {
      await this.distribution.group.allReduce([numbers]);
    } catch (error) {
      // The job is ending: what has happened here comes first.
      throw failure === null ? error : failure.error;
    }
    return numbers;
  }

  /** What this rank does by itself, and an agreement behind it: what fails on one ends the training on all. */
  async locally<T>(state: { stopReason: string | null }, run: () => Promise<T>): Promise<T> {
    let done: { readonly value: T } | null = null;
    let failure: Failure | null = null;
    try {
      done = { value: await run() };
    } catch (error) {
      failure = { error };
    }
    const reason = await this.agree(failure, state.stopReason !== null);
    if (reason !== null) state.stopReason ??= reason;
    return done!.value;
  }

  /** Compares what has to be the same. A collective. @throws StateError that names a rank. */
  async compare(settings: Settings, generator: unknown, resumedAt: number | null): Promise<void> {
    const { model, optimizer, train, validation, batchSize, epochs, stepsPerEpoch, shuffle, fuse, loss } = settings;
    const rowsOf = (source: Settings['validation']) =>
      source?.kind === 'tensors'
        ? `${source.rows} ${source.batch.tensors.map(({ dtype, shape }) => `${dtype} ${formatShape(shape.slice(1))}`)}`
        : `${source?.kind} ${(source?.batches as { readonly length?: unknown } | undefined)?.length}`;
    const { group, parts } = this.distribution;
    await assertSame(group, this.#caller, {
      'another model': String(model),
      'other weights': hashOf([...model.parameters(), ...model.buffers()]),
      'another optimizer': String(optimizer),
      'other data': `${rowsOf(train)} ${rowsOf(validation)}`,
      'other options': JSON.stringify([parts, batchSize, epochs, stepsPerEpoch, shuffle, fuse, String(loss)]),
      'another seed (manualSeed has to be called alike on all ranks)': JSON.stringify(generator),
      'another checkpoint': String(resumedAt),
    });
  }

  #code(failure: Failure | null, isStopped: boolean): Code {
    const { requested } = this.#cancellation;
    if (failure !== null || requested === 'error') return codes.failure;
    if (requested === 'abort') return codes.abort;
    if (requested === 'time') return codes.timeUp;
    return isStopped ? codes.stop : codes.nothing;
  }
}

/** An error of this rank, which the others have to hear of before it is thrown. */
export interface Failure {
  readonly error: unknown;
}

/** Has the others, which wait at their first agreement, hear that this rank has failed before it. */
export async function tellFailure({ group }: Distribution): Promise<void> {
  const flags = new Float64Array(group.size);
  flags[group.rank] = codes.failure;
  await group.allReduce([flags]).catch(() => {});
}

/** Threads of a rank where the caller says nothing; null: as many as a process by itself has. */
export function threadsOfRank({ group }: Distribution): number | null {
  if (group.localSize === 1) return null;
  return group instanceof MpiGroup ? group.cpus : Math.max(1, Math.floor(availableParallelism() / group.localSize));
}

function hashOf(tensors: readonly Tensor[]): string {
  const hash = createHash('sha256');
  for (const { storage } of tensors) {
    const numbers = storage.read();
    hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }
  return hash.digest('hex');
}
