/** Padding as layers: each keeps its numbers and calls `pad`. */
import { checkNumber, maxElements, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { type PadMode, pad } from '../functional/pad.js';
import type { PerDimension } from '../functional/per-dimension.js';
import { isArray } from '../realm.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { Tensor } from '../tensor/tensor.js';
import type { SameChannels } from './features.js';
import { Module } from './module.js';
import { className } from './repr.js';

abstract class Pad extends Module {
  /** Exists in types only: see {@link SameChannels}. */
  declare readonly '~features'?: SameChannels;
  /** Two numbers for each dimension, the last dimension first. */
  readonly padding: readonly number[];

  constructor(padding: PerDimension, dims: number) {
    super();
    this.padding = readPadding(className(this), padding, 2 * dims);
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    return pythonRepr(this.padding);
  }
}

/** Fills in a number. */
abstract class ConstantPad extends Pad {
  /** What is filled in. */
  readonly value: number;

  constructor(padding: PerDimension, dims: number, value: number) {
    super(padding, dims);
    this.value = checkNumber(className(this), 'value', value);
  }

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, { value: this.value });
  }
}

/** Fills in what the input holds. */
abstract class BorderPad extends Pad {
  /** As {@link pad} calls it. */
  readonly mode: Exclude<PadMode, 'constant'>;

  constructor(padding: PerDimension, dims: number, mode: Exclude<PadMode, 'constant'>) {
    super(padding, dims);
    this.mode = mode;
  }

  /** @throws ShapeError for another rank, and for sizes that the mode cannot pad. */
  override forward(input: Tensor): Tensor {
    const dims = this.padding.length / 2;
    if (this.mode === 'circular' && input instanceof Tensor && input.ndim !== dims + 1 && input.ndim !== dims + 2)
      throw new ShapeError(
        `${className(this)}: expected ${dims + 1}D or ${dims + 2}D input (got ${input.ndim}D input)`,
      );
    return pad(input, this.padding, { mode: this.mode });
  }
}

/**
 * Adds zeros around the last dimension. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html | torch.nn.ZeroPad1d}.
 */
export class ZeroPad1d extends ConstantPad {
  /** @param padding a number for all sides, or [left, right]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 1, 0);
  }
}

/**
 * Adds zeros around the last two dimensions. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html | torch.nn.ZeroPad2d}.
 */
export class ZeroPad2d extends ConstantPad {
  /** @param padding a number for all sides, or [left, right, top, bottom]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 2, 0);
  }
}

/**
 * Adds zeros around the last three dimensions. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html | torch.nn.ZeroPad3d}.
 */
export class ZeroPad3d extends ConstantPad {
  /** @param padding a number for all sides, or [left, right, top, bottom, front, back]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 3, 0);
  }
}

/**
 * Adds a number around the last dimension. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html | torch.nn.ConstantPad1d}.
 */
export class ConstantPad1d extends ConstantPad {
  /** @param padding a number for all sides, or [left, right]. Negative ones cut off. */
  constructor(padding: PerDimension, value: number) {
    super(padding, 1, value);
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    return `padding=${pythonRepr(this.padding)}, value=${pythonRepr(this.value)}`;
  }
}

/**
 * Adds a number around the last two dimensions. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html | torch.nn.ConstantPad2d}.
 */
export class ConstantPad2d extends ConstantPad {
  /** @param padding a number for all sides, or [left, right, top, bottom]. Negative ones cut off. */
  constructor(padding: PerDimension, value: number) {
    super(padding, 2, value);
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    return `padding=${pythonRepr(this.padding)}, value=${pythonRepr(this.value)}`;
  }
}

/**
 * Adds a number around the last three dimensions. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html | torch.nn.ConstantPad3d}.
 */
export class ConstantPad3d extends ConstantPad {
  /** @param padding a number for all sides, or [left, right, top, bottom, front, back]. Negative ones cut off. */
  constructor(padding: PerDimension, value: number) {
    super(padding, 3, value);
  }

  override extraRepr(): string {
    return `padding=${pythonRepr(this.padding)}, value=${pythonRepr(this.value)}`;
  }
}

/**
 * Adds the numbers mirrored at the border around the last dimension of [N, C, L] or [C, L]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html | torch.nn.ReflectionPad1d}.
 */
export class ReflectionPad1d extends BorderPad {
  /** @param padding a number for all sides, or [left, right]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 1, 'reflect');
  }
}

/**
 * Adds the numbers mirrored at the border around the last two dimensions of [N, C, H, W] or [C, H, W]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html | torch.nn.ReflectionPad2d}.
 */
export class ReflectionPad2d extends BorderPad {
  /** @param padding a number for all sides, or [left, right, top, bottom]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 2, 'reflect');
  }
}

/**
 * Adds the numbers mirrored at the border around the last three dimensions of [N, C, D, H, W] or [C, D, H, W]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html | torch.nn.ReflectionPad3d}.
 */
export class ReflectionPad3d extends BorderPad {
  /** @param padding a number for all sides, or [left, right, top, bottom, front, back]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 3, 'reflect');
  }
}

/**
 * Adds the numbers on the border around the last dimension of [N, C, L] or [C, L]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html | torch.nn.ReplicationPad1d}.
 */
export class ReplicationPad1d extends BorderPad {
  /** @param padding a number for all sides, or [left, right]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 1, 'replicate');
  }
}

/**
 * Adds the numbers on the border around the last two dimensions of [N, C, H, W] or [C, H, W]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html | torch.nn.ReplicationPad2d}.
 */
export class ReplicationPad2d extends BorderPad {
  /** @param padding a number for all sides, or [left, right, top, bottom]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 2, 'replicate');
  }
}

/**
 * Adds the numbers on the border around the last three dimensions of [N, C, D, H, W] or [C, D, H, W]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html | torch.nn.ReplicationPad3d}.
 */
export class ReplicationPad3d extends BorderPad {
  /** @param padding a number for all sides, or [left, right, top, bottom, front, back]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 3, 'replicate');
  }
}

/**
 * Adds the numbers from the other side around the last dimension of [N, C, L] or [C, L]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html | torch.nn.CircularPad1d}.
 */
export class CircularPad1d extends BorderPad {
  /** @param padding a number for all sides, or [left, right]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 1, 'circular');
  }
}

/**
 * Adds the numbers from the other side around the last two dimensions of [N, C, H, W] or [C, H, W]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html | torch.nn.CircularPad2d}.
 */
export class CircularPad2d extends BorderPad {
  /** @param padding a number for all sides, or [left, right, top, bottom]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 2, 'circular');
  }
}

/**
 * Adds the numbers from the other side around the last three dimensions of [N, C, D, H, W] or [C, D, H, W]. See {@link pad}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html | torch.nn.CircularPad3d}.
 */
export class CircularPad3d extends BorderPad {
  /** @param padding a number for all sides, or [left, right, top, bottom, front, back]. Negative ones cut off. */
  constructor(padding: PerDimension) {
    super(padding, 3, 'circular');
  }
}

function readPadding(caller: string, padding: unknown, count: number): readonly number[] {
  const check = (value: unknown): number => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || Math.abs(value) > maxElements)
      throw new ArgumentError(`${caller}: a padding must be an integer, got ${show(value)}`);
    return value;
  };
  if (!isArray(padding)) return Object.freeze(new Array<number>(count).fill(check(padding)));
  const numbers = readList(caller, 'numbers', padding, check, maxElements);
  if (numbers.length !== count)
    throw new ArgumentError(`${caller}: padding must be one number or ${count} numbers, got ${show(padding)}`);
  return Object.freeze(numbers);
}
