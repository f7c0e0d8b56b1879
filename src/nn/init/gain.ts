/** How large initial weights should be. */
import { show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import type { Shape } from '../../tensor/shape.js';

const gains = {
  linear: 1,
  conv1d: 1,
  conv2d: 1,
  conv3d: 1,
  conv_transpose1d: 1,
  conv_transpose2d: 1,
  conv_transpose3d: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.sqrt(2),
  selu: 3 / 4,
} as const;

/** What follows a layer, by PyTorch's names. */
export type Nonlinearity = keyof typeof gains | 'leaky_relu';

/**
 * By how much weights are to be larger for what follows them: 1 for linear, convolutions and sigmoid, 5/3 for tanh, √2 for relu,
 * √(2/(1 + slope²)) for leaky_relu, 3/4 for selu.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain | torch.nn.init.calculate_gain}.
 * @param param the slope of leaky_relu. Default 0.01.
 * @throws ArgumentError for another name, or a slope that is no number.
 */
export function calculateGain(nonlinearity: Nonlinearity, param: number | null = null): number {
  if (nonlinearity === 'leaky_relu') {
    if (param !== null && typeof param !== 'number')
      throw new ArgumentError(`calculateGain: negative_slope ${show(param)} not a valid number`);
    return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
  }
  if (!Object.hasOwn(gains, nonlinearity))
    throw new ArgumentError(`calculateGain: Unsupported nonlinearity ${show(nonlinearity)}`);
  return gains[nonlinearity];
}

/** How many numbers an element of the output is made of, and of how many one of the input is a part. @internal */
export function fansOf(caller: string, shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2)
    throw new ShapeError(`${caller}: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions`);
  const kernel = shape.slice(2).reduce((product, size) => product * size, 1);
  return { fanIn: shape[1]! * kernel, fanOut: shape[0]! * kernel };
}
