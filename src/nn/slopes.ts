/** Leaky rectifiers whose slope is learnt, or drawn. */
import { checkNumber, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { checkSlopes, prelu, type RReLUOptions, rrelu } from '../functional/activations/slopes.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { full } from '../tensor/creation.js';
import type { Tensor } from '../tensor/tensor.js';
import { ActivationLayer, type InplaceOption, printed } from './activation-layer.js';
import { Parameter } from './parameter.js';

/** Options of {@link PReLU}. */
export interface PReLUOptions {
  /** How many slopes there are: 1, or one for each channel. Default 1. */
  numParameters?: number;
  /** What each slope starts with. Default 0.25. */
  init?: number;
  /** Of the slopes: `'float32'` (the default), or `'float64'`. */
  dtype?: 'float32' | 'float64';
}

/**
 * x where it is positive, else weight·x: with one slope, or one for each channel (dimension 1). See {@link prelu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html | torch.nn.PReLU}.
 */
export class PReLU extends ActivationLayer {
  /** How many slopes there are. */
  readonly numParameters: number;
  /** [numParameters]. */
  declare weight: Parameter;

  /** @param numParameters by itself, or in the options. */
  constructor(numParameters?: number | PReLUOptions, options?: Omit<PReLUOptions, 'numParameters'>) {
    super();
    const known = ['numParameters', 'init', 'dtype'] as const;
    const byName = typeof numParameters === 'object';
    const given: Partial<PReLUOptions> = byName
      ? checkOptions('PReLU', numParameters, known)
      : checkOptions<PReLUOptions>('PReLU', options, known.slice(1));
    if (!byName && numParameters !== undefined) given.numParameters = numParameters;
    const { numParameters: count = 1, init = 0.25, dtype = 'float32' } = given;
    this.numParameters = checkSize('PReLU', 'numParameters', count);
    checkNumber('PReLU', 'init', init);
    checkOneOf('PReLU', 'dtype', dtype, ['float32', 'float64']);
    this.registerParameter('weight', new Parameter(full([count], init, { dtype })));
  }

  override forward(input: Tensor): Tensor {
    return prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

const standard = [
  ['lower', 1 / 8],
  ['upper', 1 / 3],
] as const;

/** Options of {@link RReLU}. */
export type RReLULayerOptions = Omit<RReLUOptions, 'training'> & InplaceOption;

/**
 * x where it is positive, else r·x: r is drawn for each element from U(lower, upper) in training, and is (lower + upper)/2 in evaluation.
 * See {@link rrelu}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html | torch.nn.RReLU}.
 */
export class RReLU extends ActivationLayer {
  /** Smallest slope. */
  lower: number;
  /** Largest slope. */
  upper: number;
  /** Printed only. */
  inplace: boolean;
  /** Where slopes come from. */
  readonly generator: Generator;

  /** @param lower default 1/8. @param upper default 1/3. Both may stand in the options. */
  constructor(lower?: number | RReLULayerOptions, upper?: number, options?: RReLULayerOptions) {
    super();
    const byName = typeof lower === 'object' ? lower : options;
    const given = checkOptions('RReLU', byName, ['lower', 'upper', 'generator', 'inplace']);
    const { generator = defaultGenerator, inplace = false } = given;
    this.lower = (typeof lower === 'object' ? undefined : lower) ?? given.lower ?? standard[0][1];
    this.upper = upper ?? given.upper ?? standard[1][1];
    checkSlopes('RReLU', this.lower, this.upper);
    if (!(generator instanceof Generator))
      throw new ArgumentError(`RReLU: generator must be a Generator, got ${show(generator)}`);
    if (typeof inplace !== 'boolean') throw new ArgumentError(`RReLU: inplace must be a boolean, got ${show(inplace)}`);
    this.inplace = inplace;
    this.generator = generator;
  }

  override forward(input: Tensor): Tensor {
    const { lower, upper, training, generator } = this;
    return rrelu(input, { lower, upper, training, generator });
  }

  override extraRepr(): string {
    const { lower, upper, inplace } = this;
    return printed({ lower, upper, inplace }, standard);
  }
}
