import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { alphaDropout, featureAlphaDropout } from '../functional/alpha-dropout.js';
import { dropout } from '../functional/dropout.js';
import { checkProbability } from '../functional/dropout-noise.js';
import { dropout1d, dropout2d, dropout3d, lockedDropout } from '../functional/feature-dropout.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';
import { className } from './repr.js';

/** Options of {@link Dropout} and its kin. */
export interface DropoutOptions {
  /** Where the masks come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
  /** Accepted and printed, for programs that come from PyTorch: the result is a new tensor, and the input stays as it is. Default false. */
  inplace?: boolean;
}

abstract class RandomDrop extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
  /** Probability of being zeroed. */
  p: number;
  /** Where the masks come from. */
  readonly generator: Generator;
  /** Printed, and no more: see {@link DropoutOptions.inplace}. */
  inplace: boolean;

  /**
   * @param p probability of being zeroed, in [0, 1]. Default 0.5.
   * @param options or `inplace` alone, as it stands by position in PyTorch.
   * @throws ArgumentError for p outside [0, 1] or NaN.
   */
  constructor(p = 0.5, options?: DropoutOptions | boolean) {
    super();
    const byName = typeof options === 'boolean' ? { inplace: options } : options;
    const given = checkOptions(className(this), byName, ['generator', 'inplace']);
    const { generator = defaultGenerator, inplace = false } = given;
    if (!(generator instanceof Generator))
      throw new ArgumentError(`${className(this)}: generator must be a Generator, got ${show(generator)}`);
    this.p = checkProbability(className(this), p);
    this.generator = generator;
    this.inplace = checkBoolean(className(this), 'inplace', inplace);
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    return `p=${pythonRepr(this.p)}, inplace=${pythonRepr(this.inplace)}`;
  }
}

/**
 * In training zeroes each element with probability p and multiplies the others by 1/(1-p); in evaluation returns its input
 * itself. See {@link dropout}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html | torch.nn.Dropout}.
 */
export class Dropout extends RandomDrop {
  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.generator);
  }
}

/**
 * Dropout of whole channels of [N, C, L], or of [C, L]. See {@link dropout1d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html | torch.nn.Dropout1d}.
 */
export class Dropout1d extends RandomDrop {
  /** @throws ShapeError unless input has 2 or 3 dimensions, also in evaluation. */
  override forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, this.training, this.generator);
  }
}

/**
 * Dropout of whole channels of [N, C, H, W]: one draw for each of N·C. See {@link dropout2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html | torch.nn.Dropout2d}.
 */
export class Dropout2d extends RandomDrop {
  override forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.training, this.generator);
  }
}

/**
 * Dropout of whole channels of [N, C, D, H, W], or of [C, D, H, W]. See {@link dropout3d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html | torch.nn.Dropout3d}.
 */
export class Dropout3d extends RandomDrop {
  override forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, this.training, this.generator);
  }
}

/**
 * Dropout that keeps mean 0 and variance 1, for networks of SELU. See {@link alphaDropout}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html | torch.nn.AlphaDropout}.
 */
export class AlphaDropout extends RandomDrop {
  override forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, this.training, this.generator);
  }
}

/**
 * {@link AlphaDropout} of whole channels of [N, C, ...]. See {@link featureAlphaDropout}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html | torch.nn.FeatureAlphaDropout}.
 */
export class FeatureAlphaDropout extends RandomDrop {
  override forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, this.training, this.generator);
  }
}

/** Options of {@link LockedDropout}. */
export interface LockedDropoutModuleOptions extends Pick<DropoutOptions, 'generator'> {
  /** Whether the batch stands in front of the steps: [N, T, C] instead of [T, N, C]. Default false. */
  batchFirst?: boolean;
}

/**
 * Dropout of features over all steps of a sequence [T, N, C], or [T, C]: one draw for each of N·C, the same at each step. See
 * {@link lockedDropout}. PyTorch has no such module.
 */
export class LockedDropout extends RandomDrop {
  /** Whether the batch stands in front of the steps. */
  readonly batchFirst: boolean;

  /** @throws as {@link Dropout}. */
  constructor(p = 0.5, options?: LockedDropoutModuleOptions) {
    const { batchFirst = false, generator } = checkOptions('LockedDropout', options, ['batchFirst', 'generator']);
    super(p, generator === undefined ? {} : { generator });
    this.batchFirst = checkBoolean('LockedDropout', 'batchFirst', batchFirst);
  }

  /** @throws ShapeError unless input has 2 or 3 dimensions, also in evaluation. */
  override forward(input: Tensor): Tensor {
    return lockedDropout(input, this.p, this.training, { batchFirst: this.batchFirst }, this.generator);
  }

  override extraRepr(): string {
    return `p=${pythonRepr(this.p)}${this.batchFirst ? ', batch_first=True' : ''}`;
  }
}
