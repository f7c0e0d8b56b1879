import { checkBoolean, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { linear } from '../functional/linear.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { allocate } from '../tensor/creation.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { checkShape, formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { Features } from './features.js';
import { fillUniform, kaimingUniformBound, warnOfEmptyWeight } from './init.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Whether a bias is learnt and added. Default true. */
  bias?: boolean;
  /** Of the parameters: `'float32'` (the default), or `'float64'` for gradient checks, which the reference computes. */
  dtype?: 'float32' | 'float64';
  /** Where the initial weights come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/**
 * y = x·Wᵀ + b on the last dimension: input [..., inFeatures], output [..., outFeatures].
 * weight [outFeatures, inFeatures] and then bias [outFeatures] are drawn from U(-1/√inFeatures, 1/√inFeatures), to the bit
 * as in PyTorch.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html | torch.nn.Linear}.
 */
export class Linear<In extends number = number, Out extends number = number> extends Module {
  /** Exists in types only: see {@link Features}. */
  declare readonly '~features'?: Features<In, Out>;
  /** Size of the last dimension of the input. */
  readonly inFeatures: In;
  /** Size of the last dimension of the result. */
  readonly outFeatures: Out;
  /** [outFeatures, inFeatures]. */
  declare weight: Parameter;
  /** [outFeatures], or null. */
  declare bias: Parameter | null;

  /** @throws ArgumentError for sizes that are no integers of at least 0; ShapeError for more weights than memory can hold. */
  constructor(inFeatures: In, outFeatures: Out, options?: LinearOptions) {
    super();
    const given = checkOptions('Linear', options, ['bias', 'dtype', 'generator']);
    const { bias = true, dtype = 'float32', generator = defaultGenerator } = given;
    checkSize('Linear', 'inFeatures', inFeatures);
    checkSize('Linear', 'outFeatures', outFeatures);
    checkBoolean('Linear', 'bias', bias);
    checkOneOf('Linear', 'dtype', dtype, ['float32', 'float64']);
    if (!(generator instanceof Generator))
      throw new ArgumentError(`Linear: generator must be a Generator, got ${show(generator)}`);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.registerParameter('weight', new Parameter(allocate(checkShape('Linear', [outFeatures, inFeatures]), dtype)));
    this.registerParameter('bias', bias ? new Parameter(allocate([outFeatures], dtype)) : null);
    if (this.weight.numel > 0) fillUniform(this.weight, kaimingUniformBound(inFeatures), generator);
    else warnOfEmptyWeight('Linear');
    if (this.bias !== null) fillUniform(this.bias, inFeatures > 0 ? 1 / Math.sqrt(inFeatures) : 0, generator);
  }

  /** @throws ShapeError unless the last dimension has inFeatures elements. */
  override forward(input: Tensor): Tensor {
    if (input instanceof Tensor && input.shape.at(-1) !== this.inFeatures)
      throw new ShapeError(
        `Linear: expected ${this.inFeatures} features in the last dimension, got shape ${formatShape(input.shape)}`,
      );
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures, bias } = this;
    return `in_features=${inFeatures}, out_features=${outFeatures}, bias=${pythonRepr(bias !== null)}`;
  }
}
