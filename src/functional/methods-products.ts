/** Methods of Tensor about products, and about statistics over dimensions. */
import { defineAll } from './define.js';
import { norm } from './norm.js';
import { bmm, dot, outer } from './products.js';
import { type ProdOptions, prod, std, type VarOptions, var as variance } from './statistics.js';
import type { ReduceOptions } from './sum.js';

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The matrix products of two batches, [b, m, k] and [b, k, n]. */
    bmm(other: Tensor): Tensor;
    /** Each element of this vector times each of another. */
    outer(other: Tensor): Tensor;
    /** The sum of the products of two vectors. */
    dot(other: Tensor): Tensor;
    /** The variance over `dim`, or of everything; `correction` is 1. */
    var(options?: VarOptions): Tensor;
    /** The square root of the variance. */
    std(options?: VarOptions): Tensor;
    /** The product along `dim`, or of everything. */
    prod(options?: ProdOptions): Tensor;
    /** The p-norm over `dim`, or of everything; p is 2. */
    norm(p?: number | 'fro', options?: ReduceOptions): Tensor;
  }
}

defineAll({ bmm, outer, dot, var: variance, std, prod, norm });
