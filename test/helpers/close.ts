import { expect } from 'vitest';
import type { HostArray } from '../../src/ops/ops.js';

export interface CloseOptions {
  /** For messages. */
  readonly what?: string;
  /** Share of the larger of 1 and the value. */
  readonly tolerance?: number;
  /** Elements that are not compared. */
  readonly skip?: ((element: number) => boolean) | undefined;
}

/**
 * Expects two implementations in float32 to agree: to `tolerance` of the larger of 1 and the value, NaN with NaN and
 * infinity with the same infinity. Subnormal results are nothing against the tolerance, so flushing them passes.
 */
export function expectClose(actual: HostArray, expected: HostArray, options: CloseOptions = {}): void {
  const { what = 'result', tolerance = 2e-6, skip } = options;
  if (actual.length !== expected.length) expect(actual.length, `${what}: number of elements`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [got, wanted] = [actual[i]!, expected[i]!];
    if (Object.is(got, wanted) || skip?.(i)) continue;
    const bound = tolerance * Math.max(1, Math.abs(wanted));
    // Negated, so that a NaN on one side only fails.
    if (!(Math.abs(got - wanted) <= bound))
      expect.fail(`${what}: element ${i} of ${expected.length} is ${got}, expected ${wanted} within ${bound}`);
  }
}
