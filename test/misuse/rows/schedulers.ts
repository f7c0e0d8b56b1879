/** Learning rates from epoch to epoch, and averages of weights. */
import { expect } from 'vitest';
import { nn, optim } from '../../../src/index.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row } from '../row.js';

const { lrScheduler, swaUtils } = optim;
type Maker = new (optimizer: optim.Optimizer, options: never) => unknown;

/** A scheduler with options of which one is bad. */
const row = (name: string, options: object, message: string): Row =>
  argument(
    `${name}: ${JSON.stringify(options)}`,
    ({ optimizer }) => new (lrScheduler as unknown as Record<string, Maker>)[name]!(optimizer, bad(options)),
    message,
  );
const exponential = ({ optimizer }: Fixture) => new lrScheduler.ExponentialLR(optimizer, { gamma: 0.9 });

export const schedulerRows: readonly Row[] = [
  row('ExponentialLR', {}, 'ExponentialLR: gamma must be a finite number, got undefined'),
  row('ExponentialLR', { gamma: 0.5, colour: 1 }, 'ExponentialLR: unknown option "colour"'),
  row('MultiStepLR', { milestones: 3 }, 'MultiStepLR: milestones must be a list of epochs, got 3'),
  row('MultiStepLR', { milestones: [-1] }, 'MultiStepLR: a milestone must not be negative, got -1'),
  row('MultiplicativeLR', { lrLambda: 3 }, 'MultiplicativeLR: lrLambda must be a function or a list of them, got 3'),
  row('CosineAnnealingLR', { tMax: 0 }, 'CosineAnnealingLR: tMax must be at least 1'),
  row('CosineAnnealingWarmRestarts', { t0: 0 }, 'Expected positive integer T_0, but got 0'),
  row('CosineAnnealingWarmRestarts', { t0: 2, tMult: 0 }, 'Expected integer T_mult >= 1, but got 0'),
  argument(
    'CosineAnnealingWarmRestarts.step(-1)',
    ({ matrix }) => {
      const own = new optim.SGD([matrix.detach().clone().requiresGrad_()], { lr: 1 });
      new lrScheduler.CosineAnnealingWarmRestarts(own, { t0: 2 }).step(-1);
    },
    'Expected non-negative epoch, but got -1',
  ),
  row('CyclicLR', { baseLr: 0.1, maxLr: 1, mode: 'saw' }, 'CyclicLR: mode is invalid and scale_fn is None'),
  row('CyclicLR', { baseLr: 0.1, maxLr: 1, stepSizeUp: 0 }, 'CyclicLR: stepSizeUp must be above 0, got 0'),
  row('CyclicLR', { maxLr: 1 }, 'CyclicLR: baseLr'),
  argument(
    'CyclicLR: no momentum',
    ({ matrix }) => {
      const own = new optim.Adagrad([matrix.detach().clone().requiresGrad_()], { lr: 1 });
      return new lrScheduler.CyclicLR(own, { baseLr: 0.1, maxLr: 1 });
    },
    'optimizer must support momentum or beta1 with `cycle_momentum` option enabled',
  ),
  row('SWALR', { swaLr: 0.1, annealStrategy: 'exp' }, "anneal_strategy must be one of 'cos' or 'linear', instead got"),
  row('SWALR', { swaLr: 0.1, annealEpochs: -1 }, 'anneal_epochs must be equal or greater than 0, got -1'),
  row('SequentialLR', { schedulers: [], milestones: [] }, 'SequentialLR expects at least one scheduler, but got no'),
  argument(
    'SequentialLR: milestones',
    (fixture) => {
      const schedulers = [exponential(fixture)];
      return new lrScheduler.SequentialLR(fixture.optimizer, { schedulers, milestones: [1, 2] });
    },
    'Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points',
  ),
  argument(
    'ChainedScheduler of nothing',
    () => new lrScheduler.ChainedScheduler([]),
    'ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.',
  ),
  argument(
    'ChainedScheduler of two optimizers',
    (fixture) =>
      new lrScheduler.ChainedScheduler([
        exponential(fixture),
        new lrScheduler.ExponentialLR(fixture.momentum, { gamma: 0.9 }),
      ]),
    'ChainedScheduler expects all schedulers to belong to the same optimizer',
  ),
  argument(
    'warmup of 5',
    () => lrScheduler.warmup(bad(5), { totalIters: 3 }),
    'warmup: expected a scheduler that goes',
  ),
  argument(
    'warmup: totalIters 0',
    (fixture) => lrScheduler.warmup(exponential(fixture), { totalIters: 0 }),
    'warmup: totalIters must be at least 1',
  ),

  argument('AveragedModel(5)', () => new swaUtils.AveragedModel(bad(5)), 'AveragedModel: expected a module, got 5'),
  argument(
    'AveragedModel: two functions',
    ({ model }) =>
      new swaUtils.AveragedModel(model, { avgFn: swaUtils.getSwaAvgFn(), multiAvgFn: swaUtils.getSwaMultiAvgFn() }),
    'Only one of avg_fn and multi_avg_fn should be provided',
  ),
  argument(
    'AveragedModel: avgFn 1',
    ({ model }) => new swaUtils.AveragedModel(model, { avgFn: bad(1) }),
    'AveragedModel: avgFn must be a function, got 1',
  ),
  argument(
    'AveragedModel.updateParameters of another model',
    ({ model }) => new swaUtils.AveragedModel(model).updateParameters(bad(model.at(0))),
    'AveragedModel.updateParameters: the parameters of the model are not those of the model that was copied',
  ),
  ...(['getEmaAvgFn', 'getEmaMultiAvgFn'] as const).map((name) =>
    argument(
      `${name}(2)`,
      () => swaUtils[name](2),
      `Invalid decay value 2 provided. Please provide a value in [0,1] range.`,
    ),
  ),
  argument(
    'updateBn: no model',
    ({ loader }) => swaUtils.updateBn(loader as never, bad(5)),
    'updateBn: expected a module, got 5',
  ),
  argument(
    'updateBn: a batch that is none',
    ({ x }) => {
      const model = new nn.BatchNorm1d(4);
      model.forward(x);
      const before = model.running_mean!.toArray();
      try {
        swaUtils.updateBn(bad([x, 5]), model);
      } catch (error) {
        // Statistics are those from before the call.
        expect(model.running_mean!.toArray()).toEqual(before);
        throw error;
      }
    },
    'updateBn: a batch must be a tensor, or an array that begins with one, got 5',
  ),
];
