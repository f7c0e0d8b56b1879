import { describe, expect, it } from 'vitest';
import { fuseReductions } from '../../../src/compile/passes/reductions.js';
import { backend, compile, functional as F, randn, type Tensor } from '../../../src/index.js';
import type { ValueId } from '../../../src/ops/graph.js';
import { runOn } from '../../helpers/backends.js';
import { List, lines } from './graph.js';
import { add, copy, dropout, exp, fill, pointwise, programOf, run } from './tape.js';

const fused = (list: List): string[] => lines(fuseReductions(list.graph()));

function sum(list: List, x: ValueId, outer = 1, size = 8, inner = 5): ValueId {
  const out = list.temporary(outer * inner);
  list.add('sum', { x, out, outer, size, inner });
  return out;
}

function extreme(list: List, x: ValueId, largest: boolean): { out: ValueId; index: ValueId } {
  const [out, index] = [list.temporary(5), list.temporary(5, 'int32')];
  list.add('extreme', { x, out, index, outer: 1, size: 8, inner: 5, largest });
  return { out, index };
}

const divided = (list: List, x: ValueId, by: number | { dynamic: number }): ValueId =>
  pointwise(list, [x], ([each], [divisor]) => each!.div(divisor!), { scalars: [by] });

function expectUnchanged(list: List): void {
  const before = list.graph();
  expect(fuseReductions(before)).toBe(before);
}

describe('reductions', () => {
  it('makes a program and the sum of its results one op, and a mean where that is divided', () => {
    const list = new List();
    const [x, row] = [list.input(40), list.input(5)];
    const strides = [
      [5, 1],
      [0, 1],
    ];
    const squares = pointwise(list, [x, row], ([a, b]) => a!.sub(b!).pow(2), { sizes: [8, 5], strides });
    copy(list, divided(list, sum(list, squares), 8), list.output(5));
    expect(lines(list.graph())).toEqual([
      '%2 = mul(sub(input0, input1), sub(input0, input1))',
      '%3 = sum(%2)',
      '%4 = div(%3, 8)',
      'output0 = copy(%4, output0)',
    ]);
    expect(fused(list)).toEqual([
      '%4 = sum(mul(sub(input0, input1), sub(input0, input1))) / 8',
      'output0 = copy(%4, output0)',
    ]);
    const { args } = fuseReductions(list.graph()).instructions[0]!;
    expect(args).toMatchObject({ outer: 1, size: 8, inner: 5, kind: 0, divisor: 8, index: null });
    expect([...(args.layout as Float64Array)]).toEqual([8, 5, 5, 1, 0, 1]);
  });

  it('makes a sum of rows that is divided one op, and leaves one across rows, which it would copy', () => {
    for (const [size, inner, lines] of [
      [8, 1, ['%2 = sum(input0) / 8', 'output0 = copy(%2, output0)']],
      [8, 5, ['%1 = sum(input0)', '%2 = div(%1, 8)', 'output0 = copy(%2, output0)']],
    ] as const) {
      const list = new List();
      const total = sum(list, list.input(40), 40 / size / inner, size, inner);
      copy(list, divided(list, total, 8), list.output(5));
      expect(fused(list)).toEqual(lines);
    }
  });

  it('takes the largest and the smallest with where they stand', () => {
    const list = new List();
    const largest = extreme(list, exp(list, list.input(40)), true);
    const smallest = extreme(list, exp(list, list.input(40)), false);
    for (const { out, index } of [largest, smallest]) {
      copy(list, out, list.output(5));
      copy(list, index, list.output(5, 'int32'));
    }
    expect(fused(list).slice(0, 2)).toEqual(['%2, index=%3 = max(exp(input0))', '%6, index=%7 = min(exp(input1))']);
  });

  it('takes no division of an extreme, by a number that changes, of what others read, or of a part', () => {
    const largest = new List();
    divided(largest, extreme(largest, exp(largest, largest.input(40)), true).out, 2);
    expect(fused(largest)).toEqual(['%2, index=%3 = max(exp(input0))', '%4 = div(%2, 2)']);
    const changing = new List();
    divided(changing, sum(changing, exp(changing, changing.input(40))), { dynamic: changing.dynamicScalar() });
    expect(fused(changing)).toEqual(['%2 = sum(exp(input0))', '%3 = div(%2, scalar0)']);
    const shared = new List();
    const total = sum(shared, exp(shared, shared.input(40)));
    divided(shared, total, 2);
    copy(shared, total, shared.output(5));
    expect(fused(shared)[0]).toBe('%2 = sum(exp(input0))');
    const part = new List();
    pointwise(part, [sum(part, exp(part, part.input(40)))], ([each], [by]) => each!.div(by!), {
      scalars: [2],
      sizes: [3],
      strides: [[1]],
    });
    expect(fused(part)[0]).toBe('%2 = sum(exp(input0))');
    const twice = new List();
    divided(twice, divided(twice, sum(twice, exp(twice, twice.input(40))), 2), 3);
    expect(fused(twice)).toEqual(['%3 = sum(exp(input0)) / 2', '%4 = div(%3, 3)']);
  });

  it('leaves what others read, several results, masks and steps alone', () => {
    const shared = new List();
    const x = exp(shared, shared.input(40));
    sum(shared, x);
    copy(shared, x, shared.output(40));
    const several = new List();
    const both = programOf(1, ([each]) => [each!.sin(), each!.cos()]);
    sum(several, run(several, both, [several.input(40)])[0]!);
    const masked = new List();
    sum(masked, dropout(masked, masked.input(40), masked.state(2, 'int32')));
    const counting = new List();
    const step = counting.state(1, 'int32');
    const scaled = programOf(1, ([each], [number]) => each!.mul(number!), 1);
    sum(counting, run(counting, scaled, [counting.input(40)], { step })[0]!);
    const lasting = new List();
    sum(lasting, exp(lasting, lasting.input(40), lasting.state(40)));
    const changed = new List();
    const y = exp(changed, changed.input(40));
    fill(changed, 1, y);
    sum(changed, y);
    for (const list of [shared, several, masked, counting, lasting, changed]) expectUnchanged(list);
  });

  it('takes what is no division by one number apart', () => {
    const list = new List();
    const total = sum(list, exp(list, list.input(40)));
    add(list, total, list.input(5), list.output(5));
    expect(fused(list)).toEqual(['%2 = sum(exp(input0))', 'output0 = add(%2, input1)']);
  });
});

const natives = backend.available.filter((name) => name !== 'reference');

describe.runIf(natives.length > 0).each(natives)('a reduction in a program on %s', (name) => {
  runOn(name);

  const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    'a sum over any number of a tenth': (x) => x.exp().sum().div(0.1),
    'a mean of squares': (x) => x.pow(2).mean({ dim: 1 }),
    'of rows': (x) => x.sub(1).abs().sum({ dim: 0 }),
    'the largest': (x) => F.max(x.sin(), { dim: 1 }).values,
    'where the smallest stands': (x) => F.min(x.cos(), { dim: 0 }).indices,
  };

  it('is the same to the bit: a mean of rows as they are', () => {
    const x = randn([37, 1030]);
    const compiled = compile((x: Tensor) => x.mean({ dim: 1 }));
    expect([...compiled(x).toTypedArray()]).toEqual([...x.mean({ dim: 1 }).toTypedArray()]);
    expect(compiled.describe().split('-- after arena').at(-1)).toContain('output0 = sum(input0) / 1030');
    compiled.dispose();
  });

  it.each(Object.entries(functions))('is the same to the bit: %s', (_name, fn) => {
    const x = randn([37, 1030]);
    const compiled = compile(fn);
    expect([...compiled(x).toTypedArray()]).toEqual([...fn(x).toTypedArray()]);
    expect(compiled.describe().split('-- after arena').at(-1)).toMatch(/ = (sum|max|min)\(.*\(input0/);
    compiled.dispose();
  });
});
