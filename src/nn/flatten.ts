import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { flatten, unflatten } from '../functional/views.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { readSizes } from '../tensor/shape.js';
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
    this.startDim = checkInteger('Flatten', 'startDim', startDim);
    this.endDim = checkInteger('Flatten', 'endDim', endDim);
  }

  override forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/**
 * Divides a dimension into several, one of which may be -1 and is worked out. Shares memory with its input.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html | torch.nn.Unflatten}.
 */
export class Unflatten extends Module {
  /** The dimension, counted from the end when negative. */
  readonly dim: number;
  /** What it becomes. */
  readonly unflattenedSize: readonly number[];

  /** @throws ArgumentError unless dim is an integer and unflattenedSize an array of integers. */
  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    this.dim = checkInteger('Unflatten', 'dim', dim);
    const sizes = readSizes('Unflatten', unflattenedSize);
    this.unflattenedSize = Object.freeze(sizes.map((size) => checkInteger('Unflatten', 'a size', size)));
  }

  override forward(input: Tensor): Tensor {
    return unflatten(input, this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${pythonRepr(this.unflattenedSize)}`;
  }
}

function checkInteger(caller: string, what: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new ArgumentError(`${caller}: ${what} must be an integer, got ${show(value)}`);
  return value;
}
