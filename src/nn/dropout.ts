import { checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { checkProbability, dropout, dropout2d } from '../functional/dropout.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';
import { className } from './repr.js';

/** Options of {@link Dropout} and {@link Dropout2d}. */
export interface DropoutOptions {
  /** Where the masks come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

abstract class RandomDrop extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
  /** Probability of being zeroed. */
  p: number;
  /** Where the masks come from. */
  readonly generator: Generator;

  /**
   * @param p probability of being zeroed, in [0, 1]. Default 0.5.
   * @throws ArgumentError for p outside [0, 1] or NaN.
   */
  constructor(p = 0.5, options?: DropoutOptions) {
    super();
    const { generator = defaultGenerator } = checkOptions(className(this), options, ['generator']);
    if (!(generator instanceof Generator))
      throw new ArgumentError(`${className(this)}: generator must be a Generator, got ${show(generator)}`);
    this.p = checkProbability(className(this), p);
    this.generator = generator;
  }

  override extraRepr(): string {
    return `p=${pythonRepr(this.p)}, inplace=False`;
  }
}

/**
 * In training zeroes each element with probability p and multiplies the others by 1/(1-p); in evaluation returns its input
 * itself. See {@link dropout}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html | torch.nn.Dropout}, without its in-place form.
 */
export class Dropout extends RandomDrop {
  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.generator);
  }
}

/**
 * Dropout of whole channels of [N, C, H, W]: one draw for each of N·C. See {@link dropout2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html | torch.nn.Dropout2d}, without its in-place
 * form.
 */
export class Dropout2d extends RandomDrop {
  override forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.training, this.generator);
  }
}
