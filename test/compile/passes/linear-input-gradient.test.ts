import { describe, expect, it } from 'vitest';
import { fuseLinearActivation } from '../../../src/compile/passes/linear-activation.js';
import { fuseLinearInputGradient } from '../../../src/compile/passes/linear-input-gradient.js';
import { maskScale } from '../../../src/ops/mask.js';
import { List, lines } from './list.js';
import { biasGradient, copy, drawKey, dropout, inputGradient, linear, relu, reluBackward } from './tape.js';

/** Two layers with relu and dropout between them, back to the gradient before relu. */
function twoLayers(p: number | null) {
  const list = new List();
  const x = list.input(8 * 3);
  const grad = list.input(8 * 4);
  const z = relu(list, linear(list, x, 3, 5).out);
  const key = p === null ? null : drawKey(list);
  const d = key === null ? z : dropout(list, z, key, p!);
  const second = linear(list, d, 5, 4);
  const back = inputGradient(list, second, grad);
  const masked = key === null ? back : dropout(list, back, key, p!);
  const h = reluBackward(list, masked, z);
  return { list, h, back, masked, second };
}

describe('linear-input-gradient', () => {
  it("takes the gradients of dropout and relu and the bias's sum along", () => {
    const { list, h } = twoLayers(0.5);
    copy(list, biasGradient(list, h), list.output(5));
    copy(list, h, list.output(8 * 5));
    const before = list.listing();
    expect(lines(before).slice(5)).toEqual([
      '%11 = matmul(input1, state2)',
      '%12 = dropout(%11, %6, p=0.5)',
      '%13 = reluBackward(%12, %5)',
      '%14 = sum(%13)',
      'output0 = copy(%14, output0)',
      'output1 = copy(%13, output1)',
    ]);
    const expected = [
      '%13, biasGrad=%14 = linearInputGradient(input1, state2, y=%7, scale=2)',
      'output0 = copy(%14, output0)',
      'output1 = copy(%13, output1)',
    ];
    expect(lines(fuseLinearInputGradient(before)).slice(-3)).toEqual(expected);
    expect(lines(fuseLinearInputGradient(fuseLinearActivation(before)))).toEqual([
      '%6 = drawKey()',
      '%7 = linearActivation(input0, state0, bias=state1, key=%6, relu, p=0.5)',
      '%10 = linearActivation(%7, state2, bias=state3, p=0)',
      ...expected,
    ]);
  });

  it("scales as dropout's mask does", () => {
    const { list } = twoLayers(0.1);
    const fused = fuseLinearInputGradient(list.listing()).instructions.at(-1)!;
    expect(fused.args.scale).toBe(maskScale(0.1));
    expect(maskScale(0.1)).not.toBe(1 / 0.9);
  });

  it('takes relu alone with a scale of 1', () => {
    const { list } = twoLayers(null);
    expect(lines(fuseLinearInputGradient(list.listing())).at(-1)).toBe(
      '%10 = linearInputGradient(input1, state2, y=%5, scale=1)',
    );
  });

  it('leaves alone what has another reader, and products with what is no weight', () => {
    const { list, back, masked } = twoLayers(0.5);
    copy(list, masked, list.output(8 * 5));
    expect(lines(fuseLinearInputGradient(list.listing())).slice(5, 8)).toEqual([
      '%11 = linearInputGradient(input1, state2, scale=1)',
      '%12 = dropout(%11, %6, p=0.5)',
      '%13 = reluBackward(%12, %7)',
    ]);
    copy(list, back, list.output(8 * 5));
    expect(lines(fuseLinearInputGradient(list.listing()))[5]).toBe(
      '%11 = linearInputGradient(input1, state2, scale=1)',
    );

    const other = new List();
    const [a, b] = [other.input(8 * 3), other.state(3 * 4)];
    const plain = { batch: 1, transA: false, transB: false, aStride: 0, bStride: 0 };
    other.add('matmul', { a, b, out: other.output(8 * 4), m: 8, n: 4, k: 3, ...plain });
    expect(lines(fuseLinearInputGradient(other.listing()))).toEqual(['output0 = matmul(input0, state0)']);
  });

  it('takes no mask of another key', () => {
    const list = new List();
    const second = linear(list, list.input(8 * 5), 5, 4);
    const z = relu(list, list.input(8 * 5));
    const d = dropout(list, z, drawKey(list));
    const back = inputGradient(list, second, list.input(8 * 4));
    reluBackward(list, dropout(list, back, drawKey(list)), d);
    expect(lines(fuseLinearInputGradient(list.listing())).map((line) => line.split(/[=(]/)[1]!.trim())).toEqual(
      ['linear', 'relu', 'drawKey', 'dropout', 'linearInputGradient', 'drawKey', 'dropout', 'reluBackward'].filter(
        Boolean,
      ),
    );
  });

  it('sums no other shape', () => {
    const { list, h } = twoLayers(null);
    list.add('sum', { x: h, out: list.temporary(8), outer: 8, size: 5, inner: 1 });
    expect(lines(fuseLinearInputGradient(list.listing())).at(-1)).toBe('%11 = sum(%10)');
  });
});
