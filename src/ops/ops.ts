/**
 * The op contract: the only description of arithmetic in lanewise.
 *
 * An op is a flat function over memory that the caller owns. It allocates nothing and knows no tensor, layer or
 * gradient. `contract` is the one list: the types of every backend derive from its signatures, the native backend
 * marshals by them, and a tracer learns from their roles what an op reads and writes. What else compilation has to know of an op
 * stands behind its signature (traits.ts).
 *
 * Laws for every op, on every backend:
 * - callers have checked shapes, dtypes and ranges; a backend may check again but need not;
 * - memory is dense and row-major; sizes may be 0; outputs may hold anything beforehand (NaN in tests) and every
 *   element of them is written, unless the role says `inout`;
 * - an elementwise op may write to one of its inputs; no other op may;
 * - NaN and infinity go through as in PyTorch;
 * - the reference computes in float64 and rounds once at the end; native backends round as native/kernels/README.md says.
 */

import { attentionContract } from './contract-attention.js';
import { collectiveContract } from './contract-collectives.js';
import { convContract } from './contract-conv.js';
import { crossEntropyContract, crossEntropyTrainContract } from './contract-cross-entropy.js';
import { ctcContract } from './contract-ctc.js';
import { normContract } from './contract-norm.js';
import { poolContract } from './contract-pool.js';
import { recurrentContract } from './contract-recurrent.js';
import { postOp } from './post-op.js';
import type { Role, RoleTypes } from './roles.js';
import { op, type Traits } from './traits.js';

export type {
  Draw,
  DType,
  DynamicScalar,
  FloatArray,
  HostArray,
  KeySource,
  Layout,
  Memory,
  Role,
  Signature,
} from './roles.js';

const byIndex = <X extends Role, Out extends Role>(x: X, out: Out) =>
  ({ x, index: 'index', out, outer: 'size', size: 'size', count: 'size', inner: 'size' }) as const;

const alongMiddle = { outer: 'size', size: 'size', inner: 'size' } as const;
const linearSizes = { rows: 'size', inFeatures: 'size', outFeatures: 'size', packed: 'flag' } as const;

/** Reads as many rows of x as there are indices. */
const rowsByIndex = { x: ['count', 'width'], index: ['count'] } as const;

/**
 * Every op: its name, its traits, and its arguments in the order in which they cross into C++. Shapes are written [a, b]; a
 * triple `outer, size, inner` views memory as [outer, size, inner] and works along the middle.
 */
const contract = {
  // --- memory ---------------------------------------------------------------------------------------------------
  /** out[i] = value. int32 memory takes an integer value. */
  fill: op({ out: 'anyOut', value: 'scalar', n: 'size' }),
  /** out[outOffset + Σ iₖ·outStrideₖ] = x[xOffset + Σ iₖ·xStrideₖ]. layout: sizes, x strides, out strides. Same dtype. */
  copy: op(
    { x: 'any', out: 'anyInout', layout: 'layout', xOffset: 'size', outOffset: 'size' },
    { touches: { x: ['layout'], out: ['layout'] } },
  ),
  /** out[i] = x[i] in the dtype of out. To int32: truncated towards zero; NaN gives 0, out of range saturates. */
  cast: op({ x: 'any', out: 'anyOut', n: 'size' }),
  /** out[r, :] = x[index[r], :] for r < count; x is [rows, width]; 0 <= index[r] < rows. Same dtype. */
  indexSelect: op(
    { x: 'any', index: 'index', out: 'anyOut', rows: 'size', width: 'size', count: 'size' },
    { touches: rowsByIndex },
  ),
  /** out = 0 ([rows, width]), then out[index[r], :] += grad[r, :] with r ascending. */
  indexAdd: op({ grad: 'in', index: 'index', out: 'out', rows: 'size', width: 'size', count: 'size' }),

  // --- pointwise ----------------------------------------------------------------------------------------------------
  /**
   * Runs a program for each element. layout: sizes, then the strides of each input; the outputs are dense with these sizes,
   * and may lie where an input with the same strides lies. Masks of dropout are those of the outputs seen as
   * [count / columns, columns], whose first row is number rowOffset. step: its number + 1 is the last scalar, and it goes up by 1.
   * Values that depend on scalars and constants alone are computed in float64 and rounded once.
   */
  pointwise: op(
    {
      program: 'program',
      inputs: 'ins',
      keys: 'indexes',
      scalars: 'scalars',
      outputs: 'outs',
      step: 'indexInout?',
      layout: 'layout',
      columns: 'size',
      rowOffset: 'size',
    },
    { flops: [['program', 'layout']], elementwise: { inputs: ['inputs'], outputs: ['outputs'] } },
  ),

  // --- along one dimension ------------------------------------------------------------------------------------------
  /** out[o, i] = Σ x[o, :, i]; 0 for size 0. Same dtype. Throws an ArgumentError unless every sum of int32 is an int32. */
  sum: op({ x: 'any', out: 'anyOut', ...alongMiddle }, { flops: [['outer', 'size', 'inner']] }),
  /** The largest or smallest x[o, :, i] and the first index where it stands; a NaN wins. size >= 1. Same dtype. */
  extreme: op(
    { x: 'any', out: 'anyOut', index: 'indexOut', ...alongMiddle, largest: 'flag' },
    { flops: [['outer', 'size', 'inner']] },
  ),
  /**
   * A program, and the reduction of its results: out[o, i] = the sum over the middle of [outer, size, inner], rounded and divided by
   * divisor (kind 0), or the largest (1) or smallest (2) and in index where it stands, as `extreme`. layout as in `pointwise`; one
   * output, no masks. Made by src/compile.
   */
  reduce: op(
    {
      program: 'program',
      inputs: 'ins',
      scalars: 'scalars',
      layout: 'layout',
      out: 'out',
      index: 'indexOut?',
      ...alongMiddle,
      kind: 'int',
      divisor: 'scalar',
    },
    {
      flops: [
        ['program', 'outer', 'size', 'inner'],
        ['outer', 'size', 'inner'],
      ],
    },
  ),
  /** out[o, j, i] = x[o, index[o, j, i], i] for j < count; x is [outer, size, inner]; 0 <= index < size. Same dtype. */
  gather: op(byIndex('any', 'anyOut'), { touches: { x: ['outer', 'count', 'inner'] } }),
  /** out[o, index[o, j, i], i] = x[o, j, i] for j < count, j ascending; out is [outer, size, inner]. Same dtype. */
  scatter: op(byIndex('any', 'anyInout'), { touches: { out: ['outer', 'count', 'inner'] } }),
  /** out[o, index[o, j, i], i] += x[o, j, i] for j < count, j ascending; out is [outer, size, inner]. */
  scatterAdd: op(byIndex('in', 'inout'), {
    flops: [['outer', 'count', 'inner']],
    touches: { out: ['outer', 'count', 'inner'] },
  }),
  /** The positions along the middle in the order of their numbers; equal ones in their own order. NaN is the largest. */
  argsort: op({ x: 'any', index: 'indexOut', ...alongMiddle, descending: 'flag' }),
  /** out[o, j, i] = Σ x[o, k, i] for k <= j, or k >= j when reverse. int32 wraps around. Same dtype. */
  cumsum: op({ x: 'any', out: 'anyOut', ...alongMiddle, reverse: 'flag' }, { flops: [['outer', 'size', 'inner']] }),
  /** exp(x - max) / Σ exp(x - max); its logarithm, x - max - log Σ exp(x - max), when log. */
  softmax: op({ x: 'in', out: 'out', ...alongMiddle, log: 'flag' }, { flops: [[5, 'outer', 'size', 'inner']] }),
  /** y·(grad - Σ grad·y); when log grad - exp(y)·Σ grad. */
  softmaxBackward: op(
    { grad: 'in', y: 'in', out: 'out', ...alongMiddle, log: 'flag' },
    { flops: [[4, 'outer', 'size', 'inner']] },
  ),
  /**
   * out[o, r, i] = Σ weight·x[o, column, i] over the entries of row r of a sparse matrix [rows, size], each product and each sum rounded;
   * 0 for a row without entries, and the product itself for one with one. x [outer, size, inner], out [outer, rows, inner].
   * matrix: where the entries of each row begin, and where the last ends (rows + 1 numbers); the column of each entry; its weight
   * (compressed sparse rows).
   */
  sparseMatmul: op(
    {
      x: 'in',
      out: 'out',
      matrix: 'layout',
      outer: 'size',
      size: 'size',
      rows: 'size',
      entries: 'size',
      inner: 'size',
    },
    { flops: [[2, 'outer', 'entries', 'inner']] },
  ),

  // --- int32: exact; modulo 2^32 where a result does not fit, as PyTorch's ------------------------------------------
  /**
   * Arithmetic of two operands that broadcast; out is dense with the sizes of the layout. operation: a code of
   * {@link integerOperations}. pow: for b < 0 the fraction of 1/a^-b is cut off, and a = 0 gives 0. Comparisons give 1 or 0.
   */
  integers: op(
    { a: 'index', b: 'index', out: 'indexOut', operation: 'int', layout: 'layout' },
    { flops: [['layout']], elementwise: { inputs: ['a', 'b'], outputs: ['out'] } },
  ),

  // --- matrices -----------------------------------------------------------------------------------------------------
  /**
   * out[g] = op(a[g])·op(b[g]) for g < batch; out is [batch, m, n]. op(a) is [m, k]: a is stored [m, k], or [k, m]
   * when transA; op(b) is [k, n]: b is stored [k, n], or [n, k] when transB. aStride and bStride are the elements
   * between two batches, 0 to use one matrix for all. One accumulator per output, k ascending. k = 0 gives 0.
   */
  matmul: op(
    {
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
    { flops: [[2, 'batch', 'm', 'n', 'k']] },
  ),
  /**
   * out = x·weightᵀ + bias; x [rows, inFeatures], weight [outFeatures, inFeatures], bias [outFeatures]. packed: weight lies in
   * panels (graph.ts). Then the post-op.
   */
  linear: op(
    { x: 'in', weight: 'in', bias: 'in?', out: 'out', ...linearSizes, ...postOp },
    {
      flops: [
        [2, 'rows', 'inFeatures', 'outFeatures'],
        ['program', 'rows', 'outFeatures'],
        ['bias', 'rows', 'outFeatures'],
      ],
      packable: ['weight'],
    },
  ),

  // --- convolution, pooling, normalisation: contract-conv.ts, contract-pool.ts, contract-norm.ts ------------------------
  ...convContract,
  ...poolContract,
  ...normContract,
  // --- recurrent layers and attention: contract-recurrent.ts, contract-attention.ts -----------------------------------
  ...recurrentContract,
  ...attentionContract,

  // --- bookkeeping: runs on the host on every backend, see ops/host.ts -------------------------------------------------
  /** key[0], key[1] = source.nextKey(), as int32 bits. */
  drawKey: op({ source: 'keySource', key: 'indexOut' }),
  /** out = what `draw` draws. A program is given it as an input: it is drawn before each run. */
  draw: op({ draw: 'draw', out: 'anyOut' }),
  /** Throws an ArgumentError unless 0 <= index[i] < bound for all i; dim is for its message. */
  checkIndex: op({ index: 'index', bound: 'size', dim: 'size' }, { throws: 'ArgumentError' }),
  /** Throws an ArgumentError unless 0 <= target[i] < classes or target[i] = ignoreIndex for all i. */
  checkTarget: op({ target: 'index', classes: 'size', ignoreIndex: 'int' }, { throws: 'ArgumentError' }),
  /** Throws an ArgumentError unless low <= x[i] <= high for i < n; NaN lies in no range. law: the number of its sentence in `rangeLaws`. */
  checkRange: op({ x: 'any', n: 'size', low: 'scalar', high: 'scalar', law: 'int' }, { throws: 'ArgumentError' }),

  // --- losses: contract-cross-entropy.ts, contract-ctc.ts ---------------------------------------------------------------
  ...crossEntropyContract,
  ...ctcContract,

  // --- for programs: made by src/compile and src/train, never by eager functions --------------------------------------
  /** out[r, :] = x[index[step·count + r], :] for r < count; x is [rows, width]. Same dtype. The index stays in range. */
  gatherRows: op(
    { x: 'any', index: 'index', out: 'anyOut', rows: 'size', width: 'size', count: 'size', step: 'scalar' },
    { touches: rowsByIndex },
  ),
  ...collectiveContract,
  /** Throws a NotFiniteError(layer) unless every x[i] is finite. Eagerly it runs on the host. */
  checkFinite: op({ x: 'in', n: 'size', layer: 'size' }, { flops: [['n']], throws: 'NotFiniteError' }),
  /**
   * The gradient of linear for its input: out [rows, inFeatures] = grad [rows, outFeatures]·weight, then the post-op: the gradients of
   * what came before. biasGrad [inFeatures]: the sums of out over its rows, as op `sum` gives them.
   */
  linearInputGradient: op(
    { grad: 'in', weight: 'in', out: 'out', biasGrad: 'out?', ...linearSizes, ...postOp },
    {
      flops: [
        [2, 'rows', 'inFeatures', 'outFeatures'],
        ['program', 'rows', 'inFeatures'],
        ['biasGrad', 'rows', 'inFeatures'],
      ],
      packable: ['weight'],
    },
  ),
  ...crossEntropyTrainContract,
  /**
   * The gradient of linear for its weight, gradᵀ·x with grad [rows, outFeatures] and x [rows, inFeatures], and what an optimizer does with it: the
   * gradient is input 0 of the program, a block at a time. The other inputs and the outputs are the weight and its state, all of
   * [outFeatures, inFeatures]; packed: all of them in panels. An input may also be one number for all. step as in `pointwise`.
   */
  linearWeightUpdate: op(
    {
      grad: 'in',
      x: 'in',
      program: 'program',
      inputs: 'ins',
      scalars: 'scalars',
      outputs: 'outs',
      step: 'indexInout?',
      ...linearSizes,
    },
    {
      flops: [
        [2, 'rows', 'inFeatures', 'outFeatures'],
        ['program', 'inFeatures', 'outFeatures'],
      ],
      elementwise: { inputs: ['inputs'], outputs: ['outputs'] },
      packable: ['inputs', 'outputs'],
    },
  ),
  /**
   * indexAdd, and what an optimizer does with the rows that are named: of each such row the sums are input 0 of the program, and the row in each
   * of the states its other inputs, in their order; its outputs take the places of the states. A row with counts of 0 alone is not
   * named. grad [count, width], index and counts [count] (null: 1 everywhere), states [rows, width]. step as in `pointwise`.
   */
  indexUpdate: op(
    {
      grad: 'in',
      index: 'index',
      counts: 'in?',
      program: 'program',
      states: 'inouts',
      scalars: 'scalars',
      step: 'indexInout?',
      rows: 'size',
      width: 'size',
      count: 'size',
    },
    {
      flops: [
        ['count', 'width'],
        ['program', 'count', 'width'],
      ],
      touches: { states: ['count', 'width'] },
    },
  ),
} as const;

export type OpName = keyof typeof contract;

/** The arguments of every op, by name, with their roles. */
type Signatures = { readonly [Name in OpName]: (typeof contract)[Name]['args'] };

const names = Object.keys(contract) as OpName[];

/** The signature of every op. */
export const signatures = Object.fromEntries(names.map((name) => [name, contract[name].args])) as Signatures;

/** What is said of every op in addition to its signature. */
export const traits = Object.fromEntries(names.map((name) => [name, contract[name].traits])) as Readonly<
  Record<OpName, Traits>
>;

/** The arguments of an op, by name. */
export type OpArgs<Name extends OpName> = { readonly [Arg in keyof (typeof signatures)[Name]]: ArgType<Name, Arg> };

type ArgType<
  Name extends OpName,
  Arg extends keyof (typeof signatures)[Name],
> = (typeof signatures)[Name][Arg] extends infer R extends Role ? RoleTypes[R] : never;

/** What a backend is: a function for every op. */
export type Ops = { readonly [Name in OpName]: (args: OpArgs<Name>) => void };

/** Codes of the op `integers`. */
export const integerOperations = {
  add: 0,
  sub: 1,
  mul: 2,
  pow: 3,
  maximum: 4,
  minimum: 5,
  lt: 6,
  le: 7,
  eq: 8,
} as const;
export type IntegerOperation = keyof typeof integerOperations;

/** Codes of the reductions of losses as they cross the contract. */
export const reductions = { none: 0, mean: 1, sum: 2 } as const;
export type Reduction = keyof typeof reductions;
