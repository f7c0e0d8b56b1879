/** Methods that write into their tensor. */
import { expect, it } from 'vitest';
import {
  compile,
  empty,
  Generator,
  manualSeed,
  noGrad,
  rand,
  randLike,
  randn,
  randnLike,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

describeEachBackend('in place', () => {
  it('arithmetic equals that which makes a new tensor, and returns the tensor', () => {
    for (const name of ['add', 'sub', 'mul', 'div'] as const) {
      for (const other of [
        1.7,
        randn([5]),
        randn([3, 1]),
        randn([3, 5]),
        tensor([2, 3, 4, 5, 6], { dtype: 'int32' }),
      ]) {
        const x = randn([3, 5]);
        const expected = x[name](other);
        expect(x[`${name}_`](other)).toBe(x);
        expect([...x.toTypedArray()]).toEqual([...expected.toTypedArray()]);
      }
    }
  });

  it('a tensor with itself', () => {
    const x = tensor([1, 2, 3]);
    expect(x.add_(x).mul_(x).toArray()).toEqual([4, 16, 36]);
    expect(x.sub_(x.reshape([3])).toArray()).toEqual([0, 0, 0]);
  });

  it('alpha, fill_ and zero_', () => {
    const x = tensor([1, 2]);
    expect(x.add_(tensor([1, 1]), { alpha: 3 }).toArray()).toEqual([4, 5]);
    expect(x.sub_(1, { alpha: 2 }).toArray()).toEqual([2, 3]);
    expect(x.fill_(0.5).toArray()).toEqual([0.5, 0.5]);
    expect(x.fill_(tensor(7)).toArray()).toEqual([7, 7]);
    expect(x.zero_().toArray()).toEqual([0, 0]);
    expect(tensor([1, 2], { dtype: 'int32' }).fill_(-2.7).toArray()).toEqual([-2, -2]);
  });

  it('memory that a view shares', () => {
    const x = zeros([2, 2]);
    x.reshape([4]).add_(1);
    expect(x.toArray()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('counts versions: backward notices what was saved', () => {
    const writes = [
      (x: ReturnType<typeof tensor>) => x.add_(1),
      (x: ReturnType<typeof tensor>) => x.zero_(),
      (x: ReturnType<typeof tensor>) => x.fill_(2),
      (x: ReturnType<typeof tensor>) => x.uniform_(),
    ];
    for (const write of writes) {
      const leaf = tensor([1, 2], { requiresGrad: true });
      const loss = leaf.mul(leaf).sum();
      noGrad(() => write(leaf));
      expect(() => loss.backward()).toThrow('has been modified by an inplace operation: MulBackward0');
      expect(leaf.grad).toBeNull();
    }
  });

  it('a step of gradient descent by hand', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    w.mul(w).sum().backward();
    noGrad(() => w.sub_(w.grad!, { alpha: 0.25 }));
    expect(w.toArray()).toEqual([0.5, 1]);
    expect(w.requiresGrad).toBe(true);
    w.grad!.zero_();
    expect(w.grad!.toArray()).toEqual([0, 0]);
  });

  it('random numbers are those of rand and randn, from the same place in the stream', () => {
    manualSeed(3);
    const [a, b] = [rand([5]), randn([20])];
    const next = rand([1]).item();
    manualSeed(3);
    expect(zeros([5]).uniform_().toArray()).toEqual(a.toArray());
    expect(zeros([20]).normal_().toArray()).toEqual(b.toArray());
    expect(rand([1]).item()).toBe(next);
    // What PyTorch's torch.empty(3).uniform_(-2, 3, generator=torch.Generator().manual_seed(7)) gives.
    const drawn = empty(3).uniform_(-2, 3, { generator: new Generator(7) });
    expect(drawn.toArray()).toEqual([0.6746127009391785, -1.0059840679168701, 1.2960584163665771]);
  });

  it('empty and the likes of a tensor', () => {
    expect(empty([2, 0]).shape).toEqual([2, 0]);
    expect(empty(2, { dtype: 'int32' }).dtype).toBe('int32');
    manualSeed(1);
    const [u, n] = [rand([2, 3]), randn([2, 3])];
    manualSeed(1);
    const like = zeros([2, 3]);
    expect([randLike(like).toArray(), randnLike(like).toArray()]).toEqual([u.toArray(), n.toArray()]);
    expect(randnLike(like, { requiresGrad: true }).requiresGrad).toBe(true);
  });

  it('random numbers inside of compile are those of eager calls', () => {
    const runs = (isCompiled: boolean) => {
      manualSeed(5);
      const kept = zeros([20]);
      const fn = () => [kept.normal_(1, 2), zeros([3]).uniform_(-1, 1), kept.add(0)];
      const run = isCompiled ? compile(() => fn().map((t) => t.clone())) : fn;
      const numbers = [0, 1, 2].map(() => run().map((t) => t.toArray()));
      return { numbers, next: rand([1]).item() };
    };
    const eager = runs(false);
    expect(runs(true)).toEqual(eager);
    expect(eager.numbers[0]).not.toEqual(eager.numbers[1]);
    expect(() => compile(() => zeros([2]).normal_(0, -1))()).toThrow('normal expects std >= 0.0, but found std -1');
  });

  it('inside of compile, at each run', () => {
    const total = zeros([3]);
    const count = compile((x: ReturnType<typeof tensor>) => {
      const own = zeros([3]).add_(x).mul_(2);
      own.fill_(1).div_(2).sub_(x);
      total.add_(own).mul_(tensor([1, 2, 3]));
      return own;
    });
    expect(count(tensor([1, 2, 3])).toArray()).toEqual([-0.5, -1.5, -2.5]);
    expect(total.toArray()).toEqual([-0.5, -3, -7.5]);
    count(tensor([0, 0, 0]));
    expect(total.toArray()).toEqual([0, -5, -21]);
    const writesArgument = compile((x: ReturnType<typeof tensor>) => x.add_(1));
    expect(() => writesArgument(tensor([1]))).toThrow('writes into one of its arguments');
  });
});
