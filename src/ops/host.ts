/** Ops that are bookkeeping, not arithmetic: every backend runs these on the host. */
import type { Ops } from './ops.js';

export const hostOps: Pick<Ops, 'drawKey'> = {
  drawKey({ source, key }) {
    key.write().set(source.nextKey());
  },
};
