import { describe, expect, it } from 'vitest';
import { fuseLinearWeightUpdate } from '../../../src/compile/passes/linear-weight-update.js';
import { List, lines } from './list.js';
import { adam, copy, inputGradient, linear, sgd, weightGradient } from './tape.js';

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
    expect(lines(list.listing()).slice(1)).toEqual([
      '%4 = matmul(input1, input0, transA)',
      '%5 = matmul(input1, state0)',
      'output0 = copy(%5, output0)',
      'state0 = sgd(state0, %4)',
    ]);
    expect(lines(fuseLinearWeightUpdate(list.listing())).slice(1)).toEqual([
      '%5 = matmul(input1, state0)',
      'output0 = copy(%5, output0)',
      'state0 = linearWeightSgd(input1, input0, state0)',
    ]);
  });

  it('takes momentum and Adam with their state', () => {
    const first = start();
    sgd(first.list, first.layer.weight, weightGradient(first.list, first.layer, first.grad), true);
    expect(lines(fuseLinearWeightUpdate(first.list.listing()))[1]).toBe(
      'state0, buffer=state1, step=state2 = linearWeightSgd(input1, input0, state0, buffer=state1, step=state2)',
    );
    const second = start();
    adam(second.list, second.layer.weight, weightGradient(second.list, second.layer, second.grad));
    expect(lines(fuseLinearWeightUpdate(second.list.listing()))[1]).toBe(
      'state0, state1, state2, state3 = linearWeightAdam(input1, input0, state0, state1, state2, state3)',
    );
  });

  it('is off when gradients are clipped', () => {
    const { list, layer, grad } = start();
    const gradWeight = weightGradient(list, layer, grad);
    const clipped = list.temporary(15);
    list.add('clamp', { x: gradWeight, out: clipped, n: 15, low: -1, high: 1 });
    sgd(list, layer.weight, clipped);
    expectUnchanged(list);
  });

  it('is off when the gradient is scaled in place by its norm', () => {
    const { list, layer, grad } = start();
    const gradWeight = weightGradient(list, layer, grad);
    list.add('mul', { a: gradWeight, b: list.input(1), out: gradWeight, layout: Float64Array.of(15, 1, 0) });
    sgd(list, layer.weight, gradWeight);
    expectUnchanged(list);
  });

  it('is off when gradients are accumulated over calls', () => {
    const { list, layer, grad } = start();
    const kept = list.state(15);
    const layout = Float64Array.of(15, 1, 1);
    list.add('add', { a: kept, b: weightGradient(list, layer, grad), out: kept, layout });
    sgd(list, layer.weight, kept);
    expectUnchanged(list);
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
    list.add('exp', { x: gradWeight, out: list.temporary(15), n: 15 });
    list.add('exp', { x, out: x, n: 24 });
    sgd(list, layer.weight, gradWeight);
    expectUnchanged(list);
  });
});

function expectUnchanged(list: List): void {
  const before = list.listing();
  expect(fuseLinearWeightUpdate(before)).toBe(before);
}
