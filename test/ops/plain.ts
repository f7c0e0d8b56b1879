/** Short ways to write memory down in the tests of the reference. */
import { expect } from 'vitest';
import type { DynamicScalar, FloatArray, HostArray, Memory } from '../../src/ops/ops.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { GuardedMemory } from '../helpers/memory.js';

export const float64 = (values: readonly number[]): Memory => GuardedMemory.from(Float64Array.from(values));
export const float32 = (values: readonly number[]): Memory => GuardedMemory.from(Float32Array.from(values));
export const int32 = (values: readonly number[]): Memory => GuardedMemory.from(Int32Array.from(values));
export const fresh = (n: number): Memory => GuardedMemory.unwritten('float64', n);
export const dynamicScalar = (value: number): DynamicScalar => ({ value });

/** Close to 14 decimals; zeros and what is not finite exactly. */
export function expectClose(memory: Memory, expected: readonly number[]): void {
  expectValues(memory.read(), expected);
}

export function expectValues(actual: HostArray, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value: number, i: number) => {
    if (Number.isFinite(expected[i]!) && expected[i] !== 0) expect(value).toBeCloseTo(expected[i]!, 14);
    else expect(value).toBe(expected[i]!);
  });
}

/** What a program gives on the reference for dense inputs of one dtype, float64 by default: an array for each output. */
export function evaluate(
  program: PointwiseProgram,
  inputs: readonly ArrayLike<number>[],
  options: {
    readonly scalars?: readonly number[];
    readonly dtype?: 'float32' | 'float64';
    readonly count?: number;
  } = {},
): FloatArray[] {
  const { scalars = [], dtype = 'float64', count = inputs[0]?.length ?? 1 } = options;
  const memories = inputs.map((values) =>
    dtype === 'float64' ? float64(Array.from(values)) : float32(Array.from(values)),
  );
  const outputs = program.outputs.map(() => GuardedMemory.unwritten(dtype, count));
  const layout = Float64Array.of(count, ...inputs.map(() => 1));
  const masks = { keys: [], columns: 1, rowOffset: 0 };
  referenceOps.pointwise({ program, inputs: memories, scalars, outputs, step: null, layout, ...masks });
  return outputs.map((memory) => memory.read() as FloatArray);
}
