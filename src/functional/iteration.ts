/** Tensors as iterables and in comparisons: methods that answer JavaScript's own questions. */
import { Tensor } from '../tensor/tensor.js';
import { type AllcloseOptions, allclose, equal } from './equal.js';
import { select } from './strided.js';

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The slices along the first dimension, one after the other, as in PyTorch; a scalar is not iterable. */
    [Symbol.iterator](): IterableIterator<Tensor>;
    /** Whether `other` has the same shape and numbers; see {@link equal}. */
    equal(other: Tensor): boolean;
    /** Whether the numbers of `other` are nearly the same; see {@link allclose}. */
    allclose(other: Tensor, options?: AllcloseOptions): boolean;
  }
}

function* slices(this: Tensor): IterableIterator<Tensor> {
  for (let i = 0; i < this.length; i++) yield select(this, 0, i);
}

// Looked up, so that a scalar has none: `for (const x of scalar)` is JavaScript's own error, and what compares iterables by their
// members, as expect() of Jest does, compares scalars by their numbers.
Object.defineProperty(Tensor.prototype, Symbol.iterator, {
  get(this: Tensor) {
    return this.ndim === 0 ? undefined : slices;
  },
  configurable: true,
});

const methods = {
  equal(this: Tensor, other: Tensor): boolean {
    return equal(this, other);
  },
  allclose(this: Tensor, other: Tensor, options?: AllcloseOptions): boolean {
    return allclose(this, other, options);
  },
};

for (const [name, value] of Object.entries(methods))
  Object.defineProperty(Tensor.prototype, name, { value, configurable: true, writable: true });
