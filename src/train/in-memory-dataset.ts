/** Data whose tensors lie where programs compute: each step gathers its rows by an order that lies there too. */

import { narrow } from '../functional/index.js';
import { currentOps, programsFor } from '../ops/backend.js';
import type { NativeSide } from '../tensor/native-side.js';
import { numelOf } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import type { MakeStep, Sharing } from './distributed/sharing.js';
import type { Source } from './source.js';
import type { FindBatch, StepProgram, StepPrograms, TraceStep } from './steps.js';

type Tensors = Extract<Source, { kind: 'tensors' }>;

/** Part of an epoch: `steps` steps of `rows` rows, from step number `first` on. */
export interface Part {
  readonly program: StepProgram;
  readonly first: number;
  readonly steps: number;
  readonly rows: number;
  /** Gives what makes the step of that number together with other ranks; null where a job makes the steps. */
  readonly make: ((step: number) => MakeStep) | null;
}

export class InMemoryDataset {
  /** The number of the step: a job of many counts it up by itself, from this value. */
  readonly counter = { value: 0 };
  readonly #data: Tensors;
  readonly #batchSize: number;
  readonly #trace: TraceStep;
  readonly #order: Storage;
  readonly #side: NativeSide;
  readonly #programs: StepPrograms;
  readonly #sharing: Sharing | null;
  /**
   * The order of the rows of each of this rank's parts, step after step. A rank's program counts steps as those of all others do, which compare what they run.
   */
  readonly #partOrders: readonly Storage[];

  /**
   * Traces the programs.
   * @param sharing null where one process makes the steps. @throws what tracing throws.
   */
  constructor(
    data: Tensors,
    batchSize: number,
    shuffle: boolean,
    trace: TraceStep,
    programs: StepPrograms,
    sharing: Sharing | null = null,
  ) {
    this.#sharing = sharing;
    this.#data = data;
    this.#batchSize = batchSize;
    this.#trace = trace;
    this.#programs = programs;
    // An epoch may need two, which are looked up before its first step.
    programs.maxPrograms = Math.max(programs.maxPrograms, 2);
    const { rows, firstRow } = data;
    // Shuffled where it lies, which gives numbers from 0 on; else firstRow, firstRow + 1, ...
    this.#order = new Storage('int32', shuffle ? rows : Int32Array.from({ length: rows }, (_, i) => firstRow + i));
    const { own = 0, parts = 1 } = sharing?.distribution ?? {};
    const wholeSteps = Math.floor(rows / batchSize);
    this.#partOrders = Array.from({ length: own }, () => new Storage('int32', (wholeSteps * batchSize) / parts));
    if (!shuffle) this.#deal();
    this.#side = this.#order.retain(programsFor(data.batch.tensors.some(({ dtype }) => dtype === 'float64')));
    try {
      this.parts();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Rows of a step, the last one may have fewer. */
  get batchSize(): number {
    return this.#batchSize;
  }

  /** Steps in an epoch. */
  get steps(): number {
    return Math.ceil(this.#data.rows / this.#batchSize);
  }

  /** The parts of an epoch, or `most` steps of it from number `first` on: programs that fit the model as it is now. */
  parts(first = 0, most = Number.POSITIVE_INFINITY): Part[] {
    const { rows } = this.#data;
    const size = this.#batchSize;
    const full = Math.floor(rows / size);
    const rest = rows - full * size;
    const parts: Part[] = [];
    const whole = Math.min(full - first, most);
    if (whole > 0) {
      const sharing = this.#sharing;
      if (sharing === null) {
        const program = this.#programFor(size, () => this.#gather(this.#order, size, this.counter));
        parts.push({ program, first, steps: whole, rows: size, make: null });
      } else parts.push(this.#sharedPart(sharing, first, whole));
    }
    if (rest > 0 && first + most > full) {
      const tail = () => narrow(new Tensor(this.#order, [rows]), 0, full * size, rest).storage;
      const program = this.#programFor(rest, () => this.#gather(tail(), rest, { value: 0 }));
      // Of several ranks each computes all of it.
      parts.push({ program, first: full, steps: 1, rows: rest, make: null });
    }
    return parts;
  }

  /** Rows of a part of a batch. */
  get #partRows(): number {
    return this.#batchSize / (this.#sharing?.distribution.parts ?? 1);
  }

  /** Copies everything to where programs compute, with the event loop free in between. */
  async upload(): Promise<void> {
    for (const { program } of this.parts()) await program.upload();
  }

  /** Puts the samples in the order that `new Generator(seed).randperm(rows)` gives, off the event loop. */
  async shuffle(seed: bigint): Promise<void> {
    const side = this.#order.side ?? this.#side;
    await side.factory.shuffle(side.buffer, seed);
    this.#order.wroteBuffer();
    this.#deal();
  }

  /** Releases programs and order. */
  release(): void {
    this.#programs.release();
    this.#order.release(this.#side);
  }

  #programFor(rows: number, findBatch: FindBatch): StepProgram {
    return this.#programs.get(this.#batchOf(rows), () => this.#trace(findBatch, [], rows));
  }

  #batchOf(rows: number) {
    return this.#data.batch.tensors.map(({ dtype, shape }) => ({ dtype, shape: [rows, ...shape.slice(1)] }));
  }

  /** Gives the parts of this rank their rows of the order: a batch lies there part behind part. */
  #deal(): void {
    if (this.#sharing === null) return;
    const { first } = this.#sharing.distribution;
    const order = this.#order.read();
    const rows = this.#partRows;
    for (const [i, partOrder] of this.#partOrders.entries()) {
      const own = partOrder.write();
      for (let to = 0, from = (first + i) * rows; to < own.length; to += rows, from += this.#batchSize)
        own.set(order.subarray(from, from + rows), to);
    }
  }

  #sharedPart({ trace, make }: Sharing, first: number, steps: number): Part {
    const batchSize = this.#batchSize;
    const { counter } = this;
    const program = this.#programs.get(this.#batchOf(batchSize), () =>
      trace(
        this.#partOrders.map((order) => () => this.#gather(order, this.#partRows, counter)),
        this.#partRows,
        [],
      ),
    );
    return {
      program,
      first,
      steps,
      rows: batchSize,
      make: (step) => (submit, explain) => {
        counter.value = step;
        return make(program, [], submit, explain);
      },
    };
  }

  #gather(order: Storage, count: number, step: { readonly value: number }): unknown {
    const { tensors, rebuild } = this.#data.batch;
    return rebuild(tensors.map((tensor) => gatherRows(tensor, order, count, step)));
  }
}

/** Rows of x as the order has them, `count` at a time. */
function gatherRows(x: Tensor, order: Storage, count: number, step: { readonly value: number }): Tensor {
  const shape = [count, ...x.shape.slice(1)];
  const out = Storage.uninitialized(x.dtype, numelOf(shape));
  const [rows] = x.shape as [number];
  currentOps().gatherRows({ x: x.storage, index: order, out, rows, width: x.numel / rows, count, step });
  return new Tensor(out, shape);
}
