/** Sliding blocks of images: taken out, and added up again. */
import { checkOptions } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkShape, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { pad } from './pad.js';
import { type PerDimension, readPerDimension } from './per-dimension.js';
import { alongDim, type SparseMatrix, selection, transposedMatrix } from './sparse.js';
import { permute } from './strided.js';
import { checkFloat } from './support.js';
import { reshape } from './views.js';

/** Options of {@link unfold} and {@link fold}: a number for both dimensions, or [height, width]. */
export interface FoldOptions {
  /** Distance of a block's elements, at least 1. Default 1. */
  dilation?: PerDimension;
  /** Zeros on both sides. Default 0. */
  padding?: PerDimension;
  /** Steps from block to block, at least 1. Default 1. */
  stride?: PerDimension;
}

/**
 * The blocks that a kernel sees: input [N, C, H, W] or [C, H, W], output [N, C·kh·kw, L] with a column for each of the L
 * positions of the kernel, row-major, and in it the channels, each with its kh·kw elements. Gradient: {@link fold} of grad.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html | torch.nn.functional.unfold}.
 * @throws ShapeError when no block fits. @throws ArgumentError for options out of range.
 */
export function unfold(input: Tensor, kernelSize: PerDimension, options?: FoldOptions): Tensor {
  const caller = 'unfold';
  checkFloat(caller, input);
  const blocks = readBlocks(caller, kernelSize, options);
  const { kernel, dilation, padding, stride } = blocks;
  const isBatched = input.ndim === 4;
  if ((input.ndim !== 3 && !isBatched) || input.shape.slice(isBatched ? 1 : 0).includes(0))
    throw new ShapeError(
      `${caller}: Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for ` +
        `input, but got: ${formatShape(input.shape)}`,
    );
  const sizes = input.shape.slice(-2);
  const counts = countsOf(blocks, sizes);
  if (counts.some((count) => count < 1))
    throw new ShapeError(
      `${caller}: Given input with spatial size ${tuple(sizes)}, kernel_size=${tuple(kernel)}, ` +
        `dilation=${tuple(dilation)}, padding=${tuple(padding)}, calculated shape of the array of sliding blocks as ` +
        `${tuple(counts)}, but its components must be at least one.`,
    );
  const lead = input.shape.slice(0, -3);
  const channels = input.shape.at(-3)!;
  const [height, width] = counts as [number, number];
  const shape = checkShape(caller, [...lead, channels * kernel[0]! * kernel[1]!, height * width]);
  const [top, left] = padding as [number, number];
  const padded = top === 0 && left === 0 ? input : pad(input, [left, left, top, top]);
  const tall = alongDim('Im2ColBackward0', padded, input.ndim - 2, blocksOf(sizes, 0, blocks, height, stride));
  const wide = alongDim('Im2ColBackward0', tall, input.ndim - 1, blocksOf(sizes, 1, blocks, width, stride));
  const split = reshape(wide, [...lead, channels, kernel[0]!, height, kernel[1]!, width]);
  return reshape(permute(split, swapped(lead.length)), shape as number[]);
}

/**
 * Adds blocks up where they were taken from, the opposite of {@link unfold} but that overlapping elements are summed: input
 * [N, C·kh·kw, L] or [C·kh·kw, L], output [N, C, H, W]. Gradient: {@link unfold} of grad.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html | torch.nn.functional.fold}.
 * @param outputSize [H, W], or one number for both. @throws ShapeError when the blocks are not those of such an image.
 */
export function fold(input: Tensor, outputSize: PerDimension, kernelSize: PerDimension, options?: FoldOptions): Tensor {
  const caller = 'fold';
  checkFloat(caller, input);
  const sizes = readOutputSize(caller, outputSize);
  const blocks = readBlocks(caller, kernelSize, options);
  const { kernel, dilation, padding, stride } = blocks;
  if ((input.ndim !== 2 && input.ndim !== 3) || input.shape.slice(-2).includes(0))
    throw new ShapeError(
      `${caller}: Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for ` +
        `input, but got: ${formatShape(input.shape)}`,
    );
  const [rows, columns] = input.shape.slice(-2) as [number, number];
  const taps = kernel[0]! * kernel[1]!;
  if (rows % taps !== 0)
    throw new ShapeError(
      `${caller}: Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got ` +
        `input.size(1)=${rows} and kernel_size=${tuple(kernel)}.`,
    );
  const [height, width] = countsOf(blocks, sizes) as [number, number];
  if (height < 1 || width < 1 || height * width !== columns)
    throw new ShapeError(
      `${caller}: Given output_size=${tuple(sizes)}, kernel_size=${tuple(kernel)}, dilation=${tuple(dilation)}, ` +
        `padding=${tuple(padding)}, stride=${tuple(stride)}, expected size of input's dimension 2 to match the calculated ` +
        `number of sliding blocks ${height} * ${width} = ${height * width}, but got input.size(2)=${columns}.`,
    );
  const lead = input.shape.slice(0, -2);
  const channels = rows / taps;
  checkShape(caller, [...lead, channels, ...sizes]);
  const split = reshape(input, [...lead, channels, kernel[0]!, kernel[1]!, height, width]);
  const wide = reshape(permute(split, swapped(lead.length)), [
    ...lead,
    channels,
    kernel[0]! * height,
    kernel[1]! * width,
  ]);
  const dim = lead.length + 1;
  const name = 'Col2ImBackward0';
  const tall = alongDim(name, wide, dim + 1, transposedMatrix(blocksOf(sizes, 1, blocks, width, stride)));
  const padded = alongDim(name, tall, dim, transposedMatrix(blocksOf(sizes, 0, blocks, height, stride)));
  const [top, left] = padding as [number, number];
  return top === 0 && left === 0 ? padded : pad(padded, [-left, -left, -top, -top]);
}

/** Settings as they have been read: [height, width] each. @internal */
export interface Blocks {
  readonly kernel: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
}

/** @internal */
export function readBlocks(caller: string, kernelSize: unknown, options: FoldOptions | undefined): Blocks {
  const given = checkOptions(caller, options, ['dilation', 'padding', 'stride']);
  return {
    kernel: pair(caller, 'kernel_size', kernelSize, 1, 'kernel size should be greater than zero, but got %'),
    dilation: pair(caller, 'dilation', given.dilation ?? 1, 1, 'dilation should be greater than zero, but got %'),
    padding: pair(caller, 'padding', given.padding ?? 0, 0, 'padding should be non-negative, but got %'),
    stride: pair(caller, 'stride', given.stride ?? 1, 1, 'stride should be greater than zero, but got %'),
  };
}

/** @internal */
export const readOutputSize = (caller: string, value: unknown): number[] =>
  pair(caller, 'output_size', value, 0, 'output_size should not be negative, but got %');

/** [height, width]; `law` is PyTorch's sentence for a number below `least`. */
function pair(caller: string, what: string, value: unknown, least: number, law: string): number[] {
  const name = { kernel_size: 'kernel', padding: 'pad' }[what] ?? what;
  const numbers = readPerDimension(caller, what, value, 2, Number.NEGATIVE_INFINITY, '');
  if (numbers.some((each) => each < least))
    throw new ArgumentError(
      `${caller}: ${law.replace('%', `${name}_height: ${numbers[0]} ${name}_width: ${numbers[1]}`)}`,
    );
  return numbers;
}

/** Positions of the kernel along both dimensions. */
function countsOf({ kernel, dilation, padding, stride }: Blocks, sizes: readonly number[]): number[] {
  return sizes.map(
    (size, d) => Math.floor((size + 2 * padding[d]! - dilation[d]! * (kernel[d]! - 1) - 1) / stride[d]!) + 1,
  );
}

/** From a padded dimension to [kernel, count]. */
function blocksOf(
  sizes: readonly number[],
  d: number,
  { kernel, dilation, padding }: Blocks,
  count: number,
  stride: readonly number[],
): SparseMatrix {
  const padded = sizes[d]! + 2 * padding[d]!;
  return selection(padded, kernel[d]! * count, (r) => (r % count) * stride[d]! + Math.floor(r / count) * dilation[d]!);
}

/** [..., C, kh, h, kw, w] and [..., C, kh, kw, h, w], from one to the other. */
const swapped = (lead: number): number[] => {
  const first = Array.from({ length: lead + 2 }, (_, dim) => dim);
  return [...first, lead + 3, lead + 2, lead + 4];
};

const tuple = (numbers: readonly number[]): string => `(${numbers.join(', ')})`;
