/** What a hostile host may hand to the functions of buffers, programs and jobs: nothing of it may crash or be half done. */
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/ops/load.js';
import type { HostArray } from '../../src/ops/ops.js';
import { addon, bad, isa, noKeys, noNumbers, ones, row, settle, state, sumProgram } from './raw-programs.js';

afterAll(() => addon.stopJobs());

const detach = (array: HostArray): void => {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
};

/** An array whose elements come from getters, each of which does something first. */
function trap(elements: readonly unknown[], act: (i: number) => void): never {
  const array: unknown[] = [];
  for (const [i, element] of elements.entries())
    Object.defineProperty(array, i, {
      get() {
        act(i);
        return element;
      },
    });
  return bad(array);
}

describe('getters in arrays', () => {
  it.each([
    ['a buffer that was read before is detached', (x: HostArray) => detach(x), TypeError, /detached/],
    ['the getter throws', () => raise(), Error, /^from a getter$/],
  ])('submitJob: %s', (_what, act, type, message) => {
    const program = sumProgram(3, ones(3));
    const [x, y, out] = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6), new Float32Array(3)];
    const call = (): number => {
      const inputs = trap([x, y], (i) => {
        if (i === 1) act(x);
      });
      return addon.submitJob(program, inputs, [out], noNumbers, noKeys, 1, null, null, false, null, settle, null);
    };
    expect(call).toThrow(type);
    expect(call).toThrow(message);
    expect([...out]).toEqual([0, 0, 0]);
  });

  it('submitJob: outputs that detach the inputs, dynamic scalars and keys that shrink, a program disposed of on the way', async () => {
    const buffer = ones(3);
    const program = sumProgram(3, buffer);
    const [x, out] = [Float32Array.of(1, 2, 3), new Float32Array(3)];
    expect(() =>
      addon.submitJob(
        program,
        [x],
        trap([out], () => detach(x)),
        ...([noNumbers, noKeys, 1, null, null, false, null, settle, null] as const),
      ),
    ).toThrow(/argument 1: expected Float32Array, got one whose buffer is detached/);
    const runs = await new Promise((resolve) => {
      const inputs = trap([Float32Array.of(1, 2, 3)], () => {
        addon.disposeProgram(program);
        addon.freeBuffer(buffer);
      });
      const settled = (made: number) => {
        addon.jobOutputs(id, [out]);
        resolve(made);
      };
      const id = addon.submitJob(program, inputs, [out], noNumbers, noKeys, 2, null, null, false, null, settled, null);
    });
    expect(runs).toBe(2);
    expect([...out]).toEqual([2, 3, 4]);
  });

  it('createProgram: blocks that free each other', () => {
    const [first, second] = [ones(2), ones(2)];
    const memories = Float64Array.from([...row(state, 0, 2), ...row(state, 1, 2)]);
    const act = (i: number): void => {
      if (i === 1) addon.freeBuffer(first);
    };
    const program = addon.createProgram(isa, memories, noNumbers, 0, 0, 0, trap([first, second], act));
    addon.runProgram(addon.programNumber(program), noNumbers, noKeys, 0);
    expect(() => addon.createProgram(isa, memories, noNumbers, 0, 0, 0, trap([first, second], act))).toThrow(
      'has been released',
    );
    expect(() =>
      addon.createProgram(
        isa,
        memories,
        noNumbers,
        0,
        0,
        0,
        trap([second, second], () => raise()),
      ),
    ).toThrow('from a getter');
  });

  it('createProgram: numbers that are detached by a buffer’s getter', () => {
    const buffer = ones(2);
    const memories = Float64Array.from(row(state, 0, 2));
    const act = (): void => void structuredClone(memories.buffer, { transfer: [memories.buffer] });
    expect(() => addon.createProgram(isa, memories, noNumbers, 0, 0, 0, trap([buffer], act))).toThrow(/detached/);
  });

  it('jobOutputs: an output that detaches another', async () => {
    const program = sumProgram(3, ones(3));
    const [x, out] = [Float32Array.of(1, 2, 3), new Float32Array(3)];
    const error = await new Promise((resolve) => {
      const settled = () => {
        const fresh = new Float32Array(3);
        try {
          addon.jobOutputs(
            id,
            trap([fresh], () => detach(fresh)),
          );
          resolve(null);
        } catch (reason) {
          resolve(reason);
        }
      };
      const id = addon.submitJob(program, [x], [out], noNumbers, noKeys, 1, null, null, false, null, settled, null);
    });
    expect(error).toBeInstanceOf(TypeError);
  });
});

function raise(): never {
  throw new Error('from a getter');
}

describe('arrays of odd kinds', () => {
  const program = sumProgram(3, ones(3));
  const run = (x: unknown, out: unknown): void =>
    addon.runProgram(addon.programNumber(program), noNumbers, noKeys, 1, bad(x), bad(out));

  class Lying extends Float32Array {
    override get length(): number {
      return 1000;
    }
    override get byteLength(): number {
      return 4000;
    }
    override get byteOffset(): number {
      return 400;
    }
  }

  it('a subclass with a lying length is as long as it is', () => {
    const out = new Lying(3);
    run(new Lying([1, 2, 3]), out);
    expect([...new Float32Array(out.buffer)]).toEqual([2, 3, 4]);
    expect(() => run(new Lying(2), new Lying(3))).toThrow(/input 0 must have 3 elements, got 2/);
    const buffer = addon.createBuffer(0, 3);
    expect(() => addon.bufferCopyIn(buffer, new Lying(4), 0)).toThrow(RangeError);
    expect(() => addon.bufferCopyOut(buffer, new Lying(2))).toThrow(RangeError);
  });

  it('views anywhere in a buffer, and at its end', () => {
    const buffer = new Float32Array([9, 9, 9, 1, 2, 3]);
    run(buffer.subarray(3), buffer.subarray(0, 3));
    expect([...buffer]).toEqual([2, 3, 4, 1, 2, 3]);
  });

  it('an input that is an output too, or overlaps one', () => {
    const same = Float32Array.of(1, 2, 3);
    run(same, same);
    expect([...same]).toEqual([2, 3, 4]);
    const buffer = Float32Array.of(1, 2, 3, 4);
    expect(() => run(buffer.subarray(0, 3), buffer.subarray(1))).toThrow('overlaps an input');
    expect([...buffer]).toEqual([1, 2, 3, 4]);
  });

  it.each<[string, () => unknown]>([
    ['shared memory', () => new Float32Array(new SharedArrayBuffer(12))],
    ['float64', () => new Float64Array(3)],
    ['a plain array', () => [1, 2, 3]],
    ['a DataView', () => new DataView(new ArrayBuffer(12))],
    ['a proxy', () => new Proxy(new Float32Array(3), {})],
    ['null', () => null],
    ['a detached one', () => detached(3)],
  ])('%s is refused as an input, an output and a buffer’s numbers', (_what, make) => {
    const buffer = ones(3);
    const calls = [
      () => run(make(), new Float32Array(3)),
      () => run(new Float32Array(3), make()),
      () => addon.bufferCopyIn(buffer, bad(make()), 0),
      () => addon.bufferCopyOut(buffer, bad(make())),
      () => addon.buffersCopyOut([buffer], [bad(make())]),
      () => addon.submitJob(program, bad([make()]), [new Float32Array(3)], ...rest),
      () => addon.submitJob(program, [new Float32Array(3)], bad([make()]), ...rest),
    ];
    for (const call of calls) expect(call).toThrow(TypeError);
    const kept = new Float32Array(3);
    addon.bufferCopyOut(buffer, kept);
    expect([...kept]).toEqual([1, 1, 1]);
  });
  const rest = [noNumbers, noKeys, 1, null, null, false, null, settle, null] as const;

  it('no elements at all', () => {
    const buffer = addon.createBuffer(0, 0);
    const none = sumProgram(0, buffer);
    addon.runProgram(addon.programNumber(none), noNumbers, noKeys, 1, new Float32Array(0), new Float32Array(0));
    addon.bufferCopyIn(buffer, new Float32Array(0), 0);
    addon.bufferCopyOut(buffer, new Float32Array(0));
    expect(() => addon.bufferCopyOut(buffer, bad(detached(0)))).toThrow(/detached/);
    expect(() => addon.bufferCopyIn(buffer, new Float32Array(0), 1)).toThrow(RangeError);
  });

  it('lists that are none, or endless', () => {
    const endless = bad(new Array(2 ** 32 - 1));
    for (const inputs of [endless, bad({ length: 1 }), bad(new Float32Array(3)), bad(null), bad(new Proxy([], {}))])
      expect(() => addon.submitJob(program, inputs, [new Float32Array(3)], ...rest)).toThrow(/argument 1/);
    expect(() => addon.submitJob(program, [new Float32Array(3)], endless, ...rest)).toThrow(/argument 2: too many/);
    expect(() => addon.createProgram(isa, noNumbers, noNumbers, 0, 0, 0, endless)).toThrow(/argument 6: too many/);
    const buffer = ones(3);
    for (const arrays of [endless, bad({ length: 1 }), bad(null), [], [new Float32Array(2)], bad([null])])
      expect(() => addon.buffersCopyOut([buffer], arrays)).toThrow(/buffersCopyOut/);
    expect(() => addon.buffersCopyOut(endless, [])).toThrow(/argument 0: too many/);
    // What a getter in the list does to an array before it, it has done by the time the array is looked at.
    const first = new Float32Array(3);
    const list = [first, new Float32Array(3)];
    Object.defineProperty(list, 1, {
      get() {
        structuredClone(first.buffer, { transfer: [first.buffer] });
        return first;
      },
    });
    expect(() => addon.buffersCopyOut([buffer, buffer], list)).toThrow(/detached/);
  });
});

function detached(n: number): Float32Array {
  const array = new Float32Array(n);
  detach(array);
  return array;
}

describe('handles', () => {
  it('are nothing in another thread, nor after a structured clone', async () => {
    const buffer = ones(3);
    expect(() => addon.bufferCopyOut(structuredClone(buffer), new Float32Array(3))).toThrow(/expected a device buffer/);
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require(workerData.path);
      try { addon.bufferCopyOut(workerData.buffer, new Float32Array(3)); parentPort.postMessage('read'); }
      catch (error) { parentPort.postMessage(error.message); }`;
    const worker = new Worker(code, { eval: true, workerData: { path: loadAddon().path, buffer } });
    expect(await new Promise((resolve) => worker.once('message', resolve))).toBe(
      'bufferCopyOut: argument 0: expected a device buffer',
    );
  });

  it('work whatever `this` is, and not as `this`', () => {
    const buffer = ones(2);
    const out = new Float32Array(2);
    (addon.bufferCopyOut as (...args: unknown[]) => void).call({ owner: 1 }, buffer, out);
    expect([...out]).toEqual([1, 1]);
    expect(() => (addon.bufferCopyOut as (...args: unknown[]) => void).call(buffer, out)).toThrow(TypeError);
  });
});
