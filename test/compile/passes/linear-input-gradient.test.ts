import { describe, expect, it } from 'vitest';
import { fuseLinearEpilogue } from '../../../src/compile/passes/linear-epilogue.js';
import { fuseLinearInputGradient } from '../../../src/compile/passes/linear-input-gradient.js';
import { fuseReluDropoutGradients } from '../../../src/compile/passes/relu-dropout.js';
import type { Graph } from '../../../src/ops/graph.js';
import { List, lines } from './graph.js';
import {
  add,
  biasGradient,
  copy,
  drawKey,
  dropout,
  inputGradient,
  linear,
  pointwise,
  relu,
  reluBackward,
} from './tape.js';

const fused = (list: List): string[] => lines(fuseLinearInputGradient(fuseReluDropoutGradients(list.graph())));
const opsOf = ({ instructions }: Graph): string[] => instructions.map(({ op }) => op);

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
    const before = list.graph();
    expect(lines(before).slice(5)).toEqual([
      '%11 = matmul(input1, state2)',
      '%12 = mul(%11, mask(%6, 0.5))',
      '%13 = selectLessEqual(%5, 0, 0, %12)',
      '%14 = sum(%13)',
      'output0 = copy(%14, output0)',
      'output1 = copy(%13, output1)',
    ]);
    const rest = ['output0 = copy(%14, output0)', 'output1 = copy(%13, output1)'];
    expect(lines(fuseLinearInputGradient(before)).slice(5)).toEqual([
      '%13, biasGrad=%14 = linearInputGradient(input1, state2) |> selectLessEqual(%5, 0, 0, mul(·, mask(%6, 0.5)))',
      ...rest,
    ]);
    const expected = [
      '%13, biasGrad=%14 = linearInputGradient(input1, state2) |> selectLessEqual(%7, 0, 0, mul(·, 2))',
      ...rest,
    ];
    expect(fused(list).slice(-3)).toEqual(expected);
    expect(lines(fuseLinearEpilogue(fuseLinearInputGradient(fuseReluDropoutGradients(before))))).toEqual([
      '%6 = drawKey()',
      '%7 = linear(input0, state0, bias=state1) |> mul(relu(·), mask(%6, 0.5))',
      '%10 = linear(%7, state2, bias=state3)',
      ...expected,
    ]);
  });

  it('takes relu alone', () => {
    const { list } = twoLayers(null);
    expect(fused(list).at(-1)).toBe('%10 = linearInputGradient(input1, state2) |> selectLessEqual(%5, 0, 0, ·)');
  });

  it('takes any other gradient, the sum of two and a gain', () => {
    const list = new List();
    const [other, gain] = [list.input(8 * 5), list.state(5)];
    const second = linear(list, list.input(8 * 5), 5, 4);
    const back = inputGradient(list, second, list.input(8 * 4));
    const tanh = pointwise(list, [back, other], ([g, y]) => g!.mul(y!.neg().fma(y!, 1)));
    const strides = [
      [5, 1],
      [0, 1],
    ];
    const gained = pointwise(list, [tanh, gain], ([g, s]) => g!.mul(s!), { sizes: [8, 5], strides });
    const sum = add(list, other, gained);
    copy(list, biasGradient(list, sum), list.output(5));
    copy(list, sum, list.output(8 * 5));
    expect(fused(list).slice(1)).toEqual([
      '%10, biasGrad=%11 = linearInputGradient(input2, state1) |> ' +
        'add(input0, mul(mul(·, fma(neg(input0), input0, 1)), state0))',
      'output0 = copy(%11, output0)',
      'output1 = copy(%10, output1)',
    ]);
  });

  it('writes what has another reader, too', () => {
    const { list, back, masked } = twoLayers(0.5);
    copy(list, masked, list.output(8 * 5));
    expect(fused(list).slice(5)).toEqual([
      '%13, %12 = linearInputGradient(input1, state2) |> selectLessEqual(%5, 0, 0, mul(·, mask(%6, 0.5))), mul(·, mask(%6, 0.5))',
      'output0 = copy(%12, output0)',
    ]);
    copy(list, back, list.output(8 * 5));
    expect(fused(list)[5]).toBe(
      '%13, %12, %11 = linearInputGradient(input1, state2) |> ' +
        'selectLessEqual(%5, 0, 0, mul(·, mask(%6, 0.5))), mul(·, mask(%6, 0.5)), ·',
    );
  });

  it('takes no mask of other rows', () => {
    const list = new List();
    const second = linear(list, list.input(8 * 6), 6, 4);
    const back = inputGradient(list, second, list.input(8 * 4));
    dropout(list, back, drawKey(list), 0.5, { columns: 3 });
    expect(opsOf(fuseLinearInputGradient(list.graph()))).toEqual([
      'linear',
      'linearInputGradient',
      'drawKey',
      'pointwise',
    ]);
  });

  it('leaves products alone that are with no weight', () => {
    const other = new List();
    const [a, b] = [other.input(8 * 3), other.state(3 * 4)];
    const plain = { batch: 1, transA: false, transB: false, aStride: 0, bStride: 0 };
    other.add('matmul', { a, b, out: other.output(8 * 4), m: 8, n: 4, k: 3, ...plain });
    expect(lines(fuseLinearInputGradient(other.graph()))).toEqual(['output0 = matmul(input0, state0)']);
  });

  it('draws a mask of another key again', () => {
    const list = new List();
    const second = linear(list, list.input(8 * 5), 5, 4);
    const z = relu(list, list.input(8 * 5));
    const d = dropout(list, z, drawKey(list));
    const back = inputGradient(list, second, list.input(8 * 4));
    reluBackward(list, dropout(list, back, drawKey(list)), d);
    expect(fused(list)).toEqual([
      '%3 = linear(input0, state0, bias=state1)',
      '%5 = relu(input1)',
      '%6 = drawKey()',
      '%7 = mul(%5, mask(%6, 0.5))',
      '%10 = drawKey()',
      '%12 = linearInputGradient(input2, state0) |> selectLessEqual(%7, 0, 0, mul(·, mask(%10, 0.5)))',
    ]);
  });

  it('writes first what is summed', () => {
    const { list, back, h } = twoLayers(null);
    const bias = biasGradient(list, back);
    for (const [value, length] of [[bias, 5], [h, 40], [back, 40]] as const) copy(list, value, list.output(length)); // biome-ignore format: one line
    expect(fused(list).slice(3)).toEqual([
      '%9, biasGrad=%11, %10 = linearInputGradient(input1, state2) |> ·, selectLessEqual(%5, 0, 0, ·)',
      ...['%11', '%10', '%9'].map((value, i) => `output${i} = copy(${value}, output${i})`),
    ]);
  });

  it('sums no other shape', () => {
    const { list, h } = twoLayers(null);
    list.add('sum', { x: h, out: list.temporary(8), outer: 8, size: 5, inner: 1 });
    expect(fused(list).at(-1)).toBe('%11 = sum(%10)');
  });

  it('takes nothing behind the sum, which is of what it writes first', () => {
    const { list, h } = twoLayers(null);
    const bias = biasGradient(list, h);
    const once = fuseLinearInputGradient(list.graph());
    expect(lines(once).at(-1)).toMatch('biasGrad=%11 = linearInputGradient');
    // A reader that comes to light only then, as after another pass.
    const later = new List();
    Object.assign(later, { values: [...once.values], instructions: [...once.instructions] });
    pointwise(later, [h], ([x]) => x!.neg(), { outputs: [later.output(8 * 5)] });
    copy(later, bias, later.output(5));
    expect(opsOf(fuseLinearInputGradient(later.graph()))).toEqual([...opsOf(once), 'pointwise', 'copy']);
  });
});
