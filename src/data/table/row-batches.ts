/** Encoded rows become batches, in the order they come in or through a shuffle buffer. */
import type { HostArray } from '../../ops/ops.js';
import type { Generator } from '../../random/generator.js';
import { Storage } from '../../tensor/storage.js';
import type { Block, Layout } from './blocks.js';

/** A batch that is being filled, array by array. */
export interface FilledBatch {
  readonly rows: number;
  readonly storages: readonly Storage[];
}

/** Batches as they get full. */
type Batches = IterableIterator<FilledBatch>;

function arraysFor({ parts }: Layout, rows: number): Storage[] {
  return parts.map(({ dtype, width }) => Storage.allocate(dtype, rows * width));
}

/** Numbers of a row in each array. */
type Widths = readonly number[];

const widthsOf = ({ parts }: Layout): Widths => parts.map(({ width }) => width);

function copyRow(widths: Widths, from: readonly HostArray[], row: number, to: readonly HostArray[], at: number): void {
  for (let part = 0; part < widths.length; part++) {
    const width = widths[part]!;
    const source = from[part]!;
    const sink = to[part]!;
    // Faster than subarray and set for the width of a table.
    for (let k = 0; k < width; k++) sink[at * width + k] = source[row * width + k]!;
  }
}

/** Fills batches of `batchSize` rows. */
export class BatchFiller {
  readonly #layout: Layout;
  readonly #widths: Widths;
  readonly #batchSize: number;
  #storages: Storage[] = [];
  #arrays: HostArray[] = [];
  #rows = 0;

  constructor(layout: Layout, batchSize: number) {
    this.#layout = layout;
    this.#widths = widthsOf(layout);
    this.#batchSize = batchSize;
  }

  /** Adds a row; gives the batch that it fills. */
  add(from: readonly HostArray[], row: number): FilledBatch | null {
    if (this.#rows === 0) {
      this.#storages = arraysFor(this.#layout, this.#batchSize);
      this.#arrays = this.#storages.map((storage) => storage.write());
    }
    copyRow(this.#widths, from, row, this.#arrays, this.#rows++);
    return this.#rows === this.#batchSize ? this.#give() : null;
  }

  /** The rows of a last batch that is not full. */
  rest(): FilledBatch | null {
    return this.#rows === 0 ? null : this.#give();
  }

  #give(): FilledBatch {
    const rows = this.#rows;
    const isFull = rows === this.#batchSize;
    const storages = isFull
      ? this.#storages
      : this.#layout.parts.map(
          ({ dtype, width }, part) => new Storage(dtype, this.#arrays[part]!.slice(0, rows * width)),
        );
    this.#rows = 0;
    return { rows, storages };
  }
}

/**
 * Shuffles rows that come one by one with the memory of `capacity` of them, as `shuffle` of tf.data: each takes the place of a random one, which goes
 * out. A row goes out at most `capacity` rows early; how late is a matter of chance.
 */
export class ShuffleBuffer {
  readonly #widths: Widths;
  readonly #capacity: number;
  readonly #generator: Generator;
  readonly #arrays: readonly HostArray[];
  #rows = 0;

  constructor(layout: Layout, capacity: number, generator: Generator) {
    this.#widths = widthsOf(layout);
    this.#capacity = capacity;
    this.#generator = generator;
    this.#arrays = arraysFor(layout, capacity).map((storage) => storage.write());
  }

  /** Takes rows in; those that go out for them fill batches. */
  *add({ rows, parts }: Block, filler: BatchFiller): Batches {
    let row = 0;
    for (; row < rows && this.#rows < this.#capacity; row++)
      copyRow(this.#widths, parts, row, this.#arrays, this.#rows++);
    if (row === rows) return;
    const places = new Int32Array(rows - row);
    this.#generator.randintFill(places, 0, this.#capacity);
    for (const at of places) {
      const batch = filler.add(this.#arrays, at);
      copyRow(this.#widths, parts, row++, this.#arrays, at);
      if (batch !== null) yield batch;
    }
  }

  /** The rows that are left, in random order. */
  *drain(filler: BatchFiller): Batches {
    for (const at of this.#generator.randperm(this.#rows)) {
      const batch = filler.add(this.#arrays, at);
      if (batch !== null) yield batch;
    }
    this.#rows = 0;
  }
}
