import { checkNumber } from '../check.js';
import { ArgumentError } from '../errors.js';
import { logSoftmax, softmax } from '../functional/softmax.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';
import { className } from './repr.js';

abstract class AlongDim extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
  /** The dimension along which the numbers add up to 1; null where the function chooses. */
  readonly dim: number | null;

  /**
   * @param dim the dimension along which the numbers add up to 1; counted from the end when negative. Without it, as in
   * PyTorch with a warning: 0 for inputs of 0, 1 and 3 dimensions, else 1.
   */
  constructor(dim: number | null = null) {
    super();
    this.dim = dim === null ? null : checkNumber(className(this), 'dim', dim);
    if (dim !== null && !Number.isSafeInteger(dim))
      throw new ArgumentError(`${className(this)}: dim must be an integer, got ${dim}`);
  }

  override extraRepr(): string {
    return `dim=${this.dim ?? 'None'}`;
  }
}

/**
 * e^x / Σ e^x along a dimension.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html | torch.nn.Softmax}.
 */
export class Softmax extends AlongDim {
  override forward(input: Tensor): Tensor {
    return softmax(input, this.dim);
  }
}

/**
 * x - log Σ e^x along a dimension.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html | torch.nn.LogSoftmax}.
 */
export class LogSoftmax extends AlongDim {
  override forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dim);
  }
}
