import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { flatten } from '../functional/views.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * Merges the dimensions from startDim to endDim into one: all but the first by default. Shares memory with its input.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html | torch.nn.Flatten}.
 */
export class Flatten extends Module {
  /** The first of the dimensions that become one. */
  readonly startDim: number;
  /** The last of them. */
  readonly endDim: number;

  /** Dimensions are counted from the end when negative. @throws ArgumentError unless both are integers. */
  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = checkInteger('startDim', startDim);
    this.endDim = checkInteger('endDim', endDim);
  }

  override forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

function checkInteger(what: string, value: number): number {
  if (!Number.isSafeInteger(value)) throw new ArgumentError(`Flatten: ${what} must be an integer, got ${show(value)}`);
  return value;
}
