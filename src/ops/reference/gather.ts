/** Elements by index along the middle of [outer, size, inner]: taken, put, added up. */
import type { OpArgs, Ops } from '../ops.js';
import { readFloats, readInts, writeFloats } from './memory.js';

type Sizes = Pick<OpArgs<'gather'>, 'index' | 'outer' | 'size' | 'count' | 'inner'>;

/** Calls `visit` with a position in [outer, count, inner] and the one in [outer, size, inner] that its index names. */
function forEachIndex({ index, outer, size, count, inner }: Sizes, visit: (at: number, named: number) => void): void {
  const positions = readInts(index);
  if (inner === 0) return;
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++) {
      for (let i = 0; i < inner; i++) {
        const at = (o * count + j) * inner + i;
        visit(at, (o * size + positions[at]!) * inner + i);
      }
    }
  }
}

export const gatherOps: Pick<Ops, 'gather' | 'scatter' | 'scatterAdd'> = {
  gather({ x, out, ...sizes }) {
    const source = x.read();
    const target = out.write();
    forEachIndex(sizes, (at, named) => {
      target[at] = source[named]!;
    });
  },

  scatter({ x, out, ...sizes }) {
    const source = x.read();
    const target = out.write();
    forEachIndex(sizes, (at, named) => {
      target[named] = source[at]!;
    });
  },

  scatterAdd({ x, out, ...sizes }) {
    const source = readFloats(x);
    const target = writeFloats(out);
    const total = Float64Array.from(target);
    forEachIndex(sizes, (at, named) => {
      total[named]! += source[at]!;
    });
    target.set(total);
  },
};
