/** Methods of Tensor about elements by index and orders. */
import { defineAll } from './define.js';
import type { ValuesAndIndices } from './extremum.js';
import { gather, scatter, scatterAdd } from './gather.js';
import { argsort, cumsum, type SortOptions, sort, type TopkOptions, topk } from './order.js';

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The elements along `dim` that an int32 tensor of as many dimensions names. */
    gather(dim: number, index: Tensor): Tensor;
    /** A copy with `src` put at the places along `dim` that an int32 tensor names; the last one counts. */
    scatter(dim: number, index: Tensor, src: Tensor | number): Tensor;
    /** A copy with `src` added at the places along `dim` that an int32 tensor names. */
    scatterAdd(dim: number, index: Tensor, src: Tensor): Tensor;
    /** The numbers in order along a dimension (the last), and where each stood. */
    sort(options?: SortOptions): ValuesAndIndices;
    /** Where the numbers stand that `sort` would give, int32. */
    argsort(options?: SortOptions): Tensor;
    /** The k largest numbers along a dimension (the last), and where they stand. */
    topk(k: number, options?: TopkOptions): ValuesAndIndices;
    /** Running sums along a dimension. */
    cumsum(dim: number): Tensor;
  }
}

defineAll({ gather, scatter, scatterAdd, sort, argsort, topk, cumsum });
