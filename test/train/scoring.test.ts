/** The scores of an epoch are those of all its samples together, whatever the batches are. */
import { expect, it } from 'vitest';
import { data, type FitOptions, fit, nn, noGrad, optim, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { makeProblem, type Problem } from './problem.js';

/** 50 labels: all of batch 2 of 8 ignored, and some in others. */
function labelsOf({ y }: Problem, ignored: number): Tensor {
  const labels = y.toTypedArray('int32');
  return tensor(labels.map((label, i) => (Math.floor(i / 8) === 2 || i % 7 === 3 ? ignored : label)));
}

const losses: Readonly<Record<string, readonly [nn.CrossEntropyLoss, number]>> = {
  'ignored labels': [new nn.CrossEntropyLoss(), -100],
  'ignored labels of a class': [new nn.CrossEntropyLoss({ ignoreIndex: 1 }), 1],
  'weights of classes': [new nn.CrossEntropyLoss({ weight: tensor([0.5, 3, 1.25]) }), -100],
  'weights and smoothing': [new nn.CrossEntropyLoss({ weight: tensor([2, 0, 1]), labelSmoothing: 0.2 }), -100],
  'a sum': [new nn.CrossEntropyLoss({ reduction: 'sum' }), -100],
};

describeEachBackend('scores of an epoch', () => {
  it.each(Object.entries(losses))('are those of all samples at once: %s', async (_name, [loss, ignored]) => {
    for (const form of ['tensors', 'batches', 'one by one'])
      for (const fuse of [true, false]) {
        const problem = makeProblem();
        const { x, model } = problem;
        const y = labelsOf(problem, ignored);
        model.eval();
        // Nothing moves, so that there is one right value.
        const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
        model.at(2).eval();
        const pair = [x, y] as const;
        const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8 });
        const source = form === 'batches' ? { train: loader } : { train: pair, batchSize: 8, shuffle: false };
        const perStep: number[] = [];
        const options: FitOptions = { ...source, validation: pair, optimizer, loss, fuse, metrics: ['accuracy'] };
        (model.at(2) as nn.Dropout).p = 0;
        const { epochs } = await fit(model, {
          ...options,
          ...(form === 'one by one' ? { onStep: (step) => void perStep.push(step.loss) } : {}),
        });
        const output = noGrad(() => model.forward(x));
        const isSum = loss.reduction === 'sum';
        const expected = loss.forward(output, y).item() / (isSum ? 50 : 1);
        const found = output.argmax({ dim: 1 }).toTypedArray();
        const wanted = [...y.toTypedArray()];
        const counted = [...wanted.keys()].filter((i) => wanted[i] !== loss.ignoreIndex);
        const accuracy = counted.filter((i) => found[i] === wanted[i]).length / counted.length;
        for (const scores of [epochs[0]!, epochs[0]!.validation!]) {
          expect(scores.loss / expected).toBeCloseTo(1, 5);
          expect(scores.accuracy).toBeCloseTo(accuracy, 5);
        }
        if (perStep.length > 0) {
          expect(perStep.map(Number.isNaN)).toEqual([false, false, !isSum, false, false, false, false]);
          expect(perStep[0]).toBeCloseTo(loss.forward(output.narrow(0, 0, 8), y.narrow(0, 0, 8)).item(), 4);
        }
      }
  });

  it('weigh the means of a loss and of metrics of the caller by rows', async () => {
    const { x, y, model } = makeProblem();
    (model.at(2) as nn.Dropout).p = 0;
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const metrics = [{ name: 'mean', fn: (output: Tensor) => output.mean() }];
    const loss = new nn.CrossEntropyLoss();
    const { epochs } = await fit(model, { train: [x, y], batchSize: 8, optimizer, loss, metrics });
    expect(epochs[0]!.metrics.mean).toBeCloseTo(model.forward(x).mean().item(), 5);
    expect(epochs[0]!.loss).toBeCloseTo(loss.forward(model.forward(x), y).item(), 5);
  });
});
