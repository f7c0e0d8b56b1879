/** Shapes, repetition, pieces and positions: what golden files cannot say. */
import { expect, it } from 'vitest';
import { noGrad, Slice, type Tensor, tensor, zeros } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

/** [2, 3, 4]: each number is its own position. */
const cube = (): Tensor => tensor([...Array(24).keys()], { shape: [2, 3, 4] });
const int32 = (values: number[], shape = [values.length]) => tensor(values, { dtype: 'int32', shape });

describeEachBackend('positions', () => {
  /** What PyTorch gives for the expression in the title. */
  const cases: readonly [title: string, got: (x: Tensor) => Tensor, shape: number[], values: number[]][] = [
    ['x[1, 2]', (x) => x.index(1, 2), [4], [20, 21, 22, 23]],
    ['x[-1, -1, -1]', (x) => x.index(-1, -1, -1), [], [23]],
    ['x[..., 0]', (x) => x.index('...', 0), [2, 3], [0, 4, 8, 12, 16, 20]],
    ['x[0, ..., 1::2]', (x) => x.index(0, '...', new Slice(1, null, 2)), [3, 2], [1, 3, 5, 7, 9, 11]],
    [
      'x[:, 1:2, ::3]',
      (x) => x.index(new Slice(), new Slice(1, 2), new Slice(null, null, 3)),
      [2, 1, 2],
      [4, 7, 16, 19],
    ],
    ['x[:, None, 0, -2:]', (x) => x.index(new Slice(), null, 0, new Slice(-2)), [2, 1, 2], [2, 3, 14, 15]],
    ['x[5:, 0, 0]', (x) => x.index(new Slice(5), 0, 0), [0], []],
    ['x[0, :, [3, 0]]', (x) => x.index(0, new Slice(), int32([3, 0])), [3, 2], [3, 0, 7, 4, 11, 8]],
    ['x[1, [[2], [0]], 1]', (x) => x.index(1, int32([2, 0], [2, 1]), 1), [2, 1], [21, 13]],
    ['x[1, 0, 0:3:2]', (x) => x.index(1, 0).slice(0, 0, 3, 2), [2], [12, 14]],
  ];
  it.each(cases)('%s', (_title, got, shape, values) => {
    const picked = got(cube());
    expect(picked.shape).toEqual(shape);
    expect([...picked.toTypedArray()]).toEqual(values);
  });

  it('of int32 tensors are int32, and copies', () => {
    const x = int32([1, 2, 3]);
    const part = x.index(new Slice(0, 2));
    part.indexPut_([0], 9);
    expect(part.dtype).toBe('int32');
    expect(part.toArray()).toEqual([9, 2]);
    expect(x.toArray()).toEqual([1, 2, 3]);
  });

  it('are written by indexPut_', () => {
    const x = zeros([2, 4]);
    expect(x.indexPut_([0, new Slice(null, null, 2)], tensor([1, 2]))).toBe(x);
    x.indexPut_(['...', 3], 7).indexPut_([1, 0], int32([5], []));
    x.indexPut_([new Slice(1), new Slice(1, 3)], tensor(8));
    expect(x.toArray()).toEqual([
      [1, 0, 2, 7],
      [5, 8, 8, 7],
    ]);
    expect(int32([1, 2]).indexPut_([0], -2.7).toArray()).toEqual([-2, 2]);
  });

  it('of a parameter are written inside noGrad, and backward notices what was saved', () => {
    const leaf = tensor([1, 2, 3], { requiresGrad: true });
    const loss = leaf.mul(leaf).sum();
    noGrad(() => leaf.indexPut_([1], 0));
    expect(leaf.toArray()).toEqual([1, 0, 3]);
    expect(() => loss.backward()).toThrow('modified by an inplace operation');
  });
});

describeEachBackend('shapes', () => {
  it('size, dim, T and view', () => {
    const x = cube();
    expect(x.dim()).toBe(3);
    expect(x.size()).toEqual([2, 3, 4]);
    expect([x.size(0), x.size(-1)]).toEqual([2, 4]);
    expect(x.T.shape).toEqual([4, 3, 2]);
    expect(x.index(0).T.toArray()).toEqual([
      [0, 4, 8],
      [1, 5, 9],
      [2, 6, 10],
      [3, 7, 11],
    ]);
    expect(x.view([6, -1]).shape).toEqual([6, 4]);
  });

  it('gradients go through T and view', () => {
    const x = tensor([[1, 2, 3]], { requiresGrad: true });
    x.T.mul(tensor([[1], [2], [3]]))
      .view([3])
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([[1, 2, 3]]);
  });

  it('pieces are as many as PyTorch makes', () => {
    const shapes = (list: Tensor[]) => list.map(({ shape }) => shape[0]);
    expect(shapes(zeros([5]).chunk(4))).toEqual([2, 2, 1]);
    expect(shapes(zeros([0, 3]).chunk(3))).toEqual([0, 0, 0]);
    expect(shapes(zeros([0, 3]).split(2))).toEqual([0]);
    expect(shapes(zeros([0, 3]).split(0))).toEqual([0]);
    expect(shapes(zeros([5]).split(2))).toEqual([2, 2, 1]);
  });

  it('what repeats nothing is a copy all the same', () => {
    const x = tensor([1, 2]);
    for (const same of [x.expand([2]), x.repeat([1]), x.repeatInterleave(1)]) same.indexPut_([0], 9);
    expect(x.toArray()).toEqual([1, 2]);
  });
});
