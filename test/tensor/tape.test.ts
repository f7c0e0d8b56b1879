import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { expect, it } from 'vitest';
import { functional as F, noGrad, ones, StateError, Tensor, tensor, zeros } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

setFlagsFromString('--expose-gc');

const leaf = (values: number[]) => tensor(values, { requiresGrad: true });
const list = (t: Tensor | null) => (t === null ? null : Array.from(t.toTypedArray()));

describeEachBackend('the tape', () => {
  it('adds up what reaches a leaf by several paths', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(x).add(x).add(x.mul(3));
    y.sum().backward();
    expect(list(x.grad)).toEqual([6, 8, 10]);
  });

  it('accumulates in grad over calls, in the same tensor', () => {
    const x = leaf([1, 2]);
    x.mul(2).sum().backward();
    const grad = x.grad;
    x.mul(3).sum().backward();
    expect(x.grad).toBe(grad);
    expect(list(grad)).toEqual([5, 5]);
    x.grad = null;
    x.mul(3).sum().backward();
    expect(list(x.grad)).toEqual([3, 3]);
    expect(list(grad)).toEqual([5, 5]);
  });

  it('gives leaves that get the same gradient separate memory', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const gradient = tensor([10, 20]);
    a.add(b).backward(gradient);
    a.add(b).backward(gradient);
    expect([list(a.grad), list(b.grad), list(gradient)]).toEqual([
      [20, 40],
      [20, 40],
      [10, 20],
    ]);
    a.backward(gradient);
    expect([list(a.grad), list(b.grad), list(gradient)]).toEqual([
      [30, 60],
      [20, 40],
      [10, 20],
    ]);
  });

  it('keeps a shared gradient whole while another path is still to be walked', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const s = a.add(b);
    s.add(a).add(s.mul(b)).sum().backward();
    expect(list(a.grad)).toEqual([2 + 3, 2 + 4]);
    expect(list(b.grad)).toEqual([1 + 3 + 4, 1 + 4 + 6]);
  });

  it('walks deep graphs without recursion', () => {
    const x = leaf([1]);
    let y: Tensor = x;
    for (let i = 0; i < 20_000; i++) y = y.add(1);
    y.backward();
    expect(list(x.grad)).toEqual([1]);
  });

  it('refuses a second backward over what was freed, and changes nothing', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    y.backward();
    expect(() => y.backward()).toThrow(/Trying to backward through the graph a second time/);
    expect(list(x.grad)).toEqual([2, 4]);
  });

  it('walks a graph again with retainGraph, or when it saved nothing', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(list(x.grad)).toEqual([4, 8]);
    const plain = leaf([1, 2]);
    const z = plain.add(1).sum();
    z.backward();
    z.backward();
    expect(list(plain.grad)).toEqual([2, 2]);
  });

  it('frees only what it walked', () => {
    const x = leaf([2]);
    const shared = x.mul(x);
    shared.mul(3).backward();
    const other = shared.add(1);
    expect(() => other.backward()).toThrow(StateError);
    expect(list(x.grad)).toEqual([12]);
  });

  it('frees what led to a loss that is kept', async () => {
    const collect: () => void = vm.runInNewContext('gc');
    const weight = tensor(new Float32Array(64), { shape: [4, 16], requiresGrad: true });
    const losses: Tensor[] = [];
    const refs: WeakRef<Tensor>[] = [];
    const step = () => {
      const hidden = F.linear(ones([2, 16]), weight);
      const loss = hidden.relu().mul(2).softmax(1).log().mean();
      loss.backward();
      losses.push(loss);
      refs.push(new WeakRef(hidden));
    };
    for (let i = 0; i < 3; i++) step();
    // A WeakRef holds on to its target until the job ends that made it.
    await setImmediate();
    collect();
    expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined]);
    expect(losses.map((loss) => loss.item()).every(Number.isFinite)).toBe(true);
  });

  it('gives no gradient to a leaf that required none when it was used', () => {
    const [x, w] = [leaf([1, 2]), tensor([3, 4])];
    const y = x.mul(w).add(w).sum();
    w.requiresGrad_();
    // Not saved for a gradient of w, so it may change; PyTorch gives w none either.
    x.requiresGrad_(false).copy_(ones([2]));
    x.requiresGrad_(true);
    y.backward();
    expect([list(x.grad), w.grad]).toEqual([[3, 4], null]);
  });

  it('notices that a saved tensor was overwritten', () => {
    const x = leaf([1, 2]);
    const w = tensor([3, 4]);
    const y = x.mul(w).sum();
    w.copy_(ones([2]));
    expect(() => y.backward()).toThrow(/modified by an inplace operation/);
    expect(x.grad).toBeNull();
  });

  it('stops at detach and inside noGrad', () => {
    const x = leaf([1, 2]);
    expect(x.mul(2).detach().requiresGrad).toBe(false);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    const y = x.mul(x.detach());
    y.sum().backward();
    expect(list(x.grad)).toEqual([1, 2]);
  });

  it('restores the mode after noGrad, even when it throws, and nests', () => {
    const x = leaf([1]);
    expect(() =>
      noGrad(() => {
        noGrad(() => x.mul(2));
        expect(x.mul(2).requiresGrad).toBe(false);
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
    expect(x.mul(2).requiresGrad).toBe(true);
    expect(() => noGrad(async () => x)).toThrow(/must not be async/);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('asks for a gradient unless the output is one number', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(2).backward()).toThrow('grad can be implicitly created only for scalar outputs');
    expect(() => tensor([1]).backward()).toThrow('does not require grad and does not have a grad_fn');
    expect(() => x.mul(2).backward(ones([3]))).toThrow(/Mismatch in shape/);
    x.mul(2).backward(tensor([1, 10]));
    expect(list(x.grad)).toEqual([2, 20]);
  });

  it('computes no gradient that was not asked for', () => {
    const input = zeros([2, 3]);
    const weight = tensor([[1, 2, 3]], { requiresGrad: true });
    F.linear(input, weight).sum().backward();
    expect(input.grad).toBeNull();
    expect(weight.grad).toBeInstanceOf(Tensor);
  });

  it('refuses requiresGrad on integers and changes of it on results', () => {
    expect(() => tensor([1], { dtype: 'int32', requiresGrad: true })).toThrow(/floating point/);
    expect(() => tensor([1], { dtype: 'int32' }).requiresGrad_()).toThrow(/floating point/);
    expect(() => leaf([1]).mul(2).requiresGrad_(false)).toThrow(/detach/);
  });
});
