/** Channels that become pixels, and back. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { permute } from './strided.js';
import { checkTensor } from './support.js';
import { reshape } from './views.js';

/**
 * [..., C·r², H, W] becomes [..., C, H·r, W·r]: r² channels are the pixels of a block. Copies.
 * Shi et al., Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network (CVPR 2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html | torch.nn.functional.pixel_shuffle}.
 * @param upscaleFactor r, at least 1. @throws ShapeError unless r² divides the channels.
 */
export function pixelShuffle(input: Tensor, upscaleFactor: number): Tensor {
  const caller = 'pixelShuffle';
  checkTensor(caller, input);
  const r = checkFactor(caller, 'pixel_shuffle', 'upscale_factor', upscaleFactor);
  const { lead, channels, height, width } = imagesOf(caller, 'pixel_shuffle', input);
  if (channels % (r * r) !== 0)
    throw new ShapeError(
      `${caller}: pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, ` +
        `but input.size(-3)=${channels} is not divisible by ${r * r}`,
    );
  const split = reshape(input, [...lead, channels / (r * r), r, r, height, width]);
  const shape = checkShape(caller, [...lead, channels / (r * r), height * r, width * r]);
  return reshape(permute(split, behind(lead.length, [0, 3, 1, 4, 2])), shape as number[]);
}

/**
 * [..., C, H·r, W·r] becomes [..., C·r², H, W], the opposite of {@link pixelShuffle}. Copies.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html | torch.nn.functional.pixel_unshuffle}.
 * @param downscaleFactor r, at least 1. @throws ShapeError unless r divides height and width.
 */
export function pixelUnshuffle(input: Tensor, downscaleFactor: number): Tensor {
  const caller = 'pixelUnshuffle';
  checkTensor(caller, input);
  const r = checkFactor(caller, 'pixel_unshuffle', 'downscale_factor', downscaleFactor);
  const { lead, channels, height, width } = imagesOf(caller, 'pixel_unshuffle', input);
  for (const [name, size, dim] of [
    ['height', height, -2],
    ['width', width, -1],
  ] as const)
    if (size % r !== 0)
      throw new ShapeError(
        `${caller}: pixel_unshuffle expects ${name} to be divisible by downscale_factor, but input.size(${dim})=${size} is ` +
          `not divisible by ${r}`,
      );
  const split = reshape(input, [...lead, channels, height / r, r, width / r, r]);
  const shape = checkShape(caller, [...lead, channels * r * r, height / r, width / r]);
  return reshape(permute(split, behind(lead.length, [0, 2, 4, 1, 3])), shape as number[]);
}

/** The order of dimensions behind `lead` that stay. */
const behind = (lead: number, order: readonly number[]): number[] => [
  ...Array.from({ length: lead }, (_, dim) => dim),
  ...order.map((dim) => lead + dim),
];

/** Checks a factor; `what` is its name in PyTorch. @internal */
export function checkFactor(caller: string, fn: string, what: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new ArgumentError(`${caller}: ${what} must be an integer, got ${show(value)}`);
  if (value < 1) throw new ArgumentError(`${caller}: ${fn} expects a positive ${what}, but got ${value}`);
  return value;
}

function imagesOf(caller: string, fn: string, input: Tensor) {
  if (input.ndim < 3)
    throw new ShapeError(
      `${caller}: ${fn} expects input to have at least 3 dimensions, but got input with ${input.ndim} dimension(s)`,
    );
  const [channels, height, width] = input.shape.slice(-3) as [number, number, number];
  return { lead: input.shape.slice(0, -3), channels, height, width };
}
