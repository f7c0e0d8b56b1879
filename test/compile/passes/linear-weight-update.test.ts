import { describe, expect, it } from 'vitest';
import { fuseLinearWeightUpdate } from '../../../src/compile/passes/linear-weight-update.js';
import { fusePointwiseChains } from '../../../src/compile/passes/pointwise-chains.js';
import { List, lines } from './graph.js';
import { adam, add, copy, exp, inputGradient, linear, pointwise, sgd, update, weightGradient } from './tape.js';

function start() {
  const list = new List();
  const layer = linear(list, list.input(8 * 3), 3, 5, { bias: null });
  return { list, layer, grad: list.input(8 * 5) };
}

describe('linear-weight-update', () => {
  it('makes the gradient of a weight and its step one op, which comes after all that reads the weight', () => {
    const { list, layer, grad } = start();
    const gradWeight = weightGradient(list, layer, grad);
    copy(list, inputGradient(list, layer, grad), list.output(8 * 3));
    sgd(list, layer.weight, gradWeight);
    expect(lines(list.graph()).slice(1)).toEqual([
      '%4 = matmul(input1, input0, transA)',
      '%5 = matmul(input1, state0)',
      'output0 = copy(%5, output0)',
      'state0 = sub(state0, mul(scalar0, %4))',
    ]);
    expect(lines(fuseLinearWeightUpdate(list.graph())).slice(1)).toEqual([
      '%5 = matmul(input1, state0)',
      'output0 = copy(%5, output0)',
      'state0 = linearWeightUpdate(input1, input0) |> sub(state0, mul(scalar0, ·))',
    ]);
  });

  it('takes any optimizer with its state and the count of its steps', () => {
    const first = start();
    sgd(first.list, first.layer.weight, weightGradient(first.list, first.layer, first.grad), true);
    expect(lines(fuseLinearWeightUpdate(first.list.graph()))[1]).toBe(
      'state0, state1, step=state2 = linearWeightUpdate(input1, input0) |> ' +
        'sub(state0, mul(scalar0, selectEqual(state2 + 1, 1, ·, add(state1, ·)))), ' +
        'selectEqual(state2 + 1, 1, ·, add(state1, ·))',
    );
    const second = start();
    adam(second.list, second.layer.weight, weightGradient(second.list, second.layer, second.grad));
    expect(lines(fuseLinearWeightUpdate(second.list.graph()))[1]).toBe(
      'state0, state1, state2, step=state3 = linearWeightUpdate(input1, input0) |> ' +
        'sub(state0, mul(div(…), div(…))), fma(scalar1, state1, ·), fma(scalar1, state2, mul(·, ·))',
    );
    const third = start();
    update(
      third.list,
      third.layer.weight,
      weightGradient(third.list, third.layer, third.grad),
      ({ param, grad, m, step }, { lr, decay }) => {
        const next = m!.maximum(grad!.abs());
        return { param: param!.mul(decay!.pow(step!)).sub(lr!.mul(grad!.div(next))), m: next };
      },
      { buffers: ['m'], numbers: ['lr', 'decay'] },
    );
    expect(lines(fuseLinearWeightUpdate(third.list.graph()))[1]).toBe(
      'state0, state1, step=state2 = linearWeightUpdate(input1, input0) |> ' +
        'sub(mul(…), mul(…)), max(state1, abs(·))',
    );
    expect(fuseLinearWeightUpdate(third.list.graph()).instructions[1]!.args.scalars).toEqual([
      { dynamic: 0 },
      { dynamic: 1 },
    ]);
  });

  it('reads other memory of the size of the weight: an anchor, noise', () => {
    const { list, layer, grad } = start();
    const [anchor, noise] = [list.state(15), list.input(15)];
    const inputs = [weightGradient(list, layer, grad), layer.weight, anchor, noise];
    pointwise(list, inputs, ([g, p, a, n]) => p!.sub(g!.add(p!.sub(a!)).add(n!)), { outputs: [layer.weight] });
    expect(lines(fuseLinearWeightUpdate(list.graph()))[1]).toBe(
      'state0 = linearWeightUpdate(input1, input0) |> sub(state0, add(add(·, sub(state0, state1)), input2))',
    );
  });

  it('is off when gradients are clipped, until clipping has become a part of the step', () => {
    const { list, layer, grad } = start();
    const clipped = pointwise(list, [weightGradient(list, layer, grad)], ([g]) => g!.maximum(-1).minimum(1));
    sgd(list, layer.weight, clipped);
    expectUnchanged(list);
    expect(lines(fuseLinearWeightUpdate(fusePointwiseChains(list.graph())))[1]).toBe(
      'state0 = linearWeightUpdate(input1, input0) |> sub(state0, mul(scalar0, min(max(·, -1), 1)))',
    );
  });

  it('is off when the gradient is scaled in place by its norm', () => {
    const { list, layer, grad } = start();
    const gradWeight = weightGradient(list, layer, grad);
    pointwise(list, [gradWeight, list.input(1)], ([g, s]) => g!.mul(s!), { outputs: [gradWeight] });
    sgd(list, layer.weight, gradWeight);
    expectUnchanged(list);
  });

  it('takes a step that reads one number from memory, but not one that reads a row', () => {
    const scaled = start();
    const inputs = [weightGradient(scaled.list, scaled.layer, scaled.grad), scaled.layer.weight, scaled.list.state(1)];
    pointwise(scaled.list, inputs, ([g, p, s]) => p!.sub(g!.mul(s!)), { outputs: [scaled.layer.weight] });
    expect(lines(fuseLinearWeightUpdate(scaled.list.graph()))[1]).toBe(
      'state0 = linearWeightUpdate(input1, input0) |> sub(state0, mul(·, state1))',
    );
    const rows = start();
    const given = [weightGradient(rows.list, rows.layer, rows.grad), rows.layer.weight, rows.list.state(3)];
    pointwise(rows.list, given, ([g, p, s]) => p!.sub(g!.mul(s!)), {
      outputs: [rows.layer.weight],
      sizes: [5, 3],
      strides: [
        [3, 1],
        [3, 1],
        [0, 1],
      ],
    });
    expectUnchanged(rows.list);
  });

  it('is off when the step reads something in another order, or a part', () => {
    const list = new List();
    const layer = linear(list, list.input(8 * 5), 5, 5, { bias: null });
    pointwise(list, [weightGradient(list, layer, list.input(8 * 5)), layer.weight], ([g, p]) => p!.sub(g!), {
      outputs: [layer.weight],
      sizes: [5, 5],
      strides: [
        [1, 5],
        [5, 1],
      ],
    });
    const anchored = new List();
    const square = linear(anchored, anchored.input(8 * 5), 5, 5, { bias: null });
    const gradient = weightGradient(anchored, square, anchored.input(8 * 5));
    pointwise(anchored, [gradient, square.weight, anchored.state(25)], ([g, p, a]) => p!.sub(g!.add(a!)), {
      outputs: [square.weight],
      sizes: [5, 5],
      strides: [
        [5, 1],
        [5, 1],
        [1, 5],
      ],
    });
    const longer = start();
    const given = [weightGradient(longer.list, longer.layer, longer.grad), longer.layer.weight, longer.list.state(20)];
    const dense = { outputs: [longer.layer.weight], sizes: [15], strides: [[1], [1], [1]] };
    pointwise(longer.list, given, ([g, p, a]) => p!.sub(g!.add(a!)), dense);
    for (const each of [list, anchored, longer.list]) expectUnchanged(each);
  });

  it('is off when the step writes something else as well, or draws a mask', () => {
    const more = start();
    const inputs = [weightGradient(more.list, more.layer, more.grad), more.layer.weight];
    const outputs = [more.layer.weight, more.list.output(15)];
    pointwise(more.list, inputs, ([g, p]) => [p!.sub(g!), g!.abs()], { outputs });
    const masked = start();
    const key = masked.list.state(2, 'int32');
    const given = [weightGradient(masked.list, masked.layer, masked.grad), masked.layer.weight];
    const drop = { outputs: [masked.layer.weight], keys: [key], columns: 3 };
    pointwise(masked.list, given, ([g, p], _, graph) => p!.sub(g!.mul(graph.mask(0, 0.5))), drop);
    for (const { list } of [more, masked]) expectUnchanged(list);
  });

  it('adds to a gradient that is accumulated over calls, and leaves the step apart', () => {
    const { list, layer, grad } = start();
    const kept = list.state(15);
    add(list, kept, weightGradient(list, layer, grad), kept);
    sgd(list, layer.weight, kept);
    expect(lines(fuseLinearWeightUpdate(list.graph())).slice(1)).toEqual([
      'state1 = linearWeightUpdate(input1, input0) |> add(state1, ·)',
      'state0 = sub(state0, mul(scalar0, state1))',
    ]);
  });

  it('is off when the gradient is kept or returned', () => {
    const kept = start();
    sgd(kept.list, kept.layer.weight, weightGradient(kept.list, kept.layer, kept.grad, kept.list.state(15)));
    const returned = start();
    const gradWeight = weightGradient(returned.list, returned.layer, returned.grad);
    sgd(returned.list, returned.layer.weight, gradWeight);
    copy(returned.list, gradWeight, returned.list.output(15));
    expectUnchanged(kept.list);
    expectUnchanged(returned.list);
  });

  it('is off when the weight is its own input, which the op would overwrite while it reads it', () => {
    const list = new List();
    const weight = list.state(8 * 8);
    const layer = linear(list, weight, 8, 8, { weight, bias: null });
    sgd(list, weight, weightGradient(list, layer, list.input(8 * 8)));
    expectUnchanged(list);
  });

  it('takes no product that is not the gradient of a weight', () => {
    const list = new List();
    const square = list.state(8 * 8);
    const product = list.temporary(8 * 8);
    const plain = { batch: 1, transA: false, transB: false, aStride: 0, bStride: 0 };
    list.add('matmul', { a: list.input(8 * 8), b: list.input(8 * 8), out: product, m: 8, n: 8, k: 8, ...plain });
    sgd(list, square, product);
    expectUnchanged(list);
  });

  it('is off when the activations change before the step', () => {
    const { list, layer, grad } = start();
    const x = list.temporary(8 * 3);
    copy(list, list.input(8 * 3), x);
    const gradWeight = weightGradient(list, { ...layer, x }, grad);
    exp(list, gradWeight);
    exp(list, x, x);
    sgd(list, layer.weight, gradWeight);
    expectUnchanged(list);
    const alone = start();
    const changing = alone.list.state(8 * 3);
    const gradient = weightGradient(alone.list, { ...alone.layer, x: changing }, alone.grad);
    const read = exp(alone.list, changing);
    exp(alone.list, changing, changing);
    // Depends on what changes the activations, and the step depends on it.
    const sum = add(alone.list, read, changing);
    copy(alone.list, sum, alone.list.output(24));
    const needed = pointwise(alone.list, [changing], ([each]) => each!.neg(), { outputs: [alone.list.state(24)] });
    pointwise(alone.list, [gradient, alone.layer.weight, needed], ([g, p]) => p!.sub(g!), {
      outputs: [alone.layer.weight],
      sizes: [15],
      strides: [[1], [1], [1]],
    });
    expectUnchanged(alone.list);
  });
});

function expectUnchanged(list: List): void {
  const before = list.graph();
  expect(fuseLinearWeightUpdate(before)).toBe(before);
}
