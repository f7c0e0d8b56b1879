/** Padding of the last dimensions: by a number, or by what the tensor holds. */
import { checkNumber, checkOneOf, checkOptions, maxElements, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { isArray } from '../realm.js';
import { checkInt32 } from '../tensor/creation.js';
import { checkShape, formatShape, layoutOf, maxRank, type Shape, stridesOf } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { indexSelect } from './index-select.js';
import { alongDim, selection } from './sparse.js';
import { checkTensor, empty, zeroed } from './support.js';

/** How {@link pad} fills what it adds. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Options of {@link pad}. */
export interface PadOptions {
  /**
   * `'constant'` (the default): `value`. `'reflect'`: the numbers mirrored at the border, which is not repeated. `'replicate'`: the number on
   * the border. `'circular'`: the numbers from the other side.
   */
  mode?: PadMode;
  /** What mode `'constant'` fills in. Default 0. */
  value?: number;
}

/** Elements added in front of a dimension and behind it; negative ones are cut off. */
type Pads = readonly [low: number, high: number];

/**
 * Adds elements around the last dimensions, or cuts them off where a number is negative. Gradient: grad where the input's elements are,
 * each the sum over all places it was taken to.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html | torch.nn.functional.pad}.
 * @param pads two numbers for each dimension, the last dimension first: [left, right, top, bottom]. Modes other than `'constant'` pad
 * the last 1, 2 or 3 dimensions of a tensor with one or two more.
 * @param options or the mode alone.
 * @throws ShapeError for sizes that a mode cannot pad. @throws ArgumentError for pads that are no list of integers.
 */
export function pad(input: Tensor, pads: readonly number[], options?: PadOptions | PadMode): Tensor {
  const caller = 'pad';
  checkTensor(caller, input);
  const given = checkOptions(caller, typeof options === 'string' ? { mode: options } : options, ['mode', 'value']);
  const { value = 0 } = given;
  const mode = checkOneOf(caller, 'mode', given.mode ?? 'constant', ['constant', 'reflect', 'replicate', 'circular']);
  checkNumber(caller, 'value', value);
  const sides = readPads(caller, input, pads);
  if (mode === 'constant') return padConstant(caller, input, sides, value);
  if (value !== 0) throw new ArgumentError(`${caller}: Padding mode "${mode}" doesn't take in value argument`);
  if (sides.length < 1 || sides.length > 3 || (input.ndim !== sides.length + 1 && input.ndim !== sides.length + 2))
    throw new ShapeError(
      `${caller}: Padding size ${2 * sides.length} is not supported for ${input.ndim}D input tensor.\n${combinations}`,
    );
  if (mode !== 'circular' && input.shape.slice(input.ndim === sides.length + 2 ? 1 : 0).includes(0))
    throw new ShapeError(
      `${caller}: Expected ${sides.length + 1}D or ${sides.length + 2}D (batch mode) tensor with possibly 0 batch size ` +
        `and other non-zero dimensions for input, but got: ${formatShape(input.shape)}`,
    );
  // All is checked before anything is computed.
  const maps = sides.map((each, i) => sourceOf(caller, mode, input.shape, input.ndim - 1 - i, each));
  checkShape(
    caller,
    maps.reduce((shape: Shape, { rows }, i) => shape.with(input.ndim - 1 - i, rows), input.shape),
  );
  return maps.reduce((padded, { rows, source }, i) => {
    const dim = input.ndim - 1 - i;
    const size = input.shape[dim]!;
    if (sides[i]![0] === 0 && sides[i]![1] === 0) return padded;
    if (input.dtype !== 'int32') return alongDim(gradNames[mode], padded, dim, selection(size, rows, source));
    const index = Int32Array.from({ length: rows }, (_, r) => source(r));
    return indexSelect(padded, dim, new Tensor(new Storage('int32', index), [rows]));
  }, input);
}

const gradNames = {
  reflect: 'ReflectionPadBackward0',
  replicate: 'ReplicationPadBackward0',
  circular: 'CircularPadBackward0',
} as const;

const combinations =
  'Supported combinations for non-constant padding:\n' +
  '  - 2D or 3D input: padding size = 2 (pads last dimension)\n' +
  '  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n' +
  '  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)';

/** The pads of the last dimensions, the last one first. */
function readPads(caller: string, input: Tensor, pads: unknown): Pads[] {
  if (!isArray(pads)) throw new ArgumentError(`${caller}: expected an array of integers, got ${show(pads)}`);
  const numbers = readList(
    caller,
    'numbers',
    pads,
    (item) => {
      if (typeof item !== 'number' || !Number.isSafeInteger(item) || Math.abs(item) > maxElements)
        throw new ArgumentError(`${caller}: a padding must be an integer, got ${show(item)}`);
      return item;
    },
    2 * maxRank,
  );
  if (numbers.length % 2 !== 0) throw new ArgumentError(`${caller}: Padding length must be divisible by 2`);
  if (numbers.length > 2 * input.ndim)
    throw new ShapeError(
      `${caller}: Padding length should be less than or equal to two times the input dimension but got padding length ` +
        `${numbers.length} and input of dimension ${input.ndim}`,
    );
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!]);
}

/** How many positions a padded dimension has, and where each comes from. */
function sourceOf(
  caller: string,
  mode: Exclude<PadMode, 'constant'>,
  shape: Shape,
  dim: number,
  [low, high]: Pads,
): { rows: number; source: (r: number) => number } {
  const size = shape[dim]!;
  const rows = size + low + high;
  if (mode === 'reflect' && (low >= size || high >= size))
    throw new ShapeError(
      `${caller}: Padding size should be less than the corresponding input dimension, but got: padding (${low}, ${high}) at ` +
        `dimension ${dim} of input ${formatShape(shape)}`,
    );
  // A circle goes around what is left when something is cut off.
  const start = Math.max(0, -low);
  const left = size - start - Math.max(0, -high);
  if (mode === 'circular' && (low > size || high > size || (left <= 0 && rows > 0)))
    throw new ShapeError(`${caller}: Padding value causes wrapping around more than once.`);
  if (rows < 0) throw new ShapeError(`${caller}: ${negativeSize(size, [low, high], dim)}`);
  if (mode === 'circular') return { rows, source: (r) => start + ((((r - Math.max(0, low)) % left) + left) % left) };
  if (mode === 'replicate') return { rows, source: (r) => Math.min(Math.max(r - low, 0), size - 1) };
  const mirrored = (at: number) => (at >= size ? 2 * (size - 1) - at : at);
  return { rows, source: (r) => mirrored(Math.abs(r - low)) };
}

const negativeSize = (size: number, [low, high]: Pads, dim: number): string =>
  `The input size ${size}, plus negative padding ${low} and ${high}, resulted in a negative output size, which is invalid. ` +
  `Check dimension ${dim} of your input.`;

function padConstant(caller: string, input: Tensor, sides: readonly Pads[], value: number): Tensor {
  const fill = input.dtype === 'int32' ? checkInt32(caller, value) : value;
  const pads = input.shape.map((_, dim): Pads => sides[input.ndim - 1 - dim] ?? [0, 0]);
  const sizes = input.shape.map((size, dim) => {
    const padded = size + pads[dim]![0] + pads[dim]![1];
    if (padded < 0) throw new ShapeError(`${caller}: ${negativeSize(size, pads[dim]!, dim)}`);
    return padded;
  });
  const output = empty(checkShape(caller, sizes), input.dtype);
  const isLarger = pads.some(([low, high]) => low > 0 || high > 0);
  if (isLarger) currentOps().fill({ out: output.storage, value: fill, n: output.numel });
  move(input, output, pads);
  const back = pads.map(([low, high]): Pads => [-low, -high]);
  return setGradFn('ConstantPadNdBackward0', output, [input], [], (grad) => {
    const isCut = pads.some(([low, high]) => low < 0 || high < 0);
    const gradInput = isCut ? zeroed(input.shape, input.dtype) : empty(input.shape, input.dtype);
    move(grad, gradInput, back);
    return [gradInput];
  });
}

/** Copies what two tensors share when `to` begins `low` elements before `from` in each dimension. */
function move(from: Tensor, to: Tensor, pads: readonly Pads[]): void {
  const sizes = from.shape.map((size, dim) => {
    const [low, high] = pads[dim]!;
    return Math.max(0, size + Math.min(0, low) + Math.min(0, high));
  });
  if (sizes.includes(0)) return;
  const [strides, into] = [stridesOf(from.shape), stridesOf(to.shape)];
  const offset = (all: readonly number[], sign: number) =>
    all.reduce((sum, stride, dim) => sum + stride * Math.max(0, sign * pads[dim]![0]), 0);
  currentOps().copy({
    x: from.storage,
    out: to.storage,
    layout: layoutOf(sizes, strides, into),
    xOffset: offset(strides, -1),
    outOffset: offset(into, 1),
  });
}
