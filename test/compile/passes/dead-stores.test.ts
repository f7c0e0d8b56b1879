import { describe, expect, it } from 'vitest';
import { Analysis } from '../../../src/compile/passes/analysis.js';
import { dropDeadStores } from '../../../src/compile/passes/dead-stores.js';
import { List, lines } from './graph.js';
import { add, exp, neg, pointwise, programOf, run } from './tape.js';

describe('dead stores', () => {
  it('drops what is only for temporaries that nothing reads, and what was only for that', () => {
    const list = new List();
    const x = list.input(4);
    const [a, b, c] = [list.temporary(4), list.temporary(4), list.temporary(4)];
    const y = list.output(4);
    exp(list, x, a);
    pointwise(list, [a], ([each]) => each!.relu(), { outputs: [b] });
    pointwise(list, [b], ([each]) => each!.log(), { outputs: [c] });
    neg(list, a, y);
    expect(lines(list.graph())).toEqual(['%1 = exp(input0)', '%2 = relu(%1)', '%3 = log(%2)', 'output0 = neg(%1)']);
    expect(lines(dropDeadStores(list.graph()))).toEqual(['%1 = exp(input0)', 'output0 = neg(%1)']);
  });

  it('keeps checks, keys, and all that reaches state or an output', () => {
    const list = new List();
    const target = list.input(2, 'int32');
    const key = list.temporary(2, 'int32');
    const param = list.state(4);
    list.add('checkTarget', { target, classes: 3, ignoreIndex: -100 });
    list.add('drawKey', { source: list.keys(), key });
    list.add('fill', { out: param, value: 1, n: 4 });
    const before = list.graph();
    expect(dropDeadStores(before)).toBe(before);
    expect(lines(before)).toHaveLength(3);
  });

  it('drops what is overwritten before anyone reads it, but not what is written in part', () => {
    const list = new List();
    const x = list.input(4);
    const [a, b] = [list.temporary(4), list.temporary(4)];
    const y = list.output(4);
    const dense = Float64Array.of(4, 1, 1);
    const half = Float64Array.of(2, 1, 1);
    list.add('fill', { out: a, value: 1, n: 4 });
    list.add('fill', { out: b, value: 2, n: 4 });
    list.add('copy', { x, out: a, layout: dense, xOffset: 0, outOffset: 0 });
    list.add('copy', { x, out: b, layout: half, xOffset: 0, outOffset: 2 });
    add(list, a, b, y);
    expect(lines(dropDeadStores(list.graph()))).toEqual([
      '%2 = fill(value=2)',
      '%1 = copy(input0, %1)',
      '%2 = copy(input0, %2)',
      'output0 = add(%1, %2)',
    ]);
  });

  it('keeps a temporary that is changed in place and then read', () => {
    const list = new List();
    const a = list.temporary(4);
    const y = list.output(4);
    list.add('fill', { out: a, value: 1, n: 4 });
    exp(list, a, a);
    neg(list, a, y);
    expect(lines(dropDeadStores(list.graph()))).toHaveLength(3);
  });

  it('keeps all that an instruction writes as long as one of it is read', () => {
    const list = new List();
    const [kept, unread] = run(
      list,
      programOf(1, ([x]) => [x!.exp(), x!.sin()]),
      [list.input(4)],
    );
    neg(list, kept!, list.output(4));
    run(
      list,
      programOf(1, ([x]) => [x!.log(), x!.cos()]),
      [unread!],
    );
    expect(lines(dropDeadStores(list.graph()))).toEqual(['%1, %2 = exp(input0), sin(input0)', 'output0 = neg(%1)']);
  });

  it('refuses a list whose arena is planned, where numbers no longer tell memory apart', () => {
    const graph = { ...new List().graph(), arena: 0 };
    expect(() => new Analysis(graph)).toThrow('passes run before the arena is planned');
  });
});
