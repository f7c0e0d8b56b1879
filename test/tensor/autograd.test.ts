/** autograd.grad, hooks, retained gradients and the modes: semantics and sentences of PyTorch 2.13. */
import { describe, expect, it } from 'vitest';
import {
  autograd,
  compile,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  ones,
  setGradEnabled,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const pair = () => ({ a: tensor([1, 2], { requiresGrad: true }), b: tensor([3, 4], { requiresGrad: true }) });
const arrays = (list: readonly (Tensor | null)[]) => list.map((one) => one?.toArray() ?? null);

describeEachBackend('autograd.grad', () => {
  it('gives gradients of leaves and of results, and leaves grad alone', () => {
    const { a, b } = pair();
    expect(arrays(autograd.grad(a.mul(b).sum(), [a, b]))).toEqual([
      [3, 4],
      [1, 2],
    ]);
    const h = a.mul(b);
    expect(arrays(autograd.grad(h.mul(h).sum(), [h, a]))).toEqual([
      [6, 16],
      [18, 64],
    ]);
    expect([a.grad, b.grad]).toEqual([null, null]);
  });

  it('of an output itself, of a leaf, of several outputs with their own gradients', () => {
    const { a, b } = pair();
    const loss = a.mul(b).sum();
    expect(arrays(autograd.grad(loss, loss))).toEqual([1]);
    expect(arrays(autograd.grad(a, a, { gradOutputs: ones([2]) }))).toEqual([[1, 1]]);
    const both = autograd.grad([a.mul(b).sum(), a.mul(b)], a, { gradOutputs: [null, tensor([1, 10])] });
    expect(arrays(both)).toEqual([[6, 44]]);
  });

  it('says null for what is unused, if that is allowed', () => {
    const { a, b } = pair();
    expect(() => autograd.grad(a.mul(2).sum(), [a, b])).toThrow(
      'The differentiated Tensor at index 1 appears to not have been used in the graph',
    );
    expect(arrays(autograd.grad(a.mul(2).sum(), [a, b], { allowUnused: true }))).toEqual([[2, 2], null]);
  });

  it('frees what it walked, and nothing else', () => {
    const { a, b } = pair();
    const h = a.mul(b);
    const loss = h.mul(h).sum();
    autograd.grad(loss, h);
    expect(arrays(autograd.grad(h, a, { gradOutputs: ones([2]) }))).toEqual([[3, 4]]);
    expect(() => loss.backward()).toThrow('backward through the graph a second time');
    const again = a.mul(b).sum();
    autograd.grad(again, a, { retainGraph: true });
    expect(arrays(autograd.grad(again, b))).toEqual([[1, 2]]);
  });

  it('gives each input separate memory', () => {
    const { a, b } = pair();
    const seed = ones([2]);
    const [da, db] = autograd.grad(a.add(b), [a, b], { gradOutputs: seed });
    da!.mul_(5);
    expect(arrays([db!, seed])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('refuses what PyTorch refuses, and changes nothing then', () => {
    const { a, b } = pair();
    const c = ones([2]);
    expect(() => autograd.grad(a.mul(b).sum(), c)).toThrow('One of the differentiated Tensors does not require grad');
    expect(() => autograd.grad(c.sum(), a)).toThrow('element 0 of tensors does not require grad');
    expect(() => autograd.grad(a.mul(b), a)).toThrow('grad can be implicitly created only for scalar outputs');
    expect(() => autograd.grad(a.mul(b), a, { gradOutputs: ones([3]) })).toThrow('Mismatch in shape');
    expect(() => autograd.grad([a.mul(b), a], a, { gradOutputs: [c] })).toThrow('got 2 tensors and 1 gradients');
    expect(() => autograd.grad(a.mul(b).sum(), [])).toThrow('`inputs` argument to `grad()` cannot be empty');
    expect(() => autograd.grad(a.mul(b).sum(), [1 as never])).toThrow('inputs: expected a Tensor, got 1');
    expect(() => autograd.grad(a.mul(b).sum(), a, { createGraph: true } as never)).toThrow(
      'unknown option "createGraph"',
    );
    const loss = a.mul(b).sum();
    expect(() => autograd.grad(loss, [a, c])).toThrow();
    loss.backward();
    expect(a.grad!.toArray()).toEqual([3, 4]);
  });

  it('works inside of compile', () => {
    const { a } = pair();
    const step = compile((x: Tensor) => {
      const h = a.mul(x);
      const [da, dh] = autograd.grad(h.mul(h).sum(), [a, h]);
      return [da!, dh!];
    });
    for (const x of [tensor([3, 4]), tensor([1, 1])]) {
      const h = a.mul(x);
      const eager = arrays(autograd.grad(h.mul(h).sum(), [a, h]));
      expect(arrays(step(x))).toEqual(eager);
    }
    expect(a.grad).toBeNull();
  });
});

describeEachBackend('hooks and retained gradients', () => {
  it('a result keeps its gradient, after its hooks, and adds up', () => {
    const { a, b } = pair();
    const h = a.mul(b);
    h.retainGrad();
    h.registerHook((grad) => grad.mul(2));
    expect([h.retainsGrad, a.retainsGrad]).toEqual([true, false]);
    h.sum().backward(undefined, { retainGraph: true });
    expect(arrays([h.grad, a.grad])).toEqual([
      [2, 2],
      [6, 8],
    ]);
    h.sum().backward();
    expect(h.grad!.toArray()).toEqual([4, 4]);
    a.retainGrad();
    expect(() => ones([1]).retainGrad()).toThrow("can't retain_grad on Tensor that has requires_grad=False");
  });

  it('hooks of a leaf see the whole gradient, in order, and replace it', () => {
    const leaf = ones([2], { requiresGrad: true });
    const seen: unknown[] = [];
    leaf.registerHook((grad) => {
      seen.push(grad.toArray(), grad.requiresGrad, isGradEnabled());
      return grad.mul(10);
    });
    const handle = leaf.registerHook((grad) => {
      seen.push(grad.toArray());
      return undefined;
    });
    leaf.mul(2).add(leaf.mul(3)).sum().backward();
    expect(seen).toEqual([[5, 5], false, false, [50, 50]]);
    expect(leaf.grad!.toArray()).toEqual([50, 50]);
    expect(arrays(autograd.grad(leaf.mul(2).sum(), leaf))).toEqual([[20, 20]]);
    handle.remove();
    handle.remove();
    seen.length = 0;
    leaf.mul(1).sum().backward();
    expect(seen).toEqual([[1, 1], false, false]);
    expect(leaf.grad!.toArray()).toEqual([60, 60]);
  });

  it('a hook on the root', () => {
    const leaf = ones([2], { requiresGrad: true });
    const loss = leaf.mul(2).sum();
    loss.registerHook((grad) => grad.mul(10));
    loss.backward();
    expect(leaf.grad!.toArray()).toEqual([20, 20]);
  });

  it('what a hook must not return, or throws, leaves every gradient as it was', () => {
    const bad: [hook: (grad: Tensor) => unknown, message: string][] = [
      [() => 'x', 'expected a Tensor, but hook returned "x"'],
      [() => ones([3]), "hook '<anonymous>' has changed the size of value"],
      [() => ones([2], { dtype: 'int32' }), 'has changed the type of value (was float32 got int32)'],
      [
        () => {
          throw new Error('from a hook');
        },
        'from a hook',
      ],
    ];
    for (const [hook, message] of bad) {
      const { a, b } = pair();
      const h = a.mul(b);
      h.retainGrad();
      a.registerHook(hook as never);
      expect(() => h.sum().backward()).toThrow(message);
      expect([a.grad, b.grad, h.grad]).toEqual([null, null, null]);
      expect(isGradEnabled()).toBe(true);
    }
    expect(() => ones([1]).registerHook(() => null)).toThrow("cannot register a hook on a tensor that doesn't require");
    expect(() => pair().a.registerHook(3 as never)).toThrow('registerHook: expected a function, got 3');
  });

  it('inside of compile: hooks of leaves are part of the program, and changing them traces again', () => {
    const { a, b } = pair();
    const step = compile((x: Tensor) => {
      a.grad = null;
      const h = a.mul(x);
      h.retainGrad();
      h.registerHook((grad) => grad.mul(2));
      h.mul(b).sum().backward();
      return [h.grad!, a.grad!];
    });
    const x = tensor([1, 3]);
    expect(arrays(step(x))).toEqual([
      [6, 8],
      [6, 24],
    ]);
    const handle = a.registerHook((grad) => grad.mul(10));
    expect(arrays(step(x))[1]).toEqual([60, 240]);
    handle.remove();
    expect(arrays(step(x))[1]).toEqual([6, 24]);
    const registers = compile(() => {
      a.registerHook(() => null);
      return a.detach();
    });
    expect(() => registers()).toThrow('register the hook outside');
  });
});

describe('modes', () => {
  it('setGradEnabled, enableGrad and noGrad nest, and end with an error too', () => {
    const { a } = pair();
    setGradEnabled(false);
    try {
      expect([isGradEnabled(), a.mul(2).requiresGrad]).toEqual([false, false]);
      expect(enableGrad(() => [isGradEnabled(), a.mul(2).requiresGrad])).toEqual([true, true]);
    } finally {
      setGradEnabled(true);
    }
    expect(noGrad(() => enableGrad(() => noGrad(() => a.mul(2).requiresGrad)))).toBe(false);
    expect(setGradEnabled(false, () => a.mul(2).requiresGrad)).toBe(false);
    expect(() =>
      setGradEnabled(false, () => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(isGradEnabled()).toBe(true);
    expect(() => setGradEnabled(1 as never)).toThrow('enabled must be a boolean, got 1');
    for (const mode of [noGrad, enableGrad, inferenceMode])
      expect(() => mode(async () => 1)).toThrow(`${mode.name}: the function must not be async`);
    expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([true, false]);
  });

  it('tensors of inferenceMode are not saved, written or trained outside', () => {
    const { a } = pair();
    const { z, k } = inferenceMode(() => {
      const z = ones([2]);
      expect([z, z.mul(2), a.reshape([2]), a.mul(2)].map((t) => t.isInference())).toEqual([true, true, false, true]);
      expect([isGradEnabled(), isInferenceModeEnabled()]).toEqual([false, true]);
      expect(enableGrad(() => [a.mul(2).requiresGrad, isGradEnabled()])).toEqual([false, true]);
      z.add_(1);
      a.add_(1);
      return { z, k: ones([2], { requiresGrad: true }) };
    });
    expect(() => a.mul(z)).toThrow('Inference tensors cannot be saved for backward.');
    a.add(z).sum().backward();
    expect(a.grad!.toArray()).toEqual([1, 1]);
    expect(() => z.add_(1)).toThrow('Inplace update to inference tensor outside InferenceMode is not allowed.');
    expect(() => z.copy_(ones([2]))).toThrow('Inplace update to inference tensor');
    expect(() => z.requiresGrad_()).toThrow('Setting requires_grad=True on inference tensor outside InferenceMode');
    expect(a.mul(z.clone()).sum().requiresGrad).toBe(true);
    expect([z.detach().isInference(), z.mul(2).isInference(), k.requiresGrad]).toEqual([true, false, true]);
    expect(ones([2]).copy_(z).toArray()).toEqual([2, 2]);
  });

  it('inside of compile: a mode that is set lasts, and another one traces again', () => {
    const { a } = pair();
    const run = compile((x: Tensor) => a.mul(x));
    const x = tensor([2, 2]);
    const before = inferenceMode(() => run(x));
    expect([before.isInference(), run(x).isInference()]).toEqual([true, false]);
    const off = compile((y: Tensor) => {
      setGradEnabled(false);
      return y.mul(a);
    });
    try {
      off(x);
      expect(isGradEnabled()).toBe(false);
      setGradEnabled(true);
      off(x);
      expect(isGradEnabled()).toBe(false);
    } finally {
      setGradEnabled(true);
    }
  });
});
