/** Listings written down as numbers, as the addon takes them, and their programs. */
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

/** out = x + w, elementwise; w is a block. */
export function sumProgram(n: number, block: NativeHandle): NativeHandle {
  const memories = Float64Array.from([...row(input, 0, n), ...row(state, 0, n), ...row(output, 0, n)]);
  const add = addon.opcodes.indexOf('add');
  return addon.createProgram(isa, memories, Float64Array.of(add, 0, 1, 2, 3, n, 1, 1), 0, 0, 0, [block]);
}

export function ones(n: number): NativeHandle {
  const block = addon.createBlock(0, n);
  addon.blockCopyIn(block, new Float32Array(n).fill(1), 0);
  return block;
}
