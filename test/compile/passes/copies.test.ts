import { describe, expect, it } from 'vitest';
import { dropCopies } from '../../../src/compile/passes/copies.js';
import { hoistChecks } from '../../../src/compile/passes/hoist-checks.js';
import { List, lines } from './graph.js';
import { add, copy, drawKey, exp, fill, neg } from './tape.js';

describe('copies', () => {
  it('reads the original, through any number of copies, and computes where the result is wanted', () => {
    const list = new List();
    const x = list.input(4);
    const [a, b, c] = [list.temporary(4), list.temporary(4), list.temporary(4)];
    copy(list, x, a);
    copy(list, a, b);
    exp(list, b, c);
    copy(list, c, list.output(4));
    expect(lines(dropCopies(list.graph()))).toEqual(['output0 = exp(input0)']);
  });

  it('keeps a copy whose original is written before the copy is read', () => {
    const list = new List();
    const param = list.state(4);
    const old = list.temporary(4);
    copy(list, param, old);
    fill(list, 0, param);
    neg(list, old, list.output(4));
    expect(lines(dropCopies(list.graph()))).toHaveLength(3);
    const inPlace = new List();
    const state = inPlace.state(4);
    const kept = inPlace.temporary(4);
    copy(inPlace, state, kept);
    add(inPlace, kept, kept, state);
    expect(lines(dropCopies(inPlace.graph()))).toHaveLength(2);
  });

  it('keeps a copy of a part, into another order, and of what others read too', () => {
    const list = new List();
    const x = list.input(6);
    const [part, turned] = [list.temporary(4), list.temporary(6)];
    list.add('copy', { x, out: part, layout: Float64Array.of(4, 1, 1), xOffset: 2, outOffset: 0 });
    list.add('copy', { x, out: turned, layout: Float64Array.of(2, 3, 1, 2, 3, 1), xOffset: 0, outOffset: 0 });
    const c = list.temporary(6);
    exp(list, turned, c);
    copy(list, c, list.output(6));
    neg(list, c, list.output(6));
    neg(list, part, list.output(4));
    expect(dropCopies(list.graph())).toEqual(list.graph());
  });

  it('writes state no earlier than where it was written', () => {
    const list = new List();
    const param = list.state(4);
    const [next, old] = [list.temporary(4), list.output(4)];
    exp(list, list.input(4), next);
    neg(list, param, old);
    copy(list, next, param);
    expect(lines(dropCopies(list.graph()))).toEqual(['output0 = neg(state0)', 'state0 = exp(input0)']);
  });
});

describe('hoist-checks', () => {
  it('moves the checks of inputs to the front, in their order, and leaves the others', () => {
    const list = new List();
    const [target, index] = [list.input(2, 'int32'), list.input(2, 'int32')];
    const made = list.temporary(2, 'int32');
    drawKey(list);
    list.add('cast', { x: list.input(2), out: made, n: 2 });
    list.add('checkIndex', { index: made, bound: 3, dim: 0 });
    list.add('checkTarget', { target, classes: 3, ignoreIndex: -100 });
    fill(list, 0, list.state(4));
    list.add('checkIndex', { index, bound: 3, dim: 0 });
    expect(lines(hoistChecks(list.graph()))).toEqual([
      'checkTarget(input0, ignoreIndex=-100)',
      'checkIndex(input1)',
      '%3 = drawKey()',
      '%2 = cast(input2)',
      'checkIndex(%2)',
      'state0 = fill(value=0)',
    ]);
  });
});
