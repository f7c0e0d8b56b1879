import { describe, expect, it } from 'vitest';
import { fuseLinearEpilogue } from '../../../src/compile/passes/linear-epilogue.js';
import { fuseLinearInputGradient } from '../../../src/compile/passes/linear-input-gradient.js';
import { fuseLinearWeightUpdate } from '../../../src/compile/passes/linear-weight-update.js';
import { layOutWeightPanels } from '../../../src/compile/passes/weight-panels.js';
import type { Graph } from '../../../src/ops/graph.js';
import { List, lines } from './graph.js';
import { adam, add, copy, inputGradient, linear, pointwise, sgd, weightGradient } from './tape.js';

const fused = (list: List): Graph =>
  layOutWeightPanels(fuseLinearWeightUpdate(fuseLinearEpilogue(fuseLinearInputGradient(list.graph()))));
const panelsOf = ({ values }: Graph) =>
  values.flatMap(({ panels, kind, index }) => (panels === null ? [] : [`${kind}${index} ${panels.out}x${panels.in}`]));

function start() {
  const list = new List();
  const layer = linear(list, list.input(8 * 3), 3, 5, { bias: null });
  copy(list, layer.out, list.output(8 * 5));
  return { list, layer, grad: list.input(8 * 5) };
}

describe('weight-panels', () => {
  it("lays out a weight and the optimizer's state of it", () => {
    const { list, layer, grad } = start();
    const gradWeight = weightGradient(list, layer, grad);
    copy(list, inputGradient(list, layer, grad), list.output(8 * 3));
    adam(list, layer.weight, gradWeight);
    const after = fused(list);
    expect(panelsOf(after)).toEqual(['state0 5x3', 'state1 5x3', 'state2 5x3']);
    expect(lines(after)).toEqual([
      '%2 = linear(input0, state0, packed)',
      'output0 = copy(%2, output0)',
      '%6 = linearInputGradient(input1, state0, packed)',
      'output1 = copy(%6, output1)',
      'state0, state1, state2, step=state3 = linearWeightUpdate(input1, input0, packed) |> ' +
        'sub(state0, mul(div(…), div(…))), fma(scalar1, state1, ·), fma(scalar1, state2, mul(·, ·))',
    ]);
  });

  it('leaves a weight that another op names row-major, and its momentum with it', () => {
    const clipped = start();
    const gradWeight = weightGradient(clipped.list, clipped.layer, clipped.grad);
    copy(clipped.list, gradWeight, clipped.list.output(15));
    sgd(clipped.list, clipped.layer.weight, gradWeight, true);
    const read = start();
    sgd(read.list, read.layer.weight, weightGradient(read.list, read.layer, read.grad), true);
    copy(read.list, read.layer.weight, read.list.output(15));
    const buffer = start();
    sgd(buffer.list, buffer.layer.weight, weightGradient(buffer.list, buffer.layer, buffer.grad), true);
    const momentum = buffer.list.values.findIndex(({ kind, index }) => kind === 'state' && index === 1);
    copy(buffer.list, momentum, buffer.list.output(15));
    for (const { list } of [clipped, read, buffer]) {
      const after = fused(list);
      expect(panelsOf(after)).toEqual([]);
      expect(after.instructions.every(({ args }) => args.packed !== true)).toBe(true);
    }
  });

  it('leaves a weight row-major whose step reads what cannot be laid out, or whose products read it in a program', () => {
    const noisy = start();
    const inputs = [weightGradient(noisy.list, noisy.layer, noisy.grad), noisy.layer.weight, noisy.list.input(15)];
    pointwise(noisy.list, inputs, ([g, p, n]) => p!.sub(g!.add(n!)), { outputs: [noisy.layer.weight] });
    const named = new List();
    const { weight, out } = linear(named, named.input(8 * 8), 8, 8, { bias: null });
    add(named, out, weight, named.output(64));
    for (const list of [noisy.list, named]) expect(panelsOf(fused(list))).toEqual([]);
    expect(lines(fused(noisy.list)).at(-1)).toBe(
      'state0 = linearWeightUpdate(input1, input0) |> sub(state0, add(·, input2))',
    );
    expect(lines(fused(named))).toEqual(['output0 = linear(input0, state0) |> add(·, state0)']);
  });

  it('lays out a weight whose step reads one number, which lies as it does, but not a weight of one element with it', () => {
    const { list, layer, grad } = start();
    const inputs = [weightGradient(list, layer, grad), layer.weight, list.state(1)];
    pointwise(list, inputs, ([g, p, s]) => p!.sub(g!.mul(s!)), { outputs: [layer.weight] });
    expect(panelsOf(fused(list))).toEqual(['state0 5x3']);
    const single = new List();
    const one = linear(single, single.input(8), 1, 1, { bias: null });
    const given = [weightGradient(single, one, single.input(8)), one.weight, single.state(1)];
    pointwise(single, given, ([g, p, s]) => p!.sub(g!.mul(s!)), { outputs: [one.weight] });
    const [scale] = given.slice(-1);
    copy(single, scale!, single.output(1));
    expect(panelsOf(fused(single))).toEqual([]);
  });

  it('lays out a gradient that is only added to, by itself', () => {
    const { list, layer, grad } = start();
    const kept = list.state(15);
    add(list, kept, weightGradient(list, layer, grad), kept);
    const after = fused(list);
    expect(panelsOf(after)).toEqual(['state0 5x3', 'state1 5x3']);
    expect(lines(after).at(-1)).toBe('state1 = linearWeightUpdate(input1, input0, packed) |> add(state1, ·)');
  });

  it('sees that two values are the same buffer, and that a weight is used in two shapes', () => {
    const same = start();
    copy(same.list, same.list.again(same.layer.weight), same.list.output(15));
    expect(panelsOf(fused(same.list))).toEqual([]);
    const named = start();
    linear(named.list, named.list.input(8 * 3), 3, 5, { weight: named.list.again(named.layer.weight) });
    expect(panelsOf(fused(named.list))).toEqual(['state0 5x3', 'state0 5x3']);
    const twice = start();
    linear(twice.list, twice.list.input(8 * 5), 5, 3, { weight: twice.layer.weight });
    expect(panelsOf(fused(twice.list))).toEqual([]);
  });

  it('leaves a weight row-major that is an activation somewhere else', () => {
    const list = new List();
    const { weight } = linear(list, list.input(8 * 3), 3, 8, { bias: null });
    const other = linear(list, weight, 3, 8, { bias: null });
    expect(panelsOf(fused(list))).toEqual([`state${list.values[other.weight]!.index} 8x3`]);
  });

  it('takes no input for a weight, and no empty one', () => {
    const list = new List();
    linear(list, list.input(8 * 3), 3, 5, { weight: list.input(15) });
    linear(list, list.input(0), 0, 5, { bias: null });
    expect(panelsOf(fused(list))).toEqual([]);
  });
});
