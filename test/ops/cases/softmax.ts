/** Softmax, its logarithm, and their gradients. */
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';

type Triple = readonly [outer: number, size: number, inner: number];

const shapes: readonly Triple[] = [
  [0, 3, 2],
  [3, 0, 2],
  [4, 2, 0],
  [9, 1, 1],
  [3, 2, 1],
  [5, 7, 1],
  [4, 8, 1],
  [3, 9, 1],
  [33, 10, 1],
  [2, 15, 2],
  [3, 16, 1],
  [5, 17, 3],
  [1, 31, 8],
  [2, 33, 17],
  [1, 5, 101],
  [2, 1021, 1],
  [1031, 100, 1],
  [3, 211, 167],
];

interface Line {
  readonly at: readonly number[];
}

function lines({ outer, size, inner }: { outer: number; size: number; inner: number }): Line[] {
  const all: Line[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      all.push({ at: Array.from({ length: size }, (_, s) => (o * size + s) * inner + i) });
    }
  }
  return all;
}

/**
 * The error of x - max is one of the larger operand and goes whole into the logarithm; the sum brings its own.
 * `softmax` multiplies that with the probability, so its condition is relative.
 */
function forwardCondition(relative: boolean): (args: CaseArgs<'softmax'>) => { out: Float64Array } {
  return (args) => {
    const { x } = args;
    const out = new Float64Array(x.length);
    for (const { at } of lines(args)) {
      const max = at.reduce((best, i) => Math.max(best, x[i]!), Number.NEGATIVE_INFINITY);
      const total = at.reduce((sum, i) => sum + Math.exp(x[i]! - max), 0);
      for (const i of at) {
        const probability = relative ? Math.exp(x[i]! - max) / total : 1;
        out[i] = probability * (Math.abs(x[i]! - max) + Math.log(total) + 1);
      }
    }
    return { out };
  };
}

function backwardCondition(log: boolean): (args: CaseArgs<'softmaxBackward'>) => { out: Float64Array } {
  return (args) => {
    const { grad, y } = args;
    const out = new Float64Array(grad.length);
    for (const { at } of lines(args)) {
      const sum = at.reduce((total, i) => total + Math.abs(log ? grad[i]! : grad[i]! * y[i]!), 0);
      for (const i of at) {
        const g = Math.abs(grad[i]!);
        out[i] = log ? g + Math.exp(y[i]!) * sum : Math.abs(y[i]!) * (g + sum);
      }
    }
    return { out };
  };
}

function forwardCases(log: boolean): Case[] {
  const what = log ? 'logarithm, ' : '';
  // An exp, a log, and sums in a tree, whose error hardly grows with the size.
  const tolerance = { ulp: 2, units: 3, condition: forwardCondition(!log) };
  const cases = shapes.map(([outer, size, inner]) => {
    const name = `${outer}x${size}x${inner}`;
    const n = outer * size * inner;
    const x = floats(n, seedOf(`${log ? 'logSoftmax' : 'softmax'} ${name}`), -6, 6);
    const provesLittle = size === 1 ? { provesLittle: 'one class alone has probability 1' } : {};
    return opCase('softmax', what + name, tolerance, () => ({ x, out: n, outer, size, inner, log }), provesLittle);
  });
  const rows: readonly (readonly number[])[] = [
    [1000, 999, 998, 1001.5, 990],
    [-1000, -999, -998, -1001.5, -1040],
    [3e38, 1, 2, 3, 3e38],
    [-3e38, 1, 2, 3, -1],
    [Number.NaN, 1, 2, 3, 4],
    [1, 2, 3, 4, Number.NaN],
    [Number.POSITIVE_INFINITY, 1, 2, 3, 4],
    [Number.NEGATIVE_INFINITY, 1, 2, 3, 4],
    [1, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 2, 4],
    new Array<number>(5).fill(Number.NEGATIVE_INFINITY),
    [0, -0, 0, -0, 1e-30],
    [0, -80, -87, -90, -104],
    [0.25, 0.5, -0.75, 1, -2],
  ];
  // As rows, and as columns next to each other.
  const asRows = Float32Array.from(rows.flat());
  const asColumns = Float32Array.from(
    { length: asRows.length },
    (_, i) => rows[i % rows.length]![Math.trunc(i / rows.length)]!,
  );
  const options = { subnormal: true };
  const size = 5;
  const [n, out] = [rows.length, asRows.length];
  const [byRow, byColumn] = [
    () => ({ x: asRows, out, outer: n, size, inner: 1, log }),
    () => ({ x: asColumns, out, outer: 1, size, inner: n, log }),
  ];
  cases.push(opCase('softmax', `${what}special rows`, tolerance, byRow, options));
  cases.push(opCase('softmax', `${what}special columns`, tolerance, byColumn, options));
  return cases;
}

function backwardCases(log: boolean): Case[] {
  const what = log ? 'logarithm, ' : '';
  return shapes.map(([outer, size, inner]) => {
    const name = `${outer}x${size}x${inner}`;
    const n = outer * size * inner;
    const seed = seedOf(`${log ? 'logSoftmaxBackward' : 'softmaxBackward'} ${name}`);
    const grad = floats(n, seed);
    const y = log ? floats(n, seed + 1, -8, 0) : floats(n, seed + 1, 0, 2 / Math.max(1, size));
    const tolerance = { ulp: 2, units: 2 + sumUnits(size), condition: backwardCondition(log) };
    return opCase('softmaxBackward', what + name, tolerance, () => ({ grad, y, out: n, outer, size, inner, log }));
  });
}

export const softmaxCases: readonly Case[] = [
  ...[false, true].flatMap(forwardCases),
  ...[false, true].flatMap(backwardCases),
];
