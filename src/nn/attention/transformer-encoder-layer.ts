/** A layer of a transformer's encoder. */
import { checkBoolean, checkNumber, checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { gelu, relu } from '../../functional/activations/index.js';
import { add } from '../../functional/arithmetic.js';
import { transpose } from '../../functional/strided.js';
import { checkFloat } from '../../functional/support.js';
import type { Tensor } from '../../tensor/tensor.js';
import { Dropout } from '../dropout.js';
import type { SameFeatures } from '../features.js';
import { LayerNorm } from '../layer-norm.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { MultiheadAttention } from './multihead-attention.js';
import { type AttentionLayerOptions, readSharedSettings, sharedKeys } from './options.js';

/** Options of {@link TransformerEncoderLayer}. `dropout` is 0.1 by default. */
export interface TransformerEncoderLayerOptions extends AttentionLayerOptions {
  /** Features between the two linear layers. Default 2048. */
  dimFeedforward?: number;
  /** Between the two linear layers: a name, a function or a module. Default `'relu'`. */
  activation?: 'relu' | 'gelu' | ((x: Tensor) => Tensor) | Module;
  /** Added to the variance in both norms. Default 1e-5. */
  layerNormEps?: number;
  /** Whether norms stand before attention and linear layers instead of behind the sums. Default false. */
  normFirst?: boolean;
}

/** Options of a call of {@link TransformerEncoderLayer}. */
export interface EncoderLayerCall {
  /** [steps, steps] or [batch·heads, steps, steps]. int32: 1 where a step is not seen; floats are added to scores. Default none. */
  srcMask?: Tensor | null;
  /** [batch, steps] ([steps] when unbatched): 1 where a step is padding. Default none. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says that srcMask is the causal mask. Default false. */
  isCausal?: boolean;
}

/**
 * x = norm₁(x + dropout₁(attention(x))), then norm₂(x + dropout₂(linear₂(dropout(activation(linear₁(x)))))); with `normFirst`
 * x + dropout₁(attention(norm₁(x))), then the same with norm₂. Input and output [steps, batch, dModel], with `batchFirst` [batch, steps, dModel],
 * unbatched [steps, dModel].
 *
 * Vaswani et al., Attention Is All You Need (NeurIPS 2017); Xiong et al., On Layer Normalization in the Transformer Architecture (ICML 2020);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html | torch.nn.TransformerEncoderLayer}.
 */
export class TransformerEncoderLayer extends Module<readonly [src: Tensor, options?: EncoderLayerCall]> {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
  /** Whether norms stand before attention and feed-forward. */
  readonly normFirst: boolean;
  /** The attention. */
  readonly self_attn: MultiheadAttention;
  /** First of the feed-forward layers. */
  readonly linear1: Linear;
  /** Behind the activation. */
  readonly dropout: Dropout;
  /** Second of the feed-forward layers. */
  readonly linear2: Linear;
  /** Of the attention. */
  readonly norm1: LayerNorm;
  /** Of the feed-forward layers. */
  readonly norm2: LayerNorm;
  /** Behind the attention. */
  readonly dropout1: Dropout;
  /** Behind the feed-forward layers. */
  readonly dropout2: Dropout;
  /** Between the feed-forward layers. */
  readonly activation: ((x: Tensor) => Tensor) | Module;

  /**
   * @param dModel features, a multiple of nhead.
   * @param nhead heads of attention.
   * @throws ArgumentError for sizes and options that are not valid.
   */
  constructor(dModel: number, nhead: number, options?: TransformerEncoderLayerOptions) {
    super();
    const caller = 'TransformerEncoderLayer';
    const keys = [...sharedKeys, 'dimFeedforward', 'activation', 'layerNormEps', 'normFirst'] as const;
    const given = checkOptions(caller, options, keys);
    const { dropout, bias, batchFirst, dtype, generator } = readSharedSettings(caller, given, 0.1);
    const { dimFeedforward = 2048, activation = 'relu', layerNormEps: eps = 1e-5, normFirst = false } = given;
    checkSize(caller, 'dimFeedforward', dimFeedforward);
    checkNumber(caller, 'layerNormEps', eps);
    this.normFirst = checkBoolean(caller, 'normFirst', normFirst);
    const chosen = activationOf(activation);
    const affine = { bias, dtype, generator };
    this.self_attn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...affine });
    this.linear1 = new Linear(dModel, dimFeedforward, affine);
    this.dropout = new Dropout(dropout, { generator });
    this.linear2 = new Linear(dimFeedforward, dModel, affine);
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout, { generator });
    this.dropout2 = new Dropout(dropout, { generator });
    this.activation = chosen;
  }

  /** @throws ShapeError for sizes that do not fit; ArgumentError for `isCausal` without srcMask. */
  override forward(src: Tensor, options?: EncoderLayerCall): Tensor {
    const caller = 'TransformerEncoderLayer';
    checkFloat(caller, src);
    const given = checkOptions(caller, options, ['srcMask', 'srcKeyPaddingMask', 'isCausal']);
    if (this.normFirst) {
      const x = add(src, this.attend(this.norm1.forward(src), given));
      return add(x, this.feedForward(this.norm2.forward(x)));
    }
    const x = this.norm1.forward(add(src, this.attend(src, given)));
    return this.norm2.forward(add(x, this.feedForward(x)));
  }

  private attend(x: Tensor, { srcMask = null, srcKeyPaddingMask = null, isCausal = false }: EncoderLayerCall): Tensor {
    const call = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, isCausal, needWeights: false };
    const [output] = this.self_attn.forward(x, x, x, call);
    // PyTorch's output is a view of [steps, batch, features], and masks are drawn in the order of memory.
    const inOrder = this.training && this.dropout1.generator.masks === 'mt19937';
    if (!inOrder || !this.self_attn.batchFirst || x.ndim !== 3) return this.dropout1.forward(output);
    return transpose(this.dropout1.forward(transpose(output, 0, 1)), 0, 1);
  }

  private feedForward(x: Tensor): Tensor {
    const { activation } = this;
    const inner = this.linear1.forward(x);
    const active = activation instanceof Module ? activation.forward(inner) : activation(inner);
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(active)));
  }
}

function activationOf(given: unknown): ((x: Tensor) => Tensor) | Module {
  if (given === 'relu') return relu;
  if (given === 'gelu') return gelu;
  if (given instanceof Module || typeof given === 'function') return given as Module;
  throw new ArgumentError(`activation should be relu/gelu, not ${typeof given === 'string' ? given : show(given)}`);
}
