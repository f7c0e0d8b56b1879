import { describe, expect, it } from 'vitest';
import { swapReluAndMaxPoolGradients } from '../../../src/compile/passes/relu-max-pool.js';
import { List, lines } from './graph.js';
import { batch, conv, maxPool, maxPoolBackward, pixels } from './images.js';
import { copy, fill, relu, reluBackward } from './tape.js';

/** relu, a max pool behind it, and the gradient of the pool. */
function start() {
  const list = new List();
  const y = relu(list, conv(list, list.input(batch * 3 * pixels), 3, 5).out);
  const pool = maxPool(list, y, 5);
  copy(list, pool.out, list.output(batch * 5 * 4));
  const spread = maxPoolBackward(list, list.input(batch * 5 * 4), pool.index, 5);
  return { list, y, pool, spread };
}

function expectUnchanged(list: List): void {
  const before = list.graph();
  expect(swapReluAndMaxPoolGradients(before)).toBe(before);
}

describe('relu-max-pool', () => {
  it("takes relu's gradient of the pooled numbers, so that only the pool reads relu's output", () => {
    const { list, y, spread, pool } = start();
    reluBackward(list, spread, y);
    const after = swapReluAndMaxPoolGradients(list.graph());
    const [mask, pooled] = lines(after).slice(-2);
    expect(mask).toMatch(new RegExp(`^%\\d+ = selectLessEqual\\(%${pool.out}, 0, 0, input1\\)$`));
    expect(pooled).toMatch(/^%\d+ = maxPoolBackward\(%\d+, /);
    expect(after.instructions.filter(({ args }) => (args.inputs as number[] | undefined)?.includes(y))).toEqual([]);
    expect(swapReluAndMaxPoolGradients(after)).toBe(after);
  });

  it('leaves it where another reads the gradient of the pool', () => {
    const { list, y, spread } = start();
    reluBackward(list, spread, y);
    copy(list, spread, list.output(batch * 5 * pixels));
    expectUnchanged(list);
  });

  it("leaves it where relu's output is not what was pooled, or where the pooled numbers have been overwritten", () => {
    const { list, spread } = start();
    reluBackward(list, spread, relu(list, list.input(batch * 5 * pixels)));
    expectUnchanged(list);
    const other = start();
    fill(other.list, 1, other.pool.out);
    reluBackward(other.list, other.spread, other.y);
    expectUnchanged(other.list);
  });
});
