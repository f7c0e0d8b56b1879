/** The gradient of linear for its input, and the programs that follow it: gradients of what made the input. */
import { maskScale } from '../../../src/ops/mask.js';
import { derive } from '../../../src/pointwise/derivative.js';
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';
import { fewShapes } from './linear.js';
import { matmulCondition, productShapes } from './matmul.js';
import { type PostOp, postOpArgs, postOpCondition } from './post-op.js';
import { programOf } from './programs.js';

type Shape = readonly [rows: number, outFeatures: number, inFeatures: number];
type GradientArgs = CaseArgs<'linearInputGradient'>;

const reluGradient = programOf(2, 1, ([g, y], [scale]) => y.le(0).where(0, g.mul(scale)));

/** Through dropout and ReLU, whose output is `y`. */
const masked = (scale: number): PostOp => ({
  name: `masked, scale ${scale}`,
  program: reluGradient,
  operands: ['matrix'],
  scalars: [scale],
  sizes: (size) => [size * scale],
});

const general: readonly PostOp[] = [
  {
    name: 'relu',
    program: programOf(2, 0, ([g, y]) => y.le(0).where(0, g)),
    operands: ['matrix'],
    sizes: (size) => [size],
  },
  {
    // g·s + g·x·s·(1 - s), at most 1.1 times g: sigmoid within 6 units, a few products, and 1 - s as absolute as s.
    name: 'silu',
    program: programOf(2, 0, ([g, x]) => derive(x.mul(x.sigmoid()), g, [x])[0]!),
    operands: ['matrix'],
    sizes: (size, [x], unit) => [(1.1 + (8 + 16 * x!) * unit) * size],
  },
  {
    name: 'another gradient added, and kept',
    program: programOf(2, 0, ([g, r]) => [g.add(r), g]),
    operands: ['matrix'],
    sizes: (size, [r]) => [size + r!, size],
  },
  {
    name: 'dropout drawn again',
    program: programOf(1, 1, ([g], [p], graph) => g.mul(graph.mask(0, p))),
    scalars: [0.25],
    keys: 1,
    rowOffset: 3,
    sizes: (size) => [size * maskScale(0.25)],
  },
  {
    name: 'scaled by a row and by an element',
    program: programOf(3, 1, ([g, a, e], [s]) => g.mul(a).mul(e).mul(s)),
    operands: ['row', 'element'],
    scalars: [0.7],
    sizes: (size, [a, e], unit) => [(1 + 3 * unit) * size * a! * e!],
  },
];

function gradientCase([rows, outFeatures, inFeatures]: Shape, postOp: PostOp | null, bias: boolean): Case {
  const parts = [postOp?.name ?? '', bias ? 'with the gradient of a bias' : ''];
  const name = [`${rows} rows, ${outFeatures} to ${inFeatures}`, ...parts.filter((part) => part !== '')].join(', ');
  const seed = seedOf(`linearInputGradient ${name}`);
  const units = sumUnits(outFeatures);
  const condition = ({ grad, weight, inputs }: GradientArgs): Record<string, Float64Array> => {
    const sizes = { batch: 1, m: rows, n: inFeatures, k: outFeatures, aStride: 0, bStride: 0 };
    const product = matmulCondition({ a: grad, b: weight, out: 0, ...sizes, transA: false, transB: false }).out;
    const conditions = postOpCondition(postOp, inputs, product, inFeatures, units);
    const biasGrad = new Float64Array(inFeatures);
    // The sum over the rows adds its errors to those of its terms; `units` counts the latter.
    const share = 1 + sumUnits(rows) / units;
    for (const [i, size] of conditions.out!.entries()) biasGrad[i % inFeatures]! += size * share;
    return { ...conditions, biasGrad };
  };
  const args = (): GradientArgs => {
    const given = postOpArgs(postOp, rows, inFeatures, seed);
    const [y] = given.inputs;
    // What ReLU and mask leave: zeros of both signs and NaN.
    if (postOp?.program === reluGradient)
      for (const [i, value] of [0, -0, Number.NaN].entries()) if (y!.length > 8 * i) y![8 * i] = value;
    return {
      grad: floats(rows * outFeatures, seed),
      weight: floats(outFeatures * inFeatures, seed + 1),
      out: rows * inFeatures,
      biasGrad: bias ? inFeatures : null,
      rows,
      inFeatures,
      outFeatures,
      packed: false,
      ...given,
    };
  };
  const isMasked = postOp !== null && (postOp.program === reluGradient || postOp.name === 'relu');
  const isLittle = (isMasked && rows * inFeatures < 16) || outFeatures === 0 || rows === 0;
  const options = isLittle || isMasked ? { provesLittle: 'masked, or empty sums' } : {};
  return opCase('linearInputGradient', name, { ulp: 2, units, condition }, args, options);
}

export const linearGradientCases: readonly Case[] = [
  ...[...productShapes, [5, 0, 9] as const, [128, 10, 128] as const].flatMap((shape) => [
    gradientCase(shape, null, false),
    gradientCase(shape, masked(2), true),
  ]),
  gradientCase([33, 40, 7], null, true),
  gradientCase([33, 40, 7], masked(maskScale(0.1)), false),
  gradientCase([1100, 3, 20], masked(1), true),
  ...fewShapes.flatMap((shape) => general.map((postOp, i) => gradientCase(shape, postOp, i % 2 === 0))),
  gradientCase([1100, 3, 20], general[1]!, true),
];
