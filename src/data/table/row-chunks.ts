/** Rows that come one by one, gathered into chunks; a stream is read as fast as it gives them. */
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { holds, isIterable } from '../../realm.js';

/** Rows: records of values by column, or arrays, the first of which names the columns. */
export type Rows = Iterable<unknown> | AsyncIterable<unknown>;

/** A chunk of rows as the reader gave them. @throws what the reader throws, and ArgumentError for what gives no rows. */
export async function* readChunks(caller: string, rows: unknown, size: number): AsyncGenerator<unknown[], void> {
  if (isStream(rows)) return yield* readStream(rows, size);
  const isAsync = holds(rows, Symbol.asyncIterator);
  if (!isAsync && !isIterable(rows))
    throw new ArgumentError(`${caller}: rows must be a stream or an iterable of records, got ${show(rows)}`);
  let chunk: unknown[] = [];
  for await (const row of rows as Rows) {
    chunk.push(row);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
    // What is there at once would keep the event loop waiting.
    await nextTurn();
  }
  if (chunk.length > 0) yield chunk;
}

/** A stream of Node in object mode. */
function isStream(rows: unknown): rows is Readable {
  return (
    holds(rows, 'read') &&
    holds(rows, 'on') &&
    typeof rows.read === 'function' &&
    typeof rows.on === 'function' &&
    holds(rows, 'readableObjectMode') &&
    rows.readableObjectMode === true
  );
}

/** Its async iterator gives a promise for each row; this one gives one for all that there are. */
async function* readStream(stream: Readable, size: number): AsyncGenerator<unknown[], void> {
  let wake: (() => void) | null = null;
  let failure: { readonly error: unknown } | null = null;
  let isOver = stream.readableEnded || stream.destroyed;
  const onReadable = () => wake?.();
  const onEnd = () => {
    isOver = true;
    wake?.();
  };
  const onError = (error: unknown) => {
    failure = { error };
    wake?.();
  };
  stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);
  try {
    for (;;) {
      const chunk: unknown[] = [];
      while (failure === null && chunk.length < size) {
        const row: unknown = stream.read();
        if (row === null) break;
        chunk.push(row);
      }
      if (failure !== null) throw (failure as { readonly error: unknown }).error;
      if (chunk.length > 0) {
        yield chunk;
        await nextTurn();
        continue;
      }
      if (isOver) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
  } finally {
    stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
    // An error that comes while it closes is no one's any more; without a listener it would end the process.
    stream.destroy();
  }
}
