/** linear with what follows it, and the gradient through both. Weights lie row by row; panels: native/test/ops_fused.cc. */
import { maskKey, maskScale } from '../../../src/ops/mask.js';
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';
import { linearCondition, matmulCondition } from './matmul.js';

type Shape = readonly [rows: number, outFeatures: number, inFeatures: number];

/** Around the tiles (6x16, 12x32, 4x8), the groups of a mask (16 columns), and beyond one block of k or of rows. */
const shapes: readonly Shape[] = [
  [0, 3, 4],
  [3, 0, 4],
  [1, 1, 1],
  [1, 17, 9],
  [2, 8, 3],
  [3, 15, 7],
  [5, 31, 2],
  [6, 16, 16],
  [7, 17, 5],
  [8, 33, 31],
  [13, 48, 33],
  [25, 65, 1],
  [31, 10, 128],
  [37, 53, 61],
  [1, 256, 784],
  [19, 35, 1030],
  [130, 257, 129],
];

interface Activation {
  readonly bias: boolean;
  readonly relu: boolean;
  /** Absent: no mask. */
  readonly p?: number;
  readonly rowOffset?: number;
}

function activationCondition(args: CaseArgs<'linearActivation'>): { out: Float64Array } {
  const { out } = linearCondition(args);
  const scale = args.key === null ? 1 : maskScale(args.p);
  return { out: out.map((size) => size * scale) };
}

function activationCase([rows, outFeatures, inFeatures]: Shape, activation: Activation): Case {
  const { bias, relu, p = 0, rowOffset = 0 } = activation;
  const masked = activation.p !== undefined;
  const parts = [bias ? 'bias' : 'no bias', relu ? 'relu' : '', masked ? `p ${p} from row ${rowOffset}` : ''];
  const name = `${rows} rows, ${inFeatures} to ${outFeatures}, ${parts.filter((part) => part !== '').join(', ')}`;
  const seed = seedOf(`linearActivation ${name}`);
  // One rounding more than linear where there is a mask.
  const tolerance = { ulp: 2, units: sumUnits(inFeatures + 1), condition: activationCondition };
  const args = () => ({
    x: floats(rows * inFeatures, seed),
    weight: floats(outFeatures * inFeatures, seed + 1),
    bias: bias ? floats(outFeatures, seed + 2, -3, 3) : null,
    key: masked ? Int32Array.from(maskKey(seed, 0, 3, 0)) : null,
    out: rows * outFeatures,
    rows,
    inFeatures,
    outFeatures,
    relu,
    p,
    rowOffset,
    packed: false,
  });
  const zeros = relu || p > 0 || (inFeatures === 0 && !bias);
  return opCase('linearActivation', name, tolerance, args, zeros ? { provesLittle: 'zeros of ReLU and mask' } : {});
}

const activations: readonly Activation[] = [
  { bias: true, relu: false },
  { bias: false, relu: true },
  { bias: true, relu: true, p: 0.5 },
  { bias: true, relu: false, p: 0.1, rowOffset: 5 },
];

/** NaN and infinity in a row of x and in a bias: ReLU keeps NaN, a mask makes NaN of a dropped infinity. */
function specialActivations(): Case[] {
  const [rows, outFeatures, inFeatures] = [9, 21, 11];
  const x = floats(rows * inFeatures, 81);
  x[3 * inFeatures + 2] = Number.NaN;
  x[5 * inFeatures + 7] = Number.POSITIVE_INFINITY;
  const bias = floats(outFeatures, 82);
  bias[20] = Number.NEGATIVE_INFINITY;
  bias[16] = Number.NaN;
  return [false, true].map((relu) =>
    opCase(
      'linearActivation',
      `special values${relu ? ', relu' : ''}`,
      { ulp: 2, units: sumUnits(inFeatures + 1), condition: activationCondition },
      () => ({
        x,
        weight: floats(outFeatures * inFeatures, 83),
        bias,
        key: Int32Array.from(maskKey(84, 0, 0, 0)),
        out: rows * outFeatures,
        rows,
        inFeatures,
        outFeatures,
        relu,
        p: 0.5,
        rowOffset: 0,
        packed: false,
      }),
      { provesLittle: 'zeros of ReLU and mask' },
    ),
  );
}

type GradientArgs = CaseArgs<'linearInputGradient'>;

function gradientCondition(args: GradientArgs): { out: Float64Array; biasGrad: Float64Array } {
  const { grad, weight, rows, inFeatures, outFeatures, scale, y } = args;
  const sizes = { batch: 1, m: rows, n: inFeatures, k: outFeatures, aStride: 0, bStride: 0 };
  const { out } = matmulCondition({ a: grad, b: weight, out: 0, ...sizes, transA: false, transB: false });
  const biasGrad = new Float64Array(inFeatures);
  // The sum over the rows adds errors of its own to those of its terms; `units` counts the latter.
  const share = 1 + sumUnits(rows) / sumUnits(outFeatures);
  for (let i = 0; i < out.length; i++) {
    if (y !== null) out[i]! *= y[i]! <= 0 ? 0 : scale;
    biasGrad[i % inFeatures]! += out[i]! * share;
  }
  return { out, biasGrad };
}

function gradientCase(
  [rows, outFeatures, inFeatures]: Shape,
  { masked, bias, scale }: { masked: boolean; bias: boolean; scale: number },
): Case {
  const parts = [masked ? `masked, scale ${scale}` : '', bias ? 'with the gradient of a bias' : ''];
  const name = [`${rows} rows, ${outFeatures} to ${inFeatures}`, ...parts.filter((part) => part !== '')].join(', ');
  const seed = seedOf(`linearInputGradient ${name}`);
  const tolerance = { ulp: 2, units: sumUnits(outFeatures), condition: gradientCondition };
  const args = (): GradientArgs => {
    const y = floats(rows * inFeatures, seed + 2, -1, 2);
    // What ReLU and mask leave: zeros of both signs and NaN.
    [0, -0, Number.NaN].forEach((value, i) => {
      if (y.length > 8 * i) y[8 * i] = value;
    });
    return {
      grad: floats(rows * outFeatures, seed),
      weight: floats(outFeatures * inFeatures, seed + 1),
      y: masked ? y : null,
      out: rows * inFeatures,
      biasGrad: bias ? inFeatures : null,
      rows,
      inFeatures,
      outFeatures,
      scale,
      packed: false,
    };
  };
  const zeros = (masked && rows * inFeatures < 16) || outFeatures === 0 || rows === 0;
  return opCase('linearInputGradient', name, tolerance, args, zeros ? { provesLittle: 'masked, or empty sums' } : {});
}

export const linearActivationCases: readonly Case[] = [
  ...shapes.flatMap((shape) => activations.map((activation) => activationCase(shape, activation))),
  activationCase([5, 9, 0], { bias: true, relu: true, p: 0.5 }),
  activationCase([5, 9, 0], { bias: false, relu: false }),
  activationCase([128, 256, 784], { bias: true, relu: true, p: 0.5 }),
  ...[0, 0.9, 1].map((p) => activationCase([33, 40, 7], { bias: true, relu: false, p })),
  activationCase([9, 19, 8], { bias: true, relu: true, p: 0.3, rowOffset: 2 ** 33 + 5 }),
  // One column: each row has words of its own.
  activationCase([70, 1, 9], { bias: true, relu: false, p: 0.3, rowOffset: 2 }),
  ...specialActivations(),
  ...[...shapes, [5, 0, 9] as const, [128, 10, 128] as const].flatMap((shape) => [
    gradientCase(shape, { masked: false, bias: false, scale: 1 }),
    gradientCase(shape, { masked: true, bias: true, scale: 2 }),
  ]),
  gradientCase([33, 40, 7], { masked: false, bias: true, scale: 1 }),
  gradientCase([33, 40, 7], { masked: true, bias: false, scale: maskScale(0.1) }),
  gradientCase([1100, 3, 20], { masked: true, bias: true, scale: 1 }),
];
