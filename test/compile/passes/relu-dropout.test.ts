import { describe, expect, it } from 'vitest';
import { fuseReluDropoutGradients } from '../../../src/compile/passes/relu-dropout.js';
import { maskScale } from '../../../src/ops/mask.js';
import { List, lines } from './graph.js';
import { copy, drawKey, dropout, fill, relu, reluBackward } from './tape.js';

/** Relu, dropout, and their gradients. */
function start(p = 0.5) {
  const list = new List();
  const [x, grad] = [list.input(8 * 5), list.input(8 * 5)];
  const y = relu(list, x);
  const key = drawKey(list);
  const d = dropout(list, y, key, p);
  copy(list, d, list.output(8 * 5));
  return { list, grad, y, key, d };
}

function expectUnchanged(list: List): void {
  const before = list.graph();
  expect(fuseReluDropoutGradients(before)).toBe(before);
}

describe('relu-dropout', () => {
  it("lets the gradient of relu read dropout's output, and draws no mask again", () => {
    const { list, grad, y, key } = start();
    reluBackward(list, dropout(list, grad, key), y);
    expect(lines(list.graph()).slice(-2)).toEqual([
      '%6 = mul(input1, mask(%3, 0.5))',
      '%7 = selectLessEqual(%2, 0, 0, %6)',
    ]);
    expect(lines(fuseReluDropoutGradients(list.graph()))).toEqual([
      '%2 = relu(input0)',
      '%3 = drawKey()',
      '%4 = mul(%2, mask(%3, 0.5))',
      'output0 = copy(%4, output0)',
      '%7 = selectLessEqual(%4, 0, 0, mul(input1, 2))',
    ]);
  });

  it("scales as dropout's mask does", () => {
    const { list, grad, y, key } = start(0.1);
    reluBackward(list, dropout(list, grad, key, 0.1), y);
    expect(fuseReluDropoutGradients(list.graph()).instructions.at(-1)!.args.scalars).toEqual([maskScale(0.1)]);
    expect(maskScale(0.1)).not.toBe(1 / 0.9);
  });

  it('keeps reading what relu gave when what dropout gave is overwritten', () => {
    const { list, grad, y, key, d } = start();
    fill(list, 1, d);
    copy(list, d, list.output(8 * 5));
    reluBackward(list, dropout(list, grad, key), y);
    expectUnchanged(list);
  });

  it("keeps reading what relu gave where that is overwritten, or where dropout's output comes later", () => {
    const { list, grad, y, key } = start();
    fill(list, 1, y);
    reluBackward(list, dropout(list, grad, key), y);
    const between = new List();
    const after = new List();
    for (const each of [between, after]) {
      const z = relu(each, each.input(40));
      const mask = drawKey(each);
      const masked = dropout(each, each.input(40), mask);
      if (each === between) dropout(each, z, mask);
      reluBackward(each, masked, z);
      if (each === after) dropout(each, z, mask);
    }
    for (const each of [list, between, after]) expectUnchanged(each);
  });

  it('keeps a masked gradient that someone else reads', () => {
    const { list, grad, y, key } = start();
    const masked = dropout(list, grad, key);
    reluBackward(list, masked, y);
    copy(list, masked, list.output(8 * 5));
    expectUnchanged(list);
  });

  it.each([
    ['another key', ({ list, grad }: ReturnType<typeof start>) => dropout(list, grad, drawKey(list))],
    ['another probability', ({ list, grad, key }: ReturnType<typeof start>) => dropout(list, grad, key, 0.25)],
    ['other columns', ({ list, grad, key }: ReturnType<typeof start>) => dropout(list, grad, key, 0.5, { columns: 4 })],
    ['other rows', ({ list, grad, key }: ReturnType<typeof start>) => dropout(list, grad, key, 0.5, { rowOffset: 8 })],
    [
      'a key that was drawn again',
      ({ list, grad, key }: ReturnType<typeof start>) => {
        list.add('drawKey', { source: list.keys(), key });
        return dropout(list, grad, key);
      },
    ],
    [
      'a probability that changes',
      ({ list, grad, key }: ReturnType<typeof start>) =>
        dropout(list, grad, key, 0.5, { scalars: [{ dynamic: list.dynamicScalar() }] }),
    ],
  ])('takes no mask of %s', (_what, mask) => {
    const fixture = start();
    reluBackward(fixture.list, mask(fixture), fixture.y);
    expectUnchanged(fixture.list);
  });

  it('leaves the gradient of another function alone, and one that was not dropped', () => {
    const other = start();
    const z = other.list.input(8 * 5);
    reluBackward(other.list, dropout(other.list, other.grad, other.key), z);
    const plain = start();
    reluBackward(plain.list, plain.grad, plain.y);
    for (const { list } of [other, plain]) expectUnchanged(list);
  });
});
