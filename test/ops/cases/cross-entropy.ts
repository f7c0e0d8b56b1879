/** Cross-entropy and its gradient: every reduction, smoothing, class weights and ignored rows. */
import { type Reduction, reductions } from '../../../src/ops/ops.js';
import { floats, ints } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';

interface Setting {
  readonly reduction: Reduction;
  readonly smoothing: number;
  readonly weighted: boolean;
  /** How many classes there are besides, and which target is ignored. */
  readonly ignored: 'none' | 'some' | 'all';
}

const shapes: readonly (readonly [rows: number, classes: number])[] = [
  [0, 5],
  [1, 1],
  [1, 10],
  [3, 2],
  [7, 3],
  [8, 8],
  [9, 15],
  [15, 16],
  [16, 17],
  [17, 31],
  [31, 33],
  [128, 10],
  [33, 1021],
  [1031, 101],
];

const settings: readonly Setting[] = [
  { reduction: 'mean', smoothing: 0, weighted: false, ignored: 'none' },
  { reduction: 'sum', smoothing: 0, weighted: false, ignored: 'some' },
  { reduction: 'none', smoothing: 0, weighted: true, ignored: 'some' },
  { reduction: 'mean', smoothing: 0.1, weighted: true, ignored: 'some' },
  { reduction: 'none', smoothing: 0.25, weighted: false, ignored: 'none' },
  { reduction: 'sum', smoothing: 1, weighted: true, ignored: 'none' },
  { reduction: 'mean', smoothing: 0, weighted: false, ignored: 'all' },
];

type Inputs = Pick<
  CaseArgs<'crossEntropy'>,
  'logits' | 'target' | 'weight' | 'rows' | 'classes' | 'ignoreIndex' | 'smoothing' | 'reduction'
>;

function inputs([rows, classes]: readonly [number, number], setting: Setting, seed: number): Inputs {
  const target = ints(rows, seed + 1, 0, classes);
  const ignoreIndex = -100;
  target.forEach((_, r) => {
    if (setting.ignored === 'all' || (setting.ignored === 'some' && r % 3 === 1)) target[r] = ignoreIndex;
  });
  return {
    logits: floats(rows * classes, seed, -5, 5),
    target,
    weight: setting.weighted ? floats(classes, seed + 2, 0.2, 3) : null,
    rows,
    classes,
    ignoreIndex,
    smoothing: setting.smoothing,
    reduction: reductions[setting.reduction],
  };
}

/** The largest logit of a row and Σ exp(logit - max), in float64. */
function statsOf({ logits, classes }: Pick<Inputs, 'logits' | 'classes'>, row: number): { max: number; sum: number } {
  const all = logits.subarray(row * classes, (row + 1) * classes);
  const max = all.reduce((best, x) => Math.max(best, x), Number.NEGATIVE_INFINITY);
  return { max, sum: all.reduce((total, x) => total + Math.exp(x - max), 0) };
}

function softmaxStats(args: Inputs): number[] {
  return Array.from({ length: args.rows }, (_, r) => {
    const { max, sum } = statsOf(args, r);
    return [max, sum];
  }).flat();
}

function weightSum({ target, weight, ignoreIndex, reduction }: Inputs): number {
  if (reduction !== reductions.mean) return 1;
  return target.reduce((sum, t) => sum + (t === ignoreIndex ? 0 : (weight?.[t] ?? 1)), 0);
}

/**
 * Sizes of the terms: max - logit and log Σ exp of every class that counts, weighted as in the loss. Maximum and sum stay
 * apart, so losses and probabilities carry the rounding of logit - max alone, however large the logits are.
 */
function forwardCondition(args: Inputs): Record<'out' | 'softmaxStats' | 'total' | 'sum', ArrayLike<number>> {
  const { logits, target, weight, rows, classes, ignoreIndex, smoothing, reduction } = args;
  const loss = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const t = target[r]!;
    if (t === ignoreIndex) continue;
    const { max, sum } = statsOf(args, r);
    for (let c = 0; c < classes; c++) {
      const share = smoothing / classes + (c === t ? 1 - smoothing : 0);
      const size = max - logits[r * classes + c]! + Math.log(sum) + 1;
      if (share > 0) loss[r]! += share * (weight?.[c] ?? 1) * size;
    }
  }
  const total = weightSum(args);
  const sum = loss.reduce((all, value) => all + value, 0);
  return {
    out: reduction === reductions.none ? loss : Float64Array.of(sum / total),
    sum: Float64Array.of(sum),
    // The maximum is exact.
    softmaxStats: softmaxStats(args).map((value, i) => (i % 2 === 0 ? 0 : value)),
    total: Float64Array.of(total),
  };
}

function forwardCase(name: string, args: Inputs, options = {}): Case {
  const { rows, reduction } = args;
  // Sums over classes are trees, whose error hardly grows; the sum over rows is added in any fixed order.
  const withSum = rows % 2 === 1;
  const rowUnits = reduction === reductions.none && !withSum ? 0 : sumUnits(rows);
  const tolerance = { ulp: 1, units: 2 + rowUnits, condition: forwardCondition };
  const out = reduction === reductions.none ? rows : 1;
  const made = { out, softmaxStats: 2 * rows, total: 1, sum: withSum ? 1 : null };
  return opCase('crossEntropy', name, tolerance, () => ({ ...args, ...made }), options);
}

/** Every term of the gradient. */
function backwardCondition(args: CaseArgs<'crossEntropyBackward'>): { out: Float64Array } {
  const { grad, logits, target, weight, softmaxStats, total, rows, classes, ignoreIndex, smoothing, reduction } = args;
  const out = new Float64Array(rows * classes);
  const sum = weight === null ? classes : weight.reduce((a, b) => a + b, 0);
  for (let r = 0; r < rows; r++) {
    const t = target[r]!;
    if (t === ignoreIndex) continue;
    const scale = Math.abs(grad[reduction === reductions.none ? r : 0]! / total[0]!);
    for (let c = 0; c < classes; c++) {
      const distance = softmaxStats[2 * r]! - logits[r * classes + c]!;
      const probability = (Math.exp(-distance) / softmaxStats[2 * r + 1]!) * (2 + distance);
      const w = weight?.[t] ?? 1;
      const hit = (1 - smoothing) * w * (probability + (c === t ? 1 : 0));
      const spread = (smoothing / classes) * (probability * sum + (weight?.[c] ?? 1));
      out[r * classes + c] = scale * (hit + spread);
    }
  }
  return { out };
}

function backwardCase(name: string, args: Inputs, options = {}): Case {
  const { rows, classes, reduction, weight } = args;
  // The sum of the weights is one more sum of `classes` terms.
  const units = 3 + (weight === null ? 0 : sumUnits(classes));
  const tolerance = { ulp: 2, units, condition: backwardCondition };
  return opCase(
    'crossEntropyBackward',
    name,
    tolerance,
    () => ({
      ...args,
      grad: reduction === reductions.none ? floats(rows, seedOf(name)) : Float32Array.of(0.75),
      softmaxStats: Float32Array.from(softmaxStats(args)),
      total: Float32Array.of(weightSum(args)),
      out: rows * classes,
    }),
    options,
  );
}

/** The terms of the loss and of the gradient. */
function trainCondition(
  args: CaseArgs<'crossEntropyTrain'>,
): Record<'out' | 'gradLogits' | 'biasGrad' | 'sum' | 'total', Float64Array> {
  const { grad, logits, target, weight, rows, classes, ignoreIndex, smoothing } = args;
  const loss = new Float64Array(rows);
  const gradLogits = new Float64Array(rows * classes);
  const biasGrad = new Float64Array(classes);
  const total = weightSum(args);
  const weights = weight === null ? classes : weight.reduce((a, b) => a + b, 0);
  for (let r = 0; r < rows; r++) {
    const t = target[r]!;
    if (t === ignoreIndex) continue;
    const { max, sum } = statsOf(args, r);
    const log = Math.log(sum);
    const hit = (1 - smoothing) * (weight?.[t] ?? 1);
    for (let c = 0; c < classes; c++) {
      const distance = max - logits[r * classes + c]!;
      const probability = Math.exp(-distance - log) * (2 + distance);
      const w = weight?.[c] ?? 1;
      const spread = smoothing / classes;
      loss[r]! += (spread * w + (c === t ? hit : 0)) * (distance + log + 1);
      const terms = hit * (probability + (c === t ? 1 : 0)) + spread * (probability * weights + w);
      gradLogits[r * classes + c] = Math.abs(grad[0]! / total) * terms;
      biasGrad[c]! += gradLogits[r * classes + c]!;
    }
  }
  const sum = loss.reduce((all, value) => all + value, 0);
  const [out, sums, totals] = [sum / total, sum, total].map((value) => Float64Array.of(value)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return { out, gradLogits, biasGrad, sum: sums, total: totals };
}

function trainCase(name: string, args: Inputs, withBias: boolean, options = {}): Case {
  const { rows, classes } = args;
  const units = 5 + sumUnits(rows) + (args.weight === null ? 0 : sumUnits(classes));
  return opCase(
    'crossEntropyTrain',
    withBias ? `${name}, with the gradient of a bias` : name,
    { ulp: 2, units, condition: trainCondition },
    () => ({
      ...args,
      grad: Float32Array.of(0.75),
      out: 1,
      gradLogits: rows * classes,
      biasGrad: withBias ? classes : null,
      sum: rows % 2 === 0 ? 1 : null,
      total: rows % 3 === 0 ? 1 : null,
    }),
    options,
  );
}

function describe({ reduction, smoothing, weighted, ignored }: Setting): string {
  const parts = [reduction, `smoothing ${smoothing}`, weighted ? 'weighted' : 'unweighted', `${ignored} ignored`];
  return parts.join(', ');
}

const grid = shapes.flatMap((shape) =>
  settings.flatMap((setting) => {
    const name = `${shape.join('x')}, ${describe(setting)}`;
    const args = inputs(shape, setting, seedOf(`crossEntropy ${name}`));
    const zero = setting.ignored === 'all' || shape[1] === 1;
    const provesLittle = { provesLittle: 'ignored rows and a single class give 0' };
    const options = zero ? provesLittle : {};
    const both = [forwardCase(name, args, options), backwardCase(name, args, options)];
    const withBias = (shape[0] + shape[1]) % 2 === 0;
    return setting.reduction === 'none' ? both : [...both, trainCase(name, args, withBias, options)];
  }),
);

/** Large logits whose differences are ordinary numbers: none of their digits may be lost. */
const largeLogits = [1e4, -1e5, 1e7].flatMap((offset) =>
  settings.flatMap((setting, i) => {
    const args = inputs([9 + i, 10 + 3 * i], setting, i);
    const far = { ...args, logits: args.logits.map((x) => x + offset) };
    const name = `logits near ${offset}, ${describe(setting)}`;
    const options = setting.ignored === 'all' ? { provesLittle: 'ignored rows give 0' } : {};
    const both = [forwardCase(name, far, options), backwardCase(name, far, options)];
    return setting.reduction === 'none' ? both : [...both, trainCase(name, far, true, options)];
  }),
);

/** Logits that overflow exp, classes that are ruled out, and rows whose loss is infinite or NaN. */
const specialLogits = [
  [1000, 999, 998, 1001.5],
  [-1000, -999, -998, -1001.5],
  [3e38, 1, 2, 3],
  [Number.NEGATIVE_INFINITY, 1, 2, 3],
  [1, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 3],
  [Number.NaN, 1, 2, 3],
  [1, 2, Number.POSITIVE_INFINITY, 3],
  [0, 0, 0, 0],
];

const special = (['none', 'sum'] as const).flatMap((reduction) => {
  const args: Inputs = {
    logits: Float32Array.from(specialLogits.flat()),
    target: Int32Array.of(1, 3, 0, 0, 3, 2, 0, 7),
    weight: null,
    rows: specialLogits.length,
    classes: 4,
    // A target that is no class and is ignored, whatever its row holds.
    ignoreIndex: 7,
    smoothing: 0,
    reduction: reductions[reduction],
  };
  const options = { subnormal: true, provesLittle: 'probabilities of 0 and 1 give gradients of 0' };
  return [
    forwardCase(`special rows, ${reduction}`, args, options),
    backwardCase(`special rows, ${reduction}`, args, options),
    ...(reduction === 'none' ? [] : [trainCase(`special rows, ${reduction}`, args, true, options)]),
  ];
});

const ignoredNaN: Inputs = {
  logits: Float32Array.of(Number.NaN, 1, 2, 1, 2, 3, Number.POSITIVE_INFINITY, 1, 0),
  target: Int32Array.of(1, 2, 1),
  weight: null,
  rows: 3,
  classes: 3,
  ignoreIndex: 1,
  smoothing: 0.1,
  reduction: reductions.mean,
};

export const crossEntropyCases: readonly Case[] = [
  ...grid,
  ...special,
  forwardCase('ignored rows of NaN and infinity', ignoredNaN),
  backwardCase('ignored rows of NaN and infinity', ignoredNaN, { provesLittle: 'ignored rows give 0' }),
  trainCase('ignored rows of NaN and infinity', ignoredNaN, true, { provesLittle: 'ignored rows give 0' }),
  ...largeLogits,
];
