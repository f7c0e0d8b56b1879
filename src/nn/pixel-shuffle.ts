import { checkFactor, pixelShuffle, pixelUnshuffle } from '../functional/pixel-shuffle.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * [..., C·r², H, W] becomes [..., C, H·r, W·r]. See {@link pixelShuffle}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html | torch.nn.PixelShuffle}.
 */
export class PixelShuffle extends Module {
  /** r. */
  readonly upscaleFactor: number;

  /** @throws ArgumentError unless upscaleFactor is an integer of at least 1. */
  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = checkFactor('PixelShuffle', 'pixel_shuffle', 'upscale_factor', upscaleFactor);
  }

  override forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/**
 * [..., C, H·r, W·r] becomes [..., C·r², H, W]. See {@link pixelUnshuffle}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html | torch.nn.PixelUnshuffle}.
 */
export class PixelUnshuffle extends Module {
  /** r. */
  readonly downscaleFactor: number;

  /** @throws ArgumentError unless downscaleFactor is an integer of at least 1. */
  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = checkFactor('PixelUnshuffle', 'pixel_unshuffle', 'downscale_factor', downscaleFactor);
  }

  override forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}
