/** gzip with bounds: nothing is inflated far beyond what a reader expects. */
import { constants, gunzipSync, type ZlibOptions } from 'node:zlib';
import { isError } from '../realm.js';

/** What came of inflating: the bytes, or why there are none. */
export type Inflated =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'invalid'; readonly reason: string; readonly cause: unknown };
export type BoundedInflated = Inflated | { readonly kind: 'too long' } | { readonly kind: 'truncated' };

/** The most that deflate can make of n bytes: 258 bytes of two bits, and a little for its blocks. */
export function mostInflated(n: number): number {
  return 1032 * (n + 1);
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The inflated beginning of a gzip file: at least `least` bytes where it has as many. */
export function gunzipStart(bytes: Uint8Array, least: number): Inflated {
  for (let taken = 4096; ; taken *= 2) {
    // With this flush it is no error when a file breaks off: what it holds so far comes out.
    const start = inflate(bytes.subarray(0, taken), { finishFlush: constants.Z_SYNC_FLUSH });
    if (start.kind !== 'whole' || start.bytes.length >= least || taken >= bytes.length) return start;
  }
}

/** The whole of a gzip file that holds at most `most` bytes, most >= 1. */
export function gunzip(bytes: Uint8Array, most: number): BoundedInflated {
  const result = inflate(bytes, { maxOutputLength: most });
  if (result.kind === 'whole') return result;
  const { cause } = result;
  const code = isError(cause) && 'code' in cause ? cause.code : null;
  if (code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too long' };
  return code === 'Z_BUF_ERROR' ? { kind: 'truncated' } : result;
}

function inflate(bytes: Uint8Array, options: ZlibOptions): Inflated {
  try {
    return { kind: 'whole', bytes: gunzipSync(bytes, options) };
  } catch (cause) {
    return { kind: 'invalid', reason: isError(cause) ? cause.message : String(cause), cause };
  }
}
