import { createReadStream } from 'node:fs';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { holds, isError, isURL } from '../../realm.js';
import type { Features } from './column-transformer.js';
import { readChunks } from './row-chunks.js';
import { chunkRows, type FromRowsOptions, makeStream, once, type TableStream } from './table-stream.js';

/**
 * Makes a stream that takes the bytes of a CSV file in and gives rows out. `parse` of csv-parse is one as it is; so is
 * `() => Papa.parse(Papa.NODE_STREAM_INPUT)` of papaparse. Rows are arrays, the first of which names the columns, or records.
 */
export type CsvParser = () => DuplexLike;

/** A readable stream of Node, as far as it is needed: so these types stand without those of Node. */
export interface ReadableLike {
  /** Gives what it has to another stream. */
  pipe(destination: never): unknown;
  /** Calls `listener` at an event. */
  on(event: string, listener: (...args: never[]) => void): unknown;
}

/** A stream of Node that can be written to and read from. */
export interface DuplexLike extends ReadableLike {
  /** Takes bytes. */
  write(chunk: never): unknown;
}

/** Options of {@link fromCsv}. */
export type FromCsvOptions<F extends Features> = FromRowsOptions<F> & {
  /** Reads CSV: `parse` of csv-parse, for one. Lanewise has no reader, as separators, quotes and encodings are a matter by themselves. */
  readonly parser: CsvParser;
};

/**
 * Batches of a CSV file of any size: {@link fromRows} over what the parser gives. The file is read once to learn the columns, unless a fitted
 * `transformer` is given, and again for each epoch.
 * @param source a path, or a function that opens the bytes; a stream itself can be read once only, so it needs a `transformer`.
 * @throws ArgumentError that names file, column, row and what is wrong; what the parser throws.
 */
export async function fromCsv<const F extends Features>(
  source: string | URL | ReadableLike | (() => ReadableLike | Promise<ReadableLike>),
  options: FromCsvOptions<F>,
): Promise<TableStream<F>> {
  const caller = 'fromCsv';
  const parser: unknown = options?.parser;
  if (typeof parser !== 'function')
    throw new ArgumentError(
      `${caller}: parser must be a function that makes a stream, such as parse of csv-parse, got ${show(parser)}`,
    );
  const isPath = typeof source === 'string' || isURL(source);
  const named = isPath ? `${caller}: ${show(String(source))}` : caller;
  const open = isPath ? () => createReadStream(source) : typeof source === 'function' ? source : once(caller, source);
  return makeStream(named, () => parsed(named, open, parser as CsvParser), options, ['parser']);
}

/** The bytes go through the parser; an error of either ends both, and comes out of the rows. */
async function* parsed(caller: string, open: () => unknown, parser: CsvParser): AsyncGenerator<unknown[], void> {
  const rows: unknown = parser();
  if (!isReadable(rows) || !holds(rows, 'write'))
    throw new ArgumentError(`${caller}: parser must return a stream to write to and to read from, got ${show(rows)}`);
  const bytes = await open();
  if (!isReadable(bytes))
    throw new ArgumentError(`${caller}: expected a path, a stream, or a function that opens one, got ${show(bytes)}`);
  pipeline(bytes, rows as Duplex, () => {});
  try {
    yield* readChunks(caller, rows, chunkRows);
  } catch (cause) {
    const code = isError(cause) && 'code' in cause ? cause.code : null;
    if (code === 'ENOENT') throw new ArgumentError(`${caller}: not found`, { cause });
    throw cause;
  }
}

const isReadable = (value: unknown): value is Readable =>
  holds(value, 'pipe') && typeof value.pipe === 'function' && holds(value, 'on');
