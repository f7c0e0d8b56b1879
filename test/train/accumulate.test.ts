/** Batches in pieces: the numbers of whole batches, and those of a loop that calls backward for each piece. */
import { expect, it } from 'vitest';
import { data, type FitOptions, fit, manualSeed, nn, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { distance, makeProblem, numbersOf, type Problem } from './problem.js';

const train = ({ x, y, model, optimizer, loss }: Problem, options: Partial<FitOptions> = {}) =>
  fit(model, { train: [x, y], optimizer, loss, epochs: 2, batchSize: 8, metrics: ['accuracy'], ...options });

const weights = Array.from({ length: 50 }, (_, i) => (i % 9 === 4 ? 0 : 0.25 * (1 + (i % 5))));

/** Losses whose means are over other things than rows. */
const losses: readonly (readonly [string, () => Partial<FitOptions>])[] = [
  ['a mean over rows', () => ({})],
  ['a sum', () => ({ loss: new nn.CrossEntropyLoss({ reduction: 'sum' }) })],
  ['weights of classes', () => ({ loss: new nn.CrossEntropyLoss({ weight: tensor([0.5, 2, 1]) }) })],
  ['labels that are ignored', () => ({ loss: new nn.CrossEntropyLoss({ ignoreIndex: 1 }) })],
  ['weights of samples', () => ({ sampleWeight: weights })],
  [
    'batches without any weight',
    () => ({ sampleWeight: weights.map((weight, i) => (i < 16 ? 0 : weight)), shuffle: false }),
  ],
  ["a loss of one's own", () => ({ loss: (x: Tensor, y: Tensor) => new nn.NLLLoss().forward(x.logSoftmax(1), y) })],
];

describeEachBackend('fit in pieces', () => {
  it.each(losses.flatMap(([name, options]) => [2, 3, 20].map((pieces) => [pieces, name, options] as const)))(
    'of %i gives what whole batches give: %s',
    async (accumulate, _name, options) => {
      const [whole, pieces] = [makeProblem(), makeProblem()];
      manualSeed(3);
      const expected = await train(whole, options());
      manualSeed(3);
      const actual = await train(pieces, { ...options(), accumulate });
      expect(distance(numbersOf(pieces), numbersOf(whole))).toBeLessThan(2e-6);
      for (const [i, epoch] of expected.epochs.entries()) {
        expect(actual.epochs[i]!.loss).toBeCloseTo(epoch.loss, 5);
        expect(actual.epochs[i]!.metrics.accuracy).toBe(epoch.metrics.accuracy);
      }
    },
  );

  it('changes nothing where no label counts, as whole batches do', async () => {
    const [whole, pieces] = [makeProblem(), makeProblem()];
    const parametersOf = ({ model }: Problem) => model.parameters().map((parameter) => parameter.toArray());
    const before = parametersOf(pieces);
    const ignored = { loss: new nn.CrossEntropyLoss({ ignoreIndex: 1 }) };
    await train({ ...whole, y: whole.y.mul(0).add(1) }, ignored);
    await train({ ...pieces, y: pieces.y.mul(0).add(1) }, { ...ignored, accumulate: 3 });
    expect(parametersOf(whole)).toEqual(before);
    expect(parametersOf(pieces)).toEqual(before);
  });

  it('is the loop by hand to the bit, with a last batch and a last piece of fewer rows', async () => {
    const make = () => {
      const problem = makeProblem(50, 'Adam');
      const model = new nn.Sequential(
        ...(problem.model.children().filter((each) => !(each instanceof nn.Dropout)) as nn.Module[]),
      );
      return { ...problem, model } as Problem;
    };
    const [byHand, problem] = [make(), make()];
    const { x, y, model, optimizer, loss } = byHand;
    for (let epoch = 0; epoch < 2; epoch++)
      for (const [input, target] of new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8 })) {
        const rows = input.shape[0]!;
        const size = Math.ceil(rows / 3);
        optimizer.zeroGrad();
        for (let first = 0; first < rows; first += size) {
          const count = Math.min(size, rows - first);
          const output = model.forward(input.narrow(0, first, count));
          loss
            .forward(output, target.narrow(0, first, count))
            .mul(count / rows)
            .backward();
        }
        optimizer.step();
      }
    await train(problem, { accumulate: 3, fuse: false, shuffle: false });
    expect(numbersOf(problem)).toEqual(numbersOf(byHand));
  });

  it('takes batches of an iterable, and structures of tensors', async () => {
    const [whole, pieces] = [makeProblem(), makeProblem()];
    const batches = ({ x, y }: Problem) =>
      [0, 1, 2].map((i) => ({ x: x.narrow(0, i * 16, 16), y: y.narrow(0, i * 16, 16) }));
    const options = (problem: Problem): FitOptions => ({
      train: batches(problem) as never,
      optimizer: problem.optimizer,
      loss: problem.loss,
      forward: ((model: nn.Sequential, batch: { x: Tensor; y: Tensor }) => ({
        output: model.forward(batch.x),
        target: batch.y,
      })) as never,
    });
    manualSeed(4);
    await fit(whole.model, options(whole));
    manualSeed(4);
    await fit(pieces.model, { ...options(pieces), accumulate: 4 });
    expect(distance(numbersOf(pieces), numbersOf(whole))).toBeLessThan(2e-6);
  });

  it.each([0, 1.5, Number.NaN, '2'])('refuses accumulate %s', async (accumulate) => {
    const problem = makeProblem();
    const before = numbersOf(problem);
    await expect(train(problem, { accumulate: accumulate as number })).rejects.toThrow('fit: accumulate must be');
    expect(numbersOf(problem)).toEqual(before);
  });
});
