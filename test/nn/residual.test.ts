/** A user's own module: found, printed, saved and trained like the library's. */
import { expect, it } from 'vitest';
import { Generator, manualSeed, nn, optim, randn, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { snapshot } from './models.js';

class Block extends nn.Module {
  readonly first: nn.Linear;
  readonly act = new nn.ReLU();
  readonly drop: nn.Dropout;
  readonly second: nn.Linear;
  scale: nn.Parameter;

  constructor(features: number, p: number) {
    super();
    this.first = new nn.Linear(features, features * 2);
    this.drop = new nn.Dropout(p);
    this.second = new nn.Linear(features * 2, features);
    this.scale = new nn.Parameter(tensor([0.5]));
  }

  override forward(x: Tensor): Tensor {
    const inner = this.second.forward(this.drop.forward(this.act.forward(this.first.forward(x))));
    return x.add(inner.mul(this.scale));
  }
}

const make = () => {
  manualSeed(1);
  return new nn.Sequential(new nn.Linear(6, 8), new Block(8, 0.1), new Block(8, 0), new nn.Linear(8, 3));
};

describeEachBackend('a residual module', () => {
  it('has all its parameters found', () => {
    const block = ['scale', 'first.weight', 'first.bias', 'second.weight', 'second.bias'];
    expect(Object.keys(make().stateDict())).toEqual([
      '0.weight',
      '0.bias',
      ...block.map((name) => `1.${name}`),
      ...block.map((name) => `2.${name}`),
      '3.weight',
      '3.bias',
    ]);
  });

  it.each([
    ['SGD', (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 })],
    ['Adam', (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 0.01 })],
    ['AdamW', (model: nn.Module) => new optim.AdamW(model.parameters(), { lr: 0.01 })],
  ])('trains with %s', (_name, optimizerOf) => {
    const model = make();
    const optimizer = optimizerOf(model);
    const criterion = new nn.CrossEntropyLoss();
    const x = randn([64, 6], { generator: new Generator(5) });
    const y = x.narrow(1, 0, 3).argmax({ dim: 1 });
    const before = model.parameters().map((parameter) => parameter.toTypedArray());
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 3);
    model.parameters().forEach((parameter, i) => {
      expect(parameter.toTypedArray()).not.toEqual(before[i]);
    });
    const copy = make();
    copy.loadStateDict(model.stateDict());
    copy.eval();
    model.eval();
    expect(copy.forward(x).toArray()).toEqual(model.forward(x).toArray());
    model.zeroGrad();
    expect(snapshot(copy)).toBe(snapshot(model));
  });
});
