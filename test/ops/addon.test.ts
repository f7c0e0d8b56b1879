/** The addon's functions called directly: what the binding refuses, and what it must never do to its host. */
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { getBackend } from '../../src/ops/backend.js';
import { loadAddon } from '../../src/ops/load.js';
import { signatures } from '../../src/ops/ops.js';
import { runChild } from '../helpers/child.js';
import { nodeOf } from './cases/programs.js';
import { cases } from './cases.js';
import { runCase } from './harness.js';

const { addon, path } = loadAddon();
if (addon === null || path === null) throw new Error('the addon is missing: npm run build');
const names = Object.keys(addon.instructionSets);
const threads = addon.threads();

/** As a JavaScript caller without types would call it. */
type Call = (...args: unknown[]) => unknown;
const untyped = (fn: (...args: never[]) => unknown): Call => fn as Call;

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);

function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** A view whose length getter claims more than there is. */
class Lying extends Float32Array {
  override get length(): number {
    return 1000;
  }
}

describe.each(names)('the functions of %s', (isa) => {
  const fns = addon.instructionSets[isa]!;
  const shared = new Float32Array(new SharedArrayBuffer(16));
  const [x4, i4] = [f32(1, 2, 3, 4), Int32Array.of(1, 2, 3, 4)];
  const out = f32(7, 7, 7, 7);
  const layout = Float64Array.of(4, 1, 1);
  /** The arguments of a right call, and those with another at this place. */
  const softmax = [x4, out, 1, 4, 1, false];
  const at = (index: number, value: unknown): unknown[] => softmax.with(index, value as number);
  const first = (value: unknown): unknown[] => at(0, value);
  const matmulOf = (size: number): unknown[] => [x4, x4, out, 1, size, size, 1, false, false, 0, 0];
  const bad: readonly (readonly [
    what: string,
    op: string,
    args: unknown[],
    type: typeof TypeError,
    message: RegExp,
  ])[] = [
    ['too few arguments', 'softmax', [x4, out, 1, 4, 1], TypeError, /^softmax: expected 6 arguments, got 5$/],
    ['too many arguments', 'softmax', [...softmax, 4], TypeError, /^softmax: expected 6 arguments, got 7$/],
    ['no arguments', 'pointwise', [], TypeError, /^pointwise: expected 9 arguments, got 0$/],
    ['a plain array', 'softmax', first([1, 2, 3, 4]), TypeError, /^softmax: argument 0: expected Float32Array$/],
    ['an object that looks like one', 'softmax', first({ length: 4 }), TypeError, /argument 0: expected Float32Array$/],
    [
      'a DataView',
      'softmax',
      first(new DataView(new ArrayBuffer(16))),
      TypeError,
      /argument 0: expected Float32Array$/,
    ],
    ['an ArrayBuffer', 'softmax', first(new ArrayBuffer(16)), TypeError, /argument 0: expected Float32Array$/],
    ['null', 'softmax', first(null), TypeError, /argument 0: expected Float32Array$/],
    ['undefined', 'softmax', first(undefined), TypeError, /argument 0: expected Float32Array$/],
    ['a proxy', 'softmax', first(new Proxy(x4, {})), TypeError, /argument 0: expected Float32Array$/],
    ['another dtype', 'softmax', first(i4), TypeError, /argument 0: expected Float32Array, got Int32Array$/],
    [
      'float64',
      'softmax',
      at(1, new Float64Array(4)),
      TypeError,
      /argument 1: expected Float32Array, got Float64Array$/,
    ],
    ['bytes', 'softmax', first(new Uint8Array(16)), TypeError, /argument 0: expected Float32Array, got another/],
    [
      'floats for indices',
      'indexSelect',
      [x4, x4, out, 4, 1, 4],
      TypeError,
      /argument 1: expected Int32Array, got Float/,
    ],
    [
      'float64 for any',
      'cast',
      [new Float64Array(4), out, 4],
      TypeError,
      /argument 0: expected Float32Array or Int32Array/,
    ],
    ['an array for a layout', 'copy', [x4, out, [4, 1, 1], 0, 0], TypeError, /argument 2: expected Float64Array$/],
    ['shared memory', 'softmax', first(shared), TypeError, /argument 0: .*SharedArrayBuffer$/],
    ['shared memory to write to', 'softmax', at(1, shared), TypeError, /argument 1: .*SharedArrayBuffer$/],
    ['shared memory for any', 'fill', [shared, 1, 4], TypeError, /argument 0: .*SharedArrayBuffer$/],
    ['a detached buffer', 'softmax', first(detached()), TypeError, /argument 0: .*detached$/],
    ['one and no elements', 'softmax', [detached(), out, 0, 0, 0, false], TypeError, /argument 0: .*detached$/],
    [
      'undefined for an optional',
      'crossEntropy',
      [x4, i4, undefined, out, out, out, null, 1, 4, 0, 0, 1],
      TypeError,
      /argument 2: expected Float32/,
    ],
    ['a short input', 'softmax', first(f32(1)), RangeError, /^softmax: x /],
    ['a short output', 'softmax', at(1, f32(1)), RangeError, /^softmax: out /],
    ['a lying length', 'softmax', first(new Lying(2)), RangeError, /^softmax: x /],
    ['a negative size', 'softmax', at(3, -1), RangeError, /^softmax: argument 3: expected a size/],
    ['a fraction', 'softmax', at(3, 1.5), RangeError, /argument 3: expected a size/],
    ['NaN for a size', 'softmax', at(3, Number.NaN), RangeError, /argument 3: expected a size/],
    ['infinity for a size', 'softmax', at(3, Number.POSITIVE_INFINITY), RangeError, /argument 3: expected a size/],
    ['2^53', 'softmax', at(3, 2 ** 53), RangeError, /argument 3: expected a size/],
    ['2^53 - 1', 'softmax', at(3, 2 ** 53 - 1), RangeError, /^softmax: x /],
    ['sizes whose product wraps', 'sum', [x4, out, 2 ** 32, 2 ** 32, 1], RangeError, /^sum: /],
    ['sizes whose product wraps', 'matmul', matmulOf(2 ** 40), RangeError, /^matmul: /],
    ['sizes whose product is 2^62', 'matmul', matmulOf(2 ** 31), RangeError, /^matmul: /],
    ['a string for a size', 'softmax', at(3, '4'), TypeError, /argument 3: expected a size$/],
    [
      'an object with valueOf for a size',
      'softmax',
      at(3, { valueOf: () => 4 }),
      TypeError,
      /argument 3: expected a size$/,
    ],
    ['a bigint for a size', 'softmax', at(3, 4n), TypeError, /argument 3: expected a size$/],
    ['a string for a scalar', 'fill', [out, '1', 4], TypeError, /argument 1: expected a number$/],
    [
      'a number for a flag',
      'matmul',
      [x4, x4, out, 1, 2, 2, 2, 0, false, 4, 4],
      TypeError,
      /argument 7: expected a boolean$/,
    ],
    [
      'a fraction for an int',
      'crossEntropy',
      [x4, i4, null, out, out, out, null, 1, 4, 0.5, 0, 1],
      RangeError,
      /argument 9: .*32-bit/,
    ],
    [
      '2^31 for an int',
      'crossEntropy',
      [x4, i4, null, out, out, out, null, 1, 4, 2 ** 31, 0, 1],
      RangeError,
      /argument 9: .*32-bit/,
    ],
    ['a layout of the wrong length', 'copy', [x4, out, Float64Array.of(4, 1), 0, 0], RangeError, /^copy: /],
    ['a layout with NaN', 'copy', [x4, out, Float64Array.of(4, Number.NaN, 1), 0, 0], RangeError, /^copy: /],
    ['a layout that leaves its input', 'copy', [x4, out, Float64Array.of(4, 2, 1), 0, 0], RangeError, /^copy: /],
    ['a stride of 2^53', 'copy', [x4, out, Float64Array.of(4, 2 ** 53, 1), 0, 0], RangeError, /^copy: /],
    ['an index out of range', 'indexSelect', [x4, i4, out, 4, 1, 4], RangeError, /^indexSelect: index /],
    ['an offset out of range', 'copy', [x4, out, layout, 1, 0], RangeError, /^copy: /],
  ];

  it.each(bad)('refuse %s (%s) and change nothing', (_what, op, args, type, message) => {
    const call = (): unknown => untyped(fns[op]!)(...args);
    expect(call).toThrow(type);
    expect(call).toThrow(message);
    expect([...out, ...x4, ...i4]).toEqual([7, 7, 7, 7, 1, 2, 3, 4, 1, 2, 3, 4]);
    expect([...shared]).toEqual([0, 0, 0, 0]);
  });

  it('exist for every op of the contract that is not the host’s', () => {
    const { ops } = getBackend('reference');
    const host = Object.keys(ops).filter((op) => !(op in fns));
    const sums = ['allReduce', 'allReduceMatmulStart', 'allReduceStart', 'allReduceWait'];
    const checks = ['checkCtc', 'checkFinite', 'checkIndex', 'checkRange', 'checkTarget'];
    expect(host.sort()).toEqual([...sums, ...checks, 'draw', 'drawKey']);
    for (const op of Object.keys(fns)) expect(Object.keys(signatures)).toContain(op);
  });

  it('take the true length of a subclass, and views that start anywhere', () => {
    const view = new Lying(new Float32Array([9, 1, 2, 3, 9]).buffer, 4, 3);
    untyped(fns.cumsum!)(view, view, 1, 3, 1, false);
    expect([...new Float32Array(view.buffer)]).toEqual([9, 1, 3, 6, 9]);
  });

  it('return undefined, whatever `this` is', () => {
    expect(untyped(fns.softmax!).call({ instance: 1 }, ...at(1, out.slice()))).toBeUndefined();
  });

  it('leave denormal numbers of JavaScript alone, after each op and each error', () => {
    const { ops } = getBackend(`native:${isa}`);
    const tiny = f32(2 ** -126);
    const survives = (): boolean =>
      Number.MIN_VALUE / 1 > 0 && Math.fround(tiny[0]! * 0.5) > 0 && tiny[0]! * 2 ** -900 > 0;
    expect(survives()).toBe(true);
    const ran = new Set<string>();
    for (const testCase of cases) {
      if (ran.has(testCase.op)) continue;
      ran.add(testCase.op);
      runCase(ops, testCase);
      expect(survives(), testCase.op).toBe(true);
    }
    expect(ran.size).toBe(Object.keys(signatures).length);
    expect(() => untyped(fns.softmax!)(...first(f32(1)))).toThrow(RangeError);
    expect(survives(), 'an error').toBe(true);
  });

  it('flush denormals inside, on every thread', () => {
    const n = 1 << 20;
    const x = new Float32Array(n).fill(2 ** -126);
    const half = new Float32Array(n).fill(0.5);
    const product = new Float32Array(n);
    addon.setThreads(3);
    fns.pointwise!(
      nodeOf('mul').code,
      [x, half],
      [],
      new Float64Array(0),
      [product],
      null,
      Float64Array.of(n, 1, 1),
      1,
      0,
    );
    addon.setThreads(threads);
    expect(product.every((value) => value === 0)).toBe(true);
  });
});

describe('the machine’s functions', () => {
  it.each<[string, () => unknown, typeof TypeError, RegExp]>([
    ['no number', () => untyped(addon.setThreads)('2'), TypeError, /^setThreads: argument 0/],
    ['none', () => untyped(addon.setThreads)(), TypeError, /^setThreads: expected 1 arguments, got 0/],
    ['zero', () => addon.setThreads(0), RangeError, /^setThreads: argument 0: expected from 1 to 256 threads, got 0$/],
    ['too many', () => addon.setThreads(addon.maxThreads + 1), RangeError, /^setThreads: argument 0/],
    ['a fraction', () => addon.setThreads(1.5), RangeError, /^setThreads: argument 0/],
  ])('refuse %s', (_what, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
    expect(addon.threads()).toBe(threads);
  });
});

describe('worker_threads', () => {
  /** Loads the addon, runs big ops on all threads for a while, and says what came out. */
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = require(workerData);
    const { matmul } = Object.values(addon.instructionSets).at(-1);
    addon.setThreads(3);
    const n = 96, x = new Float32Array(n * n).fill(1), out = new Float32Array(n * n);
    let sum = 0;
    for (let i = 0; i < 30; i++) { matmul(x, x, out, 1, n, n, n, false, true, 0, 0); sum = out.reduce((a, b) => a + b, 0); }
    parentPort.postMessage({ sum, expected: n ** 3, threads: addon.threads() });`;
  const start = (): Worker => new Worker(code, { eval: true, workerData: path });
  const answer = (worker: Worker): Promise<unknown> =>
    new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));

  it('load the addon next to each other and compute at once, each with its own number of threads', async () => {
    const before = addon.threads();
    const answers = await Promise.all([start(), start(), start(), start()].map(answer));
    for (const one of answers) expect(one).toEqual({ sum: 96 ** 3, expected: 96 ** 3, threads: 3 });
    expect(addon.threads()).toBe(before);
  });

  it('may end at any moment', async () => {
    for (let round = 0; round < 12; round++) {
      const worker = start();
      await new Promise((resolve) => setTimeout(resolve, round * 8));
      await worker.terminate();
    }
    expect(await answer(start())).toMatchObject({ sum: 96 ** 3 });
  });

  it('leave the process whole when the only one that loaded the addon is gone and its pool lives on', async () => {
    const { reported } = await runChild(`
      const { Worker } = await import('node:worker_threads');
      const code = ${JSON.stringify(code)};
      for (let round = 0; round < 3; round++) {
        const worker = new Worker(code, { eval: true, execArgv: [], workerData: ${JSON.stringify(path)} });
        await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      report('alive')`);
    expect(reported).toBe('alive');
  });
});
