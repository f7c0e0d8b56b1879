/** Calls off the event loop: order, what others may do meanwhile, and the end. */
import { expect, it } from 'vitest';
import {
  ArgumentError,
  compile,
  Generator,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { runChild } from '../helpers/child.js';

/** total = 2·total + x, so that the order of calls shows. */
function makeTotal() {
  const total = zeros([2]);
  const step = compile((x: Tensor) => noGrad(() => total.copy_(total.mul(2).add(x))).clone());
  return { total, step };
}

describeEachBackend('async()', () => {
  it('runs calls in their order, with the arguments as they were', async () => {
    const { total, step } = makeTotal();
    const x = ones([2]);
    const results: Promise<Tensor>[] = [];
    for (let i = 1; i <= 4; i++) {
      noGrad(() => x.copy_(tensor([i, -i])));
      results.push(step.async(x));
    }
    noGrad(() => x.copy_(zeros([2])));
    const values = (await Promise.all(results)).map((result) => result.toArray());
    expect(values).toEqual([
      [1, -1],
      [4, -4],
      [11, -11],
      [26, -26],
    ]);
    expect(total.toArray()).toEqual([26, -26]);
    expect(step(x).toArray()).toEqual([52, -52]);
  });

  it('refuses a call that does not wait, and who writes what is being trained; lets them read', async () => {
    const { total, step } = makeTotal();
    step(ones([2]));
    const pending = step.async(ones([2]));
    expect(() => step(ones([2]))).toThrow('a call of async() has not settled');
    const write = () => total.copy_(ones([2]));
    expect(write).toThrow(StateError);
    expect(write).toThrow('the tensor is being trained by compile: wait for its promise');
    expect([1, 3]).toContain(total.toTypedArray()[0]);
    await pending;
    expect(total.toArray()).toEqual([3, 3]);
    write();
    expect(total.toArray()).toEqual([1, 1]);
    expect(step(ones([2])).toArray()).toEqual([3, 3]);
  });

  it('holds a model whole: eager steps and loads are refused before anything moves', async () => {
    const model = new nn.Linear(2, 2);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const steps = optimizer.stateDict();
    const saved = new nn.Linear(2, 2).stateDict();
    const step = compile(function train(x: Tensor) {
      optimizer.zeroGrad();
      const loss = model.forward(x).pow(2).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    model
      .forward(ones([1, 2]))
      .sum()
      .backward();
    const pending = step.async(ones([1, 2]));
    for (const write of [
      () => optimizer.step(),
      () => model.loadStateDict(saved),
      () => optimizer.loadStateDict(steps),
    ])
      expect(write).toThrow('is being trained by compile(train)');
    const other = compile((x: Tensor) => noGrad(() => model.weight.copy_(model.weight.mul(x))));
    expect(() => other(ones([1]))).toThrow('is being trained by compile(train)');
    // Reading is another thing.
    expect(compile((x: Tensor) => model.forward(x))(ones([1, 2])).shape).toEqual([1, 2]);
    await pending;
    other(ones([1]));
    model.loadStateDict(saved);
    expect(model.weight.toArray()).toEqual(saved.weight!.toArray());
  });

  it('notices that what a backward needs has been written meanwhile', async () => {
    const { total, step } = makeTotal();
    const w = ones([2], { requiresGrad: true });
    const loss = w.mul(total).sum();
    await step.async(ones([2]));
    expect(() => loss.backward()).toThrow('has been modified by an inplace operation');
    const again = w.mul(total).sum();
    step(ones([2]));
    expect(() => again.backward()).toThrow('has been modified by an inplace operation');
  });

  it('rejects as a call throws, with nothing changed, and goes on', async () => {
    manualSeed(3);
    const generator = new Generator(6);
    const model = new nn.Sequential(new nn.Linear(3, 3), new nn.Dropout(0.5, { generator }));
    const criterion = new nn.CrossEntropyLoss();
    const step = compile((x: Tensor, y: Tensor) => criterion.forward(model.forward(x), y));
    const x = randn([2, 3]);
    const y = (value: number) => tensor([0, value], { dtype: 'int32' });
    for (const masks of ['counter', 'mt19937'] as const) {
      generator.manualSeed(6, { masks });
      const before = generator.getState();
      const first = step.async(x, y(7));
      const second = step.async(x, y(1));
      await expect(first).rejects.toThrow(ArgumentError);
      await expect(first).rejects.toThrow('Target 7 is out of bounds');
      const loss = (await second).item();
      generator.setState(before);
      expect(step(x, y(1)).item()).toBe(loss);
    }
  });

  it('does not make steps in flight behind one that failed; those called afterwards it makes', async () => {
    const make = () => {
      manualSeed(3);
      const model = new nn.Linear(3, 3);
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
      const criterion = new nn.CrossEntropyLoss();
      const step = compile(function train(x: Tensor, y: Tensor) {
        optimizer.zeroGrad();
        const loss = criterion.forward(model.forward(x), y);
        loss.backward();
        optimizer.step();
        return loss;
      });
      const everything = () => [model.stateDict(), optimizer.stateDict()];
      return { step, everything };
    };
    const x = randn([2, 3]);
    const y = (value: number) => tensor([0, value], { dtype: 'int32' });
    const [whole, failing] = [make(), make()];
    await whole.step.async(x, y(1));
    const first = failing.step.async(x, y(1));
    const second = failing.step.async(x, y(7));
    const third = failing.step.async(x, y(1));
    await first;
    await expect(second).rejects.toThrow('Target 7 is out of bounds');
    // The third has not settled yet, but this call knows of the failure.
    const fourth = failing.step.async(x, y(2));
    const cancelled = await third.catch((error: unknown) => error);
    expect(cancelled).toBeInstanceOf(StateError);
    expect((cancelled as StateError).message).toMatch(
      /^compile\(train\): this call was not made, since one before it failed: .*Target 7 is out of bounds/,
    );
    expect((cancelled as StateError).cause).toBe(await second.catch((error: unknown) => error));
    await fourth;
    await whole.step.async(x, y(2));
    expect(failing.everything()).toEqual(whole.everything());
  });

  it('finishes what is in flight when it is disposed, and nothing else', async () => {
    const { total, step } = makeTotal();
    const first = step.async(ones([2]));
    const second = step.async(ones([2]));
    step.dispose();
    step.dispose();
    expect((await first).toArray()).toEqual([1, 1]);
    await expect(second).rejects.toThrow('it has been disposed');
    expect(() => step(ones([2]))).toThrow(StateError);
    await expect(step.async(ones([2]))).rejects.toThrow('it has been disposed');
    expect(total.toArray()).toEqual([1, 1]);
    noGrad(() => total.copy_(zeros([2])));
  });

  it('takes turns with another function that trains the same memory', async () => {
    const total = zeros([1]);
    const [a, b] = [1, 2].map((k) => compile((x: Tensor) => noGrad(() => total.copy_(total.add(x.mul(k)))).clone()));
    const results = await Promise.all([a!.async(ones([1])), b!.async(ones([1])), a!.async(ones([1]))]);
    expect(results).toHaveLength(3);
    expect(total.item()).toBe(4);
  });
});

describeEachBackend('a compiled function', () => {
  it('is disposed at the end of a scope by its symbol', () => {
    const { total, step } = makeTotal();
    step(ones([2]));
    step[Symbol.dispose]();
    expect(step.describe()).toBe('compile: it has been disposed');
    expect(() => step(ones([2]))).toThrow('compile: it has been disposed');
    expect(total.toArray()).toEqual([1, 1]);
  });

  it('becomes part of another that calls it', async () => {
    const w = ones([2], { requiresGrad: true });
    const double = compile((x: Tensor) => x.mul(2));
    const refused: Promise<unknown>[] = [];
    const outer = compile((x: Tensor) => {
      refused.push(expect(double.async(x)).rejects.toThrow('call it without async'));
      return [double(x).add(w), double(w)];
    });
    const results = outer(tensor([1, 2]));
    expect(results.map((result) => result.toArray())).toEqual([
      [3, 5],
      [2, 2],
    ]);
    expect(results.some(({ requiresGrad }) => requiresGrad)).toBe(false);
    expect(refused).toHaveLength(1);
    await Promise.all(refused);
    expect(outer.describe()).toContain('mul');
    expect(double.describe()).toBe('compile: nothing has been traced yet');
  });

  it('shares a model with another, and with eager code', () => {
    const model = new nn.Linear(2, 1, { bias: false });
    noGrad(() => model.weight.copy_(ones([1, 2])));
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const train = compile((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = model.forward(x).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const predict = compile((x: Tensor) => model.forward(x));
    const x = ones([1, 2]);
    expect(predict(x).item()).toBe(2);
    train(x);
    expect(predict(x).item()).toBe(0);
    noGrad(() => model.weight.copy_(tensor([[5, 5]])));
    expect(predict(x).item()).toBe(10);
    train.dispose();
    expect(predict(x).item()).toBe(10);
    expect(train.dispose()).toBe(undefined);
    expect(model.forward(x).item()).toBe(10);
  });
});

it('leaves one unhandled rejection where one step of several in flight fails: its own', async () => {
  const { reported } = await runChild(`
    const { compile, nn, noGrad, ones, tensor } = await src('index.ts');
    const unhandled = [];
    process.on('unhandledRejection', (error) => unhandled.push(error.message));
    const total = ones([2, 3]);
    const step = compile((y) => {
      noGrad(() => total.copy_(total.add(1)));
      return new nn.CrossEntropyLoss().forward(total, y);
    });
    for (const label of [1, 7, 1, 1]) void step.async(tensor(Int32Array.of(0, label)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    report({ unhandled, total: total.toArray()[0][0] });`);
  expect(reported).toEqual({ unhandled: [expect.stringContaining('Target 7 is out of bounds')], total: 2 });
});
