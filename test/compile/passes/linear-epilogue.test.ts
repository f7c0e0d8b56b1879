import { describe, expect, it } from 'vitest';
import { fuseLinearEpilogue } from '../../../src/compile/passes/linear-epilogue.js';
import { fuseReluDropoutGradients } from '../../../src/compile/passes/relu-dropout.js';
import type { ValueId } from '../../../src/ops/graph.js';
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { List, lines } from './graph.js';
import {
  add,
  copy,
  drawKey,
  dropout,
  exp,
  fill,
  linear,
  matrix,
  neg,
  pointwise,
  programOf,
  relu,
  reluBackward,
  run,
} from './tape.js';

const fused = (list: List): string[] => lines(fuseLinearEpilogue(list.graph()));

/** What comes back from behind an activation [8, 5], and so after it. */
function behind(list: List, x: ValueId): ValueId {
  const out = list.temporary(8 * 5);
  list.add('softmax', { x, out, outer: 8, size: 5, inner: 1, log: false });
  return out;
}

function expectUnchanged(list: List): void {
  const before = list.graph();
  expect(fuseLinearEpilogue(before)).toBe(before);
}

describe('linear-epilogue', () => {
  it('makes linear, relu and dropout one op', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const y = relu(list, linear(list, x, 3, 5).out);
    const d = dropout(list, y, drawKey(list), 0.25);
    copy(list, d, list.output(8 * 5));
    expect(lines(list.graph())).toEqual([
      '%3 = linear(input0, state0, bias=state1)',
      '%4 = relu(%3)',
      '%5 = drawKey()',
      '%6 = mul(%4, mask(%5, 0.25))',
      'output0 = copy(%6, output0)',
    ]);
    expect(fused(list)).toEqual([
      '%5 = drawKey()',
      '%6 = linear(input0, state0, bias=state1) |> mul(relu(·), mask(%5, 0.25))',
      'output0 = copy(%6, output0)',
    ]);
  });

  it('takes dropout without relu, and leaves a linear alone that nothing follows', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const key = drawKey(list);
    dropout(list, linear(list, x, 3, 5, { bias: null }).out, key);
    linear(list, x, 3, 5, { bias: null });
    expect(fused(list)).toEqual([
      '%1 = drawKey()',
      '%4 = linear(input0, state0) |> mul(·, mask(%1, 0.5))',
      '%6 = linear(input0, state1)',
    ]);
  });

  it('takes an activation with a scale that changes, a residual sum, a gain and a scalar tensor', () => {
    const list = new List();
    const [x, residual, gain, scale] = [list.input(8 * 3), list.input(8 * 5), list.state(5), list.state(1)];
    const { out } = linear(list, x, 3, 5);
    const silu = pointwise(list, [out], ([h], [beta]) => h!.mul(h!.mul(beta!).sigmoid()), {
      scalars: [{ dynamic: list.dynamicScalar() }],
    });
    const strides = (last: readonly number[]) => ({ sizes: [8, 5], strides: [[5, 1], last] });
    const gained = pointwise(list, [silu, gain], ([h, g]) => h!.mul(g!), strides([0, 1]));
    const scaled = pointwise(list, [gained, scale], ([h, s]) => h!.mul(s!), strides([0, 0]));
    add(list, residual, scaled, list.output(8 * 5));
    expect(fused(list)).toEqual([
      'output0 = linear(input0, state2, bias=state3) |> ' +
        'add(input1, mul(mul(mul(·, sigmoid(mul(·, scalar0))), state0), state1))',
    ]);
  });

  it('reads a residual that is the product of another linear, and takes one of the two along', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const [left, right] = [linear(list, x, 3, 5, { bias: null }), linear(list, x, 3, 5, { bias: null })];
    add(list, left.out, right.out, list.output(8 * 5));
    expect(fused(list)).toEqual(['%4 = linear(input0, state1)', 'output0 = linear(input0, state0) |> add(·, %4)']);
  });

  it('goes on to a later reader where an earlier one depends on something else', () => {
    const list = new List();
    const x = list.input(8 * 5);
    const first = linear(list, x, 5, 5, { bias: null });
    const tanh = pointwise(list, [first.out], ([h]) => h!.tanh());
    const second = linear(list, tanh, 5, 5, { bias: null });
    const key = drawKey(list);
    add(list, tanh, dropout(list, second.out, key), list.output(8 * 5));
    expect(fused(list)).toEqual([
      '%3 = linear(input0, state0) |> tanh(·)',
      '%6 = drawKey()',
      'output0 = linear(%3, state1) |> add(%3, mul(·, mask(%6, 0.5)))',
    ]);
    // Read by the residual sum first, which depends on another product of it, then by something that can be taken along.
    const late = new List();
    const { out } = linear(late, late.input(8 * 5), 5, 5, { bias: null });
    const other = linear(late, out, 5, 5, { bias: null });
    const sum = pointwise(late, [out, other.out, other.x], ([a, b, c]) => a!.add(b!).add(c!));
    copy(late, sum, late.output(8 * 5));
    neg(late, out, late.output(8 * 5));
    expect(fused(late)).toEqual([
      'output1, %2 = linear(input0, state0) |> neg(·), ·',
      '%5 = linear(%2, state1) |> add(add(%2, ·), %2)',
      'output0 = copy(%5, output0)',
    ]);
  });

  it("lets the gradient of relu read dropout's output, so that relu's need not be kept", () => {
    const list = new List();
    const x = list.input(8 * 3);
    const y = relu(list, linear(list, x, 3, 5).out);
    const key = drawKey(list);
    const d = dropout(list, y, key);
    const h = reluBackward(list, dropout(list, behind(list, d), key), y);
    copy(list, d, list.output(8 * 5));
    copy(list, h, list.output(8 * 5));
    expect(lines(fuseLinearEpilogue(fuseReluDropoutGradients(list.graph())))).toEqual([
      '%5 = drawKey()',
      '%6 = linear(input0, state0, bias=state1) |> mul(relu(·), mask(%5, 0.5))',
      '%7 = softmax(%6)',
      '%9 = selectLessEqual(%6, 0, 0, mul(%7, 2))',
      'output0 = copy(%6, output0)',
      'output1 = copy(%9, output1)',
    ]);
  });

  it('writes what has another reader, too', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const { out } = linear(list, x, 3, 5);
    const y = relu(list, out);
    const key = drawKey(list);
    const grad = behind(list, dropout(list, y, key));
    // By another mask: dropout's output does not tell where this one is 0.
    reluBackward(list, dropout(list, grad, drawKey(list)), y);
    const rest = [
      '%7 = softmax(%6)',
      '%8 = drawKey()',
      '%9 = mul(%7, mask(%8, 0.5))',
      '%10 = selectLessEqual(%4, 0, 0, %9)',
    ];
    expect(fused(list)).toEqual([
      '%5 = drawKey()',
      '%6, %4 = linear(input0, state0, bias=state1) |> mul(relu(·), mask(%5, 0.5)), relu(·)',
      ...rest,
    ]);
    copy(list, out, list.output(8 * 5));
    expect(fused(list)).toEqual([
      '%5 = drawKey()',
      '%6, %4, %3 = linear(input0, state0, bias=state1) |> mul(relu(·), mask(%5, 0.5)), relu(·), ·',
      ...rest,
      'output0 = copy(%3, output0)',
    ]);
  });

  it('takes all that a program computes', () => {
    const list = new List();
    const { out } = linear(list, list.input(8 * 3), 3, 5, { bias: null });
    const both = programOf(1, ([h]) => [h!.sin(), h!.cos()]);
    run(list, both, [out], { outputs: [list.output(8 * 5), list.output(8 * 5)] });
    expect(fused(list)).toEqual(['output0, output1 = linear(input0, state0) |> sin(·), cos(·)']);
  });

  it('keeps apart what is written in between, and what is no temporary', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const twice = matrix(list, 5);
    linear(list, x, 3, 5, { out: twice });
    fill(list, 1, twice);
    relu(list, twice);
    relu(list, linear(list, x, 3, 5, { out: list.output(8 * 5) }).out);
    expectUnchanged(list);
  });

  it('keeps apart what runs over its input in place, and what adds over a residual', () => {
    const list = new List();
    const { out } = linear(list, list.input(8 * 3), 3, 5);
    pointwise(list, [out], ([h]) => h!.relu(), { outputs: [out] });
    copy(list, out, list.output(8 * 5));
    expectUnchanged(list);
    // The op would write what it reads.
    const residual = new List();
    const sum = residual.state(8 * 5);
    add(residual, sum, linear(residual, residual.input(8 * 3), 3, 5).out, sum);
    expectUnchanged(residual);
  });

  it('keeps apart programs over other sizes, with operands that repeat otherwise, or with steps', () => {
    const wide = new List();
    const { out } = linear(wide, wide.input(8 * 3), 3, 5);
    pointwise(wide, [out, wide.input(2 * 8 * 5)], ([h, x]) => h!.mul(x!), {
      sizes: [2, 40],
      strides: [
        [0, 1],
        [40, 1],
      ],
    });
    const column = new List();
    pointwise(column, [linear(column, column.input(8 * 3), 3, 5).out, column.input(8)], ([h, c]) => h!.mul(c!), {
      sizes: [8, 5],
      strides: [
        [5, 1],
        [1, 0],
      ],
    });
    const turned = new List();
    pointwise(turned, [linear(turned, turned.input(8 * 3), 3, 8).out, turned.input(8 * 8)], ([h, t]) => h!.mul(t!), {
      sizes: [8, 8],
      strides: [
        [8, 1],
        [1, 8],
      ],
    });
    const counting = new List();
    const step = counting.state(1, 'int32');
    const divided = programOf(1, ([h], [number]) => h!.div(number!), 1);
    run(counting, divided, [linear(counting, counting.input(8 * 3), 3, 5).out], { step });
    const part = new List();
    pointwise(part, [linear(part, part.input(8 * 3), 3, 5).out], ([h]) => h!.exp(), { sizes: [5], strides: [[1]] });
    // Memory that is longer than what is read of it.
    const [one, first] = [new List(), new List()];
    const repeated = { sizes: [8, 5], strides: [[5, 1], [0, 0]] } as const; // biome-ignore format: one line
    pointwise(one, [linear(one, one.input(8 * 3), 3, 5).out, one.input(3)], ([h, x]) => h!.mul(x!), repeated);
    const rows = { sizes: [8, 5], strides: [[5, 1], [0, 1]] } as const; // biome-ignore format: one line
    pointwise(first, [linear(first, first.input(8 * 3), 3, 5).out, first.input(40)], ([h, x]) => h!.mul(x!), rows);
    for (const list of [wide, column, turned, counting, part, one, first]) expectUnchanged(list);
  });

  it('takes a mask only where its rows are those of the product, and one that begins at the same row', () => {
    const list = new List();
    const key = drawKey(list);
    const h = dropout(list, linear(list, list.input(8 * 3), 3, 6).out, key, 0.5, { columns: 3 });
    copy(list, h, list.output(8 * 6));
    expectUnchanged(list);
    const offset = new List();
    const keys = [drawKey(offset), drawKey(offset)] as const;
    const once = dropout(offset, linear(offset, offset.input(8 * 3), 3, 6).out, keys[0], 0.5, { rowOffset: 8 });
    dropout(offset, once, keys[1], 0.25, { rowOffset: 16 });
    const last = lines(fuseLinearEpilogue(offset.graph())).slice(2);
    expect(last).toEqual([
      '%6 = linear(input0, state0, bias=state1) |> mul(·, mask(%0, 0.5))',
      '%7 = mul(%6, mask(%1, 0.25))',
    ]);
    expect(fuseLinearEpilogue(offset.graph()).instructions[2]!.args.rowOffset).toBe(8);
  });

  it('does not lengthen a program beyond what stays in cache', () => {
    const list = new List();
    let h = linear(list, list.input(8 * 3), 3, 5).out;
    for (let i = 0; i < 70; i++) h = exp(list, h);
    const [first, ...others] = fuseLinearEpilogue(list.graph()).instructions;
    expect((first!.args.program as PointwiseProgram).instructions).toHaveLength(64);
    expect(others).toHaveLength(6);
  });

  it('does nothing without elements', () => {
    const list = new List();
    relu(list, linear(list, list.input(8 * 3), 3, 0, { weight: list.state(0) }).out);
    expectUnchanged(list);
  });

  it('computes before a weight is overwritten, though its reader comes later', () => {
    const list = new List();
    const x = list.input(8 * 3);
    const { weight, out } = linear(list, x, 3, 5, { bias: null });
    fill(list, 0, weight);
    relu(list, out);
    expect(fused(list)).toEqual(['%3 = linear(input0, state0) |> relu(·)', 'state0 = fill(value=0)']);
  });
});
