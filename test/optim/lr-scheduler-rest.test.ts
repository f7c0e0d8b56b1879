/** Cyclic schedulers, chains, jumps, and schedulers of a training that is taken up, as PyTorch computes them. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, optim, tensor } from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';

const { cases, compounds, resumed, jumps, jumped } = golden('schedules-rest');
const { lrScheduler } = optim;
type Scheduler = optim.lrScheduler.LRScheduler;

const functions: Readonly<Record<string, (x: number) => number>> = {
  powers: (epoch) => 0.95 ** epoch,
  quotients: (epoch) => 1 / (epoch + 1),
  waves: (x) => 0.5 * (1 + Math.sin((x * Math.PI) / 2)),
};
const lookUp = (value: unknown) =>
  Array.isArray(value) ? value.map((name: string) => functions[name]) : functions[value as string];

function makeOptimizer(kind: 'SGD' | 'Adam' = 'SGD', own: object = {}) {
  const groups = [0.1, 0.02].map((lr) => ({
    params: tensor([0], { requiresGrad: true }),
    lr,
    ...('initial_lr' in own ? { initial_lr: 3 * lr } : {}),
  }));
  return kind === 'SGD' ? new optim.SGD(groups, { momentum: 0.9 }) : new optim.Adam(groups);
}

function make(name: string, optimizer: optim.Optimizer, options: object, rest: object = {}): Scheduler {
  const given = Object.entries(options).map(([key, value]) =>
    key === 'lrLambda' || key === 'scaleFn' ? [key, lookUp(value)] : [key, value],
  );
  const kinds = lrScheduler as unknown as Record<
    string,
    new (
      optimizer: optim.Optimizer,
      options: object,
    ) => Scheduler
  >;
  return new kinds[name]!(optimizer, { ...Object.fromEntries(given), ...rest });
}

function makeCompound({ members, milestones }: (typeof compounds)[number]): Scheduler {
  const optimizer = makeOptimizer();
  const made = members.map(({ scheduler, options }) => make(scheduler, optimizer, options));
  if (milestones === null) return new lrScheduler.ChainedScheduler(made);
  return new lrScheduler.SequentialLR(optimizer, { schedulers: made, milestones });
}

function row(optimizer: optim.Optimizer): number[] {
  const groups = optimizer.paramGroups as readonly (optim.BaseOptions & { momentum?: number; betas?: number[] })[];
  return [...groups.map(({ lr }) => lr), ...groups.map(({ momentum, betas }) => momentum ?? betas![0]!)];
}

function expectRow(found: readonly number[], wanted: readonly number[], what: string): void {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, i) => {
    const target = Math.max(wanted[i]!, 0);
    expect(Math.abs(value - target), `${what}: ${value}, not ${target}`).toBeLessThanOrEqual(1e-12 * target + 1e-16);
  });
}

function expectRates(scheduler: Scheduler, rates: GoldenTensor, from = 0): void {
  const rows = rates.shape[0]!;
  const flat = values(rates);
  for (let step = from; step < rows; step++) {
    if (step > from) scheduler.step();
    expectRow(row(scheduler.optimizer), Array.from(flat.slice(4 * step, 4 * step + 4)), `step ${step}`);
    expect(scheduler.getLastLr()).toEqual(row(scheduler.optimizer).slice(0, 2));
  }
}

const all: readonly (readonly [string, () => Scheduler, GoldenTensor])[] = [
  ...cases.map(
    ({ scheduler, options, optimizer, rates }) =>
      [
        `${scheduler} ${JSON.stringify(options)}`,
        () => make(scheduler, makeOptimizer(optimizer), options),
        rates,
      ] as const,
  ),
  ...compounds.map(
    (each) =>
      [each.members.map(({ scheduler }) => scheduler).join(', '), () => makeCompound(each), each.rates] as const,
  ),
];

describe('a schedule', () => {
  it.each(all)('%s is that of PyTorch', (_title, makeScheduler, rates) => expectRates(makeScheduler(), rates));

  it.each(all)('%s goes on from a saved state, through JSON', (_title, makeScheduler, rates) => {
    const before = makeScheduler();
    for (let i = 0; i < 10; i++) before.step();
    const after = makeScheduler();
    after.loadStateDict(JSON.parse(JSON.stringify(before.stateDict())));
    after.optimizer.paramGroups.forEach((group, i) => {
      const { params: _, ...options } = before.optimizer.paramGroups[i]!;
      Object.assign(group, options);
    });
    expect(after.lastEpoch).toBe(before.lastEpoch);
    expectRates(after, rates, 10);
  });

  it.each(resumed.map((each) => [`${each.scheduler} ${JSON.stringify(each.options)}`, each] as const))(
    '%s is taken up by lastEpoch',
    (_title, { scheduler, options, optimizer, rates }) => {
      const made = make(scheduler, makeOptimizer(optimizer, { initial_lr: 1 }), options, { lastEpoch: 4 });
      expect(made.lastEpoch).toBe(5);
      expectRates(made, rates);
    },
  );

  it.each(jumped)('CosineAnnealingWarmRestarts $options goes to any epoch', ({ options, rows }) => {
    const scheduler = make('CosineAnnealingWarmRestarts', makeOptimizer(), options) as InstanceType<
      typeof lrScheduler.CosineAnnealingWarmRestarts
    >;
    const flat = values(rows);
    jumps.forEach((epoch, i) => {
      scheduler.step(epoch ?? undefined);
      const found = [...scheduler.getLastLr(), scheduler.lastEpoch];
      expectRow(found, Array.from(flat.slice(3 * i, 3 * i + 3)), `jump ${i}`);
    });
  });
});

it('warmup rises to the rate of a schedule, which then begins', () => {
  const optimizer = makeOptimizer();
  const cosine = new lrScheduler.CosineAnnealingLR(optimizer, { tMax: 6 });
  const scheduler = lrScheduler.warmup(cosine, { totalIters: 4, startFactor: 0.2 });
  const rates = Array.from({ length: 11 }, (_, i) => {
    if (i > 0) scheduler.step();
    return optimizer.paramGroups[0]!.lr;
  });
  const rise = [0, 1, 2, 3].map((i) => 0.1 * (0.2 + (0.8 * i) / 4));
  const fall = Array.from({ length: 7 }, (_, i) => (0.1 * (1 + Math.cos((Math.PI * i) / 6))) / 2);
  [...rise, ...fall].forEach((rate, i) => {
    expect(rates[i], `step ${i}`).toBeCloseTo(rate, 14);
  });
});

it('a chain of which one member fails has not been stepped', () => {
  const optimizer = makeOptimizer();
  const bad = new lrScheduler.LambdaLR(optimizer, { lrLambda: (epoch) => (epoch === 2 ? Number.NaN : 1) });
  const chain = new lrScheduler.ChainedScheduler([new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 }), bad]);
  chain.step();
  const before = [chain.stateDict(), row(optimizer)];
  expect(() => chain.step()).toThrow('the rate at epoch 2 would be NaN');
  expect([chain.stateDict(), row(optimizer)]).toEqual(before);
});

const optimizer = makeOptimizer();
const refused: readonly (readonly [string, () => unknown, string])[] = [
  [
    'CyclicLR: mode',
    () => make('CyclicLR', optimizer, { baseLr: 0.1, maxLr: 1, mode: 'x' }),
    'mode is invalid and scale_fn is None',
  ],
  [
    'CyclicLR: two rates',
    () => make('CyclicLR', optimizer, { baseLr: [0.1], maxLr: 1 }),
    'expected 2 values for baseLr, got 1',
  ],
  ['CyclicLR: no maxLr', () => make('CyclicLR', optimizer, { baseLr: 0.1 }), 'maxLr must be a finite number'],
  [
    'CyclicLR: stepSizeUp',
    () => make('CyclicLR', optimizer, { baseLr: 0.1, maxLr: 1, stepSizeUp: 0 }),
    'stepSizeUp must be above 0',
  ],
  [
    'CyclicLR: no momentum',
    () => make('CyclicLR', new optim.Adagrad([tensor([0], { requiresGrad: true })]), { baseLr: 0.1, maxLr: 1 }),
    'optimizer must support momentum or beta1 with `cycle_momentum` option enabled',
  ],
  [
    'WarmRestarts: t0',
    () => make('CosineAnnealingWarmRestarts', optimizer, { t0: 0 }),
    'Expected positive integer T_0, but got 0',
  ],
  [
    'WarmRestarts: tMult',
    () => make('CosineAnnealingWarmRestarts', optimizer, { t0: 1, tMult: 0 }),
    'Expected integer T_mult >= 1, but got 0',
  ],
  [
    'WarmRestarts: step',
    () => make('CosineAnnealingWarmRestarts', makeOptimizer(), { t0: 1 }).step(-1),
    'Expected non-negative epoch, but got -1',
  ],
  [
    'MultiplicativeLR: functions',
    () => new lrScheduler.MultiplicativeLR(optimizer, { lrLambda: [() => 1] }),
    'Expected 2 lr_lambdas, but got 1',
  ],
  [
    'SWALR: strategy',
    () => make('SWALR', optimizer, { swaLr: 0.1, annealStrategy: 'x' }),
    "anneal_strategy must be one of 'cos' or 'linear', instead got",
  ],
  [
    'SWALR: epochs',
    () => make('SWALR', optimizer, { swaLr: 0.1, annealEpochs: -1 }),
    'anneal_epochs must be equal or greater than 0, got -1',
  ],
  [
    'ChainedScheduler: none',
    () => new lrScheduler.ChainedScheduler([]),
    'expects at least one scheduler to be chained, but got no scheduler.',
  ],
  [
    'ChainedScheduler: another optimizer',
    () =>
      new lrScheduler.ChainedScheduler([
        new lrScheduler.StepLR(makeOptimizer(), { stepSize: 1 }),
        new lrScheduler.StepLR(makeOptimizer(), { stepSize: 1 }),
      ]),
    'expects all schedulers to belong to the same optimizer, but got scheduler StepLR at index 1',
  ],
  [
    'ChainedScheduler: plateau',
    () => new lrScheduler.ChainedScheduler([new lrScheduler.ReduceLROnPlateau(optimizer)]),
    'ChainedScheduler does not support `ReduceLROnPlateau` scheduler',
  ],
  [
    'lastEpoch without initial rates',
    () => make('StepLR', makeOptimizer(), { stepSize: 1 }, { lastEpoch: 3 }),
    "param 'initial_lr' is not specified in param_groups[0]",
  ],
  ['lastEpoch -2', () => make('StepLR', optimizer, { stepSize: 1 }, { lastEpoch: -2 }), 'lastEpoch'],
  [
    'warmup: steps',
    () => lrScheduler.warmup(new lrScheduler.StepLR(makeOptimizer(), { stepSize: 1 }), { totalIters: 0 }),
    'totalIters',
  ],
];

it.each(refused)('%s is refused', (_name, act, message) => {
  const before = row(optimizer);
  expect(act).toThrow(ArgumentError);
  expect(act).toThrow(message);
  expect(row(optimizer)).toEqual(before);
});
