/** Connectionist temporal classification: odd sizes, repeated labels, samples without steps, labels or a path. */
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, type CaseOptions, opCase, seedOf } from './case.js';

interface Shape {
  readonly steps: number;
  readonly classes: number;
  /** Of each sample. */
  readonly inputs: readonly number[];
  readonly targets: readonly number[];
  /** The sizes of logarithms: from -scale on. */
  readonly scale?: number;
}

const shapes: readonly Shape[] = [
  { steps: 1, classes: 2, inputs: [1], targets: [1] },
  { steps: 5, classes: 3, inputs: [5], targets: [0] },
  { steps: 5, classes: 4, inputs: [5, 3, 0, 0], targets: [2, 3, 0, 1] },
  { steps: 17, classes: 7, inputs: [17, 16, 9], targets: [7, 8, 4] },
  { steps: 40, classes: 29, inputs: [40, 33, 40, 27, 1, 38, 40], targets: [15, 16, 17, 1, 0, 19, 11] },
  // Above the threshold for threads.
  { steps: 200, classes: 31, inputs: [200, 150, 180, 199, 1, 200], targets: [33, 31, 32, 40, 0, 7] },
  { steps: 60, classes: 5, inputs: [60, 60], targets: [12, 3], scale: 200 },
  { steps: 3, classes: 4, inputs: [], targets: [] },
];

const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);

function samplesOf({ steps, classes, inputs, targets }: Shape, padded: boolean, seed: number) {
  const rows = inputs.length;
  const room = padded ? Math.max(0, ...targets) + 1 : 0;
  const labels = padded ? rows * room : sum(targets);
  return {
    // With repetitions, and what is not a class where padding is not read.
    targets: Int32Array.from(floats(labels, seed, 0, classes), (x, i) =>
      padded && i % room >= targets[Math.floor(i / room)]! ? -7 : Math.min(classes - 1, Math.floor(x)),
    ),
    inputLengths: Int32Array.from(inputs),
    targetLengths: Int32Array.from(targets),
    steps,
    rows,
    classes,
    labels,
    padded,
  };
}

/** Logarithms of probabilities, as a softmax has them. */
function logProbs({ steps, classes, inputs, scale = 4 }: Shape, seed: number): Float32Array {
  const x = floats(steps * inputs.length * classes, seed, -scale, 0);
  for (let start = 0; start < x.length; start += classes) {
    const row = x.subarray(start, start + classes);
    const log = Math.log(row.reduce((total, each) => total + Math.exp(each), 0));
    for (let c = 0; c < classes; c++) row[c]! -= log;
  }
  return x;
}

const little: CaseOptions = { provesLittle: 'the gradient is 0 behind the lengths' };

/** Rounding of a step goes on to all others; logarithms are of sizes up to those of a step. */
const condition = (shape: Shape) => (args: CaseArgs<'ctcLoss'>) => {
  const size = 4 * shape.steps + (shape.scale ?? 4);
  return {
    out: new Float64Array(args.rows).fill(size * 8),
    gradient: new Float64Array(args.logProbs.length).fill(size),
  };
};

function lossCase(shape: Shape, padded: boolean, zeroInfinity: boolean, kept: boolean): Case {
  const parts = [`${shape.steps} steps`, `${shape.classes} classes`, `inputs ${shape.inputs}`];
  if (padded) parts.push('padded');
  if (zeroInfinity) parts.push('zeroInfinity');
  if (!kept) parts.push('without a gradient');
  const name = parts.join(', ');
  const seed = seedOf(`${shape.steps} ${shape.classes}`);
  return opCase(
    'ctcLoss',
    name,
    { ulp: 4, units: 8, condition: condition(shape) },
    () => ({
      logProbs: logProbs(shape, seed),
      out: shape.inputs.length,
      gradient: kept ? shape.steps * shape.inputs.length * shape.classes : null,
      ...samplesOf(shape, padded, seed + 1),
      blank: padded ? 0 : shape.classes - 1,
      zeroInfinity,
    }),
    little,
  );
}

const checked = (changes: Partial<CaseArgs<'checkCtc'>>): CaseArgs<'checkCtc'> => ({
  targets: Int32Array.of(1, 2, 3, 3, 0, -1),
  inputLengths: Int32Array.of(5, 0),
  targetLengths: Int32Array.of(3, 1),
  ...{ steps: 5, rows: 2, classes: 4, labels: 6, padded: true },
  ...changes,
});

const checks: readonly (readonly [name: string, changes: Partial<CaseArgs<'checkCtc'>>, throws?: string])[] = [
  ['padded', {}],
  ['concatenated', { padded: false, labels: 4 }],
  ['no samples', { rows: 0, labels: 0 }],
  ['no samples, concatenated', { rows: 0, labels: 0, padded: false }],
  [
    'too many steps',
    { inputLengths: Int32Array.of(5, 6) },
    'Expected input_lengths to have value at most 5, but got value 6',
  ],
  [
    'a negative number of steps',
    { inputLengths: Int32Array.of(-1, 6) },
    'Expected input_lengths to have value at least 0, but got value -1',
  ],
  [
    'a negative number of labels',
    { targetLengths: Int32Array.of(3, -2) },
    'Expected target_lengths to have value at least 0, but got value -2',
  ],
  [
    'too many labels',
    { targetLengths: Int32Array.of(4, 2) },
    "Expected tensor to have size at least 4 at dimension 1, but got size 3 for argument #2 'targets'",
  ],
  [
    'concatenated, too few',
    { padded: false },
    "Expected tensor to have size 4 at dimension 0, but got size 6 for argument #2 'targets'",
  ],
  ['a label that is no class', { classes: 3 }, 'label 3 of sample 0 is out of range: there are 3 classes'],
  [
    'a negative label',
    { targetLengths: Int32Array.of(0, 3) },
    'label -1 of sample 1 is out of range: there are 4 classes',
  ],
];

export const ctcCases: readonly Case[] = [
  ...shapes.flatMap((shape, i) => [
    lossCase(shape, false, false, true),
    lossCase(shape, true, true, true),
    lossCase(shape, i % 2 === 0, false, false),
  ]),
  ...checks.map(([name, changes, throws]) =>
    opCase('checkCtc', name, 'exact', () => checked(changes), throws === undefined ? {} : { throws }),
  ),
];
