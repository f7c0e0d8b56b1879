import { describe, expect, it } from 'vitest';
import { ArgumentError, allclose, compile, equal, nn, ones, ShapeError, StateError, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const { NaN: nan } = Number;

describeEachBackend('equal', (name) => {
  // Answers of torch.equal 2.13.
  it.each([
    [[1, 2], [1, 2], true],
    [[1, 2], [1, 3], false],
    [[1, 2], [[1, 2]], false],
    [[nan], [nan], false],
    [[0], [-0], true],
    [[], [], true],
    [[Infinity], [Infinity], true],
  ])('of %j and %j is %s', (a, b, answer) => {
    expect(equal(tensor(a), tensor(b))).toBe(answer);
    expect(tensor(a).equal(tensor(b))).toBe(answer);
  });

  it('compares numbers across dtypes', () => {
    expect(equal(tensor([1]), tensor([1], { dtype: 'int32' }))).toBe(true);
    if (name === 'reference') expect(equal(tensor([0.1]), tensor([0.1], { dtype: 'float64' }))).toBe(false);
  });
});

describeEachBackend('allclose', () => {
  // Answers of torch.allclose 2.13.
  it.each([
    [[1], [1.00001], {}, false],
    [[1], [1.000009], {}, true],
    [[1, 1], 1, {}, true],
    [[Infinity], [Infinity], {}, true],
    [[Infinity], [-Infinity], {}, false],
    [[Infinity], [1], { rtol: Infinity }, false],
    [[1], [Infinity], {}, false],
    [[nan], [nan], {}, false],
    [[nan], [nan], { equalNan: true }, true],
    [[nan], [1], { equalNan: true }, false],
    [[1], [1.5], { atol: 0.5, rtol: 0 }, true],
    [[0], [1e-9], {}, true],
  ])('of %j and %j with %j is %s', (a, b, options, answer) => {
    expect(allclose(tensor(a), tensor(b), options)).toBe(answer);
    expect(tensor(a).allclose(tensor(b), options)).toBe(answer);
  });

  it('takes integers', () => {
    const [a, b, c] = [100, 101, 102].map((value) => tensor([value], { dtype: 'int32' }));
    expect([allclose(a!, b!, { rtol: 0.01 }), allclose(a!, c!, { rtol: 0.01 })]).toEqual([true, false]);
  });
});

describe('bad input', () => {
  const [a, b] = [ones([2]), ones([3])];
  it.each([
    ['other dtypes', () => allclose(a, ones([2], { dtype: 'int32' })), ArgumentError, 'float32 did not match int32'],
    ['shapes that do not broadcast', () => allclose(a, b), ShapeError, 'allclose'],
    [
      'a negative rtol',
      () => allclose(a, a, { rtol: -1 }),
      ArgumentError,
      'rtol must be greater than or equal to zero',
    ],
    [
      'a negative atol',
      () => allclose(a, a, { atol: nan }),
      ArgumentError,
      'atol must be greater than or equal to zero',
    ],
    ['an unknown option', () => allclose(a, a, { equal_nan: true } as never), ArgumentError, 'equalNan'],
    ['numbers', () => equal(a, 3 as never), ArgumentError, 'equal: expected a Tensor, got 3'],
    ['trace', () => compile((x) => (equal(x, x) ? x : x.neg()))(a), StateError, 'equal()'],
  ])('%s', (_what, run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});

describe('crossEntropy as PyTorch refuses it', () => {
  const logits = ones([2, 3]);
  const weight = ones([3], { requiresGrad: true });

  it('a weight that requires a gradient, next to labels', () => {
    const loss = new nn.CrossEntropyLoss({ weight });
    const labels = tensor([0, 1], { dtype: 'int32' });
    expect(() => loss.forward(logits, labels)).toThrow("not differentiable with respect to argument 'weight'");
    loss.forward(logits, ones([2, 3])).backward();
    expect(weight.grad?.numel).toBe(3);
  });

  it('ignoreIndex next to probabilities', () => {
    for (const ignoreIndex of [0, 1])
      expect(() => new nn.CrossEntropyLoss({ ignoreIndex }).forward(logits, ones([2, 3]))).toThrow(
        'ignore_index is not supported for floating point target',
      );
    expect(new nn.CrossEntropyLoss({ ignoreIndex: -1 }).forward(logits, ones([2, 3])).item()).toBeGreaterThan(0);
  });
});
