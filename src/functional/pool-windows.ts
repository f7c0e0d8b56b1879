/** The windows of pooling from PyTorch's arguments: what they are, how many fit, and what is refused. */
import { checkBoolean, checkNumber, checkOptions, maxElements, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { Layout } from '../ops/ops.js';
import { encodeWindows, type WindowDimension } from '../ops/windows.js';
import { isArray } from '../realm.js';
import { formatShape, maxRank, numelOf, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** A number for all spatial dimensions, or one for each. */
export type PoolSize = number | readonly number[];

/** Options of pooling over windows. */
export interface PoolOptions {
  /** Elements from one window to the next. Default: the size of the window. */
  stride?: PoolSize;
  /** Elements of padding on both sides, at most half a window. Default 0. */
  padding?: PoolSize;
  /** Whether a last window may stick out over the input. Default false. */
  ceilMode?: boolean;
}

/** Options of max pooling. */
export interface MaxPoolOptions extends PoolOptions {
  /** Elements from one of a window to the next. Default 1. */
  dilation?: PoolSize;
  /** Whether the result is `[output, indices]`. Default false. */
  returnIndices?: boolean;
}

/** Options of average pooling. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts in what a sum is divided by. Default true. */
  countIncludePad?: boolean;
  /** What sums are divided by instead. Default null: the size of the window. */
  divisorOverride?: number | null;
}

/** Settings that have been read; they fit an input of any size. */
export interface PoolSettings {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
}

/** Reads options; a number or a list in their place is the stride, as PyTorch's second argument. */
export function readPoolOptions<T extends PoolOptions>(
  caller: string,
  given: PoolSize | T | undefined,
  known: readonly (keyof T & string)[],
): Partial<T> {
  const isStride = typeof given === 'number' || isArray(given);
  return checkOptions(caller, isStride ? ({ stride: given } as Partial<T> as T) : (given as T | undefined), known);
}

const pythonName = { kernelSize: 'kernel_size', stride: 'stride', padding: 'padding', dilation: 'dilation' } as const;

function readSize(caller: string, what: keyof typeof pythonName, value: unknown, dims: number): number[] {
  const list = isArray(value) ? readList(caller, `numbers of ${what}`, value, (item) => item, maxRank) : [value];
  const numbers = list.map((item) => {
    if (typeof item !== 'number' || !Number.isSafeInteger(item))
      throw new ArgumentError(`${caller}: ${what} must be an integer, got ${show(item)}`);
    if (Math.abs(item) > maxElements) throw new ArgumentError(`${caller}: ${what} is too large, got ${item}`);
    return item;
  });
  if (numbers.length !== 1 && numbers.length !== dims)
    throw new ArgumentError(
      `${caller}: ${pythonName[what]} must either be a single int, or a tuple of ${dims} ints, got ${formatShape(numbers)}`,
    );
  return numbers.length === dims ? numbers : new Array<number>(dims).fill(numbers[0]!);
}

/** Reads the settings of pooling over `dims` spatial dimensions. @throws ArgumentError in PyTorch's words. */
export function readPoolSettings(
  caller: string,
  dims: number,
  kernelSize: PoolSize,
  options: Readonly<Partial<MaxPoolOptions & AvgPoolOptions>>,
): PoolSettings {
  const { padding = 0, dilation = 1, ceilMode = false, countIncludePad = true, divisorOverride = null } = options;
  const kernel = readSize(caller, 'kernelSize', kernelSize, dims);
  const stride = options.stride === undefined ? kernel : readSize(caller, 'stride', options.stride, dims);
  const settings = {
    ...{ kernel, stride },
    padding: readSize(caller, 'padding', padding, dims),
    dilation: readSize(caller, 'dilation', dilation, dims),
    ceilMode: checkBoolean(caller, 'ceilMode', ceilMode),
    countIncludePad: checkBoolean(caller, 'countIncludePad', countIncludePad),
    divisorOverride: divisorOverride === null ? null : checkNumber(caller, 'divisorOverride', divisorOverride),
  };
  check(caller, settings);
  return settings;
}

function check(caller: string, settings: PoolSettings): void {
  const { kernel, stride, padding, dilation, divisorOverride } = settings;
  const axes = kernel.length === 1 ? ['W'] : kernel.length === 2 ? ['H', 'W'] : ['T', 'H', 'W'];
  const named = (prefix: string, values: readonly number[]) => values.map((v, d) => `${prefix}${axes[d]}: ${v}`);
  if (kernel.some((size) => size <= 0))
    throw new ArgumentError(
      `${caller}: kernel size should be greater than zero, but got ${named('k', kernel).join(' ')}`,
    );
  if (stride.some((step) => step === 0)) throw new ArgumentError(`${caller}: stride should not be zero`);
  if (stride.some((step) => step < 0))
    throw new ArgumentError(`${caller}: stride should be greater than zero, but got ${named('d', stride).join(' ')}`);
  if (dilation.some((step) => step <= 0))
    throw new ArgumentError(
      `${caller}: dilation should be greater than zero, but got ${named('dilation', dilation).join(' ')}`,
    );
  for (const [d, pad] of padding.entries()) {
    if (pad < 0) throw new ArgumentError(`${caller}: pad must be non-negative, but got pad: ${pad}`);
    if (pad <= Math.floor(kernel[d]! / 2)) continue;
    throw new ArgumentError(
      `${caller}: pad should be at most half of effective kernel size, but got pad=${pad}, kernel_size=${kernel[d]} and ` +
        `dilation=${dilation[d]}`,
    );
  }
  if (divisorOverride === 0 || !Number.isSafeInteger(divisorOverride ?? 1))
    throw new ArgumentError(`${caller}: divisor must be not zero, and an integer, got ${divisorOverride}`);
}

/** Windows over an input, and the sizes of what comes out. */
export interface Pooled {
  readonly windows: Layout;
  readonly shape: Shape;
}

/** Windows of settings over an input. @throws ShapeError for inputs of another rank, without elements or too small. */
export function windowsOf(caller: string, input: Tensor, settings: PoolSettings): Pooled {
  const dims = settings.kernel.length;
  const { batch, channels, sizes } = readImages(caller, input, dims);
  const outSizes = sizes.map((size, d) => outSizeOf(size, d, settings));
  if (outSizes.some((size) => size < 1))
    throw new ShapeError(
      `${caller}: Given input size: (${[channels, ...sizes].join('x')}). Calculated output size: ` +
        `(${[channels, ...outSizes].join('x')}). Output size is too small`,
    );
  const spatial = sizes.map((size, d) => dimensionOf(size, outSizes[d]!, d, settings));
  return pooled(input, { batch, channels, spatial });
}

/** Windows of adaptive pooling: window i is [floor(i·size/outSize), ceil((i+1)·size/outSize)). @throws as {@link windowsOf}. */
export function adaptiveWindowsOf(caller: string, input: Tensor, outSizes: readonly (number | null)[]): Pooled {
  const { batch, channels, sizes } = readImages(caller, input, outSizes.length);
  const spatial = sizes.map((size, d): WindowDimension => {
    const outSize = outSizes[d] ?? size;
    const range = Array.from({ length: outSize }, (_, i) => i);
    const starts = range.map((i) => Math.floor((i * size) / outSize));
    const ends = range.map((i) => Math.ceil(((i + 1) * size) / outSize));
    return { size, outSize, starts, ends, dilation: 1, divisors: ends.map((end, i) => end - starts[i]!) };
  });
  return pooled(input, { batch, channels, spatial });
}

function pooled(
  input: Tensor,
  { batch, channels, spatial }: { batch: number; channels: number; spatial: readonly WindowDimension[] },
): Pooled {
  const lead = input.shape.slice(0, input.ndim - spatial.length);
  return {
    windows: encodeWindows({ batch, channels, dims: spatial }),
    shape: [...lead, ...spatial.map(({ outSize }) => outSize)],
  };
}

/** [N, C, sizes...], or [C, sizes...] of one image. */
function readImages(caller: string, { shape, ndim }: Tensor, dims: number) {
  const isBatch = ndim === dims + 2;
  if ((!isBatch && ndim !== dims + 1) || numelOf(shape.slice(isBatch ? 1 : 0)) === 0)
    throw new ShapeError(
      `${caller}: Expected ${dims + 1}D or ${dims + 2}D (batch mode) tensor with optional 0 dim batch size for input, but ` +
        `got:${formatShape(shape)}`,
    );
  const [batch, channels] = isBatch ? [shape[0]!, shape[1]!] : [1, shape[0]!];
  return { batch, channels, sizes: shape.slice(ndim - dims) };
}

function outSizeOf(size: number, d: number, { kernel, stride, padding, dilation, ceilMode }: PoolSettings): number {
  const [step, pad] = [stride[d]!, padding[d]!];
  const room = size + 2 * pad - dilation[d]! * (kernel[d]! - 1) - 1;
  const count = Math.floor((room + (ceilMode ? step - 1 : 0)) / step) + 1;
  // The last window must start in the input or in the padding before it.
  return ceilMode && (count - 1) * step >= size + pad ? count - 1 : count;
}

function dimensionOf(size: number, outSize: number, d: number, settings: PoolSettings): WindowDimension {
  const { kernel, stride, padding, dilation, countIncludePad, divisorOverride } = settings;
  const pad = padding[d]!;
  const reach = dilation[d]! * (kernel[d]! - 1) + 1;
  const starts = Array.from({ length: outSize }, (_, i) => i * stride[d]! - pad);
  const ends = starts.map((start) => start + reach);
  const divisors = starts.map((start, i) => {
    if (divisorOverride !== null) return d === 0 ? divisorOverride : 1;
    const end = Math.min(ends[i]!, size + pad);
    return countIncludePad ? end - start : Math.min(end, size) - Math.max(start, 0);
  });
  return { size, outSize, starts, ends, dilation: dilation[d]!, divisors };
}
