/** The two sides of a storage: which is newer, when they are copied, and who owns the buffer. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, backend, StateError } from '../../src/index.js';
import { currentBackend, getBackend } from '../../src/ops/backend.js';
import type { DeviceBuffer, ProgramFactory } from '../../src/ops/graph.js';
import type { HostArray } from '../../src/ops/ops.js';
import { Storage } from '../../src/tensor/storage.js';
import { describeEachBackend } from '../helpers/backends.js';
import { floats } from '../helpers/values.js';

const of = (...values: number[]) => new Storage('float32', Float32Array.from(values));

/** As `toEqual`, which takes a minute for millions. */
const sameNumbers = (a: HostArray, b: HostArray) => a.length === b.length && a.every((value, i) => value === b[i]);

/** A factory whose buffers count what is copied. */
function counting() {
  const counts = { in: 0, out: 0, freed: 0 };
  const factory: ProgramFactory = {
    ...getBackend('reference').programs(),
    createBuffer(dtype, length): DeviceBuffer {
      const buffer = getBackend('reference').programs().createBuffer(dtype, length);
      return {
        dtype,
        length,
        copyIn(host: HostArray, offset?: number) {
          counts.in++;
          buffer.copyIn(host, offset);
        },
        copyOut(host: HostArray) {
          counts.out++;
          buffer.copyOut(host);
        },
        free() {
          counts.freed++;
        },
      };
    },
  };
  return { factory, counts };
}

describeEachBackend('a storage with a buffer', () => {
  const factory = () => currentBackend().programs();

  it('gives each side what the other has written', () => {
    const storage = of(1, 2, 3);
    const { buffer } = storage.retain(factory());
    const inBuffer = () => {
      const host = new Float32Array(3);
      buffer.copyOut(host);
      return [...host];
    };
    storage.upload();
    expect(inBuffer()).toEqual([1, 2, 3]);
    storage.write()[1] = 7;
    expect(inBuffer()).toEqual([1, 2, 3]);
    storage.upload();
    expect(inBuffer()).toEqual([1, 7, 3]);
    buffer.copyIn(Float32Array.of(4, 5, 6));
    storage.wroteBuffer();
    expect([...storage.read()]).toEqual([4, 5, 6]);
    buffer.copyIn(Float32Array.of(8, 8, 8));
    storage.wroteBuffer();
    // Written in part: the rest must be there.
    storage.write()[0] = 0;
    storage.upload();
    expect(inBuffer()).toEqual([0, 8, 8]);
  });

  it('is zero until anybody writes, on both sides', () => {
    const storage = new Storage('int32', 3);
    const { buffer } = storage.retain(factory());
    storage.upload();
    const host = Int32Array.of(9, 9, 9);
    buffer.copyOut(host);
    expect([...host]).toEqual([0, 0, 0]);
    expect([...storage.read()]).toEqual([0, 0, 0]);
  });

  it('keeps its numbers when the last program lets go, and not before', () => {
    const storage = of(1);
    const [one, two] = [storage.retain(factory()), storage.retain(factory())];
    expect(two).toBe(one);
    one.buffer.copyIn(Float32Array.of(5));
    storage.wroteBuffer();
    storage.release(one);
    expect(storage.side).toBe(one);
    storage.release(two);
    expect(storage.side).toBe(null);
    expect([...storage.read()]).toEqual([5]);
  });

  it('takes up large memory in turns, and again what is written meanwhile', async () => {
    const n = 3_000_001;
    const storage = new Storage('float32', floats(n, 3));
    const { buffer } = storage.retain(factory());
    const uploading = storage.uploadInTurns();
    storage.write()[n - 1] = 42;
    storage.write()[0] = 41;
    await uploading;
    const found = new Float32Array(n);
    storage.upload();
    buffer.copyOut(found);
    expect(found[0]).toBe(41);
    expect(found[n - 1]).toBe(42);
    expect(sameNumbers(found, storage.read())).toBe(true);
    const again = new Storage('float32', found.slice());
    const other = again.retain(factory());
    await again.uploadInTurns();
    const copy = new Float32Array(n);
    other.buffer.copyOut(copy);
    expect(sameNumbers(copy, found)).toBe(true);
  });

  it('is not written by others while a job writes it, and counts versions for the tape', () => {
    const storage = of(1, 2);
    const side = storage.retain(factory());
    storage.upload();
    const { version } = storage;
    storage.pin('fit');
    expect(storage.version).toBeGreaterThan(version);
    expect(() => storage.write()).toThrow(StateError);
    expect(() => storage.write()).toThrow('is being trained by fit');
    side.buffer.copyIn(Float32Array.of(3, 4));
    expect([...storage.read()]).toEqual([3, 4]);
    side.buffer.copyIn(Float32Array.of(5, 6));
    expect([...storage.read()]).toEqual([5, 6]);
    const during = storage.version;
    storage.unpin('fit');
    expect(storage.version).toBeGreaterThan(during);
    storage.write()[0] = 0;
    expect([...storage.read()]).toEqual([0, 6]);
  });
});

describe('a storage', () => {
  it('copies no more than it has to', () => {
    const { factory, counts } = counting();
    const storage = of(1, 2);
    const side = storage.retain(factory);
    for (let i = 0; i < 3; i++) storage.upload();
    for (let i = 0; i < 3; i++) storage.read();
    expect(counts).toEqual({ in: 1, out: 0, freed: 0 });
    storage.wroteBuffer();
    for (let i = 0; i < 3; i++) storage.read();
    expect(counts).toEqual({ in: 1, out: 1, freed: 0 });
    storage.release(side);
    expect(counts).toEqual({ in: 1, out: 1, freed: 1 });
  });

  it('moves from one factory to another, which ends the first buffer', () => {
    const [one, two] = [counting(), counting()];
    const storage = of(1, 2);
    const first = storage.retain(one.factory);
    first.buffer.copyIn(Float32Array.of(3, 4));
    storage.wroteBuffer();
    const second = storage.retain(two.factory);
    expect(one.counts).toEqual({ in: 1, out: 1, freed: 1 });
    storage.upload();
    const host = new Float32Array(2);
    second.buffer.copyOut(host);
    expect([...host]).toEqual([3, 4]);
    storage.release(first);
    expect(storage.side).toBe(second);
    storage.pin('fit');
    expect(() => storage.retain(one.factory)).toThrow('is being trained by fit');
    storage.unpin('fit');
    storage.release(second);
    expect([...storage.read()]).toEqual([3, 4]);
    expect(two.counts.freed).toBe(1);
  });

  it('says so when there is no memory for its host side', () => {
    const storage = new Storage('float64', 2 ** 40);
    expect(() => storage.read()).toThrow(ArgumentError);
    expect(() => storage.read()).toThrow('cannot allocate 1099511627776 elements of float64');
    expect(backend.available).toContain('reference');
  });
});
