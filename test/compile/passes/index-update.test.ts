import { describe, expect, it } from 'vitest';
import { fuseIndexUpdate } from '../../../src/compile/passes/index-update.js';
import type { ValueId } from '../../../src/ops/graph.js';
import type { Expression } from '../../../src/pointwise/expression.js';
import { List, lines } from './graph.js';
import { copy, fill, pointwise, programOf, run } from './tape.js';

const [rows, width, count] = [5, 3, 4];

/** A table whose rows are looked up, and the gradient of that. */
function start() {
  const list = new List();
  const [index, grad, table] = [list.input(count, 'int32'), list.input(count * width), list.state(rows * width)];
  const gradient = list.temporary(rows * width);
  list.add('indexAdd', { grad, index, out: gradient, rows, width, count });
  return { list, index, grad, table, gradient };
}

function counted({ list, index }: ReturnType<typeof start>, of = index): ValueId {
  const each = fill(list, 1, list.temporary(count));
  const counts = list.temporary(rows);
  list.add('indexAdd', { grad: each, index: of, out: counts, rows, width: 1, count });
  return counts;
}

/** p - lr·g and s + g², where rows are named. */
const squares = ([g, p, s, n]: readonly Expression[], [lr]: readonly Expression[]) =>
  [
    [p, p!.sub(lr!.mul(g!))],
    [s, g!.fma(g!, s!)],
  ].map(([old, next]) => n!.eq(0).where(old!, next!));

const overRows = {
  sizes: [rows, width],
  strides: [
    [width, 1],
    [width, 1],
    [width, 1],
    [1, 0],
  ],
};

function sparse(begun = start(), counts = counted(begun), given: object = {}) {
  const { list, gradient, table } = begun;
  const sums = list.state(rows * width);
  const inputs = [gradient, table, sums, counts];
  run(list, programOf(4, squares, 1), inputs, {
    scalars: [{ dynamic: list.dynamicScalar() }],
    outputs: [table, sums],
    ...overRows,
    ...given,
  });
  return list;
}

const plain = ({ list, gradient, table }: ReturnType<typeof start>, from = gradient) => {
  const scalars = [{ dynamic: list.dynamicScalar() }];
  pointwise(list, [from, table], ([g, p], [lr]) => lr!.neg().fma(g!, p!), { scalars, outputs: [table] });
};

function expectUnchanged(list: List): void {
  const graph = list.graph();
  expect(fuseIndexUpdate(graph)).toBe(graph);
}

describe('index-update', () => {
  it('makes one op, for rows that are named, of a gradient, the counts of its rows and a step that goes by them', () => {
    const list = sparse();
    expect(lines(list.graph())).toHaveLength(4);
    expect(lines(fuseIndexUpdate(list.graph()))).toEqual([
      '%4 = fill(value=1)',
      'state0, state1 = indexUpdate(input1, input0, counts=%4) |> sub(state0, mul(scalar0, ·)), fma(·, ·, state1)',
    ]);
  });

  it('comes after what reads the table, and before what reads the new rows', () => {
    const begun = start();
    const { list, index, table } = begun;
    const [before, after] = [list.output(count * width), list.output(count * width)];
    const select = (out: ValueId) => list.add('indexSelect', { x: table, index, out, rows, width, count });
    select(before);
    sparse(begun);
    select(after);
    expect(lines(fuseIndexUpdate(list.graph())).map((line) => line.split('(')[0])).toEqual([
      'output0 = indexSelect',
      '%6 = fill',
      'state0, state1 = indexUpdate',
      'output1 = indexSelect',
    ]);
  });

  it('takes a plain step of a dense gradient, which leaves rows without one as they are', () => {
    const begun = start();
    plain(begun);
    expect(lines(fuseIndexUpdate(begun.list.graph()))).toEqual([
      'state0 = indexUpdate(input1, input0) |> fma(neg(scalar0), ·, state0)',
    ]);
  });

  it('counts steps', () => {
    const begun = start();
    const step = begun.list.state(1, 'int32');
    const program = programOf(3, ([g, p, n], [t]) => n!.eq(0).where(p!, p!.sub(g!.div(t!))), 1);
    const strides = overRows.strides.slice(1);
    const { list, gradient, table } = begun;
    run(list, program, [gradient, table, counted(begun)], { outputs: [table], step, ...overRows, strides });
    expect(lines(fuseIndexUpdate(list.graph())).at(-1)).toBe(
      'state0, step=state1 = indexUpdate(input1, input0, counts=%5) |> sub(state0, div(·, state1 + 1))',
    );
  });

  it('is off where a step changes rows without a gradient', () => {
    const decays = start();
    const scalars = [{ dynamic: decays.list.dynamicScalar() }];
    const { gradient, table } = decays;
    const decayed = ([g, p]: readonly Expression[], [lr]: readonly Expression[]) => lr!.neg().fma(p!.add(g!), p!);
    pointwise(decays.list, [gradient, table], decayed, { scalars, outputs: [table] });
    expectUnchanged(decays.list);
    const unequal = start();
    const negated = ([g, p]: readonly Expression[], [lr]: readonly Expression[]) => lr!.fma(g!, p!.neg());
    pointwise(unequal.list, [unequal.gradient, unequal.table], negated, { scalars: [0.1], outputs: [unequal.table] });
    expectUnchanged(unequal.list);
    const swapped = start();
    const program = programOf(4, ([g, p, s, n], [lr]) => squares([g!, s!, p!, n!], [lr!]), 1);
    const sums = swapped.list.state(rows * width);
    run(swapped.list, program, [swapped.gradient, swapped.table, sums, counted(swapped)], {
      ...{ scalars: [0.1], outputs: [swapped.table, sums], ...overRows },
    });
    expectUnchanged(swapped.list);
  });

  it('is off where something else reads the gradient or the counts, or it goes by the counts of another index', () => {
    const kept = start();
    plain(kept);
    copy(kept.list, kept.gradient, kept.list.output(rows * width));
    expectUnchanged(kept.list);
    const begun = start();
    const counts = counted(begun);
    copy(begun.list, counts, begun.list.output(rows));
    expectUnchanged(sparse(begun, counts));
    const other = start();
    expectUnchanged(sparse(other, counted(other, other.list.input(count, 'int32'))));
    const made = start();
    expectUnchanged(sparse(made, made.list.input(rows)));
  });

  it('stays before what writes the index; is off where the step reads in another order', () => {
    const list = new List();
    const [index, grad, table] = [list.temporary(count, 'int32'), list.input(count * width), list.state(rows * width)];
    const gradient = list.temporary(rows * width);
    copy(list, list.input(count, 'int32'), index);
    list.add('indexAdd', { grad, index, out: gradient, rows, width, count });
    copy(list, list.input(count, 'int32'), index);
    copy(list, index, list.output(count, 'int32'));
    pointwise(list, [gradient, table], ([g, p]) => g!.fma(-0.1, p!), { outputs: [table] });
    // It comes where the index is still the first.
    expect(lines(fuseIndexUpdate(list.graph())).map((line) => line.split('(')[0])).toEqual([
      '%0 = copy',
      'state0 = indexUpdate',
      '%0 = copy',
      'output0 = copy',
    ]);
    const turned = start();
    const strides = [
      [1, rows],
      [width, 1],
      [width, 1],
      [1, 0],
    ];
    expectUnchanged(sparse(turned, counted(turned), { strides }));
  });
});
