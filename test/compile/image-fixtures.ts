/** Networks over images, to be trained eagerly and compiled. */
import { nn, optim, randn, type Tensor } from '../../src/index.js';
import { type Fixture, labels } from './fixture.js';

/** A training step of a network over images, of two batch sizes in turn. */
function images(layers: readonly nn.Module<readonly [Tensor], Tensor>[]): Fixture {
  const model = new nn.Sequential(...layers);
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const batches = [5, 2].map((size) => [randn([size, 2, 9, 8]), labels(size, 4)]);
  return {
    step(x, y) {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x!), y!);
      loss.backward();
      optimizer.step();
      return loss;
    },
    args: (i) => batches[i % batches.length]!,
    modules: [model],
    optimizers: [optimizer],
  };
}

/** What comes in, added to what two convolutions make of it. */
class Block extends nn.Module<readonly [Tensor], Tensor> {
  readonly first = new nn.Conv2d(6, 6, 3, { padding: 1 });
  readonly second = new nn.Conv2d(6, 6, 3, { padding: 1 });

  override forward(x: Tensor): Tensor {
    return this.second.forward(this.first.forward(x).relu()).add(x).relu();
  }
}

/** The mean of each feature map. */
class GlobalAvgPool extends nn.Module<readonly [Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return x.mean([2, 3]);
  }
}

export const imageFixtures: Readonly<Record<string, () => Fixture>> = {
  'CNN with pools and dropout of feature maps': () =>
    images([
      ...[new nn.Conv2d(2, 5, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2)],
      ...[new nn.Conv2d(5, 7, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2)],
      ...[new nn.Dropout2d(0.25), new nn.Flatten(), new nn.Linear(28, 6), new nn.ReLU(), new nn.Dropout(0.5)],
      new nn.Linear(6, 4),
    ]),
  'CNN with a mean over pixels behind batch norm': () =>
    images([
      ...[new nn.Conv2d(2, 17, 3, { padding: 1 }), new nn.BatchNorm2d(17), new nn.ReLU()],
      ...[new nn.Conv2d(17, 9, 3, { padding: 1 }), new nn.ReLU(), new GlobalAvgPool(), new nn.Linear(9, 4)],
    ]),
  'CNN with a residual block and a stride': () =>
    images([
      ...[new nn.Conv2d(2, 6, 3, { stride: 2, padding: 1 }), new nn.ReLU(), new Block(), new nn.Dropout2d(0.25)],
      ...[new Block(), new nn.AvgPool2d(2), new nn.Flatten(), new nn.Linear(24, 4)],
    ]),
};
