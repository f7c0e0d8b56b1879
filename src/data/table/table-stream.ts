import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkSize, show } from '../../check.js';
import { markAsOwn } from '../../copies.js';
import { ArgumentError, StateError } from '../../errors.js';
import { defaultGenerator, drawnFrom, Generator } from '../../random/generator.js';
import { holds, isArray } from '../../realm.js';
import type { Tensor } from '../../tensor/tensor.js';
import { encodeBlock, layoutOf, tensorsOf } from './blocks.js';
import type { ColumnTransformer, Features, TableInput } from './column-transformer.js';
import { BatchFiller, type FilledBatch, ShuffleBuffer } from './row-batches.js';
import { type Rows, readChunks } from './row-chunks.js';
import { type BatchOptions, type FromColumnsOptions, readTransformer, type TableOptions } from './table-options.js';
import { ArraysView, type TableView, viewTable } from './view.js';

/** Rows that are looked at together, and between two turns of the event loop. */
export const chunkRows = 1024;

/** Options of {@link fromRows}. */
export type FromRowsOptions<F extends Features> = FromColumnsOptions<F> & BatchOptions;

/** The options of batches by name. */
const batchKeys = ['batchSize', 'shuffleBuffer', 'generator'] as const;

/** Gives the rows once more from the first, in chunks. */
export type OpenChunks = () => AsyncIterable<readonly unknown[]>;

/**
 * Batches `[input, target]` of a table that is read row by row, for `fit` and `for await`; each such loop reads it again. What is in memory is a
 * chunk of rows, the batch, and the shuffle buffer. {@link fromRows} and {@link fromCsv} make it.
 */
export class TableStream<F extends Features> implements AsyncIterable<readonly [TableInput<F>, Tensor]> {
  /** What makes the tensors: makes those of other tables, and words of predictions. */
  readonly transformer: ColumnTransformer<F>;
  /** Batches in a pass; undefined before the table has been read once. */
  length: number | undefined;
  readonly #caller: string;
  readonly #open: OpenChunks;
  readonly #batchSize: number;
  readonly #shuffleBuffer: number;
  readonly #generator: Generator | null;

  /** @internal */
  constructor(caller: string, open: OpenChunks, transformer: ColumnTransformer<F>, options: BatchOptions) {
    const { batchSize = 32, shuffleBuffer = 0, generator } = options;
    this.#caller = caller;
    this.#open = open;
    this.transformer = transformer;
    this.#batchSize = checkSize(caller, 'batchSize', batchSize, 1);
    this.#shuffleBuffer = checkSize(caller, 'shuffleBuffer', shuffleBuffer);
    if (generator !== undefined && !(generator instanceof Generator))
      throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
    this.#generator = generator ?? null;
  }

  /** Learns the columns in a separate pass. @internal */
  async fit(): Promise<void> {
    let rows = 0;
    for await (const view of views(this.#caller, this.#open())) {
      this.transformer.partialFitView(view);
      rows += view.rows;
    }
    if (rows === 0) throw new ArgumentError(`${this.#caller}: the table has no rows`);
    // Says now what is wrong with the columns.
    this.transformer.state('fit');
    this.length = Math.ceil(rows / this.#batchSize);
  }

  /** Starts a pass. */
  [Symbol.asyncIterator](): AsyncIterator<readonly [TableInput<F>, Tensor]> {
    // Taken before the first promise: that is when `fit` lends its generator.
    const generator = this.#generator ?? new Generator(drawnFrom(defaultGenerator).random63());
    return this.#pass(generator);
  }

  async *#pass(generator: Generator): AsyncGenerator<readonly [TableInput<F>, Tensor], void> {
    const state = this.transformer.state('transform');
    const layout = layoutOf(state, true);
    const filler = new BatchFiller(layout, this.#batchSize);
    const buffer = this.#shuffleBuffer === 0 ? null : new ShuffleBuffer(layout, this.#shuffleBuffer, generator);
    const asBatch = ({ rows, storages }: FilledBatch) => {
      const { input, target } = tensorsOf(layout, rows, storages);
      return [input as TableInput<F>, target!] as const;
    };
    let rows = 0;
    for await (const view of views(this.#caller, this.#open())) {
      const { block } = encodeBlock(this.#caller, state, layout, view, rows);
      rows += block.rows;
      if (buffer !== null) for (const batch of buffer.add(block, filler)) yield asBatch(batch);
      else
        for (let row = 0; row < block.rows; row++) {
          const batch = filler.add(block.parts, row);
          if (batch !== null) yield asBatch(batch);
        }
    }
    if (buffer !== null) for (const batch of buffer.drain(filler)) yield asBatch(batch);
    const rest = filler.rest();
    if (rest !== null) yield asBatch(rest);
    this.length = Math.ceil(rows / this.#batchSize);
  }

  /** What `console.log` and `String` show. */
  toString(): string {
    return `TableStream(${this.transformer}, batchSize=${this.#batchSize}, shuffleBuffer=${this.#shuffleBuffer})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

markAsOwn(TableStream);

/** Chunks of rows as tables. Where rows are arrays the first names the columns. */
async function* views(caller: string, chunks: AsyncIterable<readonly unknown[]>): AsyncGenerator<TableView, void> {
  let names: string[] | null = null;
  let isFirst = true;
  let firstRow = 0;
  for await (const chunk of chunks) {
    let body: readonly unknown[] = chunk;
    const [first] = chunk;
    if (isFirst && isArray(first)) {
      names = readHeader(caller, first);
      body = chunk.slice(1);
    }
    isFirst = false;
    if (body.length === 0) continue;
    const view: TableView =
      names === null
        ? viewTable(caller, body, firstRow)
        : new ArraysView(names, checkArrays(caller, names, body, firstRow));
    yield view;
    firstRow += body.length;
    await nextTurn();
  }
}

function readHeader(caller: string, header: readonly unknown[]): string[] {
  const names = header.map((name) => {
    if (typeof name === 'string') return name;
    throw new ArgumentError(`${caller}: the first row must name the columns, got ${show(header)}`);
  });
  // A file may begin with the mark of its byte order.
  if (names[0]?.startsWith('\ufeff') === true) names[0] = names[0].slice(1);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ArgumentError(`${caller}: two columns have the name ${show(twice)}`);
  return names;
}

function checkArrays(
  caller: string,
  names: readonly string[],
  rows: readonly unknown[],
  firstRow: number,
): (readonly unknown[])[] {
  return rows.map((row, i) => {
    if (isArray(row) && row.length === names.length) return row;
    throw new ArgumentError(
      `${caller}: row ${firstRow + i} must have ${names.length} cells as the first row has, got ` +
        (isArray(row) ? `${row.length}` : show(row)),
    );
  });
}

/**
 * Batches of rows that come from anywhere: an array, an iterable or a function that opens one (async ones and streams of Node too), of records, or
 * of arrays behind one that names the columns. Without a `transformer` that is fitted the rows are read once to learn the columns, and
 * again for each epoch, so `rows` must begin again each time. Memory is bounded whatever the size of the table, and the event loop stays free.
 * @throws ArgumentError that names column, row and what is wrong; what the rows throw.
 */
export async function fromRows<const F extends Features>(
  rows: Rows | (() => Rows | Promise<Rows>),
  options: FromRowsOptions<F>,
): Promise<TableStream<F>> {
  const caller = 'fromRows';
  const again = typeof rows === 'function' ? rows : once(caller, rows);
  return makeStream(caller, () => opened(caller, again), options, []);
}

async function* opened(caller: string, open: () => unknown): AsyncGenerator<unknown[], void> {
  yield* readChunks(caller, await open(), chunkRows);
}

/** Rows that can be read once only are refused the second time. */
export function once<T>(caller: string, rows: T): () => T {
  let isRead = false;
  // Iterators and streams are those that go on where they are.
  const isSpent = holds(rows, 'next') || holds(rows, 'pipe');
  return () => {
    if (isRead && isSpent)
      throw new StateError(
        `${caller}: the rows have been read, and can be read once only; give a function that opens them`,
      );
    isRead = true;
    return rows;
  };
}

/** Checks options, and fits the transformer unless it is. */
export async function makeStream<F extends Features>(
  caller: string,
  open: OpenChunks,
  options: TableOptions<F>,
  others: readonly (keyof TableOptions<F> & string)[],
): Promise<TableStream<F>> {
  const { transformer, given } = readTransformer<F>(caller, options, [...batchKeys, ...others]);
  const stream = new TableStream(caller, open, transformer, given);
  if (!transformer.isFitted) await stream.fit();
  else if (transformer.state('transform').target === null)
    throw new ArgumentError(`${caller}: the transformer has no target; name one in its options`);
  return stream;
}
