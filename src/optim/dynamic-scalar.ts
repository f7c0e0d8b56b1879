import type { DynamicScalar } from '../ops/ops.js';

/** A number that is read when an op runs. */
export function dynamicScalar(read: () => number): DynamicScalar {
  return {
    get value() {
      return read();
    },
  };
}
