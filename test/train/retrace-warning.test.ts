/** predict and fit say, once, that a model is traced again and again, and why. */
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { compile, fit, nn, optim, predict, rand, type Tensor } from '../../src/index.js';
import { makeProblem } from './problem.js';

const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
beforeEach(() => emitted.mockClear());
afterAll(() => emitted.mockRestore());

/** The text of the one warning. */
function warning(): string {
  expect(emitted).toHaveBeenCalledTimes(1);
  const [text, options] = emitted.mock.calls[0]!;
  expect(options).toEqual({ type: 'LanewiseWarning', code: 'LANEWISE_RECORDED_AGAIN' });
  return String(text);
}

it('predict names the shapes of a model that mixes rows', async () => {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Softmax(0));
  for (let rows = 1; rows <= 20; rows++) await predict(model, rand([rows, 3]));
  expect(emitted).not.toHaveBeenCalled();
  for (let rows = 21; rows <= 60; rows++) await predict(model, rand([rows, 3]));
  expect(warning()).toMatch(
    /^predict: the model is traced again and again, .*: its arguments are float32 \[\d+, 3\], and were float32 \[\d+, 3\]\. 8 programs were dropped, and 32 are kept \(option maxPrograms\)\./,
  );
});

it('predict names the value that changes all the time', async () => {
  class Counting extends nn.Module<[Tensor], Tensor> {
    readonly dropout = new nn.Dropout(0.5);
    override forward(x: Tensor): Tensor {
      return this.dropout.forward(x);
    }
  }
  const model = new Counting();
  for (let i = 0; i < 50; i++) {
    model.dropout.p = i / 100;
    await predict(model, rand([2, 3]));
  }
  expect(warning()).toContain("'p' of a value of type Dropout is 0.39, and was 0.38");
});

it('predict and fit keep as many programs as they are told', async () => {
  let calls = 0;
  const makeModel = () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Softmax(0));
    model.registerForwardPreHook(() => {
      calls++;
    });
    return model;
  };
  for (const [maxPrograms, expected] of [
    [3, 3],
    [2, 6],
    [1, 6],
  ] as const) {
    calls = 0;
    const model = makeModel();
    for (const rows of [1, 2, 3, 1, 2, 3]) await predict(model, rand([rows, 3]), { maxPrograms });
    expect(calls).toBe(expected);
  }
  const model = makeModel();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const train = [1, 2, 3, 1, 2, 3].map((rows) => [rand([rows, 3]), rand([rows, 2])] as const);
  const options = { train, optimizer, loss: new nn.MSELoss() };
  for (const [maxPrograms, expected] of [
    [3, 3],
    [2, 6],
    [1, 6],
  ] as const) {
    calls = 0;
    await fit(model, { ...options, maxPrograms });
    expect(calls).toBe(expected);
  }
  // A shorter batch at the end of each epoch.
  calls = 0;
  const samples = { ...options, train: [rand([5, 3]), rand([5, 2])] as const, batchSize: 2, epochs: 3, maxPrograms: 1 };
  await fit(model, samples);
  expect(calls).toBe(2);
});

it('predict tells apart inputs of the same tensors in another form', async () => {
  class Form extends nn.Module<readonly unknown[], Tensor> {
    override forward(...inputs: readonly unknown[]): Tensor {
      if (inputs.length === 2) return (inputs[0] as Tensor).sub(inputs[1] as Tensor);
      const { a, b } = inputs[0] as { a: Tensor; b: Tensor };
      return a.mul(b);
    }
  }
  const [a, b] = [rand([2, 3]), rand([2, 3])];
  const model = new Form();
  for (let i = 0; i < 2; i++) {
    expect((await predict(model, [a, b])).toArray()).toEqual(a.sub(b).toArray());
    expect((await predict(model, [{ a, b }] as never)).toArray()).toEqual(a.mul(b).toArray());
  }
});

it('fit names the shapes of batches', async () => {
  const model = new nn.Linear(3, 1);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const batches = (most: number) =>
    Array.from({ length: most }, (_, i) => [rand([i + 1, 3]), rand([i + 1, 1])] as const);
  const train = (most: number, validation: number) =>
    fit(model, { train: batches(most), validation: batches(validation), optimizer, loss: new nn.MSELoss() });
  await train(23, 23);
  expect(emitted).not.toHaveBeenCalled();
  await train(24, 23);
  expect(warning()).toContain('fit: the step for a batch of train is traced again and again');
  expect(warning()).toContain(
    'its arguments are float32 [24, 3], float32 [24, 1], and were float32 [23, 3], float32 [23, 1]',
  );
});

it('nothing is said of a model that is trained, evaluated and used by turns', async () => {
  const { model, optimizer, loss, x, y } = makeProblem();
  const evaluate = compile((x: Tensor) => model.forward(x));
  for (let round = 0; round < 20; round++) {
    await fit(model, { train: [x, y], validation: [x, y], optimizer, loss });
    await predict(model, x);
    evaluate(x);
    model.loadStateDict(model.stateDict());
    model.train(round % 2 === 0);
  }
  expect(emitted).not.toHaveBeenCalled();
});
