/** Graphs written down as numbers, as the addon takes them, and their programs. */
import type { NativeHandle } from '../../src/ops/load.js';
import { createJobs } from '../../src/ops/native-jobs.js';
import { requireAddon } from './work.js';

export const addon = requireAddon();
// Has jobs settled.
createJobs(addon);

export const isa = Object.keys(addon.instructionSets).at(-1)!;
export const [noNumbers, noKeys] = [new Float64Array(0), new Uint32Array(0)];
export const settle = (): void => {};

/** As a caller without types. */
export const bad = (value: unknown): never => value as never;

export const state = 1;
export const input = 2;
export const output = 3;
export const row = (kind: number, index: number, length: number): number[] => [0, length, kind, index, -1, -1];

/** The op pointwise, as numbers: a program of one instruction, its memories, no keys and scalars, a dense layout. */
export function sumCode(a: number, b: number, out: number, n: number): number[] {
  const program = [2, 0, 0, 0, 1, 1, addon.pointwiseNodes.indexOf('add'), 0, 1, 0, 0, 2];
  const values = [2, a, b, 0, 0, 1, out, -1];
  return [addon.opcodes.indexOf('pointwise'), program.length, ...program, ...values, 3, n, 1, 1, 1, 0];
}

/** out = x + w, elementwise; w is a buffer. */
export function sumProgram(n: number, buffer: NativeHandle): NativeHandle {
  const values = Float64Array.from([...row(input, 0, n), ...row(state, 0, n), ...row(output, 0, n)]);
  const code = Float64Array.from(sumCode(0, 1, 2, n));
  return addon.createProgram(isa, values, code, 0, 0, 0, [buffer]);
}

export function ones(n: number): NativeHandle {
  const buffer = addon.createBuffer(0, n);
  addon.bufferCopyIn(buffer, new Float32Array(n).fill(1), 0);
  return buffer;
}
