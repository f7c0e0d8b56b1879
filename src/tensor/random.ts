/**
 * Tensors of random numbers, drawn from a generator as PyTorch's CPU generator draws them. In a compiled function they are
 * drawn at each run.
 */
import { checkBoolean, checkOneOf, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType, FloatArray, HostArray } from '../ops/ops.js';
import { plainCall } from '../ops/pointwise-program.js';
import { currentTrace } from '../ops/trace.js';
import { emit } from '../pointwise/emit.js';
import { ExpressionGraph } from '../pointwise/expression.js';
import { checkIntegers, checkOrderLength } from '../random/checks.js';
import { defaultGenerator, drawnFrom, Generator } from '../random/generator.js';
import type { TensorOptions } from './creation.js';
import { zeros } from './host-memory.js';
import { checkShape, denseLayout, numelOf, type Shape } from './shape.js';
import { type SizesAndOptions, splitSizes } from './size-arguments.js';
import { dtypes, Storage } from './storage.js';
import { Tensor } from './tensor.js';

export interface RandomOptions extends TensorOptions {
  /** Where the numbers come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/** Numbers uniform in [0, 1): `rand([2, 3])` or `rand(2, 3)`, with options behind. float32 or float64. */
export function rand(...args: SizesAndOptions<RandomOptions>): Tensor {
  const { shape, options } = splitSizes('rand', args);
  return floats('rand', shape, options, uniform);
}

/** Numbers of the standard normal distribution: `randn([2, 3])` or `randn(2, 3)`. float32 or float64. */
export function randn(...args: SizesAndOptions<RandomOptions>): Tensor {
  const { shape, options } = splitSizes('randn', args);
  return floats('randn', shape, options, normal);
}

/** {@link rand} with the shape of `input`, and its dtype unless told otherwise. */
export function randLike(input: Tensor, options?: RandomOptions): Tensor {
  const { shape, dtype } = checkTensor('randLike', input);
  return floats('randLike', shape, options, uniform, dtype);
}

/** {@link randn} with the shape of `input`, and its dtype unless told otherwise. */
export function randnLike(input: Tensor, options?: RandomOptions): Tensor {
  const { shape, dtype } = checkTensor('randnLike', input);
  return floats('randnLike', shape, options, normal, dtype);
}

/**
 * Integers uniform in [low, high). int32 unless told otherwise.
 * @throws ArgumentError unless low < high, both integers that the dtype holds.
 */
export function randint(low: number, high: number, shape: readonly number[], options?: RandomOptions): Tensor {
  return integers('randint', low, high, shape, options, 'int32');
}

/** {@link randint} with the shape of `input`, and its dtype unless told otherwise. */
export function randintLike(input: Tensor, low: number, high: number, options?: RandomOptions): Tensor {
  const { shape, dtype } = checkTensor('randintLike', input);
  return integers('randintLike', low, high, shape, options, dtype);
}

/** The integers 0 to n - 1 in random order, int32. */
export function randperm(n: number, options?: Pick<RandomOptions, 'generator'>): Tensor {
  const { generator } = randomOptions('randperm', options, 'int32');
  const shape = [checkOrderLength('randperm', n)];
  return drawn(shape, 'int32', generator, (array) => generator.randpermFill(array as Int32Array));
}

/**
 * 1 with the probability that `input` has there, else 0: of its shape and dtype, as `torch.bernoulli`. Has no gradient.
 * @throws ArgumentError for an int32 tensor, and for a probability outside [0, 1]; a compiled function, which has no numbers
 * to look at, takes what is above 1 for 1, and what is below 0 or NaN for 0.
 */
export function bernoulli(input: Tensor, options?: Pick<RandomOptions, 'generator'>): Tensor {
  const caller = 'bernoulli';
  const { shape, dtype, numel, storage } = checkTensor(caller, input);
  const { generator = defaultGenerator } = checkOptions(caller, options, ['generator']);
  checkGenerator(caller, generator);
  if (dtype === 'int32') throw new ArgumentError(`${caller}: expected a float32 or float64 tensor, got int32`);
  if (currentTrace() === null)
    for (const p of storage.read())
      if (!(p >= 0 && p <= 1)) throw new ArgumentError(`${caller}: probabilities must be in [0, 1], got ${p}`);
  const source = drawnFrom(generator);
  const result = drawn(shape, dtype, source, (array) => uniform(source, array as FloatArray));
  const out = result.storage;
  currentOps().pointwise({
    ...plainCall,
    program: isBelow,
    inputs: [out, storage],
    outputs: [out],
    layout: denseLayout(numel, 2),
  });
  return result;
}

/** x < y ? 1 : 0. */
const isBelow = (() => {
  const graph = new ExpressionGraph();
  return emit([graph.input(0).lt(graph.input(1))]).program;
})();

type Fill = (generator: Generator, array: FloatArray) => void;

const uniform: Fill = (generator, array) => generator.uniformFill(array, 0, 1);
const normal: Fill = (generator, array) => generator.normalFill(array, 0, 1);

function floats(
  caller: string,
  shape: readonly number[],
  options: RandomOptions | undefined,
  fill: Fill,
  like: DType = 'float32',
): Tensor {
  const { dtype, requiresGrad, generator } = randomOptions(caller, options, like);
  if (dtype === 'int32') throw new ArgumentError(`${caller}: dtype must be float32 or float64, got int32`);
  const size = checkShape(caller, shape);
  return drawn(size, dtype, generator, (array) => fill(generator, array as FloatArray)).requiresGrad_(requiresGrad);
}

function integers(
  caller: string,
  low: number,
  high: number,
  shape: readonly number[],
  options: RandomOptions | undefined,
  like: DType,
): Tensor {
  const { dtype, requiresGrad, generator } = randomOptions(caller, options, like);
  const size = checkShape(caller, shape);
  checkIntegers(caller, zeros(dtype, 0), low, high);
  return drawn(size, dtype, generator, (array) => generator.randintFill(array, low, high)).requiresGrad_(requiresGrad);
}

/** Draws by an op, so that a traced program draws again at each run. Arguments have been checked. @internal */
export function drawn(shape: Shape, dtype: DType, source: Generator, fill: (array: HostArray) => void): Tensor {
  const result = new Tensor(Storage.uninitialized(dtype, numelOf(shape)), shape);
  currentOps().draw({ draw: { source, fill }, out: result.storage });
  return result;
}

function checkTensor(caller: string, input: unknown): Tensor {
  if (!(input instanceof Tensor)) throw new ArgumentError(`${caller}: expected a Tensor, got ${show(input)}`);
  return input;
}

function checkGenerator(caller: string, generator: unknown): void {
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
}

function randomOptions(caller: string, options: RandomOptions | undefined, defaultDtype: DType) {
  const given = checkOptions(caller, options, ['dtype', 'requiresGrad', 'generator']);
  const { generator = defaultGenerator, requiresGrad = false } = given;
  checkGenerator(caller, generator);
  const dtype = given.dtype === undefined ? defaultDtype : checkOneOf(caller, 'dtype', given.dtype, dtypes);
  checkBoolean(caller, 'requiresGrad', requiresGrad);
  if (requiresGrad && dtype === 'int32')
    throw new ArgumentError(`${caller}: only tensors of floating point dtype can require gradients, got int32`);
  return { dtype, requiresGrad, generator: drawnFrom(generator) };
}
