/** Laws: to maximise a loss is to minimise its negative; a schedule's rates are those of its closed form. */
import { describe, expect, it } from 'vitest';
import { compile, Generator, manualSeed, nn, optim, randn } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const optimizers = {
  ...{ Adadelta: optim.Adadelta, Adagrad: optim.Adagrad, Adam: optim.Adam, Adamax: optim.Adamax, AdamW: optim.AdamW },
  ...{ ASGD: optim.ASGD, Lion: optim.Lion, NAdam: optim.NAdam, RAdam: optim.RAdam, RMSprop: optim.RMSprop },
  ...{ Rprop: optim.Rprop, SGD: optim.SGD },
};
const decays = (name: string) => name !== 'Rprop';

describeEachBackend('maximize', () => {
  it.each(Object.keys(optimizers) as (keyof typeof optimizers)[])(
    'of %s minimises the negative, to the bit',
    (name) => {
      const train = (maximize: boolean, isCompiled: boolean) => {
        manualSeed(5);
        const model = new nn.Sequential(new nn.Linear(5, 4), new nn.Tanh(), new nn.Linear(4, 1));
        const options = { lr: 0.05, maximize, ...(decays(name) && { weightDecay: 0.1 }) };
        const optimizer = new optimizers[name](model.parameters(), options);
        const x = randn(6, 5, { generator: new Generator(1) });
        const take = () => {
          optimizer.zeroGrad();
          const loss = model.forward(x).pow(2).mean();
          (maximize ? loss.neg() : loss).backward();
          optimizer.step();
          return loss;
        };
        const step = isCompiled ? compile(take) : take;
        for (let i = 0; i < 4; i++) step();
        return model.parameters().map((param) => param.toArray());
      };
      const expected = train(false, false);
      expect(train(true, false)).toEqual(expected);
      expect(train(true, true)).toEqual(train(false, true));
      manualSeed(5);
      expect(expected).not.toEqual(
        new nn.Sequential(new nn.Linear(5, 4), new nn.Linear(4, 1)).parameters().map((p) => p.toArray()),
      );
    },
  );
});

describe('schedules', () => {
  const { lrScheduler } = optim;
  type Make = (optimizer: optim.Optimizer) => { step(): void };
  const laws: readonly (readonly [name: string, make: Make, closed: (base: number, epoch: number) => number])[] = [
    ['StepLR', (o) => new lrScheduler.StepLR(o, { stepSize: 3, gamma: 0.7 }), (b, e) => b * 0.7 ** Math.floor(e / 3)],
    ['ExponentialLR', (o) => new lrScheduler.ExponentialLR(o, { gamma: 0.93 }), (b, e) => b * 0.93 ** e],
    [
      'MultiStepLR',
      (o) => new lrScheduler.MultiStepLR(o, { milestones: [2, 5, 5, 11], gamma: 0.5 }),
      (b, e) => b * 0.5 ** [2, 5, 5, 11].filter((milestone) => milestone <= e).length,
    ],
    [
      'LinearLR',
      (o) => new lrScheduler.LinearLR(o, { startFactor: 0.25, endFactor: 0.75, totalIters: 8 }),
      (b, e) => b * (0.25 + (0.5 * Math.min(e, 8)) / 8),
    ],
    [
      'PolynomialLR',
      (o) => new lrScheduler.PolynomialLR(o, { totalIters: 9, power: 2 }),
      (b, e) => b * (1 - Math.min(e, 9) / 9) ** 2,
    ],
    [
      'CosineAnnealingLR',
      (o) => new lrScheduler.CosineAnnealingLR(o, { tMax: 7, etaMin: 0.01 }),
      (b, e) => 0.01 + ((b - 0.01) * (1 + Math.cos((Math.PI * e) / 7))) / 2,
    ],
    [
      'CosineAnnealingWarmRestarts',
      (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, { t0: 5 }),
      (b, e) => (b * (1 + Math.cos((Math.PI * (e % 5)) / 5))) / 2,
    ],
    ['LambdaLR', (o) => new lrScheduler.LambdaLR(o, { lrLambda: (e) => 1 / (1 + e) }), (b, e) => b / (1 + e)],
    ['MultiplicativeLR', (o) => new lrScheduler.MultiplicativeLR(o, { lrLambda: () => 0.9 }), (b, e) => b * 0.9 ** e],
  ];

  it.each(laws)('%s has the rates of its closed form', (_name, make, closed) => {
    const [a, b] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
    const bases = [0.3, 1.7];
    const optimizer = new optim.SGD(
      [a, b].map((layer, i) => ({ params: layer.parameters(), lr: bases[i]! })),
      { lr: 1 },
    );
    const scheduler = make(optimizer);
    for (let epoch = 0; epoch < 40; epoch++) {
      for (const [i, base] of bases.entries()) {
        const expected = closed(base, epoch);
        expect(Math.abs(optimizer.paramGroups[i]!.lr - expected), `epoch ${epoch}`).toBeLessThan(
          1e-13 * base * (1 + epoch),
        );
      }
      optimizer.step();
      scheduler.step();
    }
  });
});
