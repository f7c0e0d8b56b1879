/** Models that draw random numbers in forward: fit and predict give what eager code gives. */
import { expect, it } from 'vitest';
import {
  data,
  defaultGenerator,
  fit,
  manualSeed,
  nn,
  optim,
  predict,
  rand,
  randn,
  randnLike,
  type Tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { numbersOf, trainByHand } from './problem.js';

/** A reparameterised layer: its output is drawn around what its weights give. */
class Noisy extends nn.Module {
  readonly mean = new nn.Linear(4, 3);
  readonly spread = new nn.Linear(4, 3);
  override forward(x: Tensor): Tensor {
    const mean = this.mean.forward(x);
    return mean.add(randnLike(mean).mul(this.spread.forward(x).exp()).mul(0.1));
  }
}

function makeProblem() {
  manualSeed(12);
  const x = randn([21, 4]);
  const y = rand([21]).mul(3).to('int32');
  const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Dropout(0.2), new Noisy());
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.5 });
  return { x, y, model, optimizer, loss: new nn.CrossEntropyLoss() };
}

/** As fit validates: piece by piece, with no draws but the model's own. */
function meanLossOf({ x, y, model, loss }: ReturnType<typeof makeProblem>, size: number): number {
  const rows = x.shape[0]!;
  let sum = 0;
  for (let start = 0; start < rows; start += size) {
    const count = Math.min(size, rows - start);
    const output = model.forward(x.narrow(0, start, count));
    sum += loss.forward(output, y.narrow(0, start, count)).item() * count;
  }
  return sum / rows;
}

describeEachBackend('a model that draws in forward', () => {
  it.each(['tensors', 'batches'] as const)('is trained as by hand, from %s', async (form) => {
    const byHand = makeProblem();
    trainByHand(byHand, { batchSize: 8 });
    const after = defaultGenerator.getState();
    const problem = makeProblem();
    const { x, y, model, optimizer, loss } = problem;
    const dataset = new data.TensorDataset(x, y);
    const train = form === 'tensors' ? dataset : new data.DataLoader(dataset, { batchSize: 8, shuffle: true });
    const size = form === 'tensors' ? { batchSize: 8 } : {};
    await fit(model, { train, epochs: 2, optimizer, loss, fuse: false, generator: defaultGenerator, ...size });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
    expect(defaultGenerator.getState()).toEqual(after);
  });

  it('is validated with separate draws in each step', async () => {
    const problem = makeProblem();
    const { x, y, model, optimizer, loss } = problem;
    let expected = 0;
    const { epochs } = await fit(model, {
      train: new data.TensorDataset(x, y),
      validation: [x, y],
      epochs: 1,
      batchSize: 8,
      optimizer,
      loss,
      onEpoch: () => {
        const state = defaultGenerator.getState();
        const eager = makeProblem();
        trainByHand(eager, { batchSize: 8, epochs: 1 });
        eager.model.eval();
        expected = meanLossOf(eager, 8);
        defaultGenerator.setState(state);
      },
    });
    expect(epochs[0]!.validation!.loss).toBeCloseTo(expected, 5);
  });

  it('predicts what evaluation gives, drawn again at each call', async () => {
    const { x, model } = makeProblem();
    model.eval();
    const eager = [0, 1].map(() => model.forward(x).toArray());
    const { x: same, model: other } = makeProblem();
    expect(await predict(other, same)).toMatchObject({ shape: [21, 3] });
    const after = defaultGenerator.getState();
    const { x: again, model: third } = makeProblem();
    const given = [(await predict(third, again)).toArray(), (await predict(third, again)).toArray()];
    for (const [i, rows] of given.entries())
      for (const [row, values] of (rows as number[][]).entries())
        for (const [column, value] of values.entries())
          expect(value).toBeCloseTo((eager[i] as number[][])[row]![column]!, 5);
    expect(given[0]).not.toEqual(given[1]);
    defaultGenerator.setState(after);
  });
});
