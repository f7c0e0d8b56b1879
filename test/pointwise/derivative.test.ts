/** Derivatives by rule against finite differences in float64, of each node over a grid with extremes, and of random expressions. */
import { describe, expect, it } from 'vitest';
import { arityOf, type NodeName, nodeNames, nodes } from '../../src/ops/nodes.js';
import { derive, substitute } from '../../src/pointwise/derivative.js';
import { emit } from '../../src/pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../../src/pointwise/expression.js';
import { floats } from '../helpers/values.js';
import { evaluate } from '../ops/plain.js';
import { inGraph, randomExpression } from './random-expression.js';

type F = (...operands: readonly number[]) => number;
const functionOf = (node: NodeName): F => nodes[node] as F;

type Reach = (...operands: readonly number[]) => number;
const distance: Reach = (a, b) => Math.abs(a! - b!);
const relative: Reach = (x) => Math.abs(x!);
const toInteger = (x: number): number => Math.abs(x - Math.round(x));

/** How far an operand is from where a node is not smooth, or on what length it bends: steps are a thousandth of that. Default: 1. */
const reaches: Partial<Record<NodeName, Reach>> = {
  abs: relative,
  sign: relative,
  relu: relative,
  log: relative,
  sqrt: relative,
  log1p: (x) => Math.abs(1 + x!),
  floor: (x) => toInteger(x!),
  ceil: (x) => toInteger(x!),
  round: (x) => toInteger(x! + 0.5),
  div: (_a, b) => Math.abs(b!),
  pow: (a, b) => Math.min(1, Math.abs(a!)) / Math.max(1, Math.abs(b!)),
  max: distance,
  min: distance,
  selectLess: distance,
  selectLessEqual: distance,
  selectEqual: distance,
};

const sizes = [1e-30, 1e-8, 1e-3, 0.3, 0.49, 0.77, 1.25, 2, 3.4, 7.1, 19, 1e3, 1e8];
const grid = [...sizes, ...sizes.map((x) => -x)];
const few = [-7.1, -1.25, -0.3, -1e-8, 1e-3, 0.49, 2, 3.4, 1e3];

/** Operands of a node: the whole grid, or every combination of a part of it. */
function operandsOf(node: NodeName): number[][] {
  if (arityOf(node) === 1) return grid.map((x) => [x]);
  const pairs = few.flatMap((a) => few.map((b) => [a, b]));
  return pairs.map((pair, i) =>
    [...pair, few[(5 * i + 2) % few.length]!, few[(7 * i + 4) % few.length]!].slice(0, arityOf(node)),
  );
}

/** The derivative for operand `which` by differences of fourth order, and how far off rounding may have made it. */
function differences(
  f: F,
  at: readonly number[],
  which: number,
  reach: number,
): { value: number; error: number } | null {
  const h = 1e-3 * Math.min(reach, Math.max(1, Math.abs(at[which]!)));
  const value = (steps: number) => f(...at.with(which, at[which]! + steps * h));
  // The step as it comes out of rounding.
  const step = (at[which]! + h - (at[which]! - h)) / 2;
  const values = [value(-2), value(-1), value(1), value(2)] as const;
  const result = (8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * step);
  const largest = Math.max(...values.map(Math.abs));
  if (!Number.isFinite(result) || step === 0 || Math.abs(step / h - 1) > 1e-3) return null;
  return { value: result, error: (largest * 2 ** -50) / step };
}

/** The derivatives of an expression of some inputs at one point. */
function derivatives(output: Expression, inputs: readonly Expression[], at: readonly number[]): number[] {
  const { graph } = output;
  const gradients = derive(output, graph.constant(1), inputs).map((each) => each ?? graph.constant(0));
  const { program } = emit(gradients, { inputs: inputs.length });
  return evaluate(
    program,
    at.map((x) => [x]),
  ).map(([value]) => value!);
}

describe('the rule of each node is its slope', () => {
  it.each(nodeNames)('%s', (node) => {
    const graph = new ExpressionGraph();
    const inputs = Array.from({ length: arityOf(node) }, (_, i) => graph.input(i));
    const output = graph.apply(node, ...inputs);
    const reachOf = reaches[node] ?? (() => 1);
    const wrong: string[] = [];
    let checked = 0;
    for (const at of operandsOf(node)) {
      const value = functionOf(node)(...at);
      if (!Number.isFinite(value)) continue;
      const found = derivatives(output, inputs, at);
      for (const which of at.keys()) {
        const measured = differences(functionOf(node), at, which, reachOf(...at));
        if (measured === null) continue;
        checked++;
        const isNear =
          Math.abs(found[which]! - measured.value) <= 1e-8 * Math.abs(measured.value) + measured.error + 1e-300;
        if (!isNear) wrong.push(`operand ${which} at ${at.join(', ')}: ${found[which]}, slope ${measured.value}`);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(checked).toBeGreaterThan(10);
  });
});

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('at kinks and poles gradients are those of PyTorch', () => {
  it.each<[string, (...inputs: Expression[]) => Expression, number[], number[]]>([
    ['relu at 0', (x) => x.relu(), [0], [0]],
    ['relu at -0', (x) => x.relu(), [-0], [0]],
    ['relu at NaN', (x) => x.relu(), [nan], [1]],
    ['abs at 0', (x) => x.abs(), [0], [0]],
    ['maximum of equals', (a, b) => a.maximum(b), [2, 2], [0.5, 0.5]],
    ['minimum of equals', (a, b) => a.minimum(b), [2, 2], [0.5, 0.5]],
    ['maximum of zeros', (a, b) => a.maximum(b), [0, -0], [0.5, 0.5]],
    ['maximum with NaN', (a, b) => a.maximum(b), [nan, 2], [1, 1]],
    ['minimum with NaN', (a, b) => a.minimum(b), [2, nan], [1, 1]],
    ['sqrt at 0', (x) => x.sqrt(), [0], [inf]],
    ['log at 0', (x) => x.log(), [0], [inf]],
    ['pow with exponent 0', (a, b) => a.pow(b), [0, 0], [0, 0]],
    ['pow of 0', (a, b) => a.pow(b), [0, 2], [0, 0]],
    ['pow of 0 with a negative exponent', (a, b) => a.pow(b), [0, -1], [-inf, -inf]],
    ['pow of 0 with exponent NaN', (a, b) => a.pow(b), [0, nan], [nan, nan]],
    ['a product with itself', (x) => x.mul(x), [3], [6]],
    ['a step', (x) => x.floor().add(x.round()).add(x.ceil()).add(x.sign()), [1.5], [0]],
  ])('%s', (_name, build, at, expected) => {
    const graph = new ExpressionGraph();
    const inputs = at.map((_, i) => graph.input(i));
    expect(derivatives(build(...inputs), inputs, at)).toEqual(expected);
  });
});

describe('derivatives of expressions', () => {
  const bent: readonly NodeName[] = ['abs', 'sign', 'floor', 'ceil', 'round', 'relu'];
  const smooth = nodeNames.filter((node) => arityOf(node) === 1 && !bent.includes(node));
  const nodesOfTwo: readonly NodeName[] = ['add', 'sub', 'mul', 'div', 'pow', 'fma'];

  it('are the slopes of three hundred random smooth ones', () => {
    let checked = 0;
    for (let seed = 0; seed < 300; seed++) {
      const expression = randomExpression(seed, { nodes: [...smooth, ...nodesOfTwo, 'mul', 'add'], length: 10 });
      const graph = new ExpressionGraph();
      const inputs = Array.from({ length: expression.inputs }, (_, i) => graph.input(i));
      const scalars = new Map(expression.scalars.map((value, i) => [graph.scalar(i), graph.constant(value)]));
      const output = substitute(inGraph(expression, graph)[0]!, scalars);
      const { program } = emit([output], { inputs: inputs.length });
      const f: F = (...at) =>
        evaluate(
          program,
          at.map((x) => [x]),
        )[0]![0]!;
      const at = [...floats(inputs.length, seed + 1, 0.2, 1.7)];
      const found = derivatives(output, inputs, at);
      for (const which of at.keys()) {
        const measured = differences(f, at, which, 0.05);
        // Logarithms and powers of what happens to be negative.
        if (measured === null || !Number.isFinite(found[which]!)) continue;
        checked++;
        const allowed = 1e-6 * Math.max(1, Math.abs(measured.value)) + 100 * measured.error;
        expect(Math.abs(found[which]! - measured.value), `expression ${seed}, input ${which}`).toBeLessThan(allowed);
      }
    }
    expect(checked).toBeGreaterThan(400);
  });

  it('are null for what an expression does not depend on, or only compares', () => {
    const graph = new ExpressionGraph();
    const [x, y, grad] = [graph.input(0), graph.input(1), graph.input(2)];
    expect(derive(x.exp(), grad, [x, y])[1]).toBeNull();
    expect(derive(x.lt(y).where(x.mul(2), 1), grad, [x, y])[1]).toBeNull();
    expect(derive(graph.constant(3), grad, [x, y])).toEqual([null, null]);
    expect(derive(x, grad, [x, y])).toEqual([grad, null]);
  });

  it('go through a mask as through a factor', () => {
    const graph = new ExpressionGraph();
    const [x, grad] = [graph.input(0), graph.input(1)];
    const mask = graph.mask(0, 0.5);
    expect(derive(x.mul(mask), grad, [x])).toEqual([grad.mul(mask)]);
  });

  it('take time in proportion to an expression, however often its parts are shared, and however long its chains are', () => {
    const graph = new ExpressionGraph();
    const [x, grad] = [graph.input(0), graph.input(1)];
    let [shared, scalar, chain] = [x.mul(0.5), graph.scalar(0).mul(0.5), x];
    for (let i = 0; i < 60; i++) [shared, scalar] = [shared.mul(shared), scalar.mul(scalar)];
    for (let i = 0; i < 20000; i++) chain = chain.mul(0.5).add(x);
    const gradients = derive(shared.mul(scalar).add(chain), grad, [x]);
    const { program } = emit([substitute(gradients[0]!, new Map([[grad, x]]))]);
    expect(program.inputs).toBe(1);
    expect(program.instructions.length).toBeGreaterThan(20000);
  });
});
