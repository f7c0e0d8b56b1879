/**
 * Ops that are bookkeeping, not arithmetic: every backend runs these on the host. They are ops all the same, so that a
 * traced program does them again at each run.
 */
import { ArgumentError } from '../errors.js';
import { NotFiniteError } from './graph.js';
import type { Ops } from './ops.js';

export const hostOps: Pick<Ops, 'drawKey' | 'draw' | 'checkIndex' | 'checkTarget' | 'checkFinite'> = {
  drawKey({ source, key }) {
    key.write().set(source.nextKey());
  },

  draw({ draw, out }) {
    draw.fill(out.write());
  },

  checkIndex({ index, bound, dim }) {
    for (const i of index.read())
      if (i < 0 || i >= bound)
        throw new ArgumentError(`index ${i} is out of bounds for dimension ${dim} with size ${bound}`);
  },

  checkTarget({ target, classes, ignoreIndex }) {
    for (const [row, t] of target.read().entries())
      if ((t < 0 || t >= classes) && t !== ignoreIndex)
        throw new ArgumentError(
          `Target ${t} is out of bounds. It is the label of row ${row}; there are ${classes} classes`,
        );
  },

  checkFinite({ x, n, layer }) {
    const values = x.read();
    for (let i = 0; i < n; i++) if (!Number.isFinite(values[i])) throw new NotFiniteError(layer);
  },
};
