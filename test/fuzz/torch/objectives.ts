/** Losses that fit an output, with their targets and with what must stand before them; and optimizers. */
import type { Draw } from './draw.js';
import type { Case, LossSpec, Options, TensorRef } from './spec.js';

export interface Objective {
  /** An activation before the loss. */
  readonly before?: { readonly name: string; readonly args: readonly unknown[] };
  readonly loss: LossSpec;
}

/** What an output of a shape can be compared with. */
type Maker = (draw: Draw, shape: readonly number[], make: Make) => Objective | null;
type Make = (dtype: 'float' | 'int', shape: readonly number[], one: () => number) => TensorRef;

const reductions = ['mean', 'mean', 'sum', 'none'] as const;

function loss(draw: Draw, name: string, options: Options, ...targets: readonly TensorRef[]): LossSpec {
  return { name, options: { ...options, reduction: draw.of(reductions) }, targets };
}

const regression =
  (name: string, options: (draw: Draw) => Options): Maker =>
  (draw, shape, make) => ({
    loss: loss(
      draw,
      name,
      options(draw),
      make('float', shape, () => draw.normal()),
    ),
  });

const labelled: Maker = (draw, shape, make) => {
  const [rows = 1, classes = 1, ...rest] = shape;
  // Over one class it is 0 whatever comes in, and gradients are rounding errors of equal sign, which add up.
  if (classes === 1) return null;
  const isNll = draw.chance(0.4);
  const weight = draw.chance(0.3) && { weight: make('float', [classes], () => Math.fround(0.1 + draw.uniform())) };
  const others = draw.some({ ignoreIndex: draw.int(0, classes), ...(!isNll && { labelSmoothing: 0.2 }) }, 0.3);
  const name = isNll ? 'NLLLoss' : 'CrossEntropyLoss';
  let isFirst = true;
  const label = () => {
    const drawn = draw.int(0, classes - 1);
    // A mean over no label is NaN.
    const ignored = isFirst && drawn === others.ignoreIndex;
    isFirst = false;
    return ignored ? (drawn + 1) % classes : drawn;
  };
  const before = isNll && { before: { name: 'LogSoftmax', args: [1] } };
  return { ...before, loss: loss(draw, name, { ...weight, ...others }, make('int', [rows, ...rest], label)) };
};

const binary: Maker = (draw, shape, make) => {
  const target = make('float', shape, () => Math.fround(draw.chance() ? draw.int(0, 1) : draw.uniform()));
  const weight = draw.chance(0.3) && { weight: make('float', shape, () => Math.fround(draw.uniform())) };
  if (draw.chance(0.4))
    return { before: { name: 'Sigmoid', args: [] }, loss: loss(draw, 'BCELoss', { ...weight }, target) };
  const posWeight = draw.chance(0.3) && {
    posWeight: make('float', [shape.at(-1)!], () => Math.fround(draw.uniform())),
  };
  return { loss: loss(draw, 'BCEWithLogitsLoss', { ...weight, ...posWeight }, target) };
};

const divergence: Maker = (draw, shape, make) => {
  const logTarget = draw.chance();
  const target = make('float', shape, () => (logTarget ? draw.normal() : Math.fround(draw.uniform())));
  const reduction = draw.of(['batchmean', 'sum', 'none']);
  return {
    before: { name: 'LogSoftmax', args: [-1] },
    loss: { name: 'KLDivLoss', options: { logTarget, reduction }, targets: [target] },
  };
};

const sign = (draw: Draw) => draw.of([-1, 1]);

const signed: Maker = (draw, shape, make) => {
  const name = draw.of(['HingeEmbeddingLoss', 'SoftMarginLoss']);
  const options = name === 'HingeEmbeddingLoss' ? draw.some({ margin: 0.5 }) : {};
  return {
    loss: loss(
      draw,
      name,
      options,
      make('float', shape, () => sign(draw)),
    ),
  };
};

const multiLabel: Maker = (draw, shape, make) => {
  if (shape.length !== 2) return null;
  const weight = draw.chance(0.3) && { weight: make('float', [shape[1]!], () => Math.fround(draw.uniform())) };
  return {
    loss: loss(
      draw,
      'MultiLabelSoftMarginLoss',
      { ...weight },
      make('float', shape, () => draw.int(0, 1)),
    ),
  };
};

const multiMargin: Maker = (draw, shape, make) => {
  if (shape.length !== 2 || shape[1]! < 2) return null;
  const classes = shape[1]!;
  if (draw.chance(0.3))
    return {
      loss: loss(
        draw,
        'MultiLabelMarginLoss',
        {},
        make('int', shape, () => draw.int(-1, classes - 1)),
      ),
    };
  const weight = draw.chance(0.3) && { weight: make('float', [classes], () => Math.fround(draw.uniform())) };
  const options = { ...draw.some({ p: draw.int(1, 2), margin: 0.5 }), ...weight };
  return {
    loss: loss(
      draw,
      'MultiMarginLoss',
      options,
      make('int', [shape[0]!], () => draw.int(0, classes - 1)),
    ),
  };
};

const poisson: Maker = (draw, shape, make) => {
  const options = draw.some({ logInput: false, full: true, eps: 1e-4 });
  const before = { name: options.logInput === false ? 'Softplus' : 'Tanh', args: [] };
  return {
    before,
    loss: loss(
      draw,
      'PoissonNLLLoss',
      options,
      make('float', shape, () => draw.int(0, 6)),
    ),
  };
};

const gaussian: Maker = (draw, shape, make) => {
  const target = make('float', shape, () => draw.normal());
  const variance = make('float', shape, () => Math.fround(0.1 + draw.uniform()));
  return { loss: loss(draw, 'GaussianNLLLoss', draw.some({ full: true, eps: 1e-3 }), target, variance) };
};

const vectors: Maker = (draw, shape, make) => {
  if (shape.length !== 2) return null;
  const other = () => make('float', shape, () => draw.normal());
  const kind = draw.of(['CosineEmbeddingLoss', 'MarginRankingLoss', 'TripletMarginLoss']);
  if (kind === 'TripletMarginLoss')
    return { loss: loss(draw, kind, draw.some({ margin: 0.5, p: draw.int(1, 3), swap: true }), other(), other()) };
  const target = make('float', kind === 'CosineEmbeddingLoss' ? [shape[0]!] : shape, () => sign(draw));
  return { loss: loss(draw, kind, draw.some({ margin: 0.3 }), other(), target) };
};

const makers: readonly Maker[] = [
  ...[labelled, labelled, binary, binary, divergence, signed, multiLabel, multiMargin, poisson, gaussian, vectors],
  regression('MSELoss', () => ({})),
  regression('L1Loss', () => ({})),
  regression('SmoothL1Loss', (draw) => draw.some({ beta: draw.of([0, 0.3]) })),
  regression('HuberLoss', (draw) => draw.some({ delta: 0.4 })),
];

export function objective(draw: Draw, shape: readonly number[], make: Make): Objective {
  for (;;) {
    const made = draw.of(makers)(draw, shape, make);
    if (made !== null) return made;
  }
}

const decays = { weightDecay: 0.05, maximize: true };
const adamLike = { ...decays, betas: [0.8, 0.95], eps: 1e-4 };
const optimizers: readonly (readonly [name: string, lr: number, options: Options])[] = [
  ['SGD', 0.05, { ...decays, momentum: 0.9 }],
  ['SGD', 0.05, { momentum: 0.8, dampening: 0.3, weightDecay: 0.05 }],
  ['Adam', 0.01, { ...adamLike, amsgrad: true }],
  ['AdamW', 0.01, { ...adamLike, amsgrad: true }],
  ['RMSprop', 0.01, { ...decays, alpha: 0.9, eps: 1e-4, momentum: 0.5, centered: true }],
  ['Adagrad', 0.05, { ...decays, lrDecay: 0.1, initialAccumulatorValue: 0.1, eps: 1e-5 }],
  ['Adadelta', 1, { ...decays, rho: 0.8, eps: 1e-4 }],
  ['Adamax', 0.01, adamLike],
  ['NAdam', 0.01, { ...adamLike, momentumDecay: 0.01, decoupledWeightDecay: true }],
  ['RAdam', 0.01, { ...adamLike, decoupledWeightDecay: true }],
  ['Rprop', 0.01, { etas: [0.4, 1.5], stepSizes: [1e-4, 0.02], maximize: true }],
  ['ASGD', 0.05, { ...decays, lambd: 0.01, alpha: 0.5, t0: 1 }],
];

/** Gradients of these are multiples of one number: their sums cancel to 0 or to rounding errors, of which Rprop takes the sign. */
const stepped = ['L1Loss', 'MarginRankingLoss', 'HingeEmbeddingLoss', 'MultiMarginLoss', 'MultiLabelMarginLoss'];

export function optimizer(draw: Draw, lossName: string): Case['optimizer'] {
  const fitting = stepped.includes(lossName) ? optimizers.filter(([name]) => name !== 'Rprop') : optimizers;
  const [name, lr, options] = draw.of(fitting);
  const drawn: Record<string, unknown> = { lr, ...draw.some(options, 0.35) };
  // A gradient that cancels to rounding errors is divided by its size: with the eps that PyTorch takes by default, errors become steps of lr.
  if (options.eps !== undefined) drawn.eps = options.eps;
  if (name === 'SGD' && drawn.momentum === 0.9 && draw.chance()) drawn.nesterov = true;
  // A second group of the parameters behind the first.
  return { name, options: drawn, groups: draw.chance(0.3) ? [{}, { lr: lr / 4 }] : [{}] };
}
