/** Who is given which turn of the event loop, and when jobs are settled. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { comeNextTurn, ownTurn, settleJobsBy } from '../../src/ops/turns.js';

/** Jobs that are over, and what was asked of them in each turn. */
let over: string[] = [];
let settled: string[] = [];
let asked: boolean[] = [];

beforeEach(async () => {
  for (let i = 0; i < 3; i++) await nextTurn();
  over = [];
  settled = [];
  asked = [];
  settleJobsBy((comesAgain) => {
    asked.push(comesAgain);
    const job = over.shift();
    if (job !== undefined) settled.push(job);
    return job !== undefined;
  });
});

describe('turns', () => {
  it('are given at once to the first who asks, then one by one, in the order in which they were asked for', async () => {
    const given: number[] = [];
    const ask = async (who: number): Promise<void> => {
      await ownTurn();
      given.push(who);
    };
    const all = Promise.all([1, 2, 3, 4].map(ask));
    await Promise.resolve();
    expect(given).toEqual([1]);
    for (const who of [2, 3, 4]) {
      await nextTurn();
      expect(given.at(-1)).toBe(who);
      expect(given).toHaveLength(who);
    }
    await all;
    await nextTurn();
    expect(ownTurn()).toBeNull();
  });

  it('settle one job each, from the turn after they were called for until there is none', async () => {
    over = ['a', 'b', 'c'];
    await nextTurn();
    expect(settled).toEqual([]);
    comeNextTurn();
    comeNextTurn();
    for (const count of [1, 2, 3, 3, 3]) {
      await nextTurn();
      expect(settled).toEqual(['a', 'b', 'c'].slice(0, count));
    }
    expect(asked).toEqual([false, false, false, false]);
  });

  it('are the same for batches and for jobs: as many of both take no more turns', async () => {
    let given = 0;
    const asking = Array.from({ length: 5 }, async () => {
      await ownTurn();
      given++;
    });
    over = ['a', 'b', 'c', 'd', 'e'];
    await Promise.resolve();
    for (let turn = 1; turn <= 4; turn++) {
      await nextTurn();
      expect([given, settled.length]).toEqual([turn + 1, turn]);
    }
    await nextTurn();
    expect(settled).toHaveLength(5);
    await Promise.all(asking);
  });

  it('that come anyway are told of, so that the event loop need not be woken', async () => {
    const asking = [ownTurn(), ownTurn(), ownTurn()];
    expect(asking[0]).toBeNull();
    for (let i = 0; i < 4; i++) await nextTurn();
    // In the turns of the second and the third the next was asked for already, in the last one it was not.
    expect(asked).toEqual([true, true, false]);
  });
});
