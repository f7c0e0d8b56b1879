/** Which gradients a compiled function leaves behind. */
import { expect, it } from 'vitest';
import type { Returnable } from '../../src/compile/compile.js';
import { type CompileOptions, compile, ones, optim, StateError, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

type Parts = { w: Tensor; optimizer: optim.SGD };

/** loss = Σ w·x, so that dw is x. */
function makeStep<R extends Returnable<R>>(
  order: (parts: Parts & { backward: () => Tensor }) => R,
  options?: CompileOptions,
) {
  const w = tensor([1, 2], { requiresGrad: true });
  const optimizer = new optim.SGD([w], { lr: 0.5 });
  const fn = (x: Tensor) => {
    const backward = () => {
      const loss = w.mul(x).sum();
      loss.backward();
      return loss;
    };
    return order({ w, optimizer, backward });
  };
  return { w, optimizer, fn, step: compile(fn, options) };
}

const whole = ({ optimizer, backward }: Parts & { backward: () => Tensor }): Tensor => {
  optimizer.zeroGrad();
  const loss = backward();
  optimizer.step();
  return loss;
};

const x = (...values: number[]) => tensor(values);
const notKept = 'the gradient was not kept: the compiled function clears it and only its optimizer uses it; return it';

describeEachBackend('the gradients of a compiled step', () => {
  it('that clears them first and only steps with them are not kept, and say so', () => {
    const { w, optimizer, step } = makeStep(whole);
    expect(step(x(3, 4)).item()).toBe(11);
    expect(w.toArray()).toEqual([-0.5, 0]);
    const refused: (() => unknown)[] = [
      () => w.grad!.toArray(),
      () => String(w.grad),
      () => w.grad!.mul(2),
      () => w.mul(2).sum().backward(),
      () => optimizer.step(),
      () => compile(() => w.grad!.mul(2))(),
      () => compile(() => w.mul(2).sum().backward() ?? w)(),
    ];
    for (const use of refused) {
      expect(use).toThrow(StateError);
      expect(use).toThrow(notKept);
    }
    expect(w.toArray()).toEqual([-0.5, 0]);
    optimizer.zeroGrad();
    w.mul(2).sum().backward();
    expect(w.grad!.toArray()).toEqual([2, 2]);
    step(x(1, 1));
    expect(() => w.grad!.item()).toThrow();
  });

  it('that are not kept leave those of others alone when a backward meets both', () => {
    const { w, step } = makeStep(whole);
    const other = tensor([1, 1], { requiresGrad: true });
    other.mul(3).sum().backward();
    step(x(1, 1));
    expect(() => other.add(w).sum().backward()).toThrow(notKept);
    expect(() => w.add(other).sum().backward()).toThrow(notKept);
    expect(other.grad!.toArray()).toEqual([3, 3]);
  });

  it('are kept with keepGradients', () => {
    const { w, step } = makeStep(whole, { keepGradients: true });
    step(x(3, 4));
    expect(w.grad!.toArray()).toEqual([3, 4]);
    step(x(5, 6));
    expect(w.grad!.toArray()).toEqual([5, 6]);
  });

  it('are kept when there is no step, and add up with what comes', () => {
    const { w, optimizer, step } = makeStep(({ backward }) => backward());
    step(x(1, 2));
    expect(w.grad!.toArray()).toEqual([1, 2]);
    step(x(1, 2));
    step(x(1, 2));
    expect(w.grad!.toArray()).toEqual([3, 6]);
    w.sum().backward();
    expect(w.grad!.toArray()).toEqual([4, 7]);
    optimizer.zeroGrad();
    step(x(1, 0));
    expect(w.grad!.toArray()).toEqual([1, 0]);
    optimizer.zeroGrad({ setToNone: false });
    step(x(2, 2));
    expect(w.grad!.toArray()).toEqual([2, 2]);
  });

  it('are kept when they add up over steps', () => {
    const { w, step } = makeStep(({ optimizer, backward }) => {
      const loss = backward();
      optimizer.step();
      return loss;
    });
    const found = [0, 1, 2].map(() => [step(x(1, 2)).item(), ...w.grad!.toTypedArray()]);
    expect(found).toEqual([
      [5, 1, 2],
      [2.5, 2, 4],
      [-2.5, 3, 6],
    ]);
  });

  it('are kept when something else reads them', () => {
    const { w, step } = makeStep((parts) => {
      const loss = whole(parts);
      return { loss, norm: parts.w.grad!.pow(2).sum() };
    });
    const { norm } = step(x(3, 4));
    expect(norm.item()).toBe(25);
    expect(w.grad!.toArray()).toEqual([3, 4]);
  });

  it('can be returned: those of each call are its own', () => {
    const { w, step } = makeStep((parts) => ({ loss: whole(parts), grad: parts.w.grad! }));
    const one = step(x(3, 4));
    const two = step(x(5, 6));
    expect(one.grad.toArray()).toEqual([3, 4]);
    expect(two.grad.toArray()).toEqual([5, 6]);
    expect(w.grad!.storage).toBe(two.grad.storage);
  });

  it('are none when the function clears them last', async () => {
    const { w, step } = makeStep(({ optimizer, backward }) => {
      const loss = backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss;
    });
    step(x(1, 1));
    expect(w.grad).toBe(null);
    await step.async(x(1, 1));
    expect(w.grad).toBe(null);
    expect(w.toArray()).toEqual([0, 1]);
  });

  it('may be set to what the function was given, or has made of numbers', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const step = compile((g: Tensor) => {
      w.grad = g;
      return g.add(1);
    });
    const g = x(7, 8);
    step(g);
    expect(w.grad!.storage).toBe(g.storage);
    const other = compile(() => {
      w.grad = tensor([5, 5]);
      return ones([1]);
    });
    other();
    w.sum().backward();
    expect(w.grad!.toArray()).toEqual([6, 6]);
    other();
    expect(w.grad!.toArray()).toEqual([5, 5]);
  });

  it('stay readable when the program is gone', () => {
    const { w, step } = makeStep(({ backward }) => backward());
    step(x(1, 2));
    step.dispose();
    expect(w.grad!.toArray()).toEqual([1, 2]);
    w.sum().backward();
    expect(w.grad!.toArray()).toEqual([2, 3]);
  });
});
