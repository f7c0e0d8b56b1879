/** What every process group does, on ranks of one process; the world of one is a group of one rank. */
import { describe, expect, it } from 'vitest';
import type { GroupArray, ProcessGroup } from '../../src/distributed/group.js';
import { SingleGroup } from '../../src/distributed/single-group.js';
import { withFakeRanks } from './fake-group.js';

type OnRanks = <T>(run: (group: ProcessGroup) => Promise<T>) => Promise<T[]>;

const alone: OnRanks = async (run) => [await run(new SingleGroup())];
const worlds: readonly (readonly [string, OnRanks])[] = [
  ['one process', alone],
  ...[1, 2, 3, 4].map((size) => [`${size} fake ranks`, (run) => withFakeRanks(size, run)] as [string, OnRanks]),
];

/** Of very different sizes, so that another order of addition gives other bits. */
const rough = (leaf: number): Float32Array =>
  Float32Array.from({ length: 1000 }, (_, i) => Math.sin(leaf * 7919 + i) * 10 ** ((leaf * 3 + i) % 7));

describe.each(worlds)('%s', (_, onRanks) => {
  it('reduces every array in place, and divides', async () => {
    const results = await onRanks(async (group) => {
      const { rank, size } = group;
      const arrays = [Float32Array.of(1, 2 + rank), new Float32Array(0), Float32Array.of(rank === 0 ? 5 : -5)];
      const extremes = [Int32Array.of(rank, size - rank)];
      await Promise.all([
        group.allReduce(arrays, { divisor: size }),
        group.allReduce(extremes, { op: 'max' }),
        group.barrier(),
      ]);
      return [...arrays, ...extremes].map((array) => [...array]);
    });
    const size = results.length;
    const mean = Math.fround(((size * (size - 1)) / 2 + 2 * size) / size);
    const last = Math.fround((5 - 5 * (size - 1)) / size);
    for (const result of results) expect(result).toEqual([[1, mean], [], [last], [size - 1, size]]);
  });

  it('gathers, scatters and broadcasts', async () => {
    const results = await onRanks(async (group) => {
      const { rank, size } = group;
      const gathered = new Uint8Array(2 * size);
      await group.allGather(Uint8Array.of(rank, 7), gathered);
      const scattered = new Float64Array(2);
      const numbers = Float64Array.from({ length: 2 * size }, (_value, i) => i);
      await group.reduceScatter(numbers, scattered, { divisor: 2 });
      const sent = [Int32Array.of(rank), Int32Array.of(rank + 10, 3)];
      await group.broadcast(sent, size - 1);
      return [gathered, scattered, ...sent].map((array) => [...array]);
    });
    const size = results.length;
    const everyone = results.flatMap((_result, peer) => [peer, 7]);
    results.forEach((result, rank) => {
      expect(result).toEqual([everyone, [rank * size, (rank + 0.5) * size], [size - 1], [size + 9, 3]]);
    });
  });
});

it('adds leaves in one order, whichever rank has them', async () => {
  const sums: Float32Array[] = [];
  for (const [size, onRanks] of [
    [1, alone],
    [2, worlds[2]![1]],
    [4, worlds[4]![1]],
  ] as const) {
    const results = await onRanks(async (group) => {
      const own = Array.from({ length: 4 / size }, (_, part) => [rough((group.rank * 4) / size + part)]);
      await group.allReduce(own[0]!, { parts: own.slice(1) });
      return own[0]![0]!;
    });
    sums.push(...results);
  }
  expect(sums).toHaveLength(7);
  for (const sum of sums) expect(sum).toEqual(sums[0]);
  const inTurn = rough(0);
  for (const leaf of [1, 2, 3]) for (const [i, value] of rough(leaf).entries()) inTurn[i]! += value;
  expect(inTurn).not.toEqual(sums[0]); // else the numbers would say nothing about the order
});

it('a world of one refuses what no group could do, and loses nothing by it', async () => {
  const group = new SingleGroup();
  const bytes: GroupArray = Uint8Array.of(1);
  await expect(group.allReduce([bytes])).rejects.toThrow(/bytes/);
  await expect(group.allReduce([Float32Array.of(1), Int32Array.of(1)])).rejects.toThrow(/one type/);
  await expect(group.allReduce([Int32Array.of(1)], { divisor: 2 })).rejects.toThrow(/int32/);
  await expect(group.allReduce([Float32Array.of(1)], { parts: [[new Float32Array(2)]] })).rejects.toThrow(/length/);
  await expect(group.allReduce([[1]] as never)).rejects.toThrow(/expected Float32Array/);
  await expect(group.allGather(new Uint8Array(2), new Uint8Array(99))).rejects.toThrow(/99/);
  await expect(group.broadcast([bytes], 1)).rejects.toThrow(/rank from 0/);
  const array = Float32Array.of(3);
  await group.allReduce([array], { divisor: 2 });
  expect(array[0]).toBe(1.5);
  await group.destroy();
  await expect(group.allReduce([array])).rejects.toThrow(/destroyed/);
});
