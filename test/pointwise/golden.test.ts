/** Nodes and their derivatives in float64, against PyTorch's: at kinks and on the edges of the range, too. */
import { describe, expect, it } from 'vitest';
import type { NodeName } from '../../src/ops/nodes.js';
import { derive } from '../../src/pointwise/derivative.js';
import { emit } from '../../src/pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../../src/pointwise/expression.js';
import { golden, type NodeCase, values } from '../golden/load.js';
import { evaluate } from '../ops/plain.js';

const cases = golden('nodes').cases.filter(({ node }) => node !== 'clamp');

/**
 * Relative to the value, or to 1e-300 where it is smaller; zeros of either sign are the same. Next to ±1 the derivative of tanh is what
 * the rounding of 1 leaves: the reference rounds the product in 1 - y², which PyTorch's compiler fuses.
 */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, testCase: NodeCase, what: string): void {
  const { inputs, node } = testCase;
  const given = inputs.map((each) => values(each));
  const wrong: string[] = [];
  for (let i = 0; i < expected.length; i++) {
    const [got, right] = [actual[i]!, expected[i]!];
    const isRight =
      Object.is(got, right) ||
      (got === 0 && right === 0) ||
      Math.abs(got - right) <= 2e-15 * Math.max(Math.abs(right), 1e-300) + (node === 'tanh' ? 2 ** -52 : 0);
    if (!isRight) wrong.push(`${what} at ${given.map((each) => each[i]).join(', ')}: ${got}, not ${right}`);
  }
  expect(wrong.slice(0, 20)).toEqual([]);
}

/** A node of inputs, and the graph that it is in. */
function nodeIn(testCase: NodeCase): { graph: ExpressionGraph; inputs: Expression[]; output: Expression } {
  const graph = new ExpressionGraph();
  const inputs = testCase.inputs.map((_, i) => graph.input(i));
  return { graph, inputs, output: graph.apply(testCase.node as NodeName, ...inputs) };
}

describe('nodes are PyTorch’s in float64', () => {
  it.each(cases)('$node', (testCase) => {
    const { output } = nodeIn(testCase);
    const given = testCase.inputs.map(values);
    const [result] = evaluate(emit([output], { inputs: given.length }).program, given);
    expectNear(result!, values(testCase.output), testCase, testCase.node);
  });
});

describe('derivatives of nodes are PyTorch’s', () => {
  it.each(cases)('$node', (testCase) => {
    const { graph, inputs, output } = nodeIn(testCase);
    const grad = graph.input(inputs.length);
    const gradients = derive(output, grad, inputs);
    const given = [...testCase.inputs, testCase.gradient].map(values);
    for (const [i, gradient] of gradients.entries()) {
      const expected = testCase.grads[i]!;
      // There is none for what is compared.
      expect(gradient === null, `no gradient of operand ${i}`).toBe(expected === null);
      if (gradient === null) continue;
      const [result] = evaluate(emit([gradient], { inputs: given.length }).program, given);
      expectNear(result!, values(expected), testCase, `gradient of operand ${i}`);
    }
  });
});
