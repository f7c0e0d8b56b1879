/** A step of an optimizer with the gradient gradᵀ·x. Weights lie row by row; panels: native/test/ops_fused.cc. */
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';
import { type Adam, adamCondition, adamSettings, type Sgd, sgdCondition, sgdSettings } from './optimizers.js';

type Shape = readonly [rows: number, outFeatures: number, inFeatures: number];

/** Around tiles and panels, beyond one block of rows (256 lines), and beyond what one thread does. */
const shapes: readonly Shape[] = [
  [0, 5, 7],
  [4, 0, 3],
  [4, 3, 0],
  [1, 1, 1],
  [2, 17, 9],
  [3, 16, 16],
  [7, 33, 31],
  [32, 10, 128],
  [5, 48, 65],
  [300, 37, 53],
  [33, 128, 257],
];

type Product = Pick<CaseArgs<'linearWeightSgd'>, 'grad' | 'x' | 'rows' | 'inFeatures' | 'outFeatures'>;

/** gradᵀ·x in float64, or the same of absolute values. */
function product({ grad, x, rows, inFeatures, outFeatures }: Product, of: (value: number) => number): Float64Array {
  const out = new Float64Array(outFeatures * inFeatures);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outFeatures; o++) {
      const factor = of(grad[r * outFeatures + o]!);
      for (let i = 0; i < inFeatures; i++) out[o * inFeatures + i]! += factor * of(x[r * inFeatures + i]!);
    }
  }
  return out;
}

/** The optimizer's own roundings as a share of the units, so that a parameter owes no more than in the plain op. */
function withParam(
  conditions: Record<string, Float64Array>,
  param: Float32Array,
  share: number,
): Record<string, Float64Array> {
  const { param: whole, ...others } = conditions;
  return { ...others, weight: whole!.map((size, i) => size - Math.abs(param[i]!) * (1 - share)) };
}

function sgdCase(shape: Shape, name: string, options: Sgd): Case {
  const [rows, outFeatures, inFeatures] = shape;
  const n = outFeatures * inFeatures;
  const seed = seedOf(`linearWeightSgd ${shape.join('x')} ${name}`);
  const momentum = options.step !== undefined;
  const units = sumUnits(rows) + 6;
  const condition = (args: CaseArgs<'linearWeightSgd'>): Record<string, Float64Array> => {
    const grad = Float32Array.from(product(args, Math.abs));
    return withParam(sgdCondition({ ...args, param: args.weight, grad, n }), args.weight, 6 / units);
  };
  return opCase('linearWeightSgd', `${shape.join('x')}, ${name}`, { ulp: 1, units, condition }, () => ({
    grad: floats(rows * outFeatures, seed),
    x: floats(rows * inFeatures, seed + 1),
    weight: floats(n, seed + 2),
    buffer: momentum ? floats(n, seed + 3) : null,
    step: options.step === undefined ? null : Int32Array.of(options.step),
    rows,
    inFeatures,
    outFeatures,
    lr: 0.05,
    momentum: options.momentum ?? 0,
    dampening: options.dampening ?? 0,
    weightDecay: options.weightDecay ?? 0,
    nesterov: options.nesterov ?? false,
    packed: false,
  }));
}

function adamCase(shape: Shape, name: string, options: Adam): Case {
  const [rows, outFeatures, inFeatures] = shape;
  const n = outFeatures * inFeatures;
  const seed = seedOf(`linearWeightAdam ${shape.join('x')} ${name}`);
  const units = sumUnits(rows) + 8;
  const condition = (args: CaseArgs<'linearWeightAdam'>): Record<string, Float64Array> => {
    const grad = Float32Array.from(product(args, (value) => value));
    const sizes = product(args, Math.abs);
    return withParam(adamCondition({ ...args, param: args.weight, grad, n }, sizes), args.weight, 8 / units);
  };
  return opCase('linearWeightAdam', `${shape.join('x')}, ${name}`, { ulp: 1, units, condition }, () => ({
    grad: floats(rows * outFeatures, seed),
    x: floats(rows * inFeatures, seed + 1),
    weight: floats(n, seed + 2),
    m: floats(n, seed + 3, -0.5, 0.5),
    v: floats(n, seed + 4, 0, 0.5),
    maxV: options.amsgrad === true ? floats(n, seed + 5, 0, 0.6) : null,
    step: Int32Array.of(options.step),
    rows,
    inFeatures,
    outFeatures,
    lr: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    eps: options.eps ?? 1e-8,
    weightDecay: options.weightDecay ?? 0,
    decoupled: options.decoupled ?? false,
    packed: false,
  }));
}

export const linearWeightCases: readonly Case[] = [
  ...sgdSettings.map(([name, options]) => sgdCase([7, 19, 23], name, options)),
  ...shapes.map((shape) => sgdCase(shape, 'momentum, every shape', { momentum: 0.9, step: 1, weightDecay: 0.01 })),
  sgdCase([32, 256, 784], 'plain', {}),
  ...adamSettings.map(([name, options]) => adamCase([7, 19, 23], name, options)),
  ...shapes.map((shape) => adamCase(shape, 'every shape', { step: 1, weightDecay: 0.01 })),
];
