/**
 * Where the results of a program in float32 must lie: intervals, from the exact functions and the accuracy of each node. What a
 * comparison or a jump cannot tell within its operands' intervals may be either; what is near a pole may be anything.
 */
import { type NodeName, nodes } from '../../src/ops/nodes.js';
import { type PointwiseProgram, resultOf } from '../../src/ops/pointwise-program.js';
import { ulp32 } from '../helpers/compare.js';
import { largest, smallestNormal } from '../helpers/values.js';

/** All numbers from low to high, and NaN where that may come out, too. NaN alone: low and high are NaN. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly nan: boolean;
}

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const notANumber: Interval = { low: nan, high: nan, nan: true };
/** Nothing is known. */
export const anything: Interval = { low: -infinity, high: infinity, nan: true };

const interval = (low: number, high: number): Interval => ({ low, high, nan: false });
const point = (x: number): Interval => (Number.isNaN(x) ? notANumber : interval(x, x));
const isNaNAlone = ({ low }: Interval): boolean => Number.isNaN(low);
const isPoint = ({ low, high, nan: mayBe }: Interval): boolean => !mayBe && low === high;
const includes = ({ low, high }: Interval, x: number): boolean => low <= x && x <= high;
const isUnbounded = ({ low, high }: Interval): boolean => !Number.isFinite(low) || !Number.isFinite(high);

function hull(a: Interval, b: Interval): Interval {
  if (isNaNAlone(a)) return { ...b, nan: true };
  if (isNaNAlone(b)) return { ...a, nan: true };
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), nan: a.nan || b.nan };
}

/** Accuracy in units in the last place: native/kernels/README.md. Others round once, or not at all. */
const accuracy: Partial<Record<NodeName, number>> = {
  exp: 2,
  expm1: 4,
  log: 4,
  log1p: 4,
  sin: 4,
  cos: 4,
  tanh: 2,
  sigmoid: 3,
  erf: 4,
  pow: 2,
};
const roundsOnce: readonly NodeName[] = ['sqrt', 'add', 'sub', 'mul', 'div'];

/** What rounding makes of exact results. Results below the smallest normal number may be 0, and beyond the largest infinite. */
function rounded(exact: Interval, ulps: number): Interval {
  if (isNaNAlone(exact)) return exact;
  const error = ulps * ulp32(Math.max(Math.abs(exact.low), Math.abs(exact.high)));
  let [low, high] = [exact.low - error, exact.high + error];
  if (low < smallestNormal && high > -smallestNormal) {
    low = Math.min(low, low > 0 ? 0 : -smallestNormal);
    high = Math.max(high, high < 0 ? 0 : smallestNormal);
  }
  const edge = largest * (1 - 2 ** -22);
  return { low: low < -edge ? -infinity : low, high: high > edge ? infinity : high, nan: exact.nan };
}

/** A function that rises over its domain. */
const rising =
  (f: (x: number) => number, domain = -infinity) =>
  (x: Interval): Interval => {
    if (x.high < domain) return notANumber;
    if (x.low < domain) return anything;
    return { low: f(x.low), high: f(x.high), nan: x.nan };
  };

function wave(f: (x: number) => number): (x: Interval) => Interval {
  return (x) => {
    if (isUnbounded(x)) return isPoint(x) ? notANumber : anything;
    if (isPoint(x)) return point(f(x.low));
    const middle = f((x.low + x.high) / 2);
    const reach = (x.high - x.low) / 2 + 1e-15;
    return { low: Math.max(-1, middle - reach), high: Math.min(1, middle + reach), nan: x.nan };
  };
}

/** The smallest and the largest of the corners; anything when one of them is undefined. */
function corners(f: (a: number, b: number) => number, a: Interval, b: Interval): Interval {
  const values = [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)];
  if (values.some(Number.isNaN)) return isPoint(a) && isPoint(b) ? notANumber : anything;
  return { low: Math.min(...values), high: Math.max(...values), nan: a.nan || b.nan };
}

function divide(a: Interval, b: Interval): Interval {
  return includes(b, 0) ? anything : corners(nodes.div, a, b);
}

function power(a: Interval, b: Interval): Interval {
  if (isPoint(a) && isPoint(b) && a.low !== 0) return point(nodes.pow(a.low, b.low));
  return a.low > 0 ? corners(nodes.pow, a, b) : anything;
}

function product(a: Interval, b: Interval): Interval {
  const mayBeUndefined = (isUnbounded(a) && includes(b, 0)) || (isUnbounded(b) && includes(a, 0));
  return mayBeUndefined && !(isPoint(a) && isPoint(b)) ? anything : corners((x, y) => x * y, a, b);
}

function sum(a: Interval, b: Interval): Interval {
  const isUndefined =
    (includes(a, infinity) && includes(b, -infinity)) || (includes(a, -infinity) && includes(b, infinity));
  if (isUndefined) return isPoint(a) && isPoint(b) ? notANumber : anything;
  return { low: a.low + b.low, high: a.high + b.high, nan: a.nan || b.nan };
}
const negated = ({ low, high, nan: mayBe }: Interval): Interval => ({ low: -high, high: -low, nan: mayBe });

/** Whether a < b: true, false, or null for either. */
function isLess(a: Interval, b: Interval, orEqual: boolean): boolean | null {
  if (isNaNAlone(a) || isNaNAlone(b)) return false;
  const never = orEqual ? a.low > b.high : a.low >= b.high;
  if (never) return false;
  const always = orEqual ? a.high <= b.low : a.high < b.low;
  return always && !a.nan && !b.nan ? true : null;
}

function isEqual(a: Interval, b: Interval): boolean | null {
  if (isNaNAlone(a) || isNaNAlone(b) || a.high < b.low || b.high < a.low) return false;
  return isPoint(a) && isPoint(b) ? true : null;
}

const choice = (decided: boolean | null, yes: Interval, no: Interval): Interval =>
  decided === null ? hull(yes, no) : decided ? yes : no;

type Image = (a: Interval, b: Interval, c: Interval, d: Interval) => Interval;

const images: Readonly<Record<NodeName, Image>> = {
  neg: negated,
  abs: (x) => {
    if (x.low >= 0) return x;
    return x.high <= 0 ? negated(x) : { low: 0, high: Math.max(-x.low, x.high), nan: x.nan };
  },
  sign: (x) => {
    if (isNaNAlone(x)) return point(0);
    const signs = interval(Math.sign(x.low), Math.sign(x.high));
    return x.nan ? hull(signs, point(0)) : signs;
  },
  exp: rising(Math.exp),
  expm1: rising(Math.expm1),
  log: rising(Math.log, 0),
  log1p: rising(Math.log1p, -1),
  sqrt: rising(Math.sqrt, 0),
  sin: wave(Math.sin),
  cos: wave(Math.cos),
  tanh: rising(Math.tanh),
  sigmoid: rising(nodes.sigmoid),
  erf: rising(nodes.erf),
  floor: rising(Math.floor),
  ceil: rising(Math.ceil),
  round: rising(nodes.round),
  relu: rising(nodes.relu),
  add: sum,
  sub: (a, b) => sum(a, negated(b)),
  mul: product,
  div: divide,
  pow: power,
  max: (a, b) => ({ low: Math.max(a.low, b.low), high: Math.max(a.high, b.high), nan: a.nan || b.nan }),
  min: (a, b) => ({ low: Math.min(a.low, b.low), high: Math.min(a.high, b.high), nan: a.nan || b.nan }),
  // Rounded once or twice.
  fma: (a, b, c) => rounded(sum(rounded(product(a, b), 0.5), c), 0.5),
  selectLess: (a, b, c, d) => choice(isLess(a, b, false), c, d),
  selectLessEqual: (a, b, c, d) => choice(isLess(a, b, true), c, d),
  selectEqual: (a, b, c, d) => choice(isEqual(a, b), c, d),
};

/** Nodes whose result may be a number though an operand is NaN. */
const looksAtNaN: readonly NodeName[] = ['sign', 'selectLess', 'selectLessEqual', 'selectEqual'];

function imageOf(node: NodeName, operands: readonly Interval[]): Interval {
  const [a, b, c, d] = operands as [Interval, Interval, Interval, Interval];
  if (node === 'pow' && operands.some((each) => each.nan)) {
    const [x, y] = [isNaNAlone(a) ? nan : a.low, isNaNAlone(b) ? nan : b.low];
    const isKnown = operands.every((each) => isNaNAlone(each) || isPoint(each));
    return isKnown ? point(nodes.pow(x, y)) : anything;
  }
  if (!looksAtNaN.includes(node) && operands.some(isNaNAlone)) return notANumber;
  const ulps = accuracy[node] ?? (roundsOnce.includes(node) ? 0.5 : null);
  const image = images[node](a, b, c, d);
  return ulps === null ? image : rounded(image, ulps);
}

/** Computed in float64, whose own error is far below, and rounded once. */
function uniformImage(node: NodeName, operands: readonly number[]): number {
  return (nodes[node] as (...operands: readonly number[]) => number)(...operands);
}

const nearest = (x: number): Interval => rounded(point(x), 0.5);

/** The interval of each output, for one element of each input. Programs without masks. */
export function boundsOf(program: PointwiseProgram, inputs: readonly number[], scalars: readonly number[]): Interval[] {
  const { constants, instructions, outputs } = program;
  const uniform: (number | null)[] = [...inputs.map(() => null), ...scalars, ...constants];
  const intervals: Interval[] = [...inputs.map(point), ...[...scalars, ...constants].map(nearest)];
  for (const [index, each] of instructions.entries()) {
    if (each.node === 'mask') throw new Error('bounds are of programs without masks');
    const operands = each.operands.map((id) => uniform[id]!);
    const isUniform = operands.every((value) => value !== null);
    const value = isUniform ? uniformImage(each.node, operands as number[]) : null;
    uniform[resultOf(program, index)] = value;
    intervals.push(
      value === null
        ? imageOf(
            each.node,
            each.operands.map((id) => intervals[id]!),
          )
        : nearest(value),
    );
  }
  return outputs.map((id) => intervals[id]!);
}

/** Whether a result is where it must be; any zero is. */
export const isWithin = (x: number, bounds: Interval): boolean =>
  Number.isNaN(x) ? bounds.nan : bounds.low <= x && x <= bounds.high;

/** Whether the bounds say much: NaN alone, or to four digits. */
export function isNarrow(bounds: Interval): boolean {
  if (isNaNAlone(bounds)) return true;
  const { low, high, nan: mayBe } = bounds;
  return !mayBe && (low === high || high - low <= 1e-4 * Math.max(Math.abs(low), Math.abs(high), 1e-3));
}
