/**
 * Expressions over the elements of tensors: what a pointwise function is written in. A {@link ExpressionGraph} makes each expression once, so
 * that equal ones are the same object.
 */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { type NodeName, nodes } from '../ops/nodes.js';

export type Kind =
  | { readonly kind: 'input' | 'scalar'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'node'; readonly node: NodeName; readonly operands: readonly Expression[] }
  | { readonly kind: 'mask'; readonly key: number; readonly p: Expression };

/** An expression or a number. */
export type ExpressionOperand = Expression | number;

/**
 * What a pointwise function computes with instead of a tensor: the elementwise methods of Tensor, each of which gives another
 * expression. Comparisons give 1 or 0.
 */
export class Expression {
  /** @internal */
  readonly graph: ExpressionGraph;
  /** @internal */
  readonly of: Kind;
  /** Its number in the graph: greater than those of its operands. @internal */
  readonly id: number;

  /** @internal */
  constructor(graph: ExpressionGraph, of: Kind, id: number) {
    this.graph = graph;
    this.of = of;
    this.id = id;
  }

  #apply(node: NodeName, ...others: ExpressionOperand[]): Expression {
    return this.graph.apply(node, this, ...others);
  }

  /** -this. */
  neg(): Expression {
    return this.#apply('neg');
  }
  /** |this|. */
  abs(): Expression {
    return this.#apply('abs');
  }
  /** -1, 0 or 1 by the sign; 0 for NaN. */
  sign(): Expression {
    return this.#apply('sign');
  }
  /** e to the power of this. */
  exp(): Expression {
    return this.#apply('exp');
  }
  /** e to the power of this, minus 1. */
  expm1(): Expression {
    return this.#apply('expm1');
  }
  /** Natural logarithm. */
  log(): Expression {
    return this.#apply('log');
  }
  /** Natural logarithm of 1 + this. */
  log1p(): Expression {
    return this.#apply('log1p');
  }
  /** Square root. */
  sqrt(): Expression {
    return this.#apply('sqrt');
  }
  /** Sine of radians. */
  sin(): Expression {
    return this.#apply('sin');
  }
  /** Cosine of radians. */
  cos(): Expression {
    return this.#apply('cos');
  }
  /** Hyperbolic tangent. */
  tanh(): Expression {
    return this.#apply('tanh');
  }
  /** 1 / (1 + e^-this). */
  sigmoid(): Expression {
    return this.#apply('sigmoid');
  }
  /** The error function. */
  erf(): Expression {
    return this.#apply('erf');
  }
  /** The largest integer not above. */
  floor(): Expression {
    return this.#apply('floor');
  }
  /** The smallest integer not below. */
  ceil(): Expression {
    return this.#apply('ceil');
  }
  /** The nearest integer, halves to the even one. */
  round(): Expression {
    return this.#apply('round');
  }
  /** max(this, 0). */
  relu(): Expression {
    return this.#apply('relu');
  }
  /** this + other. */
  add(other: ExpressionOperand): Expression {
    return this.#apply('add', other);
  }
  /** this - other. */
  sub(other: ExpressionOperand): Expression {
    return this.#apply('sub', other);
  }
  /** this · other. */
  mul(other: ExpressionOperand): Expression {
    return this.#apply('mul', other);
  }
  /** this / other. */
  div(other: ExpressionOperand): Expression {
    return this.#apply('div', other);
  }
  /** this to the power of exponent. */
  pow(exponent: ExpressionOperand): Expression {
    return this.#apply('pow', exponent);
  }
  /** 1 / this. */
  reciprocal(): Expression {
    return this.graph.apply('div', 1, this);
  }
  /** The larger of the two; NaN where either is. */
  maximum(other: ExpressionOperand): Expression {
    return this.#apply('max', other);
  }
  /** The smaller of the two; NaN where either is. */
  minimum(other: ExpressionOperand): Expression {
    return this.#apply('min', other);
  }
  /** this·factor + term, rounded once where the processor can. */
  fma(factor: ExpressionOperand, term: ExpressionOperand): Expression {
    return this.#apply('fma', factor, term);
  }
  /** 1 where this < other, else 0. */
  lt(other: ExpressionOperand): Expression {
    return this.#apply('selectLess', other, 1, 0);
  }
  /** 1 where this <= other, else 0. */
  le(other: ExpressionOperand): Expression {
    return this.#apply('selectLessEqual', other, 1, 0);
  }
  /** 1 where this > other, else 0. */
  gt(other: ExpressionOperand): Expression {
    return this.graph.apply('selectLess', other, this, 1, 0);
  }
  /** 1 where this >= other, else 0. */
  ge(other: ExpressionOperand): Expression {
    return this.graph.apply('selectLessEqual', other, this, 1, 0);
  }
  /** 1 where this = other, else 0. */
  eq(other: ExpressionOperand): Expression {
    return this.#apply('selectEqual', other, 1, 0);
  }
  /** 1 where this ≠ other, else 0. */
  ne(other: ExpressionOperand): Expression {
    return this.#apply('selectEqual', other, 0, 1);
  }
  /** `yes` where this is not 0, else `no`. */
  where(yes: ExpressionOperand, no: ExpressionOperand): Expression {
    return this.graph.select(this, yes, no);
  }

  /** Values cannot be read while a function is traced. */
  [Symbol.toPrimitive](): never {
    throw new ArgumentError(
      'pointwise: an expression has no value yet; choose with where(), and compute with the methods of expressions',
    );
  }
}

const isSelect = (node: NodeName): boolean => node.startsWith('select');

/** Makes expressions, each once. */
export class ExpressionGraph {
  readonly #made = new Map<string, Expression>();

  input(index: number): Expression {
    return this.#make(`input ${index}`, { kind: 'input', index });
  }

  scalar(index: number): Expression {
    return this.#make(`scalar ${index}`, { kind: 'scalar', index });
  }

  constant(value: number): Expression {
    return this.#make(`constant ${Object.is(value, -0) ? '-0' : value}`, { kind: 'constant', value });
  }

  /** scale where dropout keeps the element, else 0. */
  mask(key: number, p: ExpressionOperand): Expression {
    const probability = this.read(p);
    return this.#make(`mask ${key} ${probability.id}`, { kind: 'mask', key, p: probability });
  }

  apply(node: NodeName, ...given: ExpressionOperand[]): Expression {
    if (!Object.hasOwn(nodes, node)) throw new ArgumentError(`pointwise: there is no node ${show(node)}`);
    const arity = nodes[node].length;
    if (given.length !== arity)
      throw new ArgumentError(
        `pointwise: ${node} takes ${arity} ${arity === 1 ? 'operand' : 'operands'}, got ${given.length}`,
      );
    const operands = given.map((each) => this.read(each));
    const simple = simplified(node, operands);
    if (simple !== null) return simple;
    const values = operands.map(({ of }) => (of.kind === 'constant' ? of.value : null));
    if (values.every((value) => value !== null))
      return this.constant((nodes[node] as (...operands: number[]) => number)(...values));
    const key = `${node} ${operands.map(({ id }) => id).join(' ')}`;
    return this.#make(key, { kind: 'node', node, operands });
  }

  /** `yes` where condition is not 0, else `no`: with the comparison that made the condition, if one did. */
  select(condition: ExpressionOperand, yes: ExpressionOperand, no: ExpressionOperand): Expression {
    const { of } = this.read(condition);
    if (of.kind === 'node' && isSelect(of.node)) {
      const [a, b, one, zero] = of.operands as [Expression, Expression, Expression, Expression];
      if (isConstant(one, 1) && isConstant(zero, 0)) return this.apply(of.node, a, b, yes, no);
      if (isConstant(one, 0) && isConstant(zero, 1)) return this.apply(of.node, a, b, no, yes);
    }
    return this.apply('selectEqual', condition, 0, no, yes);
  }

  /** An operand as an expression. @throws ArgumentError for what is none, or is of another function */
  read(operand: unknown): Expression {
    if (typeof operand === 'number') return this.constant(operand);
    if (!(operand instanceof Expression))
      throw new ArgumentError(`pointwise: expected an expression or a number, got ${show(operand)}`);
    if (operand.graph !== this) throw new ArgumentError('pointwise: an expression of another function');
    return operand;
  }

  #make(key: string, of: Kind): Expression {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = new Expression(this, of, this.#made.size);
    this.#made.set(key, made);
    return made;
  }
}

export function operandsOf(expression: Expression): readonly Expression[] {
  const { of } = expression;
  if (of.kind === 'node') return of.operands;
  return of.kind === 'mask' ? [of.p] : [];
}

/** All that some expressions are made of and they themselves, each once, operands before what uses them. No recursion: chains are long. */
export function postorder(
  roots: readonly Expression[],
  operands: (each: Expression) => readonly Expression[] = operandsOf,
): Expression[] {
  const found = new Set<Expression>();
  const stack = [...roots].reverse();
  while (stack.length > 0) {
    const each = stack.at(-1)!;
    const missing = found.has(each) ? [] : operands(each).filter((operand) => !found.has(operand));
    if (missing.length === 0) found.add(stack.pop()!);
    else stack.push(...missing.reverse());
  }
  return [...found];
}

export const isConstant = (expression: Expression, value: number): boolean =>
  expression.of.kind === 'constant' && Object.is(expression.of.value, value);

/** What is the same to the bit for every operand, NaN, infinities and zeros included. */
function simplified(node: NodeName, operands: readonly Expression[]): Expression | null {
  const [a, b] = operands as [Expression, Expression];
  switch (node) {
    case 'mul':
      return isConstant(b, 1) ? a : isConstant(a, 1) ? b : null;
    case 'div':
      return isConstant(b, 1) ? a : null;
    case 'sub':
      return isConstant(b, 0) ? a : null;
    case 'neg':
      return a.of.kind === 'node' && a.of.node === 'neg' ? a.of.operands[0]! : null;
    case 'pow':
      return raised(a, b);
    default:
      return isSelect(node) ? chosen(node, operands) : null;
  }
}

/** Powers that need no pow, or that PyTorch takes in another way: the square root of -infinity is NaN, its power is not. */
function raised(base: Expression, { of }: Expression): Expression | null {
  if (of.kind !== 'constant') return null;
  if (of.value === 0) return base.graph.constant(1);
  if (of.value === 1) return base;
  if (of.value === 2) return base.mul(base);
  if (of.value === 0.5) return base.sqrt();
  return of.value === -0.5 ? base.graph.apply('div', 1, base.sqrt()) : null;
}

/** A choice between constants is made at once. */
function chosen(node: NodeName, [a, b, yes, no]: readonly Expression[]): Expression | null {
  if (a!.of.kind !== 'constant' || b!.of.kind !== 'constant') return null;
  const compare = nodes[node] as (...operands: number[]) => number;
  return compare(a!.of.value, b!.of.value, 1, 0) === 1 ? yes! : no!;
}
