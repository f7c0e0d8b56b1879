/**
 * The nodes of pointwise programs: elementary functions of one element. Their order is that of native/ops/nodes.inc, and a
 * node's number is its position. Each is given as what it computes in float64: the reference runs that, and so does
 * every backend for values that are the same for all elements.
 */

/** C's pow, which differs from JavaScript's where 1 to any power, and -1 to an infinite one, is 1. */
function pow(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY)) return 1;
  return a ** b;
}

/** Halves go to the even neighbour. */
function round(x: number): number {
  const nearest = Math.round(x);
  return Math.abs(x % 1) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

const seriesBound = 2.5;

/**
 * The error function: its Maclaurin series for small |x|, a continued fraction of erfc beyond (Abramowitz and Stegun, 7.1.6 and
 * 7.1.14). Both reach float64's precision in the range where they are used.
 */
function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (size < seriesBound) {
    const square = x * x;
    let term = x;
    let sum = x;
    for (let n = 1; n < 80; n++) {
      term *= (2 * square) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * fraction));
}

export const nodes = {
  neg: (x: number) => -x,
  abs: Math.abs,
  /** -1, 0 or 1; 0 for NaN, as in PyTorch. */
  sign: (x: number) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round,
  /** NaN stays; -0 becomes 0. */
  relu: (x: number) => Math.max(x, 0),
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  pow,
  /** NaN where either is; b of two zeros. */
  max: (a: number, b: number) => (Number.isNaN(a) || b < a ? a : b),
  min: (a: number, b: number) => (Number.isNaN(a) || a < b ? a : b),
  /** a·b + c, rounded once where the instruction set can. */
  fma: (a: number, b: number, c: number) => a * b + c,
  /** a < b ? c : d. Comparisons are false where a NaN takes part. */
  selectLess: (a: number, b: number, c: number, d: number) => (a < b ? c : d),
  selectLessEqual: (a: number, b: number, c: number, d: number) => (a <= b ? c : d),
  selectEqual: (a: number, b: number, c: number, d: number) => (a === b ? c : d),
} as const satisfies Record<string, (...operands: number[]) => number>;

export type NodeName = keyof typeof nodes;
export const nodeNames = Object.keys(nodes) as NodeName[];

/** The number of the node `mask(key, p)`, the last: not a function of numbers alone. */
export const maskNode = nodeNames.length;

/** How many operands a node has. */
export const arityOf = (name: NodeName): number => nodes[name].length;
