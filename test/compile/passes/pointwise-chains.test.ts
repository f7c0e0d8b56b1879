import { describe, expect, it } from 'vitest';
import { fusePointwiseChains } from '../../../src/compile/passes/pointwise-chains.js';
import type { Layout } from '../../../src/ops/ops.js';
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { List, lines } from './graph.js';
import { add, copy, drawKey, dropout, exp, fill, neg, pointwise, programOf, run, sgd, update } from './tape.js';

const fused = (list: List): string[] => lines(fusePointwiseChains(list.graph()));
const argsOf = (list: List, index: number) => fusePointwiseChains(list.graph()).instructions[index]!.args;
const layoutOf = (list: List, index = 0): number[] => [...(argsOf(list, index).layout as Layout)];

function expectUnchanged(list: List): void {
  const before = list.graph();
  expect(fusePointwiseChains(before)).toBe(before);
}

describe('pointwise-chains', () => {
  it('makes a chain one op, whatever is read twice once', () => {
    const list = new List();
    const [x, y] = [list.input(40), list.input(40)];
    const sum = add(list, exp(list, x), y);
    const gated = pointwise(list, [sum, x], ([s, each]) => s!.mul(s!.sigmoid()).add(each!));
    pointwise(list, [gated, y], ([g, each]) => g!.maximum(each!), { outputs: [list.output(40)] });
    expect(list.instructions).toHaveLength(4);
    expect(fused(list)).toEqual(['output0 = max(add(…), input1)']);
    expect(argsOf(list, 0).inputs).toEqual([x, y]);
    // exp, add, sigmoid, mul, add, max: each once.
    expect((argsOf(list, 0).program as PointwiseProgram).instructions).toHaveLength(6);
    expect(layoutOf(list)).toEqual([40, 1, 1]);
  });

  it('writes what others read, too, behind what they must not see', () => {
    const list = new List();
    const x = list.input(40);
    const t = exp(list, x);
    const state = list.state(40);
    copy(list, t, state);
    neg(list, t, list.output(40));
    copy(list, state, list.output(40));
    expect(fused(list)).toEqual([
      'output0, %1 = neg(exp(input0)), exp(input0)',
      'state0 = copy(%1, state0)',
      'output1 = copy(state0, output1)',
    ]);
  });

  it('broadcasts operands as they were, over whichever sizes both can have', () => {
    const list = new List();
    const [x, row, column, scalar] = [list.input(40), list.input(5), list.input(8), list.input(1)];
    const sizes = [8, 5];
    // Dense operands alone: 40 elements in a row.
    const scaled = pointwise(list, [x, scalar], ([a, s]) => a!.mul(s!));
    const dense = [5, 1];
    const shifted = pointwise(list, [scaled, row], ([a, b]) => a!.add(b!), { sizes, strides: [dense, [0, 1]] });
    const gained = pointwise(list, [shifted, column], ([a, b]) => a!.mul(b!), { sizes, strides: [dense, [1, 0]] });
    neg(list, gained, list.output(40));
    expect(fused(list)).toEqual(['output0 = neg(mul(add(mul(input0, input3), input1), input2))']);
    expect(argsOf(list, 0).inputs).toEqual([x, scalar, row, column]);
    expect(layoutOf(list)).toEqual([8, 5, 5, 1, 0, 0, 0, 1, 1, 0]);
  });

  it('keeps apart what is repeated, and sizes that have no common form', () => {
    const row = new List();
    const t = exp(row, row.input(5));
    const strides = [
      [0, 1],
      [5, 1],
    ];
    pointwise(row, [t, row.input(40)], ([a, b]) => a!.add(b!), { sizes: [8, 5], strides });
    const turned = new List();
    const u = exp(turned, turned.input(64));
    pointwise(turned, [u, turned.input(64)], ([a, b]) => a!.add(b!), {
      sizes: [8, 8],
      strides: [
        [1, 8],
        [8, 1],
      ],
    });
    const other = new List();
    const [w, half] = [other.input(40), other.input(20)];
    const sizes = { sizes: [2, 20], strides: [[20, 1], [0, 1]] } as const; // biome-ignore format: one line
    const v = pointwise(other, [w, half], ([a, b]) => a!.add(b!), sizes);
    const rows = { sizes: [8, 5], strides: [[5, 1], [0, 1]] } as const; // biome-ignore format: one line
    pointwise(other, [v, other.input(5)], ([a, b]) => a!.add(b!), rows);
    const both = new List();
    const s = exp(both, both.input(64));
    const orders = { sizes: [8, 8], strides: [[8, 1], [1, 8]] } as const; // biome-ignore format: one line
    pointwise(both, [s, s], ([a, b]) => a!.add(b!), orders);
    const part = new List();
    pointwise(part, [exp(part, part.input(40))], ([a]) => a!.neg(), { sizes: [5], strides: [[1]] });
    for (const list of [row, turned, other, both, part]) expectUnchanged(list);
  });

  it('reads what was copied to be broadcast, where it was', () => {
    const list = new List();
    const [x, row, one] = [list.input(40), list.input(5), list.input(1)];
    const rows = list.temporary(40);
    const layout = Float64Array.of(8, 5, 0, 1, 5, 1);
    list.add('copy', { x: row, out: rows, layout, xOffset: 0, outOffset: 0 });
    const all = list.temporary(40);
    list.add('copy', { x: one, out: all, layout: Float64Array.of(40, 0, 1), xOffset: 0, outOffset: 0 });
    pointwise(list, [x, rows, all], ([a, b, c]) => a!.mul(b!).add(c!), { outputs: [list.output(40)] });
    expect(fused(list)).toEqual(['output0 = add(mul(input0, input1), input2)']);
    expect(argsOf(list, 0).inputs).toEqual([one, row, x]);
    expect(layoutOf(list)).toEqual([8, 5, 0, 0, 0, 1, 5, 1]);
    copy(list, rows, list.output(40));
    expect(fused(list)).toEqual([
      'output0, %3 = add(mul(input0, input1), input2), input1',
      'output1 = copy(%3, output1)',
    ]);
  });

  it('leaves copies of a part, of integers, and across the order of memory', () => {
    const part = new List();
    const whole = part.input(8);
    const [half, tail] = [part.temporary(4), part.temporary(4)];
    part.add('copy', { x: whole, out: half, layout: Float64Array.of(4, 2, 1), xOffset: 0, outOffset: 0 });
    part.add('copy', { x: whole, out: tail, layout: Float64Array.of(4, 1, 1), xOffset: 4, outOffset: 0 });
    add(part, half, tail, part.output(4));
    const rest = new List();
    const filled = fill(rest, 0, rest.temporary(4));
    rest.add('copy', { x: rest.input(2), out: filled, layout: Float64Array.of(2, 1, 1), xOffset: 0, outOffset: 0 });
    neg(rest, filled, rest.output(4));
    const turned = new List();
    const t = turned.temporary(40);
    const layout = Float64Array.of(8, 5, 1, 8, 5, 1);
    turned.add('copy', { x: turned.input(40), out: t, layout, xOffset: 0, outOffset: 0 });
    neg(turned, t, turned.output(40));
    for (const list of [part, rest, turned]) expectUnchanged(list);
  });

  it('reads one memory in two ways where it was read so', () => {
    const list = new List();
    const x = list.input(64);
    const t = exp(list, x);
    pointwise(list, [t, x], ([a, b]) => a!.sub(b!), {
      outputs: [list.output(64)],
      sizes: [8, 8],
      strides: [
        [8, 1],
        [1, 8],
      ],
    });
    expect(fused(list)).toEqual(['output0 = sub(exp(input0), input0)']);
    expect(argsOf(list, 0).inputs).toEqual([x, x]);
    expect(layoutOf(list)).toEqual([8, 8, 8, 1, 1, 8]);
  });

  it('takes several outputs into several readers', () => {
    const list = new List();
    const [s, c] = run(
      list,
      programOf(1, ([x]) => [x!.sin(), x!.cos()]),
      [list.input(4)],
    );
    const tangent = pointwise(list, [s!, c!], ([a, b]) => a!.div(b!));
    add(list, tangent, c!, list.output(4));
    exp(list, c!, list.output(4));
    expect(fused(list)).toEqual([
      'output1, output0 = exp(cos(input0)), add(div(sin(input0), cos(input0)), cos(input0))',
    ]);
  });

  it('takes numbers that may change, each once, and tells those apart that are equal now', () => {
    const list = new List();
    const [a, b] = [list.dynamicScalar(), list.dynamicScalar()];
    const scaled = (x: number, scalar: number | { dynamic: number }) =>
      pointwise(list, [x], ([each], [s]) => each!.mul(s!), { scalars: [scalar] });
    const x = list.input(4);
    copy(list, [{ dynamic: a }, 2, { dynamic: b }, 2, 0, -0, { dynamic: a }].reduce(scaled, x), list.output(4));
    expect(fused(list)[0]).toMatch(/^%\d+ = mul\(mul\(.*scalar0\), 2\), scalar1\), 2\), 0\), 0\), scalar0\)$/);
    expect(argsOf(list, 0).scalars).toEqual([{ dynamic: a }, 2, { dynamic: b }, 0, -0]);
  });

  it('takes what is done to a gradient into the step that uses it, over the weight in place', () => {
    const list = new List();
    const [weight, grad] = [list.state(15), list.input(15)];
    const clipped = pointwise(list, [grad], ([g]) => g!.maximum(-1).minimum(1));
    sgd(list, weight, clipped, true);
    const next = 'selectEqual(state2 + 1, 1, min(…), add(…))';
    expect(fused(list)).toEqual([`state0, state1, step=state2 = sub(state0, mul(scalar0, ${next})), ${next}`]);
    const buffer = list.values.findIndex(({ kind, index }) => kind === 'state' && index === 1);
    expect(argsOf(list, 0)).toMatchObject({ inputs: [grad, weight, buffer], outputs: [weight, buffer] });
  });

  it('keeps the number of the step the last, with numbers of both', () => {
    const list = new List();
    const [weight, grad] = [list.state(3), list.input(3)];
    const scaled = pointwise(list, [grad], ([g], [s]) => g!.mul(s!), { scalars: [{ dynamic: list.dynamicScalar() }] });
    update(
      list,
      weight,
      scaled,
      ({ param, grad: g, m, step }, { lr }) => ({ param: param!.sub(lr!.div(step!).mul(g!)), m }),
      { buffers: ['m'] },
    );
    expect(fused(list)).toEqual([
      'state0, state1, step=state2 = sub(state0, mul(div(scalar1, state2 + 1), mul(input0, scalar0))), state1',
    ]);
    expect((argsOf(list, 0).program as PointwiseProgram).scalars).toBe(3);
    expect(argsOf(list, 0).scalars).toEqual([{ dynamic: 0 }, { dynamic: 1 }]);
    // It is there also where the program does not use it.
    const unused = new List();
    const plain = pointwise(unused, [unused.input(3)], ([g]) => g!.sign());
    update(unused, unused.state(3), plain, ({ param, grad: g, m }) => ({ param: param!.sub(g!), m }), {
      buffers: ['m'],
      numbers: [],
    });
    expect((argsOf(unused, 0).program as PointwiseProgram).scalars).toBe(1);
    expect(argsOf(unused, 0).scalars).toEqual([]);
  });

  it('leaves a step apart from what reads what it has written', () => {
    const list = new List();
    const weight = list.state(3);
    sgd(list, weight, list.input(3), true);
    neg(list, weight, list.output(3));
    const temporary = new List();
    const step = temporary.state(1, 'int32');
    const divided = programOf(1, ([x], [number]) => x!.div(number!), 1);
    neg(temporary, run(temporary, divided, [temporary.input(3)], { step })[0]!, temporary.output(3));
    for (const each of [list, temporary]) expectUnchanged(each);
  });

  it('does not write what it reads in another order', () => {
    const list = new List();
    const square = list.state(64);
    const turned = { sizes: [8, 8], strides: [[1, 8]] };
    const t = pointwise(list, [square], ([x]) => x!.exp(), turned);
    neg(list, t, square);
    expectUnchanged(list);
    const both = new List();
    const twice = both.state(64);
    const u = pointwise(both, [twice], ([x]) => x!.exp(), turned);
    add(both, u, twice, twice);
    expectUnchanged(both);
    const same = new List();
    const state = same.state(64);
    neg(same, exp(same, state), state);
    expect(fused(same)).toEqual(['state0 = neg(exp(state0))']);
  });

  it('takes two masks of the same rows, and one mask into a program without', () => {
    const list = new List();
    const [a, b] = [drawKey(list), drawKey(list)];
    const once = exp(list, dropout(list, list.input(40), a, 0.25));
    dropout(list, once, b, 0.5, { outputs: [list.output(40)] });
    expect(fused(list).at(-1)).toBe('output0 = mul(exp(mul(input0, mask(%0, 0.25))), mask(%1, 0.5))');
    expect(argsOf(list, 2)).toMatchObject({ keys: [a, b], columns: 5, rowOffset: 0, scalars: [0.25, 0.5] });
    const late = new List();
    dropout(late, exp(late, late.input(40)), drawKey(late), 0.5, { rowOffset: 8 });
    expect(argsOf(late, 1)).toMatchObject({ columns: 5, rowOffset: 8 });
  });

  it.each([{ columns: 4 }, { rowOffset: 8 }])('keeps masks of other rows apart: %o', (other) => {
    const list = new List();
    const [a, b] = [drawKey(list), drawKey(list)];
    dropout(list, dropout(list, list.input(40), a), b, 0.5, other);
    expectUnchanged(list);
  });

  it('draws one mask for two readers of its key', () => {
    const list = new List();
    const key = drawKey(list);
    const x = list.input(40);
    add(list, dropout(list, x, key), dropout(list, exp(list, x), key), list.output(40));
    const { instructions } = argsOf(list, 1).program as PointwiseProgram;
    expect(instructions.map(({ node }) => node).toSorted()).toEqual(['add', 'exp', 'mask', 'mul', 'mul']);
  });

  it('keeps apart what is written in between', () => {
    const read = new List();
    const param = read.state(4);
    const t = exp(read, param);
    fill(read, 0, param);
    // Reads the new one, and through t the old one.
    add(read, t, param, read.output(4));
    const twice = new List();
    const u = exp(twice, twice.input(4));
    fill(twice, 1, u);
    neg(twice, u, twice.output(4));
    const inPlace = new List();
    const v = exp(inPlace, inPlace.input(4));
    neg(inPlace, v, v);
    copy(inPlace, v, inPlace.output(4));
    for (const list of [read, twice, inPlace]) expectUnchanged(list);
    const free = new List();
    const state = free.state(4);
    const w = exp(free, state);
    fill(free, 0, state);
    neg(free, w, free.output(4));
    expect(fused(free)).toEqual(['output0 = neg(exp(state0))', 'state0 = fill(value=0)']);
  });

  it('reads state, inputs and outputs that others wrote', () => {
    const list = new List();
    const y = list.output(4);
    exp(list, list.input(4), y);
    neg(list, y, list.output(4));
    expectUnchanged(list);
  });

  it('does not take along what is the same for all elements: between two ops it is a float32', () => {
    const list = new List();
    const third = pointwise(list, [list.input(4)], (_inputs, [s]) => s!.div(3), {
      scalars: [{ dynamic: list.dynamicScalar() }],
    });
    pointwise(list, [third, list.input(4)], ([a, x]) => a!.add(1).mul(x!), { outputs: [list.output(4)] });
    expectUnchanged(list);
  });

  it('makes no program that is longer than 64 instructions or has more than 16 inputs', () => {
    const list = new List();
    let x = list.input(4);
    for (let i = 0; i < 100; i++) x = exp(list, x);
    const lengths = fusePointwiseChains(list.graph()).instructions.map(
      ({ args }) => (args.program as PointwiseProgram).instructions.length,
    );
    expect(lengths).toEqual([64, 36]);
    const wide = new List();
    let sum = wide.input(4);
    for (let i = 0; i < 20; i++) sum = add(wide, sum, wide.input(4));
    const inputs = fusePointwiseChains(wide.graph()).instructions.map(({ args }) => (args.inputs as number[]).length);
    expect(inputs).toEqual([16, 6]);
  });

  it('does nothing without elements', () => {
    const list = new List();
    neg(list, exp(list, list.input(0)), list.output(0));
    expectUnchanged(list);
  });
});
