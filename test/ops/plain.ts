/** Short ways to write memory down in the tests of the reference. */
import { expect } from 'vitest';
import type { Cell, HostArray, Memory } from '../../src/ops/ops.js';
import { GuardedMemory } from '../helpers/memory.js';

export const float64 = (values: readonly number[]): Memory => GuardedMemory.from(Float64Array.from(values));
export const float32 = (values: readonly number[]): Memory => GuardedMemory.from(Float32Array.from(values));
export const int32 = (values: readonly number[]): Memory => GuardedMemory.from(Int32Array.from(values));
export const fresh = (n: number): Memory => GuardedMemory.unwritten('float64', n);
export const cell = (value: number): Cell => ({ value });

/** Close to 14 decimals; not finite numbers exactly. */
export function expectClose(memory: Memory, expected: readonly number[]): void {
  const actual: HostArray = memory.read();
  expect(actual.length).toBe(expected.length);
  actual.forEach((value: number, i: number) => {
    if (Number.isFinite(expected[i]!)) expect(value).toBeCloseTo(expected[i]!, 14);
    else expect(value).toBe(expected[i]!);
  });
}
