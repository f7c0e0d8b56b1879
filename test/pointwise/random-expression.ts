/** Random expressions, one for each seed, for whatever computes nodes: expressions, tensors. */
import { arityOf, type NodeName, nodeNames } from '../../src/ops/nodes.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import { emit } from '../../src/pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../../src/pointwise/expression.js';
import { uniform } from '../helpers/values.js';

/** What a step computes with; `index` of inputs, scalars or steps. */
export type Operand =
  | { readonly kind: 'input' | 'scalar' | 'step'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number };

export interface Step {
  readonly node: NodeName;
  readonly operands: readonly Operand[];
}

export interface RandomExpression {
  readonly inputs: number;
  readonly scalars: readonly number[];
  readonly steps: readonly Step[];
  /** Steps whose results are wanted. */
  readonly outputs: readonly number[];
}

export interface RandomOptions {
  /** Nodes to choose from. Default: all. */
  readonly nodes?: readonly NodeName[];
  /** Whether a step may depend on scalars and constants alone. Default true. */
  readonly uniform?: boolean;
  /** Most steps, but for those that keep values in range. Default 16. */
  readonly length?: number;
}

/** Values are kept below this, where their functions still tell them apart. */
const largest = 1e3;
const squashing = ['tanh', 'sigmoid', 'sin', 'cos', 'erf'] as const;
/** Nodes whose operand (the last one) is kept away from 0 and below. */
const guarded: readonly NodeName[] = ['log', 'log1p', 'sqrt', 'div', 'pow'];

/** How large a result may be, by the sizes of its operands. */
const growth: Readonly<Record<NodeName, (a: number, b: number, c: number, d: number) => number>> = {
  neg: (a) => a,
  abs: (a) => a,
  sign: () => 1,
  exp: (a) => Math.exp(a),
  expm1: (a) => Math.exp(a),
  log: (a) => Math.max(1, Math.log(1 + a)),
  log1p: (a) => Math.max(1, Math.log(1 + a)),
  sqrt: (a) => Math.sqrt(1 + a),
  sin: () => 1,
  cos: () => 1,
  tanh: () => 1,
  sigmoid: () => 1,
  erf: () => 1,
  floor: (a) => a + 1,
  ceil: (a) => a + 1,
  round: (a) => a + 1,
  relu: (a) => a,
  add: (a, b) => a + b,
  sub: (a, b) => a + b,
  mul: (a, b) => a * b,
  div: (a) => 2 * a,
  pow: (a, b) => (1 + Math.max(a, 2)) ** b,
  max: Math.max,
  min: Math.max,
  fma: (a, b, c) => a * b + c,
  selectLess: (_a, _b, c, d) => Math.max(c, d),
  selectLessEqual: (_a, _b, c, d) => Math.max(c, d),
  selectEqual: (_a, _b, c, d) => Math.max(c, d),
};

class Maker {
  readonly steps: Step[] = [];
  readonly #sizes: number[] = [];
  readonly #draw: () => number;
  readonly #inputs: number;
  readonly #scalars: readonly number[];
  readonly #options: RandomOptions;

  constructor(draw: () => number, inputs: number, scalars: readonly number[], options: RandomOptions) {
    this.#draw = draw;
    this.#inputs = inputs;
    this.#scalars = scalars;
    this.#options = options;
  }

  pick(n: number): number {
    return Math.floor(this.#draw() * n);
  }

  /** One more step; before and behind it, now and then, what keeps values in the range of functions. */
  grow(): void {
    const { nodes = nodeNames, uniform: mayBeUniform = true } = this.#options;
    const node = nodes[this.pick(nodes.length)]!;
    const operands = Array.from({ length: arityOf(node) }, () => this.#operand());
    // Of a choice what is compared: else it is made when the program is.
    const deciding = node.startsWith('select') ? 2 : operands.length;
    if (!mayBeUniform && operands.slice(0, deciding).every((each) => this.#isUniform(each)))
      operands[this.pick(deciding)] = { kind: 'input', index: this.pick(this.#inputs) };
    const isKept = guarded.includes(node) && this.#draw() < 0.9;
    const at = node === 'pow' ? 0 : operands.length - 1;
    if (isKept) operands[at] = this.#positive(operands[at]!);
    // Powers beyond the sixth leave the range of floats soon.
    if (node === 'pow') operands[1] = this.#bounded(operands[1]!);
    if (node === 'exp' || node === 'expm1') operands[0] = this.#bounded(operands[0]!);
    const result = this.#add(node, operands);
    if (this.#sizeOf(result) > largest) this.#add(squashing[this.pick(squashing.length)]!, [result]);
  }

  #add(node: NodeName, operands: readonly Operand[]): Operand {
    const [a = 0, b = 0, c = 0, d = 0] = operands.map((each) => this.#sizeOf(each));
    this.#sizes.push(growth[node](a, b, c, d));
    return { kind: 'step', index: this.steps.push({ node, operands }) - 1 };
  }

  #positive(operand: Operand): Operand {
    if (this.#isUniform(operand)) return { kind: 'constant', value: 2 };
    return this.#add('add', [this.#add('abs', [operand]), { kind: 'constant', value: 0.5 }]);
  }

  #bounded(operand: Operand): Operand {
    return this.#sizeOf(operand) > 6 ? this.#add('tanh', [operand]) : operand;
  }

  #operand(): Operand {
    const kind = this.#draw();
    if (this.steps.length > 0 && kind < 0.6) {
      // Chains more often than not, and values that live for long.
      const back = this.#draw() < 0.6 ? this.pick(Math.min(3, this.steps.length)) : this.pick(this.steps.length);
      return { kind: 'step', index: this.steps.length - 1 - back };
    }
    if (this.#scalars.length > 0 && kind > 0.9) return { kind: 'scalar', index: this.pick(this.#scalars.length) };
    if (kind > 0.82) return { kind: 'constant', value: [0, 1, -1, 0.5, 2, -0.3, 3][this.pick(7)]! };
    return { kind: 'input', index: this.pick(this.#inputs) };
  }

  #sizeOf(operand: Operand): number {
    if (operand.kind === 'constant') return Math.abs(operand.value);
    if (operand.kind === 'scalar') return Math.abs(this.#scalars[operand.index]!);
    return operand.kind === 'input' ? 2 : this.#sizes[operand.index]!;
  }

  #isUniform(operand: Operand): boolean {
    if (operand.kind === 'step') return this.steps[operand.index]!.operands.every((each) => this.#isUniform(each));
    return operand.kind !== 'input';
  }
}

/** Of one to three inputs, none to two scalars, and one to three outputs, the last step among them. */
export function randomExpression(seed: number, options: RandomOptions = {}): RandomExpression {
  const draw = uniform(seed * 7919 + 1);
  const pick = (n: number) => Math.floor(draw() * n);
  const inputs = 1 + pick(3);
  const scalars = [0.7, -1.3].slice(0, pick(3));
  const maker = new Maker(draw, inputs, scalars, options);
  const length = 2 + pick((options.length ?? 16) - 1);
  while (maker.steps.length < length) maker.grow();
  const { steps } = maker;
  const others = Array.from({ length: pick(3) }, () => pick(steps.length));
  return { inputs, scalars, steps, outputs: [...new Set([steps.length - 1, ...others])] };
}

/** What computes nodes. */
export interface Algebra<T> {
  input(index: number): T;
  scalar(index: number): T;
  constant(value: number): T;
  node(node: NodeName, operands: readonly T[]): T;
}

/** The outputs of an expression. */
export function compute<T>({ steps, outputs }: RandomExpression, algebra: Algebra<T>): T[] {
  const results: T[] = [];
  const valueAt = (operand: Operand): T => {
    if (operand.kind === 'constant') return algebra.constant(operand.value);
    return operand.kind === 'step' ? results[operand.index]! : algebra[operand.kind](operand.index);
  };
  for (const { node, operands } of steps) results.push(algebra.node(node, operands.map(valueAt)));
  return outputs.map((index) => results[index]!);
}

/** As expressions of a graph. */
export function inGraph(expression: RandomExpression, graph: ExpressionGraph): Expression[] {
  return compute<Expression>(expression, {
    input: (index) => graph.input(index),
    scalar: (index) => graph.scalar(index),
    constant: (value) => graph.constant(value),
    node: (node, operands) => graph.apply(node, ...operands),
  });
}

/** As a program of all its inputs and scalars. */
export function programOfRandom(expression: RandomExpression): PointwiseProgram {
  const { inputs, scalars } = expression;
  return emit(inGraph(expression, new ExpressionGraph()), { inputs, scalars: scalars.length }).program;
}
