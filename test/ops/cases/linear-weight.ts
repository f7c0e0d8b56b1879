/** A step of an optimizer with the gradient gradᵀ·x. Weights lie row by row; panels are held to rows by one-instruction.ts. */
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { floats } from '../../helpers/values.js';
import { type Bound, type Case, type CaseArgs, opCase, type Placement, seedOf, sumUnits } from './case.js';
import {
  type Adam,
  adamCondition,
  adamSettings,
  adamStep,
  named,
  type Sgd,
  type Step,
  sgdCondition,
  sgdSettings,
  sgdStep,
  updated,
} from './optimizers.js';
import { over, programOf } from './programs.js';

type Shape = readonly [rows: number, outFeatures: number, inFeatures: number];
type Args = CaseArgs<'linearWeightUpdate'>;

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

/** gradᵀ·x in float64, or the same of absolute values. */
function product({ grad, x, rows, inFeatures, outFeatures }: Args, of: (value: number) => number): Float64Array {
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
  [whole, ...others]: Float64Array[],
  param: Float32Array,
  share: number,
): Record<string, Float64Array> {
  return named([whole!.map((size, i) => size - Math.abs(param[i]!) * (1 - share)), ...others]);
}

interface Update {
  readonly program: PointwiseProgram;
  /** Besides the gradient. */
  readonly inputs: readonly Float32Array[];
  readonly scalars: readonly number[];
  readonly step: number | null;
  readonly over: Placement;
}

function updateCase(
  [rows, outFeatures, inFeatures]: Shape,
  name: string,
  update: Update,
  tolerance: Bound<'linearWeightUpdate'>,
): Case {
  const seed = seedOf(`linearWeightUpdate ${rows} ${outFeatures} ${inFeatures} ${name}`);
  const { program, inputs, scalars, step } = update;
  const args = (): Args => ({
    grad: floats(rows * outFeatures, seed),
    x: floats(rows * inFeatures, seed + 1),
    program,
    inputs,
    scalars,
    outputs: program.outputs.map(() => outFeatures * inFeatures),
    step: step === null ? null : Int32Array.of(step),
    rows,
    inFeatures,
    outFeatures,
    packed: false,
  });
  const label = `${[rows, outFeatures, inFeatures].join('x')}, ${name}`;
  return opCase('linearWeightUpdate', label, tolerance, args, { over: update.over });
}

const updateOf = (step: Step): Update => ({
  program: step.program,
  inputs: [step.param, ...step.buffers],
  scalars: step.scalars,
  step: step.step,
  over: updated(step, 0),
});

const seedFor = (shape: Shape, name: string): number => seedOf(`update ${shape.join('x')} ${name}`);

function sgdCase(shape: Shape, name: string, options: Sgd): Case {
  const [rows, outFeatures, inFeatures] = shape;
  const step = sgdStep(outFeatures * inFeatures, seedFor(shape, `sgd ${name}`), options);
  const units = sumUnits(rows) + 6;
  const condition = (args: Args) => withParam(sgdCondition(step, product(args, Math.abs)), step.param, 6 / units);
  return updateCase(shape, `sgd, ${name}`, updateOf(step), { ulp: 1, units, condition });
}

function adamCase(shape: Shape, name: string, options: Adam): Case {
  const [rows, outFeatures, inFeatures] = shape;
  const step = adamStep(outFeatures * inFeatures, seedFor(shape, `adam ${name}`), options);
  const units = sumUnits(rows) + 8;
  const condition = (args: Args) => {
    const grad = product(args, (value) => value);
    const sizes = product(args, Math.abs);
    return withParam(adamCondition(step, options.decoupled ?? false, grad, sizes), step.param, 8 / units);
  };
  return updateCase(shape, `adam, ${name}`, updateOf(step), { ulp: 1, units, condition });
}

/** No kernel is written for these. */
const sign = programOf(2, 1, ([g, p], [lr]) => p.sub(g.sign().mul(lr)));
const two = programOf(4, 0, ([g, a, b, c]) => [c.add(g), a.sub(b)]);
const scaled = programOf(3, 0, ([g, p, s]) => p.sub(s.mul(g)));

function otherCases(shape: Shape): Case[] {
  const [rows, outFeatures, inFeatures] = shape;
  const n = outFeatures * inFeatures;
  const seed = seedFor(shape, 'others');
  const units = sumUnits(rows) + 1;
  const inputs = [floats(n, seed), floats(n, seed + 1), floats(n, seed + 2)];
  // Whole numbers of sums below 2^24 would all be right; here a sign is right unless the sum is within its rounding of 0.
  const signCondition = (args: Args) => {
    const sizes = product(args, Math.abs);
    const sums = product(args, (value) => value);
    const isOpen = (i: number) => Math.abs(sums[i]!) <= units * 2 ** -24 * sizes[i]!;
    return named([Float64Array.from(sizes, (_, i) => (isOpen(i) ? 2 ** 24 : Math.abs(inputs[0]![i]!) + 0.1))]);
  };
  const sum = (args: Args) => named([product(args, Math.abs), new Float64Array(n)]);
  const number = Float32Array.of(0.3);
  const withNumber = (args: Args) =>
    named([product(args, Math.abs).map((size, i) => 0.3 * size + Math.abs(inputs[0]![i]!))]);
  return [
    updateCase(
      shape,
      'times a number in memory',
      { program: scaled, inputs: [inputs[0]!, number], scalars: [], step: null, over: over(0) },
      { ulp: 1, units: units + 1, condition: withNumber },
    ),
    updateCase(
      shape,
      'the sign of the gradient',
      { program: sign, inputs: inputs.slice(0, 1), scalars: [0.1], step: null, over: over(0) },
      { ulp: 1, units: 1, condition: signCondition },
    ),
    updateCase(
      shape,
      'outputs over inputs in another order',
      { program: two, inputs, scalars: [], step: null, over: over(2, 0) },
      { ulp: 1, units, condition: sum },
    ),
  ];
}

export const linearWeightCases: readonly Case[] = [
  ...sgdSettings.map(([name, options]) => sgdCase([7, 19, 23], name, options)),
  ...shapes.map((shape) => sgdCase(shape, 'momentum, every shape', { momentum: 0.9, step: 1, weightDecay: 0.01 })),
  ...shapes.map((shape) => sgdCase(shape, 'plain, every shape', {})),
  sgdCase([32, 256, 784], 'plain', {}),
  ...adamSettings.map(([name, options]) => adamCase([7, 19, 23], name, options)),
  ...shapes.map((shape) => adamCase(shape, 'every shape', { step: 1, weightDecay: 0.01 })),
  ...shapes.flatMap(otherCases),
];
