/** Derivatives of expressions by rule: reverse mode over the graph. */
import type { NodeName } from '../ops/nodes.js';
import { type Expression, isConstant, operandsOf, postorder } from './expression.js';

/** The gradients of the operands, null where there is none; `y` is the node itself. */
type Rule = (
  grad: Expression,
  y: Expression,
  ...operands: [Expression, Expression, Expression, Expression]
) => readonly (Expression | null)[];

/** Nodes that are constant between jumps: a gradient of 0, as in PyTorch, not none. */
const flat: Rule = (grad) => [grad.graph.constant(0)];
const selecting =
  (node: NodeName): Rule =>
  (grad, _y, a, b) => [null, null, grad.graph.apply(node, a, b, grad, 0), grad.graph.apply(node, a, b, 0, grad)];

/** Where the larger or smaller of two is taken; of two equal ones each gets half, and both all of it where one is NaN, as in PyTorch. */
const extreme =
  (isLarger: boolean): Rule =>
  (grad, _y, a, b) => {
    const half = grad.mul(0.5);
    const { graph } = grad;
    /** The gradient of one of them, which is none where it is the other that is taken: where `low` < `high`. */
    const unless = (low: Expression, high: Expression) =>
      graph.apply('selectEqual', a, b, half, graph.apply('selectLess', low, high, 0, grad));
    return isLarger ? [unless(a, b), unless(b, a)] : [unless(b, a), unless(a, b)];
  };

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** At kinks and where the mathematical formula has none, as PyTorch's. */
const rules: Readonly<Record<NodeName, Rule>> = {
  neg: (grad) => [grad.neg()],
  abs: (grad, _y, x) => [grad.mul(x.sign())],
  sign: flat,
  exp: (grad, y) => [grad.mul(y)],
  expm1: (grad, y) => [grad.mul(y.add(1))],
  log: (grad, _y, x) => [grad.div(x)],
  log1p: (grad, _y, x) => [grad.div(x.add(1))],
  sqrt: (grad, y) => [grad.div(y.mul(2))],
  sin: (grad, _y, x) => [grad.mul(x.cos())],
  cos: (grad, _y, x) => [grad.mul(x.sin()).neg()],
  // 1 - y² with one rounding: it cancels near ±1.
  tanh: (grad, y) => [grad.mul(y.neg().fma(y, 1))],
  sigmoid: (grad, y) => [grad.mul(y).mul(grad.graph.apply('sub', 1, y))],
  erf: (grad, _y, x) => [grad.mul(x.mul(x).neg().exp().mul(twoOverRootPi))],
  floor: flat,
  ceil: flat,
  round: flat,
  relu: (grad, y) => [grad.graph.apply('selectLessEqual', y, 0, 0, grad)],
  add: (grad) => [grad, grad],
  sub: (grad) => [grad, grad.neg()],
  mul: (grad, _y, a, b) => [grad.mul(b), grad.mul(a)],
  // -grad·((a/b)/b), in this order: b² and grad/b leave the range of floats where the gradient does not.
  div: (grad, y, _a, b) => [grad.div(b), grad.neg().mul(y.div(b))],
  pow: (grad, y, a, b) => [powBase(grad, a, b), powExponent(grad, y, a, b)],
  max: extreme(true),
  min: extreme(false),
  fma: (grad, _y, a, b) => [grad.mul(b), grad.mul(a), grad],
  selectLess: selecting('selectLess'),
  selectLessEqual: selecting('selectLessEqual'),
  selectEqual: selecting('selectEqual'),
};

/** grad·b·a^(b-1), and 0 where b is 0 (a^(b-1) may be infinite there). */
function powBase(grad: Expression, a: Expression, b: Expression): Expression {
  return grad.graph.apply('selectEqual', b, 0, 0, grad.mul(b.mul(a.pow(b.sub(1)))));
}

/** grad·y·log(a), and grad·0 where a is 0 and b >= 0 (log is -infinity there). */
function powExponent(grad: Expression, y: Expression, a: Expression, b: Expression): Expression {
  const rate = y.mul(a.log());
  return grad.mul(grad.graph.apply('selectEqual', a, 0, grad.graph.apply('selectLessEqual', 0, b, 0, rate), rate));
}

/**
 * The gradients of `output` for some of its inputs, times `grad`.
 * @returns an expression for each input, null where the output does not depend on it.
 */
export function derive(output: Expression, grad: Expression, inputs: readonly Expression[]): (Expression | null)[] {
  const gradients = new Map<Expression, Expression>([[output, grad]]);
  const add = (to: Expression, part: Expression) => {
    const sum = gradients.get(to);
    if (sum === undefined || isConstant(sum, 0)) gradients.set(to, part);
    else if (!isConstant(part, 0)) gradients.set(to, sum.add(part));
  };
  const dependent = dependentOn(inputs, output);
  // Each before its operands.
  for (const each of [...dependent].sort((a, b) => b.id - a.id)) {
    const arrived = gradients.get(each);
    if (arrived === undefined || each.of.kind !== 'node') continue;
    const { node, operands } = each.of;
    const parts = rules[node](arrived, each, ...(operands as [Expression, Expression, Expression, Expression]));
    for (const [i, operand] of operands.entries()) {
      const part = parts[i] ?? null;
      if (part !== null && dependent.has(operand)) add(operand, part);
    }
  }
  return inputs.map((input) => gradients.get(input) ?? null);
}

/** What leads from the inputs to the output. */
function dependentOn(inputs: readonly Expression[], output: Expression): Set<Expression> {
  const found = new Set<Expression>();
  for (const each of postorder([output]))
    if (inputs.includes(each) || operandsOf(each).some((operand) => found.has(operand))) found.add(each);
  return found;
}

/** The same expression with others instead of some of its parts. */
export function substitute(root: Expression, replaced: ReadonlyMap<Expression, Expression>): Expression {
  const done = new Map<Expression, Expression>(replaced);
  const operandsKept = (each: Expression) => (replaced.has(each) ? [] : operandsOf(each));
  for (const each of postorder([root], operandsKept)) {
    if (done.has(each)) continue;
    const { of, graph } = each;
    let result = each;
    if (of.kind === 'node') result = graph.apply(of.node, ...of.operands.map((operand) => done.get(operand)!));
    else if (of.kind === 'mask') result = graph.mask(of.key, done.get(of.p)!);
    done.set(each, result);
  }
  return done.get(root)!;
}
