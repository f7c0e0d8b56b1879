import { checkBoolean, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { bilinear } from '../functional/bilinear.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { allocate } from '../tensor/creation.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { checkShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { fillUniform } from './init.js';
import type { LinearOptions } from './linear.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/**
 * y = x1·W·x2 + b: see {@link bilinear}. weight [out, in1, in2] and then bias [out] are drawn from U(-1/√in1, 1/√in1), to the bit as in PyTorch.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html | torch.nn.Bilinear}.
 */
export class Bilinear extends Module<readonly [input1: Tensor, input2: Tensor]> {
  /** Size of the last dimension of the first input. */
  readonly in1Features: number;
  /** Size of the last dimension of the second input. */
  readonly in2Features: number;
  /** Size of the last dimension of the result. */
  readonly outFeatures: number;
  /** [outFeatures, in1Features, in2Features]. */
  declare weight: Parameter;
  /** [outFeatures], or null. */
  declare bias: Parameter | null;

  /** @throws ArgumentError for sizes that are no integers, or an in1Features of 0. */
  constructor(in1Features: number, in2Features: number, outFeatures: number, options?: LinearOptions) {
    super();
    const caller = 'Bilinear';
    const given = checkOptions(caller, options, ['bias', 'dtype', 'generator']);
    const { bias = true, dtype = 'float32', generator = defaultGenerator } = given;
    if (in1Features <= 0)
      throw new ArgumentError(`${caller}: in1_features must be > 0, but got (in1_features=${show(in1Features)})`);
    this.in1Features = checkSize(caller, 'in1Features', in1Features);
    this.in2Features = checkSize(caller, 'in2Features', in2Features);
    this.outFeatures = checkSize(caller, 'outFeatures', outFeatures);
    checkBoolean(caller, 'bias', bias);
    checkOneOf(caller, 'dtype', dtype, ['float32', 'float64']);
    if (!(generator instanceof Generator))
      throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
    const shape = checkShape(caller, [outFeatures, in1Features, in2Features]);
    this.registerParameter('weight', new Parameter(allocate(shape, dtype)));
    this.registerParameter('bias', bias ? new Parameter(allocate([outFeatures], dtype)) : null);
    const bound = 1 / Math.sqrt(in1Features);
    fillUniform(this.weight, bound, generator);
    if (this.bias !== null) fillUniform(this.bias, bound, generator);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    const sizes = `in1_features=${in1Features}, in2_features=${in2Features}, out_features=${outFeatures}`;
    return `${sizes}, bias=${pythonRepr(bias !== null)}`;
  }
}
