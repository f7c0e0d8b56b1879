import { describe, expect, it } from 'vitest';
import { fuseCrossEntropyTrain } from '../../../src/compile/passes/cross-entropy-train.js';
import { reductions } from '../../../src/ops/ops.js';
import { List, lines } from './graph.js';
import { biasGradient, copy, crossEntropy, exp, fill, neg } from './tape.js';

function start() {
  const list = new List();
  return { list, logits: list.input(8 * 4), target: list.input(8, 'int32') };
}

describe('cross-entropy-train', () => {
  it("makes the loss, its gradient and the last bias's gradient one op", () => {
    const { list, logits, target } = start();
    const { loss, backward } = crossEntropy(list, logits, target);
    const gradLogits = backward(fill(list, 1));
    copy(list, loss, list.output(1));
    copy(list, gradLogits, list.output(8 * 4));
    copy(list, biasGradient(list, gradLogits), list.output(4));
    const settings = 'ignoreIndex=-100, smoothing=0, reduction=1';
    expect(lines(list.graph()).slice(0, 3)).toEqual([
      `%2, %3, %4 = crossEntropy(input0, input1, ${settings})`,
      '%5 = fill(value=1)',
      `%6 = crossEntropyBackward(%5, input0, input1, %3, %4, ${settings})`,
    ]);
    expect(lines(fuseCrossEntropyTrain(list.graph()))).toEqual([
      '%5 = fill(value=1)',
      `%2, %6, biasGrad=%9 = crossEntropyTrain(%5, input0, input1, ${settings})`,
      'output0 = copy(%2, output0)',
      'output1 = copy(%6, output1)',
      'output2 = copy(%9, output2)',
    ]);
  });

  it('puts readers of the loss behind it', () => {
    const { list, logits, target } = start();
    const { loss, backward } = crossEntropy(list, logits, target);
    neg(list, loss, list.output(1));
    backward(fill(list, 1));
    expect(lines(fuseCrossEntropyTrain(list.graph())).map((line) => line.split(/[(]/)[0])).toEqual([
      '%6 = fill',
      '%2, %7 = crossEntropyTrain',
      'output0 = neg',
    ]);
  });

  it('leaves a gradient alone that depends on the loss', () => {
    const { list, logits, target } = start();
    const { loss, backward } = crossEntropy(list, logits, target);
    backward(exp(list, loss));
    const before = list.graph();
    expect(fuseCrossEntropyTrain(before)).toBe(before);
  });

  it('leaves a gradient alone that is of other labels', () => {
    const other = start();
    const loss = crossEntropy(other.list, other.logits, other.target);
    loss.backward(fill(other.list, 1));
    const backward = other.list.instructions.at(-1)!;
    other.list.instructions.splice(-1, 1, {
      ...backward,
      args: { ...backward.args, target: other.list.input(8, 'int32') },
    });
    const before = other.list.graph();
    expect(fuseCrossEntropyTrain(before)).toBe(before);
  });

  it('keeps the sum and the total that someone else reads', () => {
    const { list, logits, target } = start();
    const sum = list.output(1);
    crossEntropy(list, logits, target, reductions.mean, sum).backward(fill(list, 1));
    copy(list, 5, list.output(1));
    expect(lines(list.graph()).at(-1)).toBe('output1 = copy(%5, output1)');
    expect(lines(fuseCrossEntropyTrain(list.graph()))).toEqual([
      '%6 = fill(value=1)',
      '%3, %7, sum=output0, total=%5 = crossEntropyTrain(%6, input0, input1, ignoreIndex=-100, smoothing=0, reduction=1)',
      'output1 = copy(%5, output1)',
    ]);
  });

  it('does not make a total that is written again before the gradient reads it one with the loss', () => {
    const { list, logits, target } = start();
    const { backward } = crossEntropy(list, logits, target);
    fill(list, 2, 4);
    backward(fill(list, 1));
    const before = list.graph();
    expect(fuseCrossEntropyTrain(before)).toBe(before);
  });

  it('leaves alone one loss a row, two gradients of one loss, and logits that change in between', () => {
    const none = start();
    const rows = crossEntropy(none.list, none.logits, none.target, reductions.none);
    rows.backward(none.list.input(8));
    const twice = start();
    const loss = crossEntropy(twice.list, twice.logits, twice.target);
    loss.backward(fill(twice.list, 1));
    loss.backward(fill(twice.list, 1));
    const changed = start();
    const logits = changed.list.temporary(8 * 4);
    const other = crossEntropy(changed.list, logits, changed.target);
    fill(changed.list, 0, logits);
    other.backward(fill(changed.list, 1));
    for (const { list } of [none, twice, changed]) {
      const before = list.graph();
      expect(fuseCrossEntropyTrain(before)).toBe(before);
    }
  });
});
