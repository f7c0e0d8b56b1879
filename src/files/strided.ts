/** Elements that a file has in another order than rows. */
import type { DType, HostArray } from '../ops/ops.js';
import { uncleared } from '../tensor/host-memory.js';

/** Gathers elements into rows. Copies words of 32 bits, so that NaN keeps its own. `strides` are elements between neighbours. */
export function gatherRows(
  array: HostArray,
  dtype: DType,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): HostArray {
  const numel = shape.reduce((product, size) => product * size, 1);
  const out = uncleared(dtype, numel);
  const width = array.BYTES_PER_ELEMENT / 4;
  const words = (of: HostArray) => new Uint32Array(of.buffer, of.byteOffset, width * of.length);
  const [from, to] = [words(array), words(out)];
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, at = offset; i < numel; i++) {
    for (let word = 0; word < width; word++) to[width * i + word] = from[width * at + word]!;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      at += strides[dim]!;
      if (++index[dim]! < shape[dim]!) break;
      at -= strides[dim]! * shape[dim]!;
      index[dim] = 0;
    }
  }
  return out;
}
