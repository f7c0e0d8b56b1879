/** Training with float64 data (of JSON, CSV and matrix libraries), which the reference computes whatever the backend. */
import { expect, it } from 'vitest';
import { fit, nn, optim, predict, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const inputs = () => tensor([Float64Array.of(1, 2), Float64Array.of(0.5, -1), Float64Array.of(3, 0.1)]);
const targets = () => tensor([Float64Array.of(1), Float64Array.of(0), Float64Array.of(2)]);

function layer(): nn.Linear {
  const model = new nn.Linear(2, 1, { dtype: 'float64' });
  model.loadStateDict({ weight: tensor([[0.1, 0.2]]), bias: tensor([0.3]) });
  return model;
}

const settings = (model: nn.Module<[Tensor], Tensor>) => ({
  epochs: 2,
  optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
  loss: new nn.MSELoss(),
});

function byHand(): number[] {
  const model = layer();
  const { optimizer, loss } = settings(model);
  for (let epoch = 0; epoch < 2; epoch++)
    for (const [start, length] of [
      [0, 2],
      [2, 1],
    ] as const) {
      optimizer.zeroGrad();
      const [x, y] = [inputs().narrow(0, start, length), targets().narrow(0, start, length)];
      loss.forward(model.forward(x), y).backward();
      optimizer.step();
    }
  return Array.from(model.weight.toTypedArray('float64'));
}

describeEachBackend('float64 data', () => {
  it.each(['tensors', 'batches'])('trains a float64 model from %s, as by hand', async (form) => {
    const model = layer();
    const halves = [0, 1].map((i): [Tensor, Tensor] => [
      inputs().narrow(0, 2 * i, 2 - i),
      targets().narrow(0, 2 * i, 2 - i),
    ]);
    const tensors: [Tensor, Tensor] = [inputs(), targets()];
    await fit(model, {
      ...settings(model),
      ...(form === 'tensors' ? { train: tensors, batchSize: 2, shuffle: false } : { train: halves }),
    });
    expect(Array.from(model.weight.toTypedArray('float64'))).toEqual(byHand());
    expect((await predict(model, inputs())).dtype).toBe('float64');
  });

  it('meets a float32 model with the words of PyTorch, and trains one that converts', async () => {
    const model = new nn.Linear(2, 1);
    const train: [Tensor, Tensor] = [inputs(), targets()];
    await expect(fit(model, { ...settings(model), train })).rejects.toThrow(
      'expected tensors of the same dtype, got float64 and float32; convert one with to()',
    );
    class Converting extends nn.Module {
      inner = model;
      override forward(x: Tensor): Tensor {
        return this.inner.forward(x.to('float32'));
      }
    }
    const before = model.weight.toTypedArray();
    const converting = new Converting();
    await fit(converting, { ...settings(converting), train });
    expect(model.weight.toTypedArray()).not.toEqual(before);
  });
});
