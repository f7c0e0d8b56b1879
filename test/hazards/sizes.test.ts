/** Sizes that are none or that no machine has, and graphs of random numbers: errors, or nothing at all. */
import { describe, expect, it } from 'vitest';
import type { NativeHandle } from '../../src/ops/load.js';
import { random } from './random.js';
import { addon, input, isa, ones, output, row, settle, state, sumCode } from './raw-programs.js';

describe('sizes', () => {
  const huge = [2 ** 31, 2 ** 32, 2 ** 51, 2 ** 53 - 1];
  const notSizes = [2 ** 53, 2 ** 63, 2 ** 64, Number.POSITIVE_INFINITY, Number.NaN, -1, 0.5];

  it.each([...huge.slice(2), ...notSizes])('createBuffer(%d) is an error', (length) => {
    expect(() => addon.createBuffer(0, length)).toThrow(/createBuffer|out of memory/);
  });

  it.each([...huge, ...notSizes])('%d in a graph is an error or without effect', (size) => {
    const buffer = ones(3);
    const add = addon.opcodes.indexOf('add');
    const values = [...row(input, 0, 3), ...row(state, 0, 3), ...row(output, 0, 3)];
    const code = [add, 0, 1, 2, 3, 3, 1, 1];
    // Each number of the graph in turn, and those after it.
    for (let i = 0; i < values.length + code.length + 3; i++) {
      const numbers = [...values, ...code, 0, 0, 0];
      numbers[i] = size;
      const tail = numbers.slice(values.length + code.length) as [number, number, number];
      const [first, second] = [numbers.slice(0, values.length), numbers.slice(values.length, -3)];
      if (tail[0] >= 2 ** 31 && tail[0] < 2 ** 33) continue; // an arena that a machine may have
      tryAll(Float64Array.from(first), Float64Array.from(second), tail, [buffer]);
    }
    expect(() => addon.bufferCopyIn(buffer, new Float32Array(1), size)).toThrow(RangeError);
    expect(() => addon.submitShuffle(addon.createBuffer(1, 3), 2 ** 53, settle)).toThrow(RangeError);
  });
});

/** Makes, runs and submits the program if it can be made; what is thrown is an Error. Returns whether it ran. */
function tryAll(
  values: Float64Array,
  code: Float64Array,
  [arena, dynamicScalars, keySources]: readonly [number, number, number],
  buffers: readonly NativeHandle[],
): boolean {
  try {
    const program = addon.createProgram(isa, values, code, arena, dynamicScalars, keySources, buffers);
    const arrays = [Float32Array.of(1, 2, 3), new Float32Array(3)] as const;
    try {
      addon.runProgram(addon.programNumber(program), new Float64Array(4), new Uint32Array(16), 1, ...arrays);
      return true;
    } finally {
      addon.disposeProgram(program);
    }
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return false;
  }
}

describe('graphs with numbers changed at random', () => {
  const odd = [-1, 0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -0, 0.5, Number.NaN];

  it('run or are refused, and do no harm', () => {
    const rounds = Number(process.env.LANEWISE_FUZZ ?? 5000);
    const draw = random(20261123);
    const pick = <T>(list: readonly T[]): T => list[draw(list.length)]!;
    const n = 3;
    const values = [
      ...row(input, 0, n),
      ...row(state, 0, n),
      ...row(output, 0, n),
      ...row(0, 0, n),
      ...row(0, 16, n * n),
      ...[1, 2, 0, 32, -1, -1],
      ...row(state, 1, n * n),
    ];
    const op = (name: string): number => addon.opcodes.indexOf(name);
    const code = [
      ...sumCode(0, 1, 3, n),
      ...[op('matmul'), 6, 3, 4, 1, n, 1, n, 0, 0, 0, 0],
      ...[op('drawKey'), 0, 5],
      ...[op('softmax'), 3, 2, 1, n, 1, 0],
      ...[op('linear'), 3, 6, -1, 2, 1, n, n, 0, 0, 0, 0, 0, 0, 0],
      ...sumCode(1, 3, 1, n),
    ];
    let ran = 0;
    for (let round = 0; round < rounds; round++) {
      const buffers = [ones(n), ones(n * n)];
      const [m, c] = [[...values], [...code]];
      for (let change = draw(3); change >= 0; change--) {
        const list = draw(10) < 3 ? m : c;
        const at = draw(list.length);
        if (draw(10) === 0) list.splice(at, 1);
        else list[at] = pick(odd);
      }
      if (tryAll(Float64Array.from(m), Float64Array.from(c), [48, 1, 1], buffers)) ran++;
      for (const buffer of buffers) addon.freeBuffer(buffer);
    }
    expect(tryAll(Float64Array.from(values), Float64Array.from(code), [48, 1, 1], [ones(n), ones(n * n)])).toBe(true);
    expect(ran).toBeGreaterThan(rounds / 100);
    expect(ran).toBeLessThan(rounds / 2);
  });
});
