/** Tensors of random numbers, drawn from a generator as PyTorch's CPU generator draws them. */
import { checkBoolean, checkOneOf, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { DType, FloatArray } from '../ops/ops.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { allocate, type TensorOptions } from './creation.js';
import { checkShape } from './shape.js';
import { type SizesAndOptions, splitSizes } from './size-arguments.js';
import { dtypes, Storage } from './storage.js';
import { Tensor } from './tensor.js';

export interface RandomOptions extends TensorOptions {
  /** Where the numbers come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/** Numbers uniform in [0, 1): `rand([2, 3])` or `rand(2, 3)`, with options behind. float32 or float64. */
export function rand(...args: SizesAndOptions<RandomOptions>): Tensor {
  return floats('rand', args, (generator, array) => generator.uniformFill(array, 0, 1));
}

/** Numbers of the standard normal distribution: `randn([2, 3])` or `randn(2, 3)`. float32 or float64. */
export function randn(...args: SizesAndOptions<RandomOptions>): Tensor {
  return floats('randn', args, (generator, array) => generator.normalFill(array, 0, 1));
}

/** Numbers uniform in [0, 1) with the shape of `input`, and its dtype unless told otherwise. */
export function randLike(input: Tensor, options?: RandomOptions): Tensor {
  return rand(checkLike('randLike', input).shape, withDtype('randLike', input, options));
}

/** Numbers of the standard normal distribution with the shape of `input`, and its dtype unless told otherwise. */
export function randnLike(input: Tensor, options?: RandomOptions): Tensor {
  return randn(checkLike('randnLike', input).shape, withDtype('randnLike', input, options));
}

function checkLike(place: string, input: Tensor): Tensor {
  if (!(input instanceof Tensor)) throw new ArgumentError(`${place}: expected a Tensor, got ${show(input)}`);
  return input;
}

function withDtype(place: string, { dtype }: Tensor, options: RandomOptions | undefined): RandomOptions {
  const given = { dtype, ...checkOptions(place, options, ['dtype', 'requiresGrad', 'generator']) };
  if (given.dtype === 'int32') throw new ArgumentError(`${place}: dtype must be float32 or float64, got int32`);
  return given;
}

/**
 * Integers uniform in [low, high). int32 unless told otherwise.
 * @throws ArgumentError unless low < high, both integers that the dtype holds.
 */
export function randint(low: number, high: number, shape: readonly number[], options?: RandomOptions): Tensor {
  const { dtype, requiresGrad, generator } = randomOptions('randint', options, 'int32');
  const result = allocate(checkShape('randint', shape), dtype);
  generator.randintFill(result.storage.write(), low, high);
  return result.requiresGrad_(requiresGrad);
}

/** The integers 0 to n - 1 in random order, int32. */
export function randperm(n: number, options?: Pick<RandomOptions, 'generator'>): Tensor {
  const { generator } = randomOptions('randperm', options, 'int32');
  const order = generator.randperm(n);
  return new Tensor(new Storage('int32', order), [n]);
}

function floats(
  place: string,
  args: SizesAndOptions<RandomOptions>,
  fill: (generator: Generator, array: FloatArray) => void,
): Tensor {
  const { shape, options } = splitSizes(place, args);
  const { dtype, requiresGrad, generator } = randomOptions(place, options, 'float32');
  if (dtype === 'int32') throw new ArgumentError(`${place}: dtype must be float32 or float64, got int32`);
  const result = allocate(checkShape(place, shape), dtype);
  fill(generator, result.storage.write() as FloatArray);
  return result.requiresGrad_(requiresGrad);
}

function randomOptions(place: string, options: RandomOptions | undefined, defaultDtype: DType) {
  const given = checkOptions(place, options, ['dtype', 'requiresGrad', 'generator']);
  const { generator = defaultGenerator, requiresGrad = false } = given;
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${place}: generator must be a Generator, got ${show(generator)}`);
  const dtype = given.dtype === undefined ? defaultDtype : checkOneOf(place, 'dtype', given.dtype, dtypes);
  checkBoolean(place, 'requiresGrad', requiresGrad);
  if (requiresGrad && dtype === 'int32')
    throw new ArgumentError(`${place}: only tensors of floating point dtype can require gradients, got int32`);
  return { dtype, requiresGrad, generator };
}
