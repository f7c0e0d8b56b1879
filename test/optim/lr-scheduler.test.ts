/** Learning rate schedulers against PyTorch, their states, and what they refuse. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, nn, optim, StateError, tensor } from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';
import { Own } from '../helpers/own-optimizer.js';

const { cases, sequences, lambdas, metrics } = golden('schedules');
const seen = values(metrics);

const { lrScheduler } = optim;
type Scheduler = optim.lrScheduler.LRScheduler;
type Maker = new (optimizer: optim.Optimizer, options: never) => Scheduler;
const makers: Readonly<Record<string, Maker>> = {
  ConstantLR: lrScheduler.ConstantLR,
  CosineAnnealingLR: lrScheduler.CosineAnnealingLR,
  ExponentialLR: lrScheduler.ExponentialLR,
  LinearLR: lrScheduler.LinearLR,
  MultiStepLR: lrScheduler.MultiStepLR,
  OneCycleLR: lrScheduler.OneCycleLR,
  PolynomialLR: lrScheduler.PolynomialLR,
  ReduceLROnPlateau: lrScheduler.ReduceLROnPlateau,
  StepLR: lrScheduler.StepLR,
};

const leaf = () => tensor([0], { requiresGrad: true });

function makeOptimizer(kind: 'SGD' | 'Adam' = 'SGD') {
  const groups = [0.1, 0.02].map((lr) => ({ params: leaf(), lr }));
  return kind === 'SGD' ? new optim.SGD(groups, { momentum: 0.9 }) : new optim.Adam(groups);
}

const make = (name: string, optimizer: optim.Optimizer, options: unknown) =>
  new makers[name]!(optimizer, options as never);

function row(optimizer: optim.Optimizer): number[] {
  const groups = optimizer.paramGroups as readonly (optim.BaseOptions & { momentum?: number; betas?: number[] })[];
  return [...groups.map(({ lr }) => lr), ...groups.map(({ momentum, betas }) => momentum ?? betas![0]!)];
}

function step(scheduler: Scheduler, at: number): void {
  if (scheduler instanceof lrScheduler.ReduceLROnPlateau) scheduler.step(seen[at]!);
  else scheduler.step();
}

/** Rows [0, steps] as golden files have them; `from` continues at a later step. */
function run(scheduler: Scheduler, steps: number, from = 0): number[][] {
  const rows = [row(scheduler.optimizer)];
  for (let at = from; at < from + steps; at++) {
    step(scheduler, at);
    expect(scheduler.getLastLr()).toEqual(row(scheduler.optimizer).slice(0, 2));
    rows.push(row(scheduler.optimizer));
  }
  return rows;
}

/** To a few roundings: pow and cos differ in the last bit between C libraries, and the recursions carry that on. */
function expectRates(actual: readonly (readonly number[])[], expected: GoldenTensor, from = 0): void {
  const flat = values(expected);
  actual.forEach((each, i) => {
    each.forEach((value, j) => {
      // A schedule that ends below 0 in PyTorch ends at 0 here.
      const wanted = Math.max(flat[(from + i) * 4 + j]!, 0);
      expect(Math.abs(value - wanted), `${value}, not ${wanted}, at step ${from + i}`).toBeLessThanOrEqual(
        1e-13 * Math.abs(wanted) + 1e-17,
      );
    });
  });
}

const titled = cases.map((each) => [`${each.scheduler} ${JSON.stringify(each.options)}`, each] as const);

function makeSequence({ members, milestones }: (typeof sequences)[number], optimizer: optim.Optimizer) {
  const schedulers = members.map(({ scheduler, options }) => make(scheduler, optimizer, options));
  return new lrScheduler.SequentialLR(optimizer, { schedulers, milestones });
}

const factors = [(epoch: number) => 0.95 ** epoch, (epoch: number) => 1 / (epoch + 1)];
const makeLambda = (optimizer: optim.Optimizer) => new lrScheduler.LambdaLR(optimizer, { lrLambda: factors });

/** Every scheduler that the golden file has, on a separate optimizer. */
const all: readonly (readonly [string, () => Scheduler, GoldenTensor])[] = [
  ...titled.map(
    ([title, { scheduler, options, optimizer, rates }]) =>
      [title, () => make(scheduler, makeOptimizer(optimizer), options), rates] as const,
  ),
  ...sequences.map(
    (sequence) =>
      [
        `SequentialLR ${sequence.members.map((member) => member.scheduler)} at ${sequence.milestones}`,
        () => makeSequence(sequence, makeOptimizer()),
        sequence.rates,
      ] as const,
  ),
  ['LambdaLR', () => makeLambda(makeOptimizer()), lambdas],
];

describe('a schedule', () => {
  it.each(all)('%s is that of PyTorch', (_title, makeScheduler, rates) => {
    expectRates(run(makeScheduler(), 24), rates);
  });

  it.each(all)('%s goes on from a saved state, through JSON', (_title, makeScheduler, rates) => {
    const before = makeScheduler();
    run(before, 10);
    const saved = JSON.parse(JSON.stringify(before.stateDict()));
    const options = before.optimizer.paramGroups.map(({ params: _, ...rest }) => rest);
    const after = makeScheduler();
    after.loadStateDict(saved);
    after.optimizer.paramGroups.forEach((group, i) => {
      Object.assign(group, options[i]);
    });
    expect(after.getLastLr()).toEqual(before.getLastLr());
    expect(after.lastEpoch).toBe(10);
    expect(after.stateDict()).toEqual(before.stateDict());
    expectRates(run(after, 14, 10), rates, 10);
  });

  it('starts from the rates before the first scheduler of an optimizer', () => {
    const optimizer = makeOptimizer();
    new lrScheduler.ConstantLR(optimizer, { factor: 0.5 });
    const second = new lrScheduler.LambdaLR(optimizer, { lrLambda: () => 1 });
    expect(second.baseLrs).toEqual([0.1, 0.02]);
    expect(second.getLastLr()).toEqual([0.1, 0.02]);
  });

  it('is followed by the steps of the optimizer', () => {
    const weight = leaf();
    const optimizer = new optim.SGD([weight], { lr: 1 });
    const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      weight.sum().backward();
      optimizer.step();
      scheduler.step();
    }
    expect(weight.item()).toBe(-1.75);
  });

  it('takes a warm-up of one step', () => {
    const optimizer = makeOptimizer();
    const scheduler = new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, pctStart: 0.1 });
    expect(scheduler.getLastLr()).toEqual([1, 1]);
  });
});

describe('a scheduler refuses', () => {
  const rows: readonly (readonly [string, (optimizer: optim.Optimizer) => unknown, string])[] = [
    ['a model', () => make('StepLR', new nn.Linear(1, 1) as never, { stepSize: 1 }), 'is not an Optimizer'],
    ['no stepSize', (o) => make('StepLR', o, {}), 'StepLR: stepSize must be an integer'],
    ['stepSize 0', (o) => make('StepLR', o, { stepSize: 0 }), 'must be at least 1'],
    ['gamma NaN', (o) => make('StepLR', o, { stepSize: 1, gamma: Number.NaN }), 'gamma must be a finite number'],
    ['an unknown option', (o) => make('StepLR', o, { stepSize: 1, factor: 1 }), 'StepLR: unknown option "factor"'],
    ['milestones 3', (o) => make('MultiStepLR', o, { milestones: 3 }), 'milestones must be a list of epochs'],
    ['milestone -1', (o) => make('MultiStepLR', o, { milestones: [-1] }), 'a milestone must not be negative'],
    ['no gamma', (o) => make('ExponentialLR', o, undefined), 'ExponentialLR: gamma must be a finite number'],
    ['tMax 0', (o) => make('CosineAnnealingLR', o, { tMax: 0 }), 'tMax must be at least 1'],
    ['factor 2', (o) => make('ConstantLR', o, { factor: 2 }), 'Constant multiplicative factor expected to be between'],
    ['startFactor 0', (o) => make('LinearLR', o, { startFactor: 0 }), 'Starting multiplicative factor expected'],
    ['endFactor 2', (o) => make('LinearLR', o, { endFactor: 2 }), 'Ending multiplicative factor expected'],
    ['factor 1', (o) => make('ReduceLROnPlateau', o, { factor: 1 }), 'Factor should be < 1.0'],
    ['mode', (o) => make('ReduceLROnPlateau', o, { mode: 'up' }), 'mode must be one of min, max'],
    ['three minLr', (o) => make('ReduceLROnPlateau', o, { minLr: [1, 2, 3] }), 'expected 2 values for minLr, got 3'],
    ['no metric', (o) => make('ReduceLROnPlateau', o, {}).step(), 'metric must be a number, got undefined'],
    ['no maxLr', (o) => make('OneCycleLR', o, { totalSteps: 5 }), 'maxLr must be a finite number'],
    ['no steps', (o) => make('OneCycleLR', o, { maxLr: 1, epochs: 5 }), 'You must define either totalSteps OR'],
    ['pctStart 2', (o) => make('OneCycleLR', o, { maxLr: 1, totalSteps: 5, pctStart: 2 }), 'Expected float between 0'],
    [
      'a lambda too few',
      (o) => new lrScheduler.LambdaLR(o, { lrLambda: [() => 1] }),
      'Expected 2 lr_lambdas, but got 1',
    ],
    ['a number for a lambda', (o) => new lrScheduler.LambdaLR(o, { lrLambda: 1 as never }), 'must be a function'],
    ['a lambda of NaN', (o) => new lrScheduler.LambdaLR(o, { lrLambda: () => Number.NaN }), 'at epoch 0 would be NaN'],
    [
      'no schedulers',
      (o) => new lrScheduler.SequentialLR(o, { schedulers: [], milestones: [] }),
      'expects at least one scheduler',
    ],
    [
      'a plateau in a sequence',
      (o) => {
        const plateau = new lrScheduler.ReduceLROnPlateau(o);
        return new lrScheduler.SequentialLR(o, { schedulers: [plateau], milestones: [] });
      },
      'does not support `ReduceLROnPlateau`',
    ],
    [
      'a scheduler of another optimizer',
      (o) => {
        const schedulers = [new lrScheduler.ExponentialLR(makeOptimizer(), { gamma: 1 })];
        return new lrScheduler.SequentialLR(o, { schedulers, milestones: [] });
      },
      'to belong to the same optimizer',
    ],
    [
      'milestones too many',
      (o) => {
        const schedulers = [new lrScheduler.LambdaLR(o, { lrLambda: () => 1 })];
        return new lrScheduler.SequentialLR(o, { schedulers, milestones: [1] });
      },
      'one more than the number of milestone points',
    ],
    ['a state of null', (o) => make('ExponentialLR', o, { gamma: 1 }).loadStateDict(null as never), 'is an object'],
    [
      'a state with an unknown entry',
      (o) => {
        const scheduler = make('ExponentialLR', o, { gamma: 1 });
        scheduler.loadStateDict({ ...scheduler.stateDict(), colour: 1 });
      },
      'ExponentialLR.loadStateDict: unknown entry "colour"',
    ],
    [
      'a state of fewer groups',
      (o) => {
        const scheduler = make('ExponentialLR', o, { gamma: 1 });
        scheduler.loadStateDict({ ...scheduler.stateDict(), base_lrs: [1] });
      },
      'base_lrs must be 2 numbers',
    ],
  ];

  it.each(rows)('%s', (_name, act, message) => {
    const optimizer = makeOptimizer();
    const before = row(optimizer);
    expect(() => act(optimizer)).toThrow(message);
    expect(() => act(optimizer)).toThrow(ArgumentError);
    expect(row(optimizer)).toEqual(before);
  });

  it('momentum to cycle where there is none', () => {
    const plain = () => new Own([leaf()]);
    const options = { maxLr: 1, totalSteps: 3 };
    expect(() => new lrScheduler.OneCycleLR(plain(), options)).toThrow('optimizer must support momentum');
    expect(() => new lrScheduler.OneCycleLR(plain(), { ...options, cycleMomentum: false })).not.toThrow();
  });

  it('more steps than the cycle has, and stays where it is', () => {
    const scheduler = new lrScheduler.OneCycleLR(makeOptimizer(), { maxLr: 1, totalSteps: 3 });
    run(scheduler, 3);
    const before = row(scheduler.optimizer);
    expect(() => scheduler.step()).toThrow('Tried to step 4 times. The specified number of total steps is 3');
    expect(() => scheduler.step()).toThrow(StateError);
    expect(row(scheduler.optimizer)).toEqual(before);
    expect(scheduler.lastEpoch).toBe(3);
  });

  it('groups that came later', () => {
    const scheduler = new lrScheduler.ExponentialLR(makeOptimizer(), { gamma: 0.5 });
    scheduler.optimizer.addParamGroup({ params: leaf() });
    expect(() => scheduler.step()).toThrow('the optimizer has 3 parameter groups, and had 2');
  });

  it('a bad state in a sequence, and keeps its own whole', () => {
    const optimizer = makeOptimizer();
    const sequence = makeSequence(sequences[0]!, optimizer);
    run(sequence, 3);
    const before = sequence.stateDict();
    const [first] = before._schedulers as object[];
    const mixed = { ...before, _schedulers: [{ ...first, last_epoch: 0 }, { gamma: 1 }] };
    expect(() => sequence.loadStateDict(mixed)).toThrow(ArgumentError);
    expect(sequence.stateDict()).toEqual(before);
  });
});

describe('a schedule that goes down to 0', () => {
  const { LinearLR, OneCycleLR, LambdaLR } = lrScheduler;

  it('ends at 0 and not a rounding below it, whatever it begins with', () => {
    for (const startFactor of [1, 0.5, 1 / 3])
      for (const lr of [1, 0.05, 1e-3, 3e-4])
        for (const totalIters of [3, 7, 10, 49, 100]) {
          const optimizer = new optim.SGD([leaf()], { lr });
          const scheduler = new LinearLR(optimizer, { startFactor, endFactor: 0, totalIters });
          for (let i = 0; i < totalIters + 2; i++) scheduler.step();
          const [{ lr: last }] = optimizer.paramGroups as optim.BaseOptions[] as [optim.BaseOptions];
          expect(last).toBeGreaterThanOrEqual(0);
          expect(last).toBeLessThan(1e-12);
          expect(() => optimizer.step()).not.toThrow();
        }
  });

  it('leaves an optimizer whose state can be loaded', () => {
    const parameters = [leaf()];
    const optimizer = new optim.Adam(parameters, { lr: 1e-3 });
    const options = { maxLr: 0.01, epochs: 5, stepsPerEpoch: 4, annealStrategy: 'linear' } as const;
    const scheduler = new OneCycleLR(optimizer, options);
    for (let i = 0; i < 20; i++) scheduler.step();
    expect(optimizer.paramGroups[0]!.lr).toBe(0);
    optimizer.step();
    new optim.Adam(parameters).loadStateDict(optimizer.stateDict());
  });

  it('may have been saved by PyTorch at -1e-19; a rate that is negative in earnest is refused', () => {
    const optimizer = new optim.SGD([leaf()], { lr: 0.1 });
    const state = optimizer.stateDict();
    const saved = (lr: number) => ({ ...state, param_groups: [{ ...state.param_groups[0], lr }] });
    optimizer.loadStateDict(saved(-1.0842021724855044e-19));
    expect(optimizer.paramGroups[0]!.lr).toBe(0);
    expect(() => optimizer.loadStateDict(saved(-1e-6))).toThrow('Invalid learning rate: -0.000001');
    new LambdaLR(optimizer, { lrLambda: () => -1 });
    optimizer.paramGroups[0]!.lr = -0.1;
    expect(() => optimizer.step()).toThrow('SGD: Invalid learning rate: -0.1');
  });
});

describe('MultiStepLR loads what PyTorch saves', () => {
  const state = (milestones: unknown) => ({
    milestones,
    ...{ gamma: 0.5, base_lrs: [0.1, 0.02], last_epoch: 1, _step_count: 2, _is_initial: false, _last_lr: [0.1, 0.02] },
  });

  it.each<readonly [string, unknown]>([
    ['a Counter in JSON', { '2': 2, '5': 1 }],
    [
      'a Map',
      new Map([
        [2, 2],
        [5, 1],
      ]),
    ],
    ['a list', [2, 2, 5]],
  ])('%s', (_name, milestones) => {
    const scheduler = new lrScheduler.MultiStepLR(makeOptimizer(), { milestones: [9] });
    scheduler.loadStateDict(state(milestones));
    expect(scheduler.stateDict().milestones).toEqual([2, 2, 5]);
    for (let i = 0; i < 4; i++) scheduler.step();
    const [first, second] = scheduler.getLastLr();
    expect(first).toBeCloseTo(0.1 / 8, 12);
    expect(second).toBeCloseTo(0.02 / 8, 12);
  });

  it.each<readonly [string, unknown, string]>([
    ['a number', 3, 'milestones must be a list of epochs or how often each occurs, got 3'],
    ['no milestone', { x: 1 }, 'a milestone must be an integer'],
    ['no count', { '2': 'many' }, 'the number of a milestone must be an integer'],
    ['more than memory holds', { '2': 2 ** 32 }, 'at most 1000000 milestones'],
  ])('but not %s', (_name, milestones, message) => {
    const scheduler = new lrScheduler.MultiStepLR(makeOptimizer(), { milestones: [9] });
    const before = scheduler.stateDict();
    expect(() => scheduler.loadStateDict(state(milestones))).toThrow(message);
    expect(scheduler.stateDict()).toEqual(before);
  });
});
