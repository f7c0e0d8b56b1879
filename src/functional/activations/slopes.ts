/** Leaky rectifiers whose slope is learnt, or drawn. */
import { checkBoolean, checkNumber, checkOptions, show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import type { FloatArray } from '../../ops/ops.js';
import { currentTrace } from '../../ops/trace.js';
import { defaultGenerator, drawnFrom, Generator } from '../../random/generator.js';
import { drawn } from '../../tensor/random.js';
import type { Tensor } from '../../tensor/tensor.js';
import { PointwiseFunction } from '../pointwise.js';
import { checkFloat, checkSameDtype, empty } from '../support.js';
import { reshape } from '../views.js';
import { leakyRelu } from './rectifying.js';

const prelus = new PointwiseFunction({
  gradName: 'PreluKernelBackward0',
  inputs: 2,
  build: ([x, weight]) => x!.gt(0).where(x!, weight!.mul(x!)),
  gradient: (grad, _y, [x, weight]) => [x!.gt(0).where(grad, weight!.mul(grad)), x!.gt(0).where(0, x!.mul(grad))],
});

/**
 * input where it is positive, else weight·input. Gradients: grad, times weight where input is not positive; and Σ grad·input over
 * the elements that are not positive.
 * He et al., Delving Deep into Rectifiers (ICCV 2015);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html | torch.nn.functional.prelu}.
 * @param weight one slope, or one for each channel: the size of dimension 1, which is 1 for a vector.
 * @throws ShapeError when the numbers of slopes and channels differ.
 */
export function prelu(input: Tensor, weight: Tensor): Tensor {
  const caller = 'prelu';
  checkFloat(caller, input);
  checkFloat(`${caller}: weight`, weight);
  checkSameDtype(caller, input, weight);
  if (weight.ndim > 1)
    throw new ShapeError(
      `${caller}: prelu: Expected \`weight\` to be a scalar or 1D tensor, but got: ndim = ${weight.ndim}`,
    );
  if (weight.numel === 1) return prelus.apply(caller, [input, reshape(weight, [])]);
  if (input.ndim === 0) throw new ShapeError(`${caller}: Not allow zero-dim input tensor.`);
  const channels = input.ndim === 1 ? 1 : input.shape[1]!;
  if (channels !== weight.numel)
    throw new ShapeError(
      `${caller}: Mismatch of parameter numbers and input channel size. Found parameter numbers = ${weight.numel} and ` +
        `channel size = ${channels}.`,
    );
  return prelus.apply(caller, [input, reshape(weight, [channels, ...input.shape.slice(2).map(() => 1)])]);
}

/** Options of {@link rrelu}. */
export interface RReLUOptions {
  /** Smallest slope. Default 1/8. */
  lower?: number;
  /** Largest slope. Default 1/3. */
  upper?: number;
  /** Whether slopes are drawn. Default false. */
  training?: boolean;
  /** Where they come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

const multiplied = new PointwiseFunction({
  gradName: 'RreluWithNoiseBackward0',
  inputs: 2,
  build: ([x, noise]) => x!.gt(0).where(x!, x!.mul(noise!)),
  gradient: (grad, _y, [x, noise]) => [x!.gt(0).where(grad, grad.mul(noise!)), null],
});

/**
 * input where it is positive, else input·r: with r drawn for each element from U(lower, upper) in training, else r = (lower + upper)/2.
 * Gradient: grad, times r where input is not positive.
 * With the generator's masks at `'counter'` (the default) one number is drawn for every element; with `'mt19937'`, as in PyTorch, for those that
 * are not positive: that depends on their values, so `compile` refuses it.
 * Xu et al., Empirical Evaluation of Rectified Activations in Convolutional Network (2015);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html | torch.nn.functional.rrelu}.
 * @throws ArgumentError for a lower slope above the upper one.
 */
export function rrelu(input: Tensor, options?: RReLUOptions): Tensor {
  const caller = 'rrelu';
  checkFloat(caller, input);
  const given = checkOptions(caller, options, ['lower', 'upper', 'training', 'generator']);
  const { lower = 1 / 8, upper = 1 / 3, training = false, generator = defaultGenerator } = given;
  checkSlopes(caller, lower, upper);
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
  if (!checkBoolean(caller, 'training', training)) return leakyRelu(input, (lower + upper) / 2);
  const source = drawnFrom(generator);
  const noise =
    source.masks === 'mt19937'
      ? noiseOf(caller, input, lower, upper, source)
      : drawn(input.shape, input.dtype, source, (array) => source.uniformFill(array as FloatArray, lower, upper));
  return multiplied.apply(caller, [input, noise]);
}

/** Checks the bounds of slopes, with PyTorch's sentence. @internal */
export function checkSlopes(caller: string, lower: unknown, upper: unknown): void {
  if (checkNumber(caller, 'lower', lower) > checkNumber(caller, 'upper', upper))
    throw new ArgumentError(`${caller}: Lower bound should be less than or equal to the upper bound`);
}

/** A double for each element that is not positive, in their order, as PyTorch draws it. */
function noiseOf(caller: string, input: Tensor, lower: number, upper: number, generator: Generator): Tensor {
  const now = currentTrace();
  if (now !== null)
    throw now.refuse(
      `${caller}() with masks of 'mt19937'`,
      "how many numbers it draws depends on its input; use masks 'counter', or evaluation mode",
    );
  const values = input.storage.read();
  let count = 0;
  for (const value of values) if (value <= 0) count++;
  const slopes = new Float64Array(count);
  generator.uniformFill(slopes, lower, upper);
  const noise = empty(input.shape, input.dtype);
  const array = noise.storage.write();
  let next = 0;
  for (let i = 0; i < array.length; i++) array[i] = values[i]! <= 0 ? slopes[next++]! : 1;
  return noise;
}
