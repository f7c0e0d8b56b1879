import { describe, expect, it } from 'vitest';
import { Analysis, fuse, rewriteAll } from '../../../src/compile/passes/analysis.js';
import { instruction } from '../../../src/compile/passes/instruction.js';
import { List, lines } from './graph.js';
import { add, copy, exp, neg, programOf } from './tape.js';

/** An instruction that writes `out` from some inputs of 4 elements. */
function sum(inputs: readonly number[], out: number) {
  const program = programOf(inputs.length, (each) => each.reduce((a, b) => a.add(b)));
  const layout = Float64Array.of(4, ...inputs.map(() => 1));
  const none = { keys: [], scalars: [], step: null, columns: 1, rowOffset: 0 };
  return instruction('pointwise', { program, inputs, outputs: [out], layout, ...none });
}

describe('fuse', () => {
  function start() {
    const list = new List();
    const [x, other] = [list.input(4), list.state(4)];
    const t = exp(list, x);
    const y = neg(list, t, list.output(4));
    return { x, other, t, y, analysis: new Analysis(list.graph()) };
  }

  it('puts one instruction in the place of several', () => {
    const { x, y, analysis } = start();
    expect(lines(fuse(analysis, [0, 1], sum([x], y))!)).toEqual(['output0 = input0']);
  });

  it('takes none that touches other memory than they do: the order is known for that alone', () => {
    const { x, other, t, y, analysis } = start();
    expect(fuse(analysis, [0, 1], sum([x, other], y))).toBe(null);
    expect(fuse(analysis, [0, 1], sum([x], other))).toBe(null);
    // Unless it was settled before.
    expect(fuse(analysis, [0, 1], sum([x, other], y), [other])).not.toBe(null);
    expect(fuse(analysis, [0, 1], sum([x, y], t), [y])).toBe(null);
  });

  it('takes none that reads what one of them makes: it would read that before it is there', () => {
    const { x, t, y, analysis } = start();
    expect(fuse(analysis, [0, 1], sum([x, t], y))).toBe(null);
    expect(fuse(analysis, [1], sum([t], y))).not.toBe(null);
  });

  it('makes the instruction only where there is an order', () => {
    const list = new List();
    const t = exp(list, list.input(4));
    const kept = list.state(4);
    copy(list, t, kept);
    add(list, t, kept, list.output(4));
    let made = 0;
    const make = () => {
      made++;
      return null;
    };
    expect(fuse(new Analysis(list.graph()), [0, 2], make)).toBe(null);
    expect(made).toBe(0);
    expect(fuse(new Analysis(list.graph()), [0, 1], make)).toBe(null);
    expect(made).toBe(1);
  });
});

describe('rewriteAll', () => {
  it('goes on until nothing changes, also before what has changed', () => {
    const list = new List();
    for (let i = 0; i < 5; i++) exp(list, list.input(4));
    copy(list, list.input(4), list.output(4));
    // From the end to the beginning: each instruction is replaced once the one behind it was.
    const after = rewriteAll(list.graph(), ({ graph }, index) => {
      const { instructions } = graph;
      const [each, next] = [instructions[index]!, instructions[index + 1]];
      const isReady = next?.op === 'copy' || next?.args.columns === 2;
      if (each.op !== 'pointwise' || each.args.columns === 2 || !isReady) return null;
      const replaced = { ...each, args: { ...each.args, columns: 2 } };
      return { ...graph, instructions: instructions.with(index, replaced) };
    });
    expect(after.instructions.map(({ args }) => args.columns)).toEqual([2, 2, 2, 2, 2, undefined]);
  });
});
