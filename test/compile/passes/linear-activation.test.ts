import { describe, expect, it } from 'vitest';
import { fuseLinearActivation } from '../../../src/compile/passes/linear-activation.js';
import { List, lines } from './list.js';
import { copy, drawKey, dropout, fill, linear, matrix, relu, reluBackward } from './tape.js';

describe('linear-activation', () => {
  it('makes linear, relu and dropout one op', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const y = relu(list, linear(list, x, 3, 5).out);
    const d = dropout(list, y, drawKey(list), 0.25);
    copy(list, d, list.output(8 * 5));
    expect(lines(list.listing())).toEqual([
      '%3 = linear(input0, state0, bias=state1)',
      '%4 = relu(%3)',
      '%5 = drawKey()',
      '%6 = dropout(%4, %5, p=0.25)',
      'output0 = copy(%6, output0)',
    ]);
    expect(lines(fuseLinearActivation(list.listing()))).toEqual([
      '%5 = drawKey()',
      '%6 = linearActivation(input0, state0, bias=state1, key=%5, relu, p=0.25)',
      'output0 = copy(%6, output0)',
    ]);
  });

  it('makes a linear alone, and a linear with dropout but no relu, one op', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const key = drawKey(list);
    dropout(list, linear(list, x, 3, 5, { bias: null }).out, key);
    linear(list, x, 3, 5, { bias: null });
    expect(lines(fuseLinearActivation(list.listing()))).toEqual([
      '%1 = drawKey()',
      '%4 = linearActivation(input0, state0, key=%1, p=0.5)',
      '%6 = linearActivation(input0, state1, p=0)',
    ]);
  });

  it("lets the gradient of relu read dropout's output, so that relu's need not be kept", () => {
    const list = new List();
    const x = list.input(8 * 3);
    const grad = list.input(8 * 5);
    const y = relu(list, linear(list, x, 3, 5).out);
    const key = drawKey(list);
    const d = dropout(list, y, key);
    const h = reluBackward(list, dropout(list, grad, key), y);
    copy(list, d, list.output(8 * 5));
    copy(list, h, list.output(8 * 5));
    expect(lines(list.listing())).toContain('%9 = reluBackward(%8, %5)');
    expect(lines(fuseLinearActivation(list.listing()))).toEqual([
      '%6 = drawKey()',
      '%7 = linearActivation(input0, state0, bias=state1, key=%6, relu, p=0.5)',
      '%8 = dropout(input1, %6, p=0.5)',
      '%9 = reluBackward(%8, %7)',
      'output0 = copy(%7, output0)',
      'output1 = copy(%9, output1)',
    ]);
  });

  it('keeps reading what relu gave when what dropout gave is overwritten', () => {
    const list = new List();
    const grad = list.input(8 * 5);
    const y = relu(list, list.input(8 * 5));
    const key = drawKey(list);
    const d = dropout(list, y, key);
    copy(list, d, list.output(8 * 5));
    fill(list, 1, d);
    copy(list, d, list.output(8 * 5));
    reluBackward(list, dropout(list, grad, key), y);
    expect(lines(fuseLinearActivation(list.listing()))).toEqual(lines(list.listing()));
  });

  it('keeps apart what has another reader', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const grad = list.input(8 * 5);
    const { out } = linear(list, x, 3, 5);
    const y = relu(list, out);
    const key = drawKey(list);
    dropout(list, y, key);
    // By another mask: dropout's output does not tell where this one is 0.
    reluBackward(list, dropout(list, grad, drawKey(list)), y);
    expect(lines(fuseLinearActivation(list.listing()))).toEqual([
      '%5 = linearActivation(input0, state0, bias=state1, relu, p=0)',
      '%6 = drawKey()',
      '%7 = dropout(%5, %6, p=0.5)',
      '%8 = drawKey()',
      '%9 = dropout(input1, %8, p=0.5)',
      '%10 = reluBackward(%9, %5)',
    ]);
    copy(list, out, list.output(8 * 5));
    expect(lines(fuseLinearActivation(list.listing()))[0]).toBe(
      '%4 = linearActivation(input0, state0, bias=state1, p=0)',
    );
    expect(lines(fuseLinearActivation(list.listing()))[1]).toBe('%5 = relu(%4)');
  });

  it('keeps apart what is written in between, and what is no temporary', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const twice = matrix(list, 5);
    linear(list, x, 3, 5, { out: twice });
    fill(list, 1, twice);
    relu(list, twice);
    relu(list, linear(list, x, 3, 5, { out: list.output(8 * 5) }).out);
    expect(lines(fuseLinearActivation(list.listing())).map((line) => line.replace(/\(.*/, ''))).toEqual([
      '%1 = linearActivation',
      '%1 = fill',
      '%4 = relu',
      'output0 = linearActivation',
      '%8 = relu',
    ]);
  });

  it('computes before a weight is overwritten, though its reader comes later', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const { weight, out } = linear(list, x, 3, 5, { bias: null });
    fill(list, 0, weight);
    relu(list, out);
    expect(lines(fuseLinearActivation(list.listing()))).toEqual([
      '%3 = linearActivation(input0, state0, relu, p=0)',
      'state0 = fill(value=0)',
    ]);
  });
});
