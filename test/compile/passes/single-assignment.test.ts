import { describe, expect, it } from 'vitest';
import { assignOnce } from '../../../src/compile/passes/single-assignment.js';
import { List, lines } from './graph.js';
import { add, copy, exp, fill, neg, sgd, weightGradient } from './tape.js';

describe('single-assignment', () => {
  it('gives a sum in place separate memory, which is read from then on', () => {
    const list = new List();
    const [x, y] = [list.input(4), list.input(4)];
    const sum = exp(list, x);
    neg(list, sum, list.output(4));
    add(list, sum, y, sum);
    neg(list, sum, list.output(4));
    add(list, y, sum, sum);
    copy(list, sum, list.output(4));
    expect(lines(assignOnce(list.graph()))).toEqual([
      '%2 = exp(input0)',
      'output0 = neg(%2)',
      '%6 = add(%2, input1)',
      'output1 = neg(%6)',
      '%7 = add(input1, %6)',
      'output2 = copy(%7, output2)',
    ]);
  });

  it('does so where a temporary is written over whole', () => {
    const list = new List();
    const t = fill(list, 1, list.temporary(4));
    neg(list, t, list.output(4));
    copy(list, list.input(4), t);
    neg(list, t, list.output(4));
    fill(list, 2, t);
    copy(list, t, list.output(4));
    const after = assignOnce(list.graph());
    expect(lines(after)).toEqual([
      '%0 = fill(value=1)',
      'output0 = neg(%0)',
      '%5 = copy(input0, %5)',
      'output1 = neg(%5)',
      '%6 = fill(value=2)',
      'output2 = copy(%6, output2)',
    ]);
    expect(after.values[6]).toEqual(after.values[0]);
  });

  it('leaves what is written in part where it is, and whatever was there before', () => {
    const list = new List();
    const half = Float64Array.of(2, 1, 1);
    const t = fill(list, 1, list.temporary(4));
    list.add('copy', { x: list.input(2), out: t, layout: half, xOffset: 0, outOffset: 2 });
    const unset = list.temporary(4);
    neg(list, unset, list.output(4));
    exp(list, unset, unset);
    add(list, t, unset, t);
    list.add('copy', { x: list.input(2), out: t, layout: half, xOffset: 0, outOffset: 0 });
    copy(list, t, list.output(4));
    expect(lines(assignOnce(list.graph()))).toEqual([
      '%0 = fill(value=1)',
      '%0 = copy(input0, %0)',
      'output0 = neg(%2)',
      '%6 = exp(%2)',
      '%7 = add(%0, %6)',
      '%7 = copy(input1, %7)',
      'output1 = copy(%7, output1)',
    ]);
  });

  it('leaves state and outputs in place', () => {
    const list = new List();
    const [param, y] = [list.state(15), list.output(15)];
    const layer = { x: list.input(24), weight: param, bias: null, out: 0, rows: 8, inFeatures: 3, outFeatures: 5 };
    const gradient = weightGradient(list, layer, list.input(40));
    add(list, param, gradient, param);
    sgd(list, param, gradient, true);
    exp(list, param, y);
    neg(list, y, y);
    const before = list.graph();
    expect(assignOnce(before)).toBe(before);
  });
});
