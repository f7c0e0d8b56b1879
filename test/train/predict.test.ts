/** predict: what eager evaluation gives, whatever goes on at the same time. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  cat,
  defaultGenerator,
  fit,
  Generator,
  nn,
  optim,
  predict,
  rand,
  ShapeError,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { collectGarbage } from '../helpers/garbage.js';
import { distance, features, makeProblem } from './problem.js';

const input = (rows: number, seed = 1) => rand([rows, features], { generator: new Generator(seed) });
const flat = (value: Tensor) => [...value.toTypedArray()];

function evaluate(model: nn.Sequential, x: Tensor): number[] {
  const modes = model.modules().map((module) => module.training);
  model.eval();
  const output = flat(model.forward(x));
  for (const [i, module] of model.modules().entries()) module.training = modes[i]!;
  return output;
}

/** Of two tensors, with two results. */
class Both extends nn.Module<readonly [Tensor, Tensor], { sum: Tensor; product: Tensor }> {
  override forward(a: Tensor, b: Tensor) {
    return { sum: a.add(b), product: a.mul(b) };
  }
}

/** Two parameters with one gradient: they are equal between two steps, and in the middle of a step they are not. */
class Twins extends nn.Module {
  a = new nn.Parameter(zeros([1, 3000]));
  b = new nn.Parameter(zeros([1, 3000]));
  override forward(x: Tensor): Tensor {
    return cat([x.matmul(this.a), x.matmul(this.b)], 1);
  }
}

describeEachBackend('predict', (backendName) => {
  it.each([0, 1, 7, 64])('gives what evaluation gives: %i rows', async (rows) => {
    const { model } = makeProblem();
    const x = input(rows);
    const output = await predict(model, x);
    expect(output.shape).toEqual([rows, 3]);
    expect(output.requiresGrad).toBe(false);
    expect(distance(flat(output), evaluate(model, x))).toBeLessThan(1e-6);
  });

  it('touches neither modes nor generators', async () => {
    const { model } = makeProblem();
    model.at(0).eval();
    const before = defaultGenerator.getState();
    await predict(model, input(3));
    expect(model.modules().map((module) => module.training)).toEqual([true, false, true, true, true]);
    expect(defaultGenerator.getState()).toEqual(before);
  });

  it.each([1, 3, 100])('computes a large input in pieces of %i rows to the same bits', async (batchSize) => {
    const { model } = makeProblem();
    const x = input(101);
    const whole = await predict(model, x, { batchSize: Number.POSITIVE_INFINITY });
    const pieces = await predict(model, x, { batchSize });
    expect(pieces.shape).toEqual([101, 3]);
    expect(flat(pieces)).toEqual(flat(whole));
  });

  it('takes several inputs and gives several outputs', async () => {
    const [a, b] = [input(9, 1), input(9, 2)];
    for (const batchSize of [4, 100]) {
      const { sum, product } = await predict(new Both(), [a, b], { batchSize });
      expect(flat(sum)).toEqual(flat(a.add(b)));
      expect(flat(product)).toEqual(flat(a.mul(b)));
      expect(product.shape).toEqual([9, features]);
    }
  });

  it('sees weights and layers as they are at each call', async () => {
    const { model } = makeProblem();
    const x = input(5);
    const first = flat(await predict(model, x));
    model.at(3).loadStateDict(new nn.Linear(9, 3).stateDict());
    const second = await predict(model, x);
    expect(flat(second)).not.toEqual(first);
    expect(distance(flat(second), evaluate(model, x))).toBeLessThan(1e-6);
    model.append(new nn.ReLU());
    const third = flat(await predict(model, x));
    expect(third.every((value) => value >= 0)).toBe(true);
    expect(distance(third, evaluate(model, x))).toBeLessThan(1e-6);
  });

  it('sees other parts and other settings of a module of the caller', async () => {
    class Scaled extends nn.Module {
      body: nn.Linear | nn.Sequential = new nn.Linear(features, 3);
      gain: Tensor | null = null;
      scale = 1;
      last: Tensor | null = null;

      override forward(x: Tensor): Tensor {
        this.last = this.body.forward(x).mul(this.scale);
        return this.gain === null ? this.last : this.last.mul(this.gain);
      }
    }
    const model = new nn.Sequential(new Scaled());
    const own = model.at(0) as Scaled;
    const x = input(5);
    const changes = [
      () => {},
      () => (own.scale = 3),
      () => (own.body = new nn.Sequential(new nn.Linear(features, 3), new nn.ReLU())),
      () => (own.gain = new nn.Parameter(zeros([3]))),
      () => (own.gain = null),
    ];
    for (const change of changes) {
      change();
      expect(distance(flat(await predict(model, x)), evaluate(model, x))).toBeLessThan(1e-6);
    }
  });

  it('answers many callers at once, each with its own', async () => {
    const { model } = makeProblem();
    const inputs = Array.from({ length: 60 }, (_, i) => input(1 + (i % 5), i));
    const outputs = await Promise.all(inputs.map((x) => predict(model, x)));
    outputs.forEach((output, i) => {
      expect(distance(flat(output), evaluate(model, inputs[i]!))).toBeLessThan(1e-6);
    });
  });

  it('sees the weights between two steps, and never half of one, while fit runs', async () => {
    const model = new Twins();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const controller = new AbortController();
    const training = fit(model, {
      train: [rand([64, 1]), rand([64, 6000])],
      batchSize: 4,
      epochs: 1_000_000,
      optimizer,
      loss: new Sum(),
      threads: 2,
      signal: controller.signal,
    });
    training.catch(() => {});
    const seen = new Set<number>();
    const one = tensor([1], { shape: [1, 1] });
    for (let i = 0; i < 40 || seen.size < 4; i++) {
      const output = (await predict(model, one)).toTypedArray();
      expect(output.slice(0, 3000)).toEqual(output.slice(3000));
      expect(new Set(output).size).toBe(1);
      seen.add(output[0]!);
      if (i % 8 === 0) await delay(1);
    }
    controller.abort();
    await expect(training).rejects.toBe(controller.signal.reason);
    expect(model.training).toBe(true);
  });

  it('does not hold up a training, nor is held up by it', async () => {
    const problem = makeProblem(400);
    const { x, y, model, optimizer, loss } = problem;
    let isOver = false;
    let answers = 0;
    const training = fit(model, { train: [x, y], batchSize: 4, epochs: 3, optimizer, loss }).finally(() => {
      isOver = true;
    });
    const asking = Array.from({ length: 10 }, async () => {
      while (!isOver) {
        await predict(model, input(2));
        answers++;
      }
    });
    await training;
    await Promise.all(asking);
    expect(answers).toBeGreaterThan(10);
  });

  it('frees a model that nothing holds any more', async () => {
    const use = async () => {
      const { model } = makeProblem();
      await predict(model, input(3));
      return new WeakRef(model);
    };
    const gone = await use();
    for (let i = 0; i < 20 && gone.deref() !== undefined; i++) await collectGarbage();
    expect(gone.deref()).toBeUndefined();
  });

  it.each<readonly [string, () => Promise<unknown>, string]>([
    ['no model', () => predict({} as never, input(1)), 'predict: expected a model, got an object'],
    [
      'no input',
      () => predict(makeProblem().model, undefined as never),
      'predict: the input must be a tensor, or an array or plain object',
    ],
    ['no inputs', () => predict(new Both(), [] as never), 'predict: the input must hold a tensor, got []'],
    ['an array', () => predict(makeProblem().model, [1, 2] as never), 'plain object of tensors, but [0] is 1'],
    ['features too few', () => predict(makeProblem().model, rand([2, 5])), 'Linear: expected 6 features'],
    ['batchSize 0', () => predict(makeProblem().model, input(1), { batchSize: 0 }), 'batchSize should be a positive'],
    [
      'maxPrograms 0',
      () => predict(makeProblem().model, input(1), { maxPrograms: 0 }),
      'maxPrograms must be at least 1',
    ],
    ['an unknown option', () => predict(makeProblem().model, input(1), { size: 1 } as never), 'unknown option "size"'],
    [
      'threads 0',
      () => predict(makeProblem().model, input(1), { threads: 0 }),
      'predict: threads: expected an integer from 1 to 256, got 0',
    ],
    [
      'another priority',
      () => predict(makeProblem().model, input(1), { priority: 'high' as never }),
      'predict: priority must be one of normal, background, got "high"',
    ],
    ['a model that reads numbers', () => predict(new Reading(), input(1)), 'item() is not possible while'],
  ])('refuses %s', async (_name, act, message) => {
    const before = defaultGenerator.getState();
    await expect(act()).rejects.toThrow(message);
    expect(defaultGenerator.getState()).not.toBe(before);
  });

  it('rejects with the reason of its signal, before and in between', async () => {
    const { model } = makeProblem();
    const reason = new Error('enough');
    await expect(predict(model, input(1), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const promise = predict(model, input(1000), { batchSize: 1, signal: controller.signal });
    controller.abort(reason);
    await expect(promise).rejects.toBe(reason);
    expect((await predict(model, input(2))).shape).toEqual([2, 3]);
  });

  it('sees when its input is written to before its turn has come', async () => {
    const { model } = makeProblem();
    const x = input(3);
    const expected = flat(await predict(model, x));
    const promises = Array.from({ length: 12 }, () => predict(model, x));
    x.copy_(zeros([3, features]));
    const results = await Promise.allSettled(promises);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']));
    for (const result of results)
      if (result.status === 'fulfilled') expect(flat(result.value)).toEqual(expected);
      else {
        expect(result.reason).toBeInstanceOf(StateError);
        expect(result.reason.message).toContain('predict: the input was written to before it was computed');
      }
  });

  it('names the layer of a shape that does not fit', async () => {
    await expect(predict(makeProblem().model, rand([2, 5]))).rejects.toThrow(ShapeError);
    await expect(predict(makeProblem().model, rand([2, 5]))).rejects.toThrow('Sequential[0] Linear');
    expect(backendName).not.toBe('');
  });
});

class Sum extends nn.Module<readonly [Tensor, Tensor]> {
  override forward(output: Tensor): Tensor {
    return output.sum();
  }
}

class Reading extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.mul(x.sum().item());
  }
}
