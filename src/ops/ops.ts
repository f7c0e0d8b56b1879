/**
 * The op contract: the only description of arithmetic in lanewise.
 *
 * An op is a flat function over memory that the caller owns. It allocates nothing and knows no tensor, layer or
 * gradient. {@link signatures} is the one list: the types of every backend derive from it, the native backend
 * marshals by it, and a recorder learns from its roles what an op reads and writes.
 *
 * Laws for every op, on every backend:
 * - callers have checked shapes, dtypes and ranges; a backend may check again but need not;
 * - memory is dense and row-major; sizes may be 0; outputs may hold anything beforehand (NaN in tests) and every
 *   element of them is written, unless the role says `inout`;
 * - an elementwise op may write to one of its own inputs; no other op may;
 * - NaN and infinity go through as in PyTorch;
 * - the reference computes in float64 and rounds once at the end; native backends round as kernels.md says.
 */

import type { Role, RoleTypes, Signature } from './roles.js';

export type {
  Cell,
  Draw,
  DType,
  FloatArray,
  HostArray,
  KeySource,
  Layout,
  Memory,
  Role,
  Signature,
} from './roles.js';

const elementwise = { x: 'in', out: 'out', n: 'size' } as const;
const binary = { a: 'in', b: 'in', out: 'out', layout: 'layout' } as const;
const binaryInt = { a: 'index', b: 'index', out: 'indexOut', layout: 'layout' } as const;
const overDim = { x: 'in', out: 'out', outer: 'size', size: 'size', inner: 'size' } as const;
const overDimBackward = { grad: 'in', y: 'in', out: 'out', outer: 'size', size: 'size', inner: 'size' } as const;

const byIndex = <X extends Role, Out extends Role>(x: X, out: Out) =>
  ({ x, index: 'index', out, outer: 'size', size: 'size', count: 'size', inner: 'size' }) as const;

/**
 * Every op: its name, and its arguments in the order in which they cross into C++. Shapes are written [a, b]; a
 * triple `outer, size, inner` views memory as [outer, size, inner] and works along the middle.
 */
export const signatures = {
  // --- memory ---------------------------------------------------------------------------------------------------
  /** out[i] = value. int32 memory takes an integer value. */
  fill: { out: 'anyOut', value: 'scalar', n: 'size' },
  /** out[outOffset + Σ iₖ·outStrideₖ] = x[xOffset + Σ iₖ·xStrideₖ]. layout: sizes, x strides, out strides. Same dtype. */
  copy: { x: 'any', out: 'anyInout', layout: 'layout', xOffset: 'size', outOffset: 'size' },
  /** out[i] = x[i] in the dtype of out. To int32: truncated towards zero; NaN gives 0, out of range saturates. */
  cast: { x: 'any', out: 'anyOut', n: 'size' },
  /** out[r, :] = x[index[r], :] for r < count; x is [rows, width]; 0 <= index[r] < rows. Same dtype. */
  indexSelect: { x: 'any', index: 'index', out: 'anyOut', rows: 'size', width: 'size', count: 'size' },
  /** out = 0 ([rows, width]), then out[index[r], :] += grad[r, :] with r ascending. */
  indexAdd: { grad: 'in', index: 'index', out: 'out', rows: 'size', width: 'size', count: 'size' },

  // --- elementwise, broadcasting: out is dense with the sizes of the layout ---------------------------------------
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  /** a to the power of b, as C's pow. */
  pow: binary,

  // --- elementwise --------------------------------------------------------------------------------------------------
  neg: elementwise,
  exp: elementwise,
  log: elementwise,
  sqrt: elementwise,
  abs: elementwise,
  /** -1, 0 or 1; NaN for NaN is not kept: PyTorch's sign(NaN) is 0. */
  sign: elementwise,
  /** x <= 0 ? 0 : x, so NaN stays. */
  relu: elementwise,
  sigmoid: elementwise,
  tanh: elementwise,
  /** min(max(x, low), high); NaN stays. low = -Infinity or high = Infinity leaves that side open. */
  clamp: { x: 'in', out: 'out', n: 'size', low: 'scalar', high: 'scalar' },
  /** grad where !(y <= 0), else 0. */
  reluBackward: { grad: 'in', y: 'in', out: 'out', n: 'size' },
  /** grad·y·(1 - y). */
  sigmoidBackward: { grad: 'in', y: 'in', out: 'out', n: 'size' },
  /** grad·(1 - y²). */
  tanhBackward: { grad: 'in', y: 'in', out: 'out', n: 'size' },
  /** grad where low <= x <= high, else 0 (so 0 at NaN). */
  clampBackward: { grad: 'in', x: 'in', out: 'out', n: 'size', low: 'scalar', high: 'scalar' },

  // --- along one dimension ------------------------------------------------------------------------------------------
  /** out[o, i] = Σ x[o, :, i]; 0 for size 0. */
  sum: overDim,
  /** Largest value and the first index where it stands; a NaN wins. size >= 1. */
  max: { x: 'in', out: 'out', index: 'indexOut', outer: 'size', size: 'size', inner: 'size' },
  min: { x: 'in', out: 'out', index: 'indexOut', outer: 'size', size: 'size', inner: 'size' },
  /** out[o, j, i] = x[o, index[o, j, i], i] for j < count; x is [outer, size, inner]; 0 <= index < size. Same dtype. */
  gather: byIndex('any', 'anyOut'),
  /** out[o, index[o, j, i], i] = x[o, j, i] for j < count, j ascending; out is [outer, size, inner]. Same dtype. */
  scatter: byIndex('any', 'anyInout'),
  /** out[o, index[o, j, i], i] += x[o, j, i] for j < count, j ascending; out is [outer, size, inner]. */
  scatterAdd: byIndex('in', 'inout'),
  /** The positions along the middle in the order of their numbers; equal ones in their own order. NaN is the largest. */
  argsort: { x: 'any', index: 'indexOut', outer: 'size', size: 'size', inner: 'size', descending: 'flag' },
  /** out[o, j, i] = Σ x[o, k, i] for k <= j, or k >= j when reverse. int32 wraps around. Same dtype. */
  cumsum: { x: 'any', out: 'anyOut', outer: 'size', size: 'size', inner: 'size', reverse: 'flag' },
  /** exp(x - max) / Σ exp(x - max). */
  softmax: overDim,
  /** x - max - log Σ exp(x - max). */
  logSoftmax: overDim,
  /** y·(grad - Σ grad·y). */
  softmaxBackward: overDimBackward,
  /** grad - exp(y)·Σ grad. */
  logSoftmaxBackward: overDimBackward,

  // --- int32: exact; modulo 2^32 where a result does not fit, as PyTorch's ------------------------------------------
  addInt: binaryInt,
  subInt: binaryInt,
  mulInt: binaryInt,
  /** a to the power of b; for b < 0 the fraction of 1/a^-b is cut off, and a = 0 gives 0. */
  powInt: binaryInt,
  maximumInt: binaryInt,
  minimumInt: binaryInt,
  /** out[o, i] = Σ x[o, :, i]. Throws an ArgumentError unless every sum is an int32. */
  sumInt: { x: 'index', out: 'indexOut', outer: 'size', size: 'size', inner: 'size' },
  /** As max and min. */
  maxInt: { x: 'index', out: 'indexOut', index: 'indexOut', outer: 'size', size: 'size', inner: 'size' },
  minInt: { x: 'index', out: 'indexOut', index: 'indexOut', outer: 'size', size: 'size', inner: 'size' },

  // --- matrices -----------------------------------------------------------------------------------------------------
  /**
   * out[g] = op(a[g])·op(b[g]) for g < batch; out is [batch, m, n]. op(a) is [m, k]: a is stored [m, k], or [k, m]
   * when transA; op(b) is [k, n]: b is stored [k, n], or [n, k] when transB. aStride and bStride are the elements
   * between two batches, 0 to use one matrix for all. One accumulator per output, k ascending. k = 0 gives 0.
   */
  matmul: {
    a: 'in',
    b: 'in',
    out: 'out',
    batch: 'size',
    m: 'size',
    n: 'size',
    k: 'size',
    transA: 'flag',
    transB: 'flag',
    aStride: 'size',
    bStride: 'size',
  },
  /** out = x·weightᵀ + bias; x [rows, inFeatures], weight [outFeatures, inFeatures], bias [outFeatures]. */
  linear: {
    x: 'in',
    weight: 'in',
    bias: 'in?',
    out: 'out',
    rows: 'size',
    inFeatures: 'size',
    outFeatures: 'size',
  },

  // --- bookkeeping: runs on the host on every backend, see ops/host.ts -------------------------------------------------
  /** key[0], key[1] = source.nextKey(), as int32 bits. */
  drawKey: { source: 'keySource', key: 'indexOut' },
  /** out = what `draw` draws. A program is given it as an input: it is drawn before each run. */
  draw: { draw: 'draw', out: 'anyOut' },
  /** Throws an ArgumentError unless 0 <= index[i] < bound for all i; dim is for its message. */
  checkIndex: { index: 'index', bound: 'size', dim: 'size' },
  /** Throws an ArgumentError unless 0 <= target[i] < classes or target[i] = ignoreIndex for all i. */
  checkTarget: { target: 'index', classes: 'size', ignoreIndex: 'int' },

  // --- dropout ------------------------------------------------------------------------------------------------------
  /**
   * out = x·(keep ? scale : 0), the mask being kernels.md's function of (key, row, column) for x as [rows, columns];
   * its own gradient is the same op on the gradient. rowOffset: the row number of the first row. 0 <= p <= 1.
   */
  dropout: {
    x: 'in',
    key: 'index',
    out: 'out',
    rows: 'size',
    columns: 'size',
    p: 'scalar',
    rowOffset: 'size',
  },

  // --- losses -------------------------------------------------------------------------------------------------------
  /**
   * Softmax and cross-entropy together. logits [rows, classes], target [rows], weight [classes] or null. For a row
   * with target t ≠ ignoreIndex, e = smoothing, w = weight or ones, lp = logSoftmax(logits):
   *   loss = (1-e)·w[t]·(-lp[t]) + (e/classes)·Σ_c -w[c]·lp[c];   ignored rows: 0.
   * softmaxStats [rows, 2] is kept for the gradient: m = max logit and Σ exp(logit - m), apart, since m + log Σ would round
   * away the digits of small differences between large logits. reduction 0 (none): out [rows]; 1 (mean): out [1] = Σ loss / Σ w[t] over
   * rows not ignored (0/0 = NaN); 2 (sum): out [1]. total [1]: Σ w[t] for mean, else 1. sum [1]: Σ loss.
   */
  crossEntropy: {
    logits: 'in',
    target: 'index',
    weight: 'in?',
    out: 'out',
    softmaxStats: 'out',
    total: 'out',
    sum: 'out?',
    rows: 'size',
    classes: 'size',
    ignoreIndex: 'int',
    smoothing: 'scalar',
    reduction: 'int',
  },
  /** Its gradient for the logits, out [rows, classes]; grad is [rows] for reduction 0, else [1]; divided by total. */
  crossEntropyBackward: {
    grad: 'in',
    logits: 'in',
    target: 'index',
    weight: 'in?',
    softmaxStats: 'in',
    total: 'in',
    out: 'out',
    rows: 'size',
    classes: 'size',
    ignoreIndex: 'int',
    smoothing: 'scalar',
    reduction: 'int',
  },

  // --- optimizers: one step for one parameter -------------------------------------------------------------------------
  /**
   * PyTorch's SGD. g = grad + weightDecay·param. Without buffer: d = g. With it: step[0] = 0 ? buffer = g
   * : buffer = momentum·buffer + (1-dampening)·g; d = nesterov ? g + momentum·buffer : buffer; step[0] += 1.
   * param -= lr·d. buffer and step are both given or both null.
   */
  sgd: {
    param: 'inout',
    grad: 'in',
    buffer: 'inout?',
    step: 'indexInout?',
    n: 'size',
    lr: 'cell',
    momentum: 'cell',
    dampening: 'cell',
    weightDecay: 'cell',
    nesterov: 'flag',
  },
  /**
   * PyTorch's Adam, or AdamW when decoupled. t = step[0] += 1; decoupled: param *= 1 - lr·weightDecay, g = grad; else
   * g = grad + weightDecay·param. m = m + (1-beta1)·(g - m); v = beta2·v + (1-beta2)·g²; with maxV: maxV = max(maxV, v)
   * and v̂ = maxV, else v̂ = v. param -= lr/(1-beta1ᵗ) · m / (√v̂/√(1-beta2ᵗ) + eps). The scalar factors are computed in
   * float64 and rounded once.
   */
  adam: {
    param: 'inout',
    grad: 'in',
    m: 'inout',
    v: 'inout',
    maxV: 'inout?',
    step: 'indexInout',
    n: 'size',
    lr: 'cell',
    beta1: 'cell',
    beta2: 'cell',
    eps: 'cell',
    weightDecay: 'cell',
    decoupled: 'flag',
  },

  // --- for programs: made by src/compile and src/train, never by eager functions --------------------------------------
  /** out[r, :] = x[index[step·count + r], :] for r < count; x is [rows, width]. Same dtype. The index stays in range. */
  gatherRows: {
    x: 'any',
    index: 'index',
    out: 'anyOut',
    rows: 'size',
    width: 'size',
    count: 'size',
    step: 'cell',
  },
  /** Throws a NotFiniteError(layer) unless every x[i] is finite. Eagerly it runs on the host. */
  checkFinite: { x: 'in', n: 'size', layer: 'size' },
  /**
   * out = dropout(relu(linear(x))): linear, then relu when `relu`, then dropout when there is a key. packed: weight lies
   * in panels (listing.ts).
   */
  linearActivation: {
    x: 'in',
    weight: 'in',
    bias: 'in?',
    key: 'index?',
    out: 'out',
    rows: 'size',
    inFeatures: 'size',
    outFeatures: 'size',
    relu: 'flag',
    p: 'scalar',
    rowOffset: 'size',
    packed: 'flag',
  },
  /**
   * out [rows, inFeatures] = grad [rows, outFeatures]·weight, then, when y is given, 0 where y <= 0 and times scale
   * elsewhere: the gradient through the linearActivation (relu, dropout with that scale) whose output was y.
   * biasGrad [inFeatures]: the sums of out over its rows, as op `sum` gives them.
   */
  linearInputGradient: {
    grad: 'in',
    weight: 'in',
    y: 'in?',
    out: 'out',
    biasGrad: 'out?',
    rows: 'size',
    inFeatures: 'size',
    outFeatures: 'size',
    scale: 'scalar',
    packed: 'flag',
  },
  /**
   * crossEntropy and crossEntropyBackward in one pass, with the same bits, for reduction mean or sum: out [1] is the loss,
   * gradLogits its gradient times grad [1]. biasGrad [classes]: the sums of gradLogits over its rows. sum, total: as there.
   */
  crossEntropyTrain: {
    grad: 'in',
    logits: 'in',
    target: 'index',
    weight: 'in?',
    out: 'out',
    gradLogits: 'out',
    biasGrad: 'out?',
    sum: 'out?',
    total: 'out?',
    rows: 'size',
    classes: 'size',
    ignoreIndex: 'int',
    smoothing: 'scalar',
    reduction: 'int',
  },
  /** sgd with the gradient gradᵀ·x, grad [rows, outFeatures], x [rows, inFeatures]; packed: weight and buffer in panels. */
  linearWeightSgd: {
    grad: 'in',
    x: 'in',
    weight: 'inout',
    buffer: 'inout?',
    step: 'indexInout?',
    rows: 'size',
    inFeatures: 'size',
    outFeatures: 'size',
    lr: 'cell',
    momentum: 'cell',
    dampening: 'cell',
    weightDecay: 'cell',
    nesterov: 'flag',
    packed: 'flag',
  },
  /** adam with the same gradient; packed: weight, m, v and maxV in panels. */
  linearWeightAdam: {
    grad: 'in',
    x: 'in',
    weight: 'inout',
    m: 'inout',
    v: 'inout',
    maxV: 'inout?',
    step: 'indexInout',
    rows: 'size',
    inFeatures: 'size',
    outFeatures: 'size',
    lr: 'cell',
    beta1: 'cell',
    beta2: 'cell',
    eps: 'cell',
    weightDecay: 'cell',
    decoupled: 'flag',
    packed: 'flag',
  },
} as const satisfies Record<string, Signature>;

export type OpName = keyof typeof signatures;

/** The arguments of an op, by name. */
export type OpArgs<Name extends OpName> = { readonly [Arg in keyof (typeof signatures)[Name]]: ArgType<Name, Arg> };

type ArgType<
  Name extends OpName,
  Arg extends keyof (typeof signatures)[Name],
> = (typeof signatures)[Name][Arg] extends infer R extends Role ? RoleTypes[R] : never;

/** What a backend is: a function for every op. */
export type Ops = { readonly [Name in OpName]: (args: OpArgs<Name>) => void };

/** Codes of the reductions of losses as they cross the contract. */
export const reductions = { none: 0, mean: 1, sum: 2 } as const;
export type Reduction = keyof typeof reductions;
