/** The public functions, on ranks in one process; what they refuse; a world of one. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, compile, distributed, nn, ShapeError, StateError, tensor, zeros } from '../../src/index.js';
import { type FakeGroup, withFakeRanks } from './fake-group.js';

const { allGather, allReduce, barrier, broadcast, reduceScatter } = distributed;
const dtypes = ['float32', 'float64', 'int32'] as const;

/** Integers that differ by rank and place. */
const numbers = (rank: number, dtype: (typeof dtypes)[number]) =>
  tensor([rank + 1, 10 * (rank + 1), 5 - rank], { dtype });

describe.each([1, 2, 3, 5])('on %d ranks', (size) => {
  it.each(dtypes)('allReduce of %s', async (dtype) => {
    const found = await withFakeRanks(size, async (processGroup) => {
      const results: unknown[] = [];
      for (const op of ['sum', 'product', 'min', 'max'] as const) {
        const own = numbers(processGroup.rank, dtype);
        await allReduce(own, { op, processGroup });
        results.push(own.toArray());
      }
      return results;
    });
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    const sum = ranks.reduce((total, rank) => total + rank + 1, 0);
    const product = ranks.reduce((total, rank) => total * (rank + 1), 1);
    for (const results of found) {
      expect(results[0]).toEqual([sum, 10 * sum, ranks.reduce((total, rank) => total + 5 - rank, 0)]);
      expect((results[1] as number[])[0]).toBe(product);
      expect((results[2] as number[]).slice(0, 2)).toEqual([1, 10]);
      expect((results[3] as number[]).slice(0, 2)).toEqual([size, 10 * size]);
    }
  });

  it.each(dtypes)('allGather, reduceScatter and broadcast of %s', async (dtype) => {
    const found = await withFakeRanks(size, async (processGroup) => {
      const { rank } = processGroup;
      const outputs = Array.from({ length: size }, () => zeros([3], { dtype }));
      await allGather(outputs, numbers(rank, dtype), { processGroup });
      const part = zeros([2], { dtype });
      const inputs = Array.from({ length: size }, (_, to) => tensor([to + 1, rank], { dtype }));
      await reduceScatter(part, inputs, { processGroup });
      const copy = numbers(rank, dtype);
      await broadcast(copy, size - 1, { processGroup });
      await barrier({ processGroup });
      return [outputs.map((each) => each.toArray()), part.toArray(), copy.toArray()];
    });
    const all = Array.from({ length: size }, (_, rank) => numbers(rank, dtype).toArray());
    for (const [rank, [gathered, part, copy]] of found.entries()) {
      expect(gathered).toEqual(all);
      expect(part).toEqual([size * (rank + 1), (size * (size - 1)) / 2]);
      expect(copy).toEqual(all.at(-1));
    }
  });
});

it('a sum has the bits of a tree over the ranks', async () => {
  const parts = [1, 2 ** -24, 2 ** -24, 2 ** -24];
  const [found] = await withFakeRanks(4, async (processGroup) => {
    const own = tensor([parts[processGroup.rank]!]);
    await allReduce(own, { processGroup });
    return own.item();
  });
  const { fround } = Math;
  expect(found).toBe(fround(fround(parts[0]! + parts[1]!) + fround(parts[2]! + parts[3]!)));
});

describe('what is refused', () => {
  const alone = <T>(run: (processGroup: FakeGroup) => Promise<T>) => withFakeRanks(1, run);

  it('is refused before anything is sent', async () => {
    await alone(async (processGroup) => {
      const given = { processGroup };
      await expect(allReduce(1 as never, given)).rejects.toThrow(ArgumentError);
      await expect(allReduce(zeros([1]), { op: 'mean' as never, processGroup })).rejects.toThrow(ArgumentError);
      await expect(allReduce(zeros([1]), { group: 1 } as never)).rejects.toThrow(ArgumentError);
      await expect(broadcast(zeros([1]), 1, given)).rejects.toThrow('src must be a rank from 0 to 0, got 1');
      await expect(broadcast(zeros([1]), -1, given)).rejects.toThrow(ArgumentError);
      await expect(allGather([], zeros([1]), given)).rejects.toThrow('for each of the 1 ranks, got 0');
      await expect(allGather([zeros([2])], zeros([1]), given)).rejects.toThrow(ShapeError);
      await expect(reduceScatter(zeros([1]), [zeros([1], { dtype: 'int32' })], given)).rejects.toThrow(ArgumentError);
      await expect(allReduce(zeros([1]), { processGroup: {} as never })).rejects.toThrow(ArgumentError);
      await expect(allReduce(new nn.Parameter(zeros([1])), given)).rejects.toThrow(StateError);
      expect(processGroup.world.log).toEqual([]);
    });
  });

  it('not while a function is traced', async () => {
    await alone(async (processGroup) => {
      let failure: unknown;
      const step = compile((x) => {
        allReduce(x, { processGroup }).catch((error: unknown) => {
          failure = error;
        });
        return x.add(1);
      });
      step(zeros([1]));
      step.dispose();
      await new Promise((resolve) => setImmediate(resolve));
      expect(String(failure)).toContain('not possible while compile traces a function');
    });
  });
});

describe('the process group of this process', () => {
  it('is as PyTorch has it before it is there', async () => {
    expect(distributed.isInitialized()).toBe(false);
    for (const read of [distributed.getRank, distributed.getWorldSize, distributed.getLocalRank])
      expect(read).toThrow(StateError);
    expect(distributed.getRank).toThrow('Default process group has not been initialized');
    await expect(allReduce(zeros([1]))).rejects.toThrow(StateError);
    await expect(distributed.destroyProcessGroup()).rejects.toThrow(StateError);
  });

  it('refuses options before it starts', async () => {
    const { initProcessGroup } = distributed;
    await expect(initProcessGroup({ backend: 'gloo' as never })).rejects.toThrow(ArgumentError);
    await expect(initProcessGroup({ timeout: 0 })).rejects.toThrow(ArgumentError);
    await expect(initProcessGroup({ timeout: Number.NaN })).rejects.toThrow(ArgumentError);
    expect(distributed.isInitialized()).toBe(false);
  });

  it('is a world of one without a launcher, and is made once', async () => {
    const first = distributed.initProcessGroup();
    await expect(distributed.initProcessGroup()).rejects.toThrow(
      new StateError('trying to initialize the default process group twice!'),
    );
    await first;
    expect(distributed.isInitialized()).toBe(true);
    expect([distributed.getRank(), distributed.getWorldSize(), distributed.getLocalRank()]).toEqual([0, 1, 0]);
    const own = tensor([1, 2]);
    await allReduce(own);
    await broadcast(own, 0);
    await barrier();
    const outputs = [zeros([2])];
    await allGather(outputs, own);
    expect([own.toArray(), outputs[0]!.toArray()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await distributed.destroyProcessGroup();
    expect(distributed.isInitialized()).toBe(false);
  });
});
