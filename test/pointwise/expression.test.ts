/** Expressions: what they refuse, what they simplify, and that simplifying changes no bit. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, tensor } from '../../src/index.js';
import { arityOf, type NodeName, nodeNames, nodes } from '../../src/ops/nodes.js';
import { emit, intern } from '../../src/pointwise/emit.js';
import { Expression, ExpressionGraph, type ExpressionOperand } from '../../src/pointwise/expression.js';
import { specials } from '../helpers/values.js';
import { evaluate } from '../ops/plain.js';

const untyped = (value: unknown) => value as ExpressionOperand;

describe('expressions refuse', () => {
  const graph = new ExpressionGraph();
  const x = graph.input(0);
  const others = { 'a string': '1', null: null, undefined, 'a bigint': 1n, 'an array': [1], 'a function': () => 1 };

  it.each(Object.entries(others))('%s as an operand', (_what, other) => {
    const refused = expect.objectContaining({
      message: expect.stringMatching(/^pointwise: expected an expression or a number, got /),
    });
    for (const use of [() => x.add(untyped(other)), () => x.fma(1, untyped(other)), () => x.where(untyped(other), 1)])
      expect(use).toThrow(refused);
    expect(() => x.add(untyped(other))).toThrow(ArgumentError);
  });

  it('tensors', () => {
    expect(() => x.mul(untyped(tensor([1])))).toThrow(ArgumentError);
  });

  it('an expression of another function', () => {
    const other = new ExpressionGraph().input(0);
    expect(() => x.add(other)).toThrow(new ArgumentError('pointwise: an expression of another function'));
    expect(() => graph.select(x.lt(1), x, other)).toThrow(ArgumentError);
    expect(() => graph.mask(0, other)).toThrow(ArgumentError);
  });

  it('a number of operands that a node does not take', () => {
    expect(() => graph.apply('add', x)).toThrow(new ArgumentError('pointwise: add takes 2 operands, got 1'));
    expect(() => graph.apply('exp', x, x)).toThrow(new ArgumentError('pointwise: exp takes 1 operand, got 2'));
    expect(() => graph.apply('selectLess', x, x, x)).toThrow('selectLess takes 4 operands, got 3');
  });

  it.each(['softplus', 'mask', 'toString', '__proto__', ''])('the unknown node %s', (node) => {
    expect(() => graph.apply(node as NodeName, x)).toThrow(new ArgumentError(`pointwise: there is no node "${node}"`));
  });

  it('to be computed with by operators, which would see no value', () => {
    const message = /an expression has no value yet; choose with where\(\)/;
    expect(() => Number(x)).toThrow(message);
    expect(() => `${x as unknown as string}`).toThrow(message);
    expect(() => (x as unknown as number) > 0).toThrow(ArgumentError);
    expect(() => (x as unknown as number) + 1).toThrow(ArgumentError);
  });
});

describe('equal expressions are one object', () => {
  const graph = new ExpressionGraph();
  const [x, y] = [graph.input(0), graph.input(1)];

  it('and others are not', () => {
    expect(x.mul(y).add(1)).toBe(x.mul(y).add(1));
    expect(graph.input(1)).toBe(y);
    expect(graph.mask(0, 0.5)).toBe(graph.mask(0, 0.5));
    const all = [x.mul(y), y.mul(x), x.add(1), x.add(-1), x.add(0), x.add(-0), x.add(Number.NaN), graph.scalar(0)];
    expect(new Set([...all, graph.mask(0, 0.5), graph.mask(1, 0.5), graph.mask(0, 0.25)]).size).toBe(all.length + 3);
  });
});

/** A unary function as an expression, on the special values. */
function on(values: readonly number[], build: (x: Expression) => Expression): number[] {
  const { program } = emit([build(new ExpressionGraph().input(0))], { inputs: 1 });
  return [...evaluate(program, [values])[0]!];
}

describe('what is simplified is the same to the bit', () => {
  /** One node of an input and constants, not simplified. */
  function plainly(node: NodeName, operands: readonly ('x' | number)[]): number[] {
    const constants = operands.filter((each) => each !== 'x');
    let next = 1;
    const ids = operands.map((each) => (each === 'x' ? 0 : next++));
    const instructions = [{ node, operands: ids }];
    const outputs = [1 + constants.length];
    const program = intern({ inputs: 1, keys: 0, scalars: 0, constants, instructions, outputs });
    return [...evaluate(program, [specials])[0]!];
  }

  it.each<[NodeName, ...('x' | number)[]]>([
    ['mul', 'x', 1],
    ['mul', 1, 'x'],
    ['div', 'x', 1],
    ['sub', 'x', 0],
    ['selectLess', 1, 2, 'x', 7],
    ['selectLessEqual', 2, 2, 'x', 7],
    ['selectEqual', Number.NaN, Number.NaN, 7, 'x'],
    ['selectEqual', 0, -0, 'x', 7],
    // These are not, since they would change a zero's sign, or NaN.
    ['add', 'x', 0],
    ['sub', 'x', -0],
    ['mul', 'x', 0],
    ['sub', 0, 'x'],
    ['pow', 'x', 1],
    ['pow', 'x', 0],
  ])('%s %s %s %s %s', (node, ...given) => {
    const operands = given.filter((each) => each !== undefined);
    const simplified = on(specials, (x) => x.graph.apply(node, ...operands.map((each) => (each === 'x' ? x : each))));
    expect(simplified).toEqual(plainly(node, operands));
  });

  it('a double negation', () => {
    expect(on(specials, (x) => x.neg().neg())).toEqual([...specials]);
  });

  it('powers that PyTorch takes in another way', () => {
    expect(on(specials, (x) => x.pow(2))).toEqual(specials.map((x) => x * x));
    expect(on(specials, (x) => x.pow(0.5))).toEqual(specials.map(Math.sqrt));
    expect(on(specials, (x) => x.pow(-0.5))).toEqual(specials.map((x) => 1 / Math.sqrt(x)));
  });

  it('constants are computed as values that all elements share are', () => {
    const values = [...specials, 0.1, -0.7, 2.5];
    for (const node of nodeNames) {
      const arity = arityOf(node);
      for (const [i] of values.entries()) {
        const operands = Array.from({ length: arity }, (_, k) => values[(i + 5 * k) % values.length]!);
        const { of } = new ExpressionGraph().apply(node, ...operands);
        // Powers of 2 and halves are products and roots.
        const exact =
          node === 'pow' && operands[1] === 0.5
            ? Math.sqrt(operands[0]!)
            : (nodes[node] as (...x: number[]) => number)(...operands);
        expect(of, `${node} of ${operands.join(', ')}`).toEqual({ kind: 'constant', value: exact });
      }
    }
  });
});

describe('choices', () => {
  const values = [-2, -0, 0, 1, 3, Number.NaN];
  const table: readonly (readonly [string, (x: Expression) => Expression, (x: number) => boolean])[] = [
    ['lt', (x) => x.lt(1), (x) => x < 1],
    ['le', (x) => x.le(1), (x) => x <= 1],
    ['gt', (x) => x.gt(1), (x) => x > 1],
    ['ge', (x) => x.ge(1), (x) => x >= 1],
    ['eq', (x) => x.eq(1), (x) => x === 1],
    ['ne', (x) => x.ne(1), (x) => x !== 1],
    ['a number that is not 0', (x) => x.mul(2), (x) => x !== 0],
    ['a select of other numbers', (x) => x.graph.apply('selectLess', x, 1, 0, 5), (x) => !(x < 1)],
  ];

  it.each(table)('by %s', (_name, condition, holds) => {
    expect(on(values, (x) => condition(x).where(10, x))).toEqual(values.map((x) => (holds(x) ? 10 : x)));
  });

  it.each(table.slice(0, 6))('by %s take one instruction, and give 1 or 0 by themselves', (_name, condition, holds) => {
    expect(on(values, condition)).toEqual(values.map((x) => (holds(x) ? 1 : 0)));
    expect(emit([condition(new ExpressionGraph().input(0)).where(10, 20)]).program.instructions.length).toBe(1);
  });
});

type Unary = { [N in NodeName]: (typeof nodes)[N] extends (x: number) => number ? N : never }[NodeName];

it('every method is its node', () => {
  const [a, b, c] = [0.3, 0.7, -0.2];
  const unary = nodeNames.filter((node): node is Unary => arityOf(node) === 1);
  for (const node of unary)
    expect(
      on([a], (x) => x[node]()),
      node,
    ).toEqual([nodes[node](a)]);
  const binary = { add: a + b, sub: a - b, mul: a * b, div: a / b, pow: a ** b, maximum: b, minimum: a } as const;
  for (const [method, value] of Object.entries(binary))
    expect(
      on([a], (x) => x[method as keyof typeof binary](b)),
      method,
    ).toEqual([value]);
  expect(on([a], (x) => x.fma(b, c))).toEqual([a * b + c]);
  expect(on([a], (x) => x.reciprocal())).toEqual([1 / a]);
  const methods = Object.getOwnPropertyNames(Expression.prototype).filter((name) => name !== 'constructor');
  const others = ['reciprocal', 'fma', 'lt', 'le', 'gt', 'ge', 'eq', 'ne', 'where'];
  expect(methods.sort()).toEqual([...unary, ...Object.keys(binary), ...others].sort());
});
