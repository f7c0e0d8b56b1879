/** A stack of layers of a transformer's encoder. */
import { checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { SameFeatures } from '../features.js';
import { Module } from '../module.js';
import { ModuleList } from '../module-list.js';
import { TransformerEncoderLayer } from './transformer-encoder-layer.js';

/** Options of {@link TransformerEncoder}. */
export interface TransformerEncoderOptions {
  /** Behind the last layer. Default null: none. */
  norm?: Module | null;
}

/** Options of a call of {@link TransformerEncoder}. */
export interface EncoderCall {
  /** For every layer: see {@link EncoderLayerCall}. */
  mask?: Tensor | null;
  /** Which steps are padding: int32 [batch, steps], 1 blocks, or floats that are added. */
  srcKeyPaddingMask?: Tensor | null;
  /** Says that the mask is causal. */
  isCausal?: boolean;
}

/**
 * Copies of a layer, one behind the other, which start with the same weights, and a norm.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html | torch.nn.TransformerEncoder} without nested tensors: in evaluation
 * steps of padding are computed as the others are, where PyTorch may write 0.
 */
export class TransformerEncoder extends Module<readonly [src: Tensor, options?: EncoderCall]> {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
  /** How many layers. */
  readonly numLayers: number;
  /** The layers, first to last. */
  readonly layers: ModuleList<TransformerEncoderLayer>;
  /** Behind the last layer, or null. */
  readonly norm: Module | null;

  /**
   * @param encoderLayer is copied; it is not part of the result itself.
   * @param numLayers at least 1.
   * @throws ArgumentError for arguments that are not valid.
   */
  constructor(encoderLayer: TransformerEncoderLayer, numLayers: number, options?: TransformerEncoderOptions) {
    super();
    const caller = 'TransformerEncoder';
    const { norm = null } = checkOptions(caller, options, ['norm']);
    if (!(encoderLayer instanceof TransformerEncoderLayer))
      throw new ArgumentError(`${caller}: expected a TransformerEncoderLayer, got ${show(encoderLayer)}`);
    if (norm !== null && !(norm instanceof Module))
      throw new ArgumentError(`${caller}: norm must be a Module, got ${show(norm)}`);
    this.numLayers = checkSize(caller, 'numLayers', numLayers, 1);
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => copyOf(encoderLayer)));
    this.norm = norm;
  }

  /** @throws ShapeError for sizes that do not fit; ArgumentError for `isCausal` without a mask. */
  override forward(src: Tensor, options?: EncoderCall): Tensor {
    const given = checkOptions('TransformerEncoder', options, ['mask', 'srcKeyPaddingMask', 'isCausal']);
    const { mask = null, srcKeyPaddingMask = null, isCausal = false } = given;
    let x = src;
    for (const layer of this.layers) x = layer.forward(x, { srcMask: mask, srcKeyPaddingMask, isCausal });
    return this.norm === null ? x : this.norm.forward(x);
  }
}

/** A copy that draws from the generators of the original: copied ones would give every layer the same masks. */
function copyOf(layer: TransformerEncoderLayer): TransformerEncoderLayer {
  const copy = layer.clone();
  const originals = layer.modules();
  for (const [i, module] of copy.modules().entries()) {
    const original = originals[i]!;
    if ('generator' in original) Object.assign(module, { generator: original.generator });
  }
  return copy;
}
