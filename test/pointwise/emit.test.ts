/** From expressions to programs and back. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../src/index.js';
import { nodeNames } from '../../src/ops/nodes.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { emit, inline, intern, internedCount } from '../../src/pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../../src/pointwise/expression.js';
import { collectGarbage } from '../helpers/garbage.js';
import { inGraph, randomExpression } from './random-expression.js';

const numberOf = (node: (typeof nodeNames)[number]): number => nodeNames.indexOf(node);

describe('emit', () => {
  it('computes what is shared once, operands before what uses them', () => {
    const graph = new ExpressionGraph();
    const [x, y] = [graph.input(0), graph.input(1)];
    const shared = x.mul(y).exp();
    const { program } = emit([shared.add(shared.neg()), shared]);
    expect(program.instructions).toEqual([
      { node: 'mul', operands: [0, 1] },
      { node: 'exp', operands: [2] },
      { node: 'neg', operands: [3] },
      { node: 'add', operands: [3, 4] },
    ]);
    expect(program.outputs).toEqual([5, 3]);
  });

  it('leaves out what no output needs', () => {
    const graph = new ExpressionGraph();
    const [x, y, s] = [graph.input(0), graph.input(3), graph.scalar(2)];
    x.exp();
    graph.scalar(0);
    const emitted = emit([y.mul(s)]);
    expect(emitted).toMatchObject({ inputs: [3], scalars: [2], keys: [] });
    expect(emitted.program).toMatchObject({ inputs: 1, scalars: 1, constants: [], outputs: [2] });
    const all = emit([y.mul(s)], { inputs: 5, scalars: 3 });
    expect(all).toMatchObject({ inputs: [0, 1, 2, 3, 4], scalars: [0, 1, 2] });
    expect(all.program.instructions).toEqual([{ node: 'mul', operands: [3, 7] }]);
  });

  it('writes a program as numbers: counts, constants, five for each instruction, outputs', () => {
    const graph = new ExpressionGraph();
    const [x, s] = [graph.input(0), graph.scalar(0)];
    const masked = x.lt(0.5).where(x, s.neg()).mul(graph.mask(1, s));
    const { program, keys } = emit([masked, x]);
    expect(keys).toEqual([1]);
    // Values: x, s, 0.5, -s, the choice, the mask, the product.
    expect([...program.code]).toEqual([
      ...[1, 1, 1, 1, 4, 2],
      0.5,
      ...[numberOf('neg'), 1, 0, 0, 0],
      ...[numberOf('selectLess'), 0, 2, 0, 3],
      ...[nodeNames.length, 0, 1, 0, 0],
      ...[numberOf('mul'), 4, 5, 0, 0],
      ...[6, 0],
    ]);
  });

  it('gives equal programs as one object, that nothing can change, from whatever graph', () => {
    const make = (constant: number) => {
      const graph = new ExpressionGraph();
      return emit([graph.input(0).add(constant).sin()]).program;
    };
    expect(make(0.1)).toBe(make(0.1));
    expect(make(Number.NaN)).toBe(make(Number.NaN));
    const different = [
      0.1,
      0.1 + 2 ** -56,
      0,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1e-320,
    ];
    expect(new Set(different.map(make)).size).toBe(different.length);
    expect(Object.isFrozen(make(0.1))).toBe(true);
  });

  it('does not depend on the order in which a graph was made', () => {
    const make = (isLate: boolean) => {
      const graph = new ExpressionGraph();
      if (isLate) graph.input(1).exp();
      const x = graph.input(0);
      if (isLate) graph.constant(3);
      return emit([graph.input(1).exp().mul(3).sub(x)]).program;
    };
    expect(make(true)).toBe(make(false));
  });

  it('takes the order of operands and outputs for what it is', () => {
    const graph = new ExpressionGraph();
    const [x, y] = [graph.input(0), graph.input(1)];
    const programs = [[x.sub(y), x], [x, x.sub(y)], [y.sub(x), x], [x.sub(y)], [x.sub(y), x.sub(y)]].map(
      (outputs) => emit(outputs, { inputs: 2 }).program,
    );
    expect(new Set(programs).size).toBe(programs.length);
  });
});

/** The expressions of a program, in a separate graph, as a program again. */
function again(program: PointwiseProgram): PointwiseProgram {
  const graph = new ExpressionGraph();
  const many = (count: number, make: (index: number) => Expression) => Array.from({ length: count }, (_, i) => make(i));
  const outputs = inline(program, graph, {
    inputs: many(program.inputs, (i) => graph.input(i)),
    scalars: many(program.scalars, (i) => graph.scalar(i)),
    keys: Array.from({ length: program.keys }, (_, i) => i),
  });
  return emit(outputs, { inputs: program.inputs, scalars: program.scalars }).program;
}

describe('inline', () => {
  it('is the way back: of five hundred random programs the same objects come out', () => {
    for (let seed = 0; seed < 500; seed++) {
      const expression = randomExpression(seed, { length: 30 });
      const graph = new ExpressionGraph();
      const outputs = inGraph(expression, graph);
      if (seed % 4 === 0) outputs.push(outputs[0]!.mul(graph.mask(seed % 3, 0.25)).add(graph.mask(1, 0.5)));
      const { program } = emit(outputs, { inputs: 3, scalars: 2 });
      expect(again(program), `expression ${seed}`).toBe(program);
    }
  });

  it('makes one program of two, with what they share once', () => {
    const graph = new ExpressionGraph();
    const [x, y] = [graph.input(0), graph.input(1)];
    const first = emit([x.mul(y), x.exp()], { inputs: 2 }).program;
    const second = emit([x.add(y.exp())], { inputs: 2 }).program;
    const [product, power] = inline(first, graph, { inputs: [x, y], scalars: [], keys: [] });
    const [sum] = inline(second, graph, { inputs: [product!, x], scalars: [], keys: [] });
    expect(sum).toBe(x.mul(y).add(x.exp()));
    expect(power).toBe(x.exp());
  });

  it('gives keys and scalars other numbers', () => {
    const graph = new ExpressionGraph();
    const { program } = emit([graph.input(0).mul(graph.mask(0, graph.scalar(0)))]);
    const given = { inputs: [graph.input(2)], scalars: [graph.scalar(5)], keys: [7] };
    expect(inline(program, graph, given)).toEqual([graph.input(2).mul(graph.mask(7, graph.scalar(5)))]);
  });
});

it('intern tells programs apart by all of their parts', () => {
  const parts = { inputs: 1, keys: 0, scalars: 0, constants: [], instructions: [], outputs: [0] };
  const one = intern(parts);
  expect(intern({ ...parts })).toBe(one);
  const others = [
    { ...parts, inputs: 2 },
    { ...parts, keys: 1 },
    { ...parts, scalars: 1 },
    { ...parts, constants: [0] },
    { ...parts, outputs: [0, 0] },
  ];
  for (const other of others) expect(intern(other)).not.toBe(one);
});

describe('programs that nothing uses any more', () => {
  it('are forgotten here and in the addon: 10^5 distinct exponents leave the process as large as it was', async () => {
    const x = tensor([1, 2, 3, 4]);
    const raise = async (from: number): Promise<void> => {
      for (let i = 0; i < 10_000; i++) x.pow(1 + (from + i) / 2 ** 20);
      await collectGarbage();
    };
    await raise(0);
    const [count, bytes] = [internedCount(), process.memoryUsage().rss];
    // The least of the last three: V8 gives pages of its young generation back when it gets to it.
    const later: number[] = [];
    for (let times = 1; times < 10; times++) {
      await raise(times * 10_000);
      later.push(process.memoryUsage().rss);
    }
    // Finalizers run when the engine finds time for them.
    for (let turn = 0; turn < 100 && internedCount() - count >= 1000; turn++) await collectGarbage();
    expect(internedCount() - count).toBeLessThan(1000);
    later.push(process.memoryUsage().rss);
    expect((Math.min(...later.slice(-3)) - bytes) / 2 ** 20).toBeLessThan(25);
  }, 60_000);

  it('are one object again when they are made again', async () => {
    const make = () => emit([new ExpressionGraph().input(0).mul(1.2345)]).program;
    const { code } = make();
    await collectGarbage();
    const again = make();
    expect(again.code).toEqual(code);
    expect(make()).toBe(again);
  });
});
