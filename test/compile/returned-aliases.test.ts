/** Results that share memory: one tensor returned twice, reshapes, detached ones, and what the function was given or found. */
import { expect, it } from 'vitest';
import { compile, nn, noGrad, predict, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

type Fn = (a: Tensor, w: Tensor) => readonly Tensor[];

/** Each with the results that are one and the same memory. */
const functions: Readonly<Record<string, readonly [fn: Fn, groups: readonly number[]]>> = {
  'one tensor twice': [
    (a) => {
      const y = a.add(1);
      return [y, a.mul(2), y];
    },
    [0, 1, 0],
  ],
  'reshapes, also of reshapes': [
    (a) => {
      const y = a.add(1);
      return [y.reshape([4]), y, y.flatten().unsqueeze(0)];
    },
    [0, 0, 0],
  ],
  'detached ones, with and without a gradient': [
    (a, w) => {
      const y = a.mul(w);
      return [y, y.detach(), y.detach().flatten()];
    },
    [0, 0, 0],
  ],
  'the argument': [(a) => [a, a.reshape([4]), a.detach(), a], [0, 0, 0, 0]],
  'a parameter': [(_, w) => [w, w.detach(), w.reshape([4])], [0, 0, 0]],
  'constants made inside': [
    () => {
      const c = tensor([1, 2]);
      return [c, c.reshape([2, 1]), tensor([1, 2])];
    },
    [0, 0, 1],
  ],
  'tensors of no elements': [
    (a) => {
      const none = a.narrow(0, 0, 0);
      return [none, none.reshape([2, 0]), none];
    },
    [0, 0, 0],
  ],
  integers: [
    (a) => {
      const { values, indices } = a.max({ dim: 0 });
      return [indices, values, indices.reshape([1, 2])];
    },
    [0, 1, 0],
  ],
};

const inputs = () => [tensor([1, 2, 3, 4], { shape: [2, 2] }), tensor([5, 6, 7, 8], { shape: [2, 2] })] as const;
const numbers = (all: readonly Tensor[]) => all.map(({ shape, dtype }, i) => [shape, dtype, all[i]!.toArray()]);

describeEachBackend('results that share memory', () => {
  it.each(Object.entries(functions))('are what eager code returns: %s', async (_name, [fn, groups]) => {
    const [a, w] = inputs();
    w.requiresGrad_(true);
    const eager = fn(a, w);
    const compiled = compile((x: Tensor) => fn(x, w));
    const outer = compile((x: Tensor) => compiled(x));
    const module = new (class extends nn.Module<readonly [Tensor], readonly Tensor[]> {
      override forward(x: Tensor) {
        return fn(x, w);
      }
    })();
    const calls = [compiled(a), await compiled.async(a), compiled(a), outer(a), await predict(module, a)];
    for (const results of calls) {
      expect(numbers(results)).toEqual(numbers(eager));
      expect(results.map((each) => results.findIndex(({ storage }) => storage === each.storage))).toEqual(
        groups.map((group) => groups.indexOf(group)),
      );
      expect(results.map((each) => results.indexOf(each))).toEqual(eager.map((each) => eager.indexOf(each)));
    }
  });

  it('are written together, and are each call’s own', () => {
    const step = compile((x: Tensor) => {
      const y = x.add(1);
      return { y, flat: y.reshape([4]) };
    });
    const [a] = inputs();
    const { y, flat } = step(a);
    const next = step(a);
    noGrad(() => flat.copy_(tensor([0, 0, 0, 9])));
    expect(y.toArray()).toEqual([
      [0, 0],
      [0, 9],
    ]);
    expect(next.flat.toArray()).toEqual([2, 3, 4, 5]);
  });

  it('may be gradients too', () => {
    const [a, w] = inputs();
    w.requiresGrad_(true);
    const step = compile((x: Tensor) => {
      w.grad = null;
      const loss = x.mul(w).sum();
      loss.backward();
      return [loss, w.grad!, w.grad!.reshape([4]), loss] as const;
    });
    const [loss, gradient, flat, again] = step(a);
    expect(loss).toBe(again);
    expect(gradient.storage).toBe(flat.storage);
    expect(flat.toArray()).toEqual([1, 2, 3, 4]);
    expect(w.grad!.toArray()).toEqual(gradient.toArray());
  });
});
