/** What batches, inputs, outputs and losses may be: the loop by hand, to the bit. */
import { expect, it } from 'vitest';
import {
  accuracy,
  type Batch,
  data,
  fit,
  functional,
  Generator,
  manualSeed,
  nn,
  optim,
  predict,
  rand,
  randint,
  type Tensor,
  TerminateOnNaN,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { bad } from '../misuse/fixture.js';

const rows = 11;
const batchSize = 4;

interface Views {
  readonly left: Tensor;
  readonly right: Tensor;
}

interface Heads {
  readonly label: Tensor;
  readonly size: Tensor;
}

/** Of two inputs, with two outputs. */
class TwoHeads extends nn.Module<readonly [left: Tensor, right: Tensor], Heads> {
  body = new nn.Linear(5, 6);
  label = new nn.Linear(6, 3);
  size = new nn.Linear(6, 1);
  override forward(left: Tensor, right: Tensor): Heads {
    const hidden = this.body.forward(left.add(right)).relu();
    return { label: this.label.forward(hidden), size: this.size.forward(hidden) };
  }
}

/** Of one object, with a list of outputs. */
class OfObject extends nn.Module<readonly [views: Views], readonly [label: Tensor, size: Tensor]> {
  inner = new TwoHeads();
  override forward({ left, right }: Views) {
    const { label, size } = this.inner.forward(left, right);
    return [label, size] as const;
  }
}

function makeFixture() {
  const generator = new Generator(5);
  const [left, right] = [rand([rows, 5], { generator }), rand([rows, 5], { generator })];
  const targets = { label: randint(0, 3, [rows], { generator }), size: rand([rows, 1], { generator }) };
  return { left, right, targets };
}

const lossOf = (output: Heads, target: Heads): Tensor =>
  functional
    .crossEntropy(output.label, target.label)
    .add(functional.mseLoss(output.size, target.size).mul(tensor(0.5)));

class HeadsLoss extends nn.Module<readonly [Heads, Heads]> {
  override forward(output: Heads, target: Heads): Tensor {
    return lossOf(output, target);
  }
}

const weights = (model: nn.AnyModule) => model.parameters().flatMap((each) => [...each.toTypedArray()]);

/** The training that all of the ways below must be. */
function byHand(): { losses: number[]; weights: number[] } {
  const { left, right, targets } = makeFixture();
  manualSeed(3);
  const model = new TwoHeads();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    let sum = 0;
    for (let start = 0; start < rows; start += batchSize) {
      const cut = (whole: Tensor) => whole.narrow(0, start, Math.min(batchSize, rows - start));
      optimizer.zeroGrad();
      const output = model.forward(cut(left), cut(right));
      const loss = lossOf(output, { label: cut(targets.label), size: cut(targets.size) });
      loss.backward();
      optimizer.step();
      sum += loss.item() * cut(left).shape[0]!;
    }
    losses.push(sum / rows);
  }
  return { losses, weights: weights(model) };
}

const common = { epochs: 2, batchSize, shuffle: false, fuse: false } as const;

function makeTwoHeads() {
  manualSeed(3);
  const model = new TwoHeads();
  return { model, optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }) };
}

/** Samples that are objects, one at a time. */
const records = () => {
  const { left, right, targets } = makeFixture();
  return {
    length: rows,
    get: (i: number) => ({
      left: left.select(0, i),
      right: right.select(0, i),
      label: targets.label.select(0, i),
      size: targets.size.select(0, i),
    }),
  };
};

/** Each trains a TwoHeads in the order of the data, and returns it with its history. */
const ways = {
  'an array of inputs, an object of targets, a function for a loss': async () => {
    const { left, right, targets } = makeFixture();
    const { model, optimizer } = makeTwoHeads();
    const train = new data.TensorDataset([left, right] as const, targets);
    return { model, history: await fit(model, { ...common, train, optimizer, loss: lossOf }) };
  },
  'the tensors themselves, a module for a loss': async () => {
    const { left, right, targets } = makeFixture();
    const { model, optimizer } = makeTwoHeads();
    const train = { input: [left, right], target: targets } as const;
    const forward = (net: TwoHeads, { input, target }: typeof train) => ({ output: net.forward(...input), target });
    return { model, history: await fit(model, { ...common, train, forward, optimizer, loss: new HeadsLoss() }) };
  },
  'an object for an input': async () => {
    const { left, right, targets } = makeFixture();
    manualSeed(3);
    const model = new OfObject();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    const train = new data.TensorDataset({ left, right }, targets);
    const history = await fit(model, {
      ...common,
      train,
      optimizer,
      loss: ([label, size]: readonly [Tensor, Tensor], target: Heads) => lossOf({ label, size }, target),
    });
    return { model: model.inner, history };
  },
  'a dataset of objects': async () => {
    const { model, optimizer } = makeTwoHeads();
    const history = await fit(model, {
      ...common,
      train: records(),
      forward: (net, { left, right, ...target }) => ({ output: net.forward(left, right), target }),
      optimizer,
      loss: lossOf,
    });
    return { model, history };
  },
  'batches that a loader makes': async () => {
    const { model, optimizer } = makeTwoHeads();
    const train = new data.DataLoader(records(), {
      batchSize,
      collateFn: (samples): Batch<readonly [Tensor, Tensor], Heads> => {
        const { left, right, label, size } = data.defaultCollate(samples);
        return [[left, right], { label, size }];
      },
    });
    const history = await fit(model, { epochs: 2, fuse: false, train, optimizer, loss: lossOf });
    return { model, history };
  },
  'four tensors': async () => {
    const { left, right, targets } = makeFixture();
    const { model, optimizer } = makeTwoHeads();
    const history = await fit(model, {
      ...common,
      train: [left, right, targets.label, targets.size],
      forward: (net, [a, b, label, size]) => ({ output: net.forward(a, b), target: { label, size } }),
      optimizer,
      loss: lossOf,
    });
    return { model, history };
  },
};

describeEachBackend('fit on', () => {
  it.each(Object.keys(ways) as (keyof typeof ways)[])('%s is the loop by hand to the bit', async (way) => {
    const expected = byHand();
    const { model, history } = await ways[way]();
    expect(weights(model)).toEqual(expected.weights);
    history.epochs.forEach(({ loss }, i) => {
      expect(loss).toBeCloseTo(expected.losses[i]!, 6);
    });
  });

  it('one tensor, which is its own target: no target is given', async () => {
    const { left } = makeFixture();
    const model = new nn.Linear(5, 5);
    const before = weights(model);
    const { epochs: results } = await fit(model, {
      train: [left],
      validation: [left],
      forward: (net, [x]) => ({ output: [net.forward(x), x] as const }),
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loss: ([made, x]) => functional.mseLoss(made, x),
      epochs: 3,
      batchSize,
    });
    expect(results[2]!.validation!.loss).toBeLessThan(results[0]!.validation!.loss);
    expect(weights(model)).not.toEqual(before);
  });

  it('batches whose tensors are not all read row by row', async () => {
    const { left, targets } = makeFixture();
    const model = new nn.Linear(5, 1);
    const scale = tensor(2);
    const { epochs: results } = await fit(model, {
      train: [
        { x: left, y: targets.size, scale },
        { x: left.narrow(0, 0, 3), y: targets.size.narrow(0, 0, 3), scale },
      ],
      forward: (net, { x, y, scale: factor }) => ({ output: net.forward(x).mul(factor), target: y }),
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loss: new nn.MSELoss(),
    });
    expect(results[0]).toMatchObject({ steps: 2, samples: rows + 3 });
  });

  it('several outputs, with metrics of each', async () => {
    const { left, right, targets } = makeFixture();
    const { model, optimizer } = makeTwoHeads();
    const train = new data.TensorDataset([left, right] as const, targets);
    const meanError = (output: Heads, target: Heads) => output.size.sub(target.size).abs().mean();
    const { epochs: results } = await fit(model, {
      train,
      validation: train,
      optimizer,
      loss: lossOf,
      batchSize: rows,
      callbacks: [new TerminateOnNaN()],
      metrics: [meanError, { name: 'accuracy', fn: (output, target) => accuracy(output.label, target.label) }],
    });
    const { label, size } = model.forward(left, right);
    const { validation } = results[0]!;
    expect(validation!.metrics.meanError).toBeCloseTo(size.sub(targets.size).abs().mean().item(), 5);
    expect(validation!.accuracy).toBeCloseTo(accuracy(label, targets.label).item(), 6);
    expect(Object.keys(results[0]!.metrics)).toEqual(['meanError', 'accuracy']);
  });

  it('predicts for structures what forward gives, in pieces too', async () => {
    const { left, right } = makeFixture();
    manualSeed(3);
    const model = new OfObject();
    const [label, size] = model.forward({ left, right });
    for (const size_ of [3, 100]) {
      const found = await predict(model, { left, right }, { batchSize: size_ });
      expect(found).toHaveLength(2);
      expect(found.map(({ shape }) => shape)).toEqual([
        [rows, 3],
        [rows, 1],
      ]);
      found.forEach((each, i) => {
        const wanted = [label, size][i]!.toTypedArray();
        each.toTypedArray().forEach((value, k) => {
          expect(value).toBeCloseTo(wanted[k]!, 5);
        });
      });
    }
  });
});

describeEachBackend('fit names', () => {
  const refused = async (options: object, message: string) => {
    const { model, optimizer } = makeTwoHeads();
    const before = weights(model);
    await expect(fit(model, bad({ optimizer, loss: lossOf, ...options }))).rejects.toThrow(message);
    expect(weights(model)).toEqual(before);
  };
  const x = zeros([4, 5]);

  it.each<readonly [string, object, string]>([
    [
      'a batch of three tensors',
      { train: [[x, x, x]] },
      'fit: batch 0 of train must be [input, target], got [Tensor [4, 5], Tensor [4, 5], Tensor [4, 5]]; for batches of another ' +
        'form say with the option forward which part goes to the model and which to the loss',
    ],
    ['an object', { train: [{ x, y: x }] }, 'batch 0 of train must be [input, target], got { x: Tensor [4, 5], y:'],
    ['data of an object', { train: { x, y: x } }, 'fit: train must be [input, target], got { x: Tensor [4, 5]'],
    ['a number in a batch', { train: [[[x, 3], x]] }, 'batch 0 of train must be a tensor, or an array or plain'],
    ['where that is', { train: [[{ left: x, right: [3] }, x]] }, 'but [0].right[0] is 3'],
    ['a batch without a tensor', { train: [[[], {}]] }, 'batch 0 of train must hold a tensor, got [[], {}]'],
    [
      'unlike rows',
      { train: [[{ left: x, right: zeros([3, 5]) }, x]] },
      'batch 0 of train must have the same number of rows in each of its tensors, got shapes [4, 5], [3, 5], [4, 5]',
    ],
    ['no rows', { train: [[zeros([0, 5]), zeros([0, 1])]] }, 'batch 0 of train has no rows'],
    ['a forward that is none', { train: [x], forward: 3 }, 'fit: forward must be a function, got 3'],
    [
      'a forward that gives the output alone',
      { train: [x], forward: () => x },
      'fit: forward must return { output, target }, got Tensor [4, 5]',
    ],
    ['a forward that is async', { train: [x], forward: async () => ({}) }, 'fit: forward must not be async'],
    [
      'accuracy of several outputs',
      { train: [[[x, x], { label: zeros([4], { dtype: 'int32' }), size: zeros([4, 1]) }]], metrics: ['accuracy'] },
      'accuracy: expected one tensor for the output, got { label: Tensor [4, 3], size: Tensor [4, 1] }; choose among several',
    ],
    [
      'a metric without a name',
      { train: [[x, x], x], metrics: [() => x] },
      'a metric is a name, a function that has one',
    ],
  ])('%s', async (_name, options, message) => {
    await refused(options, message);
  });

  it('a batch that contains itself', async () => {
    const list: unknown[] = [x];
    list.push(list);
    await refused({ train: [[list, x]] }, 'batch 0 of train is nested more than 32 deep');
  });
});
