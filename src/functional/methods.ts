/**
 * The differentiable functions as methods of Tensor. They are put on the class from here, so that src/tensor need not
 * know src/functional; importing the library imports this file.
 */
import { checkBoolean, checkOptions } from '../check.js';
import type { DType } from '../ops/ops.js';
import { type RemovableHandle, registerHook, retainGrad } from '../tensor/hooks.js';
import type { GradientHook } from '../tensor/node.js';
import type { Sizes } from '../tensor/size-arguments.js';
import { backward } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { define, defineAll } from './define.js';
import * as extremum from './extremum.js';
import { indexSelect } from './index-select.js';
import { matmul } from './matmul.js';

import { logSoftmax, softmax } from './softmax.js';
import * as strided from './strided.js';
import * as sums from './sum.js';
import { checkTensor } from './support.js';
import * as views from './views.js';

type DimOptions = extremum.DimOptions;

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep what the graph saved, so that it can be walked again. Default false. */
  retainGraph?: boolean;
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /**
     * Adds the gradient of this tensor to `grad` of every leaf below it that requires one.
     * @param gradient d(something)/d(this), of the same shape, converted to this dtype; may be left out for a single element, where it is 1.
     * @throws StateError when this tensor requires no gradient, has several elements and no `gradient` is given, or its
     * graph has been walked before without `retainGraph`. Nothing is changed then.
     */
    backward(gradient?: Tensor, options?: BackwardOptions): void;

    /** Has this result keep its gradient in `grad` at each backward. Does nothing for a leaf. */
    retainGrad(): void;
    /**
     * Calls `hook` with the whole gradient of this tensor, before it goes on or is added to `grad`; what the hook returns
     * takes its place. The handle removes it. On a tensor from outside it cannot be used while `compile` traces.
     */
    registerHook(hook: GradientHook<Tensor>): RemovableHandle;

    /** The matrix product; see {@link matmul}. */
    matmul(other: Tensor): Tensor;

    /** e^x / Σ e^x along `dim`. */
    softmax(dim?: number | null): Tensor;
    /** x - log Σ e^x along `dim`. */
    logSoftmax(dim?: number | null): Tensor;

    /** The sum over `dim` (a number or several), or of everything. */
    sum(dim?: sums.Dims, keepdim?: boolean): Tensor;
    /** The same with options. */
    sum(options?: sums.ReduceOptions): Tensor;
    /** The mean over `dim` (a number or several), or of everything. */
    mean(dim?: sums.Dims, keepdim?: boolean): Tensor;
    /** The same with options. */
    mean(options?: sums.ReduceOptions): Tensor;
    /** The largest element; with `dim`, values and indices along it. */
    max(): Tensor;
    /** The largest elements along `dim`, and where they stand. */
    max(dim: number, keepdim?: boolean): extremum.ValuesAndIndices;
    /** The same with options. */
    max(options: DimOptions): extremum.ValuesAndIndices;
    /** The smallest element; with `dim`, values and indices along it. */
    min(): Tensor;
    /** The smallest elements along `dim`, and where they stand. */
    min(dim: number, keepdim?: boolean): extremum.ValuesAndIndices;
    /** The same with options. */
    min(options: DimOptions): extremum.ValuesAndIndices;
    /** Index of the largest element, of everything or along `dim`; int32. */
    argmax(dim?: number | null, keepdim?: boolean): Tensor;
    /** The same with options. */
    argmax(options?: Partial<DimOptions>): Tensor;
    /** Index of the smallest element, of everything or along `dim`; int32. */
    argmin(dim?: number | null, keepdim?: boolean): Tensor;
    /** The same with options. */
    argmin(options?: Partial<DimOptions>): Tensor;

    /** The same numbers under another shape, `reshape([-1, 784])` or `reshape(-1, 784)`; one size may be -1. Shares memory. */
    reshape(...sizes: Sizes): Tensor;
    /** Merges the dimensions from startDim (0) to endDim (-1) into one. Shares memory. */
    flatten(startDim?: number, endDim?: number): Tensor;
    /** Drops dimensions of size 1. Shares memory. */
    squeeze(dim?: number | readonly number[]): Tensor;
    /** Inserts a dimension of size 1. Shares memory. */
    unsqueeze(dim: number): Tensor;
    /** Swaps two dimensions; copies. */
    transpose(dim0: number, dim1: number): Tensor;
    /** Puts the dimensions in another order; copies. */
    permute(...dims: Sizes): Tensor;
    /** The slice at `index` along `dim`; copies. */
    select(dim: number, index: number): Tensor;
    /** `length` positions from `start` along `dim`; copies. */
    narrow(dim: number, start: number, length: number): Tensor;
    /** The rows that an int32 tensor names; copies. */
    indexSelect(index: Tensor): Tensor;
    /** The same along another dimension, as in PyTorch. */
    indexSelect(dim: number, index: Tensor): Tensor;

    /** A copy that gradients flow through. */
    clone(): Tensor;
    /** The numbers in another dtype; this itself when it has that dtype. */
    to(target: DType | Tensor): Tensor;
  }
}

const methods = {
  ...sums,
  ...extremum,
  ...views,
  ...strided,
  indexSelect,
  logSoftmax,
  matmul,
  softmax,
  to,
};

/** Functions that take a list, or that serve other functions: not methods. */
const functionsOnly = new Set(['cat', 'stack']);

defineAll(Object.fromEntries(Object.entries(methods).filter(([name]) => !functionsOnly.has(name))) as typeof methods);

defineAll({ retainGrad, registerHook });

define('backward', function (this: Tensor, gradient?: Tensor, options?: BackwardOptions) {
  checkTensor('backward', this);
  const { retainGraph = false } = checkOptions('backward', options, ['retainGraph']);
  backward(this, gradient, checkBoolean('backward', 'retainGraph', retainGraph));
});
