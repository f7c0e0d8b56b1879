/** Attention of several heads, with its projections. */
import { checkBoolean, checkOptions, checkSize } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { add, mul } from '../../functional/arithmetic.js';
import { scaledDotProductAttention } from '../../functional/attention.js';
import {
  blockedAttention,
  canBlock,
  type HeadStrides,
  type Heads,
  placeMask,
} from '../../functional/attention-blocks.js';
import { dropout } from '../../functional/dropout.js';
import { expand } from '../../functional/expand.js';
import { linear } from '../../functional/linear.js';
import { matmul, matmulTransposed } from '../../functional/matmul.js';
import { softmax } from '../../functional/softmax.js';
import { cat, narrow, permute, transpose } from '../../functional/strided.js';
import { mean } from '../../functional/sum.js';
import { checkSameDtype, zeroed } from '../../functional/support.js';
import { reshape, squeeze, unsqueeze } from '../../functional/views.js';
import type { FloatArray } from '../../ops/ops.js';
import type { Generator } from '../../random/generator.js';
import { allocate } from '../../tensor/creation.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { fillUniform } from '../init.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { checkRanks, mergedMask, type Sizes } from './masks.js';
import { type AttentionLayerOptions, readSharedSettings, sharedKeys } from './options.js';

/** Options of {@link MultiheadAttention}. `dropout` is 0 by default. */
export interface MultiheadAttentionOptions extends AttentionLayerOptions {
  /** Whether a key and a value that are learnt stand behind all others. Default false. */
  addBiasKv?: boolean;
  /** Whether a key and a value of zeros stand behind all others. Default false. */
  addZeroAttn?: boolean;
  /** Features of keys. Default embedDim. */
  kdim?: number;
  /** Features of values. Default embedDim. */
  vdim?: number;
}

/** Options of a call of {@link MultiheadAttention}. */
export interface MultiheadAttentionCall {
  /** [batch, keys] ([keys] when unbatched). int32: 1 where a key is left out; floats are added to its scores. Default none. */
  keyPaddingMask?: Tensor | null;
  /** Whether weights are returned. Default true; without them the call may be faster. */
  needWeights?: boolean;
  /** [queries, keys] or [batch·heads, queries, keys], with meanings as of keyPaddingMask. Default none. */
  attnMask?: Tensor | null;
  /** Whether weights are the mean over heads. Default true. */
  averageAttnWeights?: boolean;
  /** Says that attnMask is the causal mask, which then need not be read. Default false. */
  isCausal?: boolean;
}

/** A Linear under the name that PyTorch gives this one. */
class NonDynamicallyQuantizableLinear extends Linear {}

/**
 * Concat(head₁, ..., headₕ)·W_oᵀ, each head the attention of its part of the projected query, key and value.
 * Parameters are PyTorch's: `in_proj_weight` [3·embedDim, embedDim] (or `q_proj_weight`, `k_proj_weight`, `v_proj_weight` where kdim or vdim
 * differ), `in_proj_bias`, `bias_k`, `bias_v`, and the layer `out_proj`, whose weight is drawn first.
 *
 * Vaswani et al., Attention Is All You Need (NeurIPS 2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html | torch.nn.MultiheadAttention}.
 */
export class MultiheadAttention extends Module<
  readonly [query: Tensor, key: Tensor, value: Tensor, options?: MultiheadAttentionCall],
  [output: Tensor, weights: Tensor | null]
> {
  /** Size of queries and outputs, E. */
  readonly embedDim: number;
  /** Size of keys. Default E. */
  readonly kdim: number;
  /** Size of values. Default E. */
  readonly vdim: number;
  /** How many heads share the E features. */
  readonly numHeads: number;
  /** Features of a head. */
  readonly headDim: number;
  /** Probability with which a weight is dropped in training. */
  dropout: number;
  /** Whether tensors are [batch, steps, features]. */
  readonly batchFirst: boolean;
  /** Whether a key and value of zeros are added. */
  readonly addZeroAttn: boolean;
  /** Where masks of dropout are drawn from. */
  readonly generator: Generator;
  /** Weights of queries, keys and values, [3E, E]; null where keys or values have other sizes. */
  declare in_proj_weight: Parameter | null;
  /** [E, E], or null. */
  declare q_proj_weight: Parameter | null;
  /** [E, kdim], or null. */
  declare k_proj_weight: Parameter | null;
  /** [E, vdim], or null. */
  declare v_proj_weight: Parameter | null;
  /** [3E], or null. */
  declare in_proj_bias: Parameter | null;
  /** [1, 1, E], or null. */
  declare bias_k: Parameter | null;
  /** [1, 1, E], or null. */
  declare bias_v: Parameter | null;
  /** From the heads to the output. */
  readonly out_proj: Linear;

  /**
   * @param embedDim features of queries and results, a multiple of numHeads.
   * @throws ArgumentError for sizes and options that are not valid.
   */
  constructor(embedDim: number, numHeads: number, options?: MultiheadAttentionOptions) {
    super();
    const caller = 'MultiheadAttention';
    const keys = [...sharedKeys, 'addBiasKv', 'addZeroAttn', 'kdim', 'vdim'] as const;
    const given = checkOptions(caller, options, keys);
    const { dropout, bias, batchFirst, dtype, generator } = readSharedSettings(caller, given, 0);
    const { addBiasKv = false, addZeroAttn = false, kdim = embedDim, vdim = embedDim } = given;
    if (embedDim <= 0 || numHeads <= 0)
      throw new ArgumentError(
        `embed_dim and num_heads must be greater than 0, got embed_dim=${embedDim} and num_heads=${numHeads} instead`,
      );
    this.embedDim = checkSize(caller, 'embedDim', embedDim);
    this.numHeads = checkSize(caller, 'numHeads', numHeads);
    if (embedDim % numHeads !== 0) throw new ArgumentError(`${caller}: embed_dim must be divisible by num_heads`);
    this.kdim = checkSize(caller, 'kdim', kdim, 1);
    this.vdim = checkSize(caller, 'vdim', vdim, 1);
    checkBoolean(caller, 'addBiasKv', addBiasKv);
    this.addZeroAttn = checkBoolean(caller, 'addZeroAttn', addZeroAttn);
    this.headDim = embedDim / numHeads;
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.generator = generator;
    this.out_proj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, dtype, generator });
    const add = (name: string, shape: readonly number[] | null) =>
      this.registerParameter(name, shape && new Parameter(allocate(shape, dtype)));
    const isPacked = kdim === embedDim && vdim === embedDim;
    add('in_proj_weight', isPacked ? [3 * embedDim, embedDim] : null);
    add('q_proj_weight', isPacked ? null : [embedDim, embedDim]);
    add('k_proj_weight', isPacked ? null : [embedDim, kdim]);
    add('v_proj_weight', isPacked ? null : [embedDim, vdim]);
    add('in_proj_bias', bias ? [3 * embedDim] : null);
    add('bias_k', addBiasKv ? [1, 1, embedDim] : null);
    add('bias_v', addBiasKv ? [1, 1, embedDim] : null);
    for (const weight of [this.in_proj_weight, this.q_proj_weight, this.k_proj_weight, this.v_proj_weight]) {
      if (weight === null) continue;
      const [rows, columns] = weight.shape as [number, number];
      fillUniform(weight, Math.sqrt(3) * Math.sqrt(2 / (rows + columns)), generator);
    }
    this.out_proj.bias?.storage.write().fill(0);
    // Both fans of [1, 1, embedDim] are embedDim.
    for (const each of [this.bias_k, this.bias_v])
      if (each !== null) generator.normalFill(each.storage.write() as FloatArray, 0, Math.sqrt(2 / (2 * embedDim)));
  }

  /**
   * @param query [queries, batch, embedDim], with `batchFirst` [batch, queries, embedDim], unbatched [queries, embedDim].
   * @param key of kdim features, value of vdim: one each for all keys.
   * @returns the output in the form of the query, and weights [batch, queries, keys] (of each head [batch, heads, queries, keys]), or null. A query that
   * takes no key gives NaN with weights and 0 without, before the last projection, as in PyTorch.
   * @throws ShapeError for sizes that do not fit; ArgumentError for `isCausal` without attnMask.
   */
  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options?: MultiheadAttentionCall,
  ): [output: Tensor, weights: Tensor | null] {
    const caller = 'MultiheadAttention';
    const keys = ['keyPaddingMask', 'needWeights', 'attnMask', 'averageAttnWeights', 'isCausal'] as const;
    const given = checkOptions(caller, options, keys);
    const { keyPaddingMask = null, attnMask = null } = given;
    const { needWeights = true, averageAttnWeights = true, isCausal = false } = given;
    checkBoolean(caller, 'needWeights', needWeights);
    checkBoolean(caller, 'averageAttnWeights', averageAttnWeights);
    checkBoolean(caller, 'isCausal', isCausal);
    const isBatched = checkRanks(caller, { query, key, value, keyPaddingMask, attnMask });
    if (isCausal && attnMask === null)
      throw new ArgumentError(`${caller}: Need attn_mask if specifying the is_causal hint.`);
    const steps = isBatched && this.batchFirst ? 1 : 0;
    const sizes = this.checkSizes(caller, query, key, value, isBatched, steps);
    const isHint = isCausal && keyPaddingMask === null && !needWeights;
    const further = (this.bias_k === null ? 0 : 1) + (this.addZeroAttn ? 1 : 0);
    const masks = { keyPaddingMask, attnMask: isHint ? null : attnMask };
    const mask = mergedMask(caller, masks, sizes, further, query.dtype as 'float32');
    const p = this.training ? this.dropout : 0;
    if (!needWeights && further === 0 && canBlock(mask, p, this.generator)) {
      const joined = this.inBlocks(this.project(query, key, value), mask, sizes, isHint, steps, p);
      return [this.out_proj.forward(joined), null];
    }
    const [q, k, v] = this.project(query, key, value).map((each, i) =>
      this.split(isBatched ? each : unsqueeze(each, 1), steps, [undefined, this.bias_k, this.bias_v][i]),
    ) as [Tensor, Tensor, Tensor];
    let weights: Tensor | null = null;
    let result: Tensor;
    if (needWeights) {
      const products = matmulTransposed(mul(q, Math.sqrt(1 / this.headDim)), k);
      weights = softmax(mask === null ? products : add(products, mask), -1);
      weights = dropout(weights, p, true, this.generator);
      result = matmul(weights, v);
    } else {
      const rest = { dropoutP: p, generator: this.generator };
      result = scaledDotProductAttention(q, k, v, { attnMask: mask, isCausal: isHint, ...rest });
    }
    const joined = reshape(steps === 1 ? transpose(result, 1, 2) : permute(result, [2, 0, 1, 3]), query.shape);
    if (weights !== null && averageAttnWeights) weights = mean(weights, 1);
    return [this.out_proj.forward(joined), weights === null || isBatched ? weights : squeeze(weights, 0)];
  }

  /** Of keys without those behind them. */
  private checkSizes(
    caller: string,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    isBatched: boolean,
    steps: number,
  ): Sizes {
    checkSameDtype(caller, query, key);
    checkSameDtype(caller, query, value);
    const features = query.shape.at(-1)!;
    if (features !== this.embedDim)
      throw new ShapeError(`${caller}: was expecting embedding dimension of ${this.embedDim}, but got ${features}`);
    const isPacked = this.in_proj_weight !== null;
    const fits = sameShape(
      isPacked ? key.shape : key.shape.slice(0, -1),
      isPacked ? value.shape : value.shape.slice(0, -1),
    );
    if (!fits)
      throw new ShapeError(
        isPacked
          ? `${caller}: key shape ${formatShape(key.shape)} does not match value shape ${formatShape(value.shape)}`
          : `${caller}: key's sequence and batch dims ${formatShape(key.shape.slice(0, -1))} do not match value's ` +
              formatShape(value.shape.slice(0, -1)),
      );
    for (const [what, tensor, size] of [
      ['key', key, this.kdim],
      ['value', value, this.vdim],
    ] as const)
      if (tensor.shape.at(-1) !== size)
        throw new ShapeError(`${caller}: expected a ${what} of ${size} features, got ${formatShape(tensor.shape)}`);
    const batch = isBatched ? query.shape[1 - steps]! : 1;
    if (isBatched && key.shape[1 - steps] !== batch)
      throw new ShapeError(`${caller}: a batch of ${batch} queries has ${key.shape[1 - steps]} rows of keys`);
    return { batch, heads: this.numHeads, queries: query.shape[steps]!, keys: key.shape[steps]! };
  }

  private project(query: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor, Tensor] {
    const { embedDim, in_proj_weight: packed, in_proj_bias: bias } = this;
    const part = (of: Tensor, i: number) => narrow(of, 0, i * embedDim, embedDim);
    const separate = [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight];
    return [query, key, value].map((x, i) =>
      linear(x, packed === null ? separate[i]! : part(packed, i), bias && part(bias, i)),
    ) as [Tensor, Tensor, Tensor];
  }

  /** Attention of all heads where they lie: in the form of the query. */
  private inBlocks(
    projected: readonly [Tensor, Tensor, Tensor],
    mask: Tensor | null,
    sizes: Sizes,
    causal: boolean,
    steps: number,
    dropoutP: number,
  ): Tensor {
    const { embedDim, numHeads, headDim, generator } = this;
    const { batch, queries, keys } = sizes;
    const stridesOf = (rows: number): HeadStrides =>
      steps === 1 ? [rows * embedDim, headDim, embedDim] : [embedDim, headDim, batch * embedDim];
    const [ofQuery, ofKey, ofValue] = projected;
    const heads = (tensor: Tensor, rows: number): Heads => ({ tensor, strides: stridesOf(rows) });
    return blockedAttention({
      ...{ query: heads(ofQuery, queries), key: heads(ofKey, keys), value: heads(ofValue, keys) },
      ...{ causal, dropoutP, generator },
      mask: mask && placeMask(mask, [batch, numHeads], queries, keys),
      shape: ofQuery.shape,
      out: stridesOf(queries),
      sizes: { batch, heads: numHeads, group: 1, queries, keys, features: headDim, values: headDim },
      scale: 1 / Math.sqrt(headDim),
    });
  }

  /** [steps, batch, embedDim] or [batch, steps, embedDim] as [batch, heads, steps, headDim], with what stands behind keys and values. */
  private split(x: Tensor, steps: number, behind: Parameter | null | undefined): Tensor {
    const isQuery = behind === undefined;
    const wide = behind ? cat([x, expand(behind, x.shape.with(steps, 1))], steps) : x;
    const parted = reshape(wide, [...wide.shape.slice(0, 2), this.numHeads, this.headDim]);
    const split = steps === 1 ? transpose(parted, 1, 2) : permute(parted, [1, 2, 0, 3]);
    if (isQuery || !this.addZeroAttn) return split;
    return cat([split, zeroed(split.shape.with(2, 1), split.dtype)], 2);
  }
}
