import { checkNumber } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { glu, softmin } from '../functional/activations/gated.js';
import { logSoftmax, softmax } from '../functional/softmax.js';
import { checkTensor } from '../functional/support.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';
import { className } from './repr.js';

function checkDimension(caller: string, dim: unknown): number {
  if (!Number.isSafeInteger(checkNumber(caller, 'dim', dim)))
    throw new ArgumentError(`${caller}: dim must be an integer, got ${dim}`);
  return dim as number;
}

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
    this.dim = dim === null ? null : checkDimension(className(this), dim);
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

/**
 * e^-x / Σ e^-x along a dimension.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html | torch.nn.Softmin}.
 */
export class Softmin extends AlongDim {
  override forward(input: Tensor): Tensor {
    return softmin(input, this.dim);
  }
}

/**
 * Softmax over the channels of [N, C, H, W] or [C, H, W] at each place.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html | torch.nn.Softmax2d}.
 */
export class Softmax2d extends Module {
  /** @throws ShapeError unless input has 3 or 4 dimensions. */
  override forward(input: Tensor): Tensor {
    const { ndim } = checkTensor('Softmax2d', input);
    if (ndim !== 3 && ndim !== 4)
      throw new ShapeError(`Softmax2d: expected input to be 3D or 4D, got ${ndim}D instead`);
    return softmax(input, -3);
  }
}

/**
 * a·sigmoid(b), a and b being the halves of the input along a dimension: see {@link glu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html | torch.nn.GLU}.
 */
export class GLU extends Module {
  /** The dimension that is halved. */
  readonly dim: number;

  /** @param dim default -1. */
  constructor(dim = -1) {
    super();
    this.dim = checkDimension('GLU', dim);
  }

  override forward(input: Tensor): Tensor {
    return glu(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
