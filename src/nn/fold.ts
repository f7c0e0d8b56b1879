import { checkOptions } from '../check.js';
import { type FoldOptions, fold, readBlocks, readOutputSize, unfold } from '../functional/fold.js';
import type { PerDimension } from '../functional/per-dimension.js';
import { isArray } from '../realm.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { className } from './repr.js';

abstract class Blocks extends Module {
  /** Size of the blocks. */
  readonly kernelSize: PerDimension;
  /** Distance of a block's elements. */
  readonly dilation: PerDimension;
  /** Zeros on both sides. */
  readonly padding: PerDimension;
  /** Steps from block to block. */
  readonly stride: PerDimension;

  constructor(kernelSize: PerDimension, options?: FoldOptions) {
    super();
    const caller = className(this);
    const { dilation = 1, padding = 0, stride = 1 } = checkOptions(caller, options, ['dilation', 'padding', 'stride']);
    readBlocks(caller, kernelSize, options);
    this.kernelSize = kept(kernelSize);
    this.dilation = kept(dilation);
    this.padding = kept(padding);
    this.stride = kept(stride);
  }

  /** What is printed between the brackets. */
  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return (
      `kernel_size=${pythonRepr(kernelSize)}, dilation=${pythonRepr(dilation)}, padding=${pythonRepr(padding)}, ` +
      `stride=${pythonRepr(stride)}`
    );
  }
}

/**
 * The blocks that a kernel sees: [N, C, H, W] becomes [N, C·kh·kw, L]. See {@link unfold}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html | torch.nn.Unfold}.
 */
export class Unfold extends Blocks {
  override forward(input: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return unfold(input, this.kernelSize, { dilation, padding, stride });
  }
}

/**
 * Adds blocks up where they were taken from: [N, C·kh·kw, L] becomes [N, C, H, W]. See {@link fold}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html | torch.nn.Fold}.
 */
export class Fold extends Blocks {
  /** [H, W], or one number for both. */
  readonly outputSize: PerDimension;

  /** @throws ArgumentError for settings out of range. */
  constructor(outputSize: PerDimension, kernelSize: PerDimension, options?: FoldOptions) {
    super(kernelSize, options);
    readOutputSize('Fold', outputSize);
    this.outputSize = kept(outputSize);
  }

  override forward(input: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return fold(input, this.outputSize, this.kernelSize, { dilation, padding, stride });
  }

  override extraRepr(): string {
    return `output_size=${pythonRepr(this.outputSize)}, ${super.extraRepr()}`;
  }
}

/** A setting that the caller cannot change any more. */
const kept = (value: PerDimension): PerDimension => (isArray(value) ? Object.freeze([...value]) : value);
