/** Options of the optimizers that rows/optim.ts does not have, in PyTorch's sentences. */
import { optim, zeros } from '../../../src/index.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row } from '../row.js';

const names = ['Adadelta', 'Adagrad', 'Adamax', 'ASGD', 'Lion', 'NAdam', 'RAdam', 'RMSprop', 'Rprop'] as const;

type Name = (typeof names)[number] | 'SGD' | 'Adam' | 'SparseAdam' | 'LBFGS' | 'Muon';

const make = (name: Name, options: unknown, params: unknown) => new optim[name](bad(params), bad(options));

/** Options that are refused by an optimizer, each with PyTorch's sentence. */
const options: readonly (readonly [name: Name, given: object, sentence: string])[] = [
  ...names.flatMap((name) => [
    [name, { lr: -1 }, 'Invalid learning rate: -1'] as const,
    [name, { lr: Number.NaN }, 'Invalid learning rate: NaN'] as const,
    [name, { maximize: 1 }, 'maximize must be a boolean, got 1'] as const,
    [name, { weight_decay: 1 }, 'unknown option "weight_decay"'] as const,
    [name, { foreach: true }, 'unknown option "foreach"'] as const,
  ]),
  ...names
    .filter((name) => name !== 'Rprop')
    .map((name) => [name, { weightDecay: -1 }, 'Invalid weight_decay value: -1'] as const),
  ...(['SGD', 'Adam'] as const).map(
    (name) => [name, { maximize: null }, 'maximize must be a boolean, got null'] as const,
  ),
  ...(['Adamax', 'NAdam', 'RAdam', 'Lion'] as const).flatMap((name) => [
    [name, { betas: [1, 0.9] }, 'Invalid beta parameter at index 0: 1'] as const,
    [name, { betas: [0.9, -0.1] }, 'Invalid beta parameter at index 1: -0.1'] as const,
  ]),
  ...(['Adadelta', 'Adagrad', 'Adamax', 'NAdam', 'RAdam', 'RMSprop'] as const).map(
    (name) => [name, { eps: -1 }, 'Invalid epsilon value: -1'] as const,
  ),
  ...(['Adam', 'NAdam', 'RAdam'] as const).map(
    (name) => [name, { decoupledWeightDecay: 0 }, 'decoupledWeightDecay must be a boolean, got 0'] as const,
  ),
  ['RMSprop', { alpha: -1 }, 'Invalid alpha value: -1'],
  ['RMSprop', { momentum: -1 }, 'Invalid momentum value: -1'],
  ['Adagrad', { lrDecay: -1 }, 'Invalid lr_decay value: -1'],
  ['Adagrad', { initialAccumulatorValue: -1 }, 'Invalid initial_accumulator_value value: -1'],
  ['Adadelta', { rho: 1.5 }, 'Invalid rho value: 1.5'],
  ['NAdam', { momentumDecay: -1 }, 'Invalid momentum_decay value: -1'],
  ['Rprop', { etas: [0.5, 0.9] }, 'Invalid eta values: 0.5, 0.9'],
  ['Rprop', { etas: [0, 1.2] }, 'Invalid eta values: 0, 1.2'],
  ['Rprop', { etas: [0.5] }, 'etas must be two numbers, got [0.5]'],
  ['Rprop', { stepSizes: 'small' }, 'stepSizes must be two numbers, got "small"'],
  ['ASGD', { lambd: Number.POSITIVE_INFINITY }, 'Invalid lambd value: Infinity'],
  ['ASGD', { t0: '1' }, 'Invalid t0 value: "1"'],
  ['SparseAdam', { lr: 0 }, 'Invalid learning rate: 0'],
  ['SparseAdam', { lr: Number.NaN }, 'Invalid learning rate: NaN'],
  ['SparseAdam', { eps: 0 }, 'Invalid epsilon value: 0'],
  ['SparseAdam', { eps: -1 }, 'Invalid epsilon value: -1'],
  ['SparseAdam', { betas: [1, 0.9] }, 'Invalid beta parameter at index 0: 1'],
  ['SparseAdam', { weightDecay: 0.1 }, 'unknown option "weightDecay"'],
  ['SparseAdam', { maximize: 1 }, 'maximize must be a boolean, got 1'],
  ['LBFGS', { lr: -1 }, 'Invalid learning rate: -1'],
  ['LBFGS', { lineSearchFn: 'wolfe' }, "only 'strong_wolfe' is supported"],
  ['LBFGS', { maxIter: 1.5 }, 'Invalid max_iter value: 1.5'],
  ['LBFGS', { maxEval: -1 }, 'Invalid max_eval value: -1'],
  ['LBFGS', { historySize: '3' }, 'Invalid history_size value: "3"'],
  ['LBFGS', { toleranceGrad: -1 }, 'Invalid tolerance_grad value: -1'],
  ['LBFGS', { toleranceChange: Number.NaN }, 'Invalid tolerance_change value: NaN'],
  ['LBFGS', { maximize: true }, 'unknown option "maximize"'],
  ['Muon', { lr: -1 }, 'Learning rate should be >= 0 but is: -1'],
  ['Muon', { momentum: -1 }, 'momentum should be >= 0 but is: -1'],
  ['Muon', { weightDecay: -1 }, 'weight decay should be >= 0 but is: -1'],
  ['Muon', { adjustLrFn: 'adam' }, 'Adjust learning rate function "adam" is not supported'],
  ['Muon', { nsSteps: 100 }, 'Number of steps must be less than 100 for computational efficiency'],
  ['Muon', { nsCoefficients: [1, 2] }, 'Coefficients must be a tuple of exactly 3 values'],
  ['Muon', { nesterov: 1 }, 'nesterov must be a boolean, got 1'],
];

/** A state dict of an NAdam that has made a step, with another product of momenta. */
function loadProduct({ leaf }: Fixture, product: unknown): void {
  const optimizer = new optim.NAdam([leaf]);
  const { param_groups } = optimizer.stateDict();
  const exp_avg = zeros(leaf.shape);
  const state = { step: 1, mu_product: product, exp_avg, exp_avg_sq: exp_avg };
  optimizer.loadStateDict(bad({ state: { 0: state }, param_groups }));
}

export const optimizerRows: readonly Row[] = [
  ...options.map(([name, given, sentence]) =>
    argument(`${name}: ${JSON.stringify(given)} ${sentence}`, ({ leaf }) => make(name, given, [leaf]), sentence),
  ),
  argument(
    'NAdam.loadStateDict without mu_product',
    (fixture) => loadProduct(fixture, undefined),
    'NAdam.loadStateDict: mu_product must be a finite number, got undefined',
  ),
  argument(
    'NAdam.loadStateDict with a mu_product of two numbers',
    (fixture) => loadProduct(fixture, zeros([2])),
    'NAdam.loadStateDict: mu_product must be a finite number',
  ),
];
