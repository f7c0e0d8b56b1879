/** A step of an optimizer for the rows of a table that an index names. */
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { sparseAdamKind } from '../../../src/optim/sparse-adam.js';
import { updateOf } from '../../../src/optim/update.js';
import { floats, ints } from '../../helpers/values.js';
import { type Bound, type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';
import {
  type Adam,
  adamCondition,
  adamSettings,
  adamStep,
  type Sgd,
  type Step,
  sgdCondition,
  sgdSettings,
  sgdStep,
} from './optimizers.js';
import { programOf } from './programs.js';

type Shape = readonly [rows: number, width: number, count: number];
type Args = CaseArgs<'indexUpdate'>;

/** Nothing at all, one row, many of the same, more digits than one pass of the sort takes, and beyond what one thread does. */
const shapes: readonly Shape[] = [
  [0, 4, 0],
  [5, 0, 3],
  [3, 4, 0],
  [1, 1, 1],
  [1, 5, 9],
  [4, 1, 37],
  [7, 17, 9],
  [3, 16, 101],
  [1500, 3, 40],
  [97, 385, 60],
  [700, 101, 1021],
];

/** What the optimizer is given for each element of the table, or the same of absolute values. */
function sums({ grad, index, rows, width }: Args, of: (value: number) => number): Float64Array {
  const out = new Float64Array(rows * width);
  index.forEach((row, r) => {
    for (let c = 0; c < width; c++) out[row * width + c]! += of(grad[r * width + c]!);
  });
  return out;
}

const named = (conditions: readonly ArrayLike<number>[]): Record<string, ArrayLike<number>> =>
  Object.fromEntries(conditions.map((condition, i) => [`states[${i}]`, condition]));

interface Update {
  readonly program: PointwiseProgram;
  readonly states: readonly Float32Array[];
  readonly scalars: readonly number[];
  readonly step: number | null;
}

function updateCase(
  [rows, width, count]: Shape,
  name: string,
  update: Update,
  tolerance: Bound<'indexUpdate'>,
): Case[] {
  const label = `${count} of ${rows}x${width}, ${name}`;
  const seed = seedOf(`indexUpdate ${label}`);
  const index = ints(count, seed, 0, rows);
  const args = (counts: Float32Array | null) => (): Args => ({
    grad: floats(count * width, seed + 1),
    index,
    counts,
    program: update.program,
    states: update.states,
    scalars: update.scalars,
    step: update.step === null ? null : Int32Array.of(update.step),
    rows,
    width,
    count,
  });
  // Every second row is not named; the others are by some of their places.
  const counts = Float32Array.from(index, (row, r) => (row % 2 === 0 && r % 3 < 2 ? 1 : 0));
  return [
    opCase('indexUpdate', label, tolerance, args(null)),
    opCase('indexUpdate', `${label}, counts`, tolerance, args(counts)),
  ];
}

const ofStep = ({ program, param, buffers, scalars, step }: Step): Update => ({
  program,
  states: [param, ...buffers],
  scalars,
  step,
});

const most = ([rows, , count]: Shape): number => Math.ceil(count / Math.max(1, rows)) + 8;
const seedFor = (shape: Shape, name: string): number => seedOf(`rows ${shape.join('x')} ${name}`);

function sgdCases(shape: Shape, name: string, options: Sgd): Case[] {
  const [rows, width] = shape;
  const step = sgdStep(rows * width, seedFor(shape, `sgd ${name}`), options);
  const condition = (args: Args) => named(sgdCondition(step, sums(args, Math.abs)));
  return updateCase(shape, `sgd, ${name}`, ofStep(step), { ulp: 1, units: sumUnits(most(shape)) + 6, condition });
}

function adamCases(shape: Shape, name: string, options: Adam): Case[] {
  const [rows, width] = shape;
  const step = adamStep(rows * width, seedFor(shape, `adam ${name}`), options);
  const condition = (args: Args) => {
    const grad = sums(args, (value) => value);
    return named(adamCondition(step, options.decoupled ?? false, grad, sums(args, Math.abs)));
  };
  return updateCase(shape, `adam, ${name}`, ofStep(step), { ulp: 1, units: sumUnits(most(shape)) + 8, condition });
}

/** SparseAdam's step is Adam's with another eps: √v + eps, not √v/√(1 - beta2ᵗ) + eps. */
function sparseAdamCases(shape: Shape, done: number): Case[] {
  const [rows, width] = shape;
  const seed = seedFor(shape, `sparse adam ${done}`);
  const own = adamStep(rows * width, seed, { step: done });
  const [lr, beta1, beta2, eps] = own.scalars as [number, number, number, number];
  const program = updateOf(sparseAdamKind, { maximize: false }).program;
  const update = { program, states: [own.param, ...own.buffers], scalars: [lr, beta1, beta2, eps], step: done };
  const alike = { ...own, scalars: [lr, beta1, beta2, eps / Math.sqrt(1 - beta2 ** (done + 1)), 0] };
  const condition = (args: Args) =>
    named(
      adamCondition(
        alike,
        false,
        sums(args, (value) => value),
        sums(args, Math.abs),
      ),
    );
  return updateCase(shape, `sparse adam after ${done}`, update, {
    ulp: 1,
    units: sumUnits(most(shape)) + 8,
    condition,
  });
}

/** No kernel is written for these. */
const squares = programOf(3, 1, ([g, p, s], [lr]) => {
  const next = g.fma(g, s);
  return [p.sub(lr.mul(g).div(next.sqrt().add(1))), next];
});

function otherCases(shape: Shape): Case[] {
  const [rows, width] = shape;
  const n = rows * width;
  const seed = seedFor(shape, 'others');
  const states = [floats(n, seed), floats(n, seed + 1, 0, 1)];
  const units = sumUnits(most(shape)) + 6;
  // g/(√(s + g²) + 1) changes by no more than g does.
  const condition = (args: Args) => {
    const sizes = sums(args, Math.abs);
    return named([
      sizes.map((size, i) => Math.abs(states[0]![i]!) + 0.1 * size),
      sizes.map((size) => 2 + 2 * size * size),
    ]);
  };
  return updateCase(
    shape,
    'divided by roots of sums of squares',
    { program: squares, states, scalars: [0.1], step: null },
    { ulp: 1, units, condition },
  );
}

export const indexUpdateCases: readonly Case[] = [
  ...sgdSettings.flatMap(([name, options]) => sgdCases([7, 19, 23], name, options)),
  ...shapes.flatMap((shape) => sgdCases(shape, 'plain, every shape', {})),
  ...adamSettings.flatMap(([name, options]) => adamCases([7, 19, 23], name, options)),
  ...shapes.flatMap((shape) => adamCases(shape, 'every shape', { step: 1, weightDecay: 0.01 })),
  ...shapes.flatMap((shape) => [...sparseAdamCases(shape, 0), ...sparseAdamCases(shape, 40)]),
  ...shapes.flatMap(otherCases),
];
