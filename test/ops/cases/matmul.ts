/** matmul. */
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';

/** m, n, k around the micro-tiles (6x16, 12x32, 4x8), the panels (16 columns) and the blocks of k; rows, out and in of linear. */
export const productShapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [0, 3, 4],
  [3, 0, 4],
  [1, 1, 1],
  [1, 17, 9],
  [2, 8, 3],
  [3, 15, 7],
  [4, 16, 8],
  [5, 31, 2],
  [6, 16, 16],
  [7, 17, 5],
  [8, 33, 31],
  [9, 7, 15],
  [11, 1, 64],
  [13, 48, 33],
  [12, 32, 17],
  [25, 65, 1],
  [31, 10, 128],
  [37, 53, 61],
  [1, 256, 784],
  [19, 35, 1030],
  [130, 257, 129],
];

/** Σ |a||b| for each output, as for a product of the absolute values. */
export function matmulCondition(args: CaseArgs<'matmul'>): { out: Float64Array } {
  const { a, b, batch, m, n, k, transA, transB, aStride, bStride } = args;
  const out = new Float64Array(batch * m * n);
  for (let g = 0; g < batch; g++) {
    for (let i = 0; i < m; i++) {
      for (let p = 0; p < k; p++) {
        const left = Math.abs(a[g * aStride + (transA ? p * m + i : i * k + p)]!);
        for (let j = 0; j < n; j++) {
          out[(g * m + i) * n + j]! += left * Math.abs(b[g * bStride + (transB ? j * k + p : p * n + j)]!);
        }
      }
    }
  }
  return { out };
}

function matmulCase(
  [m, n, k]: readonly [m: number, n: number, k: number],
  [transA, transB]: readonly [boolean, boolean],
  [batch, aShared, bShared]: readonly [batch: number, aShared: boolean, bShared: boolean] = [1, true, true],
): Case {
  const batches = batch === 1 ? '' : `, ${batch} of them, ${aShared ? 'one a' : ''}${bShared ? 'one b' : ''}`;
  const name = `${m}x${n}x${k} ${transA ? 'T' : 'N'}${transB ? 'T' : 'N'}${batches}`;
  const seed = seedOf(`matmul ${name}`);
  const tolerance = { ulp: 1, units: sumUnits(k), condition: matmulCondition };
  const args = () => ({
    a: floats(m * k * (aShared ? 1 : batch), seed),
    b: floats(k * n * (bShared ? 1 : batch), seed + 1),
    out: batch * m * n,
    batch,
    m,
    n,
    k,
    transA,
    transB,
    aStride: aShared ? 0 : m * k,
    bStride: bShared ? 0 : k * n,
  });
  return opCase('matmul', name, tolerance, args, k === 0 ? { provesLittle: 'a sum of no products is 0' } : {});
}

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** Special values in one row of a, one column of b, and where they meet; 0·Infinity among them. */
function specialCases(): Case[] {
  const [m, n, k] = [9, 21, 11];
  return transposes.map(([transA, transB]) => {
    const a = floats(m * k, 31);
    const b = floats(k * n, 32);
    const putA = (i: number, p: number, value: number): void => {
      a[transA ? p * m + i : i * k + p] = value;
    };
    const putB = (p: number, j: number, value: number): void => {
      b[transB ? j * k + p : p * n + j] = value;
    };
    putA(1, 3, Number.NaN);
    putA(4, 10, Number.POSITIVE_INFINITY);
    putB(10, 6, 0);
    putB(2, 20, Number.NEGATIVE_INFINITY);
    putA(7, 2, 0);
    putB(5, 17, Number.NaN);
    const name = `special values ${transA ? 'T' : 'N'}${transB ? 'T' : 'N'}`;
    const tolerance = { ulp: 1, units: sumUnits(k), condition: matmulCondition };
    return opCase('matmul', name, tolerance, () => {
      return { a, b, out: m * n, batch: 1, m, n, k, transA, transB, aStride: 0, bStride: 0 };
    });
  });
}

/** The sizes of sums before any post-op. */
export function linearCondition({
  x,
  weight,
  bias,
  rows,
  inFeatures,
  outFeatures,
}: Pick<CaseArgs<'linear'>, 'x' | 'weight' | 'bias' | 'rows' | 'inFeatures' | 'outFeatures'>): { out: Float64Array } {
  const { out } = matmulCondition({
    a: x,
    b: weight,
    out: 0,
    batch: 1,
    m: rows,
    n: outFeatures,
    k: inFeatures,
    transA: false,
    transB: true,
    aStride: 0,
    bStride: 0,
  });
  if (bias !== null) for (let i = 0; i < out.length; i++) out[i]! += Math.abs(bias[i % outFeatures]!);
  return { out };
}

export const matmulCases: readonly Case[] = [
  ...productShapes.flatMap((shape) => transposes.map((transpose) => matmulCase(shape, transpose))),
  ...transposes.map((transpose) => matmulCase([5, 9, 0], transpose)),
  ...transposes.flatMap((transpose) => [
    matmulCase([7, 17, 9], transpose, [5, false, false]),
    matmulCase([7, 17, 9], transpose, [3, true, false]),
    matmulCase([7, 17, 9], transpose, [3, false, true]),
  ]),
  matmulCase([3, 4, 5], [false, false], [0, false, false]),
  matmulCase([33, 40, 65], [false, true], [17, false, false]),
  matmulCase([1, 1, 33], [false, false], [101, false, false]),
  ...specialCases(),
];
