/** Copies that are read while they are made. */
import { describe, expect, it } from 'vitest';
import type { HostArray } from '../../src/ops/ops.js';
import { CopiesInTurns, type CopyMemory } from '../../src/tensor/copies-in-turns.js';
import { Storage } from '../../src/tensor/storage.js';

const large = 3 << 20;
const filled = (length: number, value: number) => new Storage('float32', new Float32Array(length).fill(value));

async function gather(pieces: AsyncIterable<HostArray>): Promise<HostArray[]> {
  const all: HostArray[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

const whole = (pieces: readonly HostArray[]) => pieces.flatMap((piece) => Array.from(piece));

describe('CopiesInTurns', () => {
  it('gives pieces before all is copied, with other turns in between', async () => {
    const storages = [filled(5, 1), filled(large, 2), new Storage('float64', Float64Array.of(3, 4)), filled(0, 0)];
    const copies = new CopiesInTurns(storages, new WeakMap());
    let [turns, isMade, early] = [0, false, 0];
    const timer = setInterval(() => turns++, 0);
    const making = copies.make().then(() => {
      isMade = true;
    });
    for await (const piece of copies.piecesOf(storages[1]!)) {
      if (!isMade) early++;
      expect(piece.byteLength).toBeLessThanOrEqual(large * 4);
      expect(piece.every((value) => value === 2)).toBe(true);
    }
    await making;
    clearInterval(timer);
    expect(early).toBeGreaterThan(3);
    expect(turns).toBeGreaterThan(0);
    expect(whole(await gather(copies.piecesOf(storages[0]!)))).toEqual([1, 1, 1, 1, 1]);
    expect(whole(await gather(copies.piecesOf(storages[2]!)))).toEqual([3, 4]);
    expect(await gather(copies.piecesOf(storages[3]!))).toEqual([]);
    // A storage of two names, and two files of one moment.
    const [first, second] = await Promise.all([0, 1].map(() => gather(copies.piecesOf(storages[1]!))));
    expect(first!.reduce((sum, { length }) => sum + length, 0)).toBe(large);
    expect(second!.reduce((sum, { length }) => sum + length, 0)).toBe(large);
  });

  it('copies into the memory of the last time, and shares none with the storage', async () => {
    const storage = filled(1000, 1);
    const memory: CopyMemory = new WeakMap();
    const seen: HostArray[] = [];
    for (const value of [1, 7]) {
      storage.write().fill(value);
      const copies = new CopiesInTurns([storage, storage], memory);
      await copies.make();
      storage.write().fill(-1);
      const [piece] = await gather(copies.piecesOf(storage));
      expect(piece!.every((each) => each === value)).toBe(true);
      seen.push(piece!);
    }
    expect(seen[0]!.buffer).toBe(seen[1]!.buffer);
    expect(seen[0]!.byteOffset).toBe(seen[1]!.byteOffset);
  });

  it('lets those who read know why it failed', async () => {
    const [good, bad] = [filled(2, 1), filled(2, 1)];
    bad.refuse('no numbers here');
    const copies = new CopiesInTurns([good, bad], new WeakMap());
    const reading = expect(gather(copies.piecesOf(bad))).rejects.toThrow('no numbers here');
    await expect(copies.make()).rejects.toThrow('no numbers here');
    await reading;
  });
});
