import type { Cell } from '../ops/ops.js';

/** A number that is read when an op runs. */
export function cell(read: () => number): Cell {
  return {
    get value() {
      return read();
    },
  };
}
