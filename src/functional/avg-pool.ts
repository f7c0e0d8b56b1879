/** Average pooling over windows. */
import { ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { readOutputSize } from './adaptive.js';
import type { OutputSize } from './max-pool.js';
import {
  type AvgPoolOptions,
  adaptiveWindowsOf,
  type Pooled,
  type PoolSettings,
  type PoolSize,
  readPoolOptions,
  readPoolSettings,
  windowsOf,
} from './pool-windows.js';
import { checkFloat, empty } from './support.js';

/**
 * The mean of each window of [N, C, L] or [C, L]: window o holds positions o·stride - padding + t, t < kernelSize, where padding is 0. A sum is
 * divided by the size of the window with its padding, without what sticks out beyond it; without padding where `countIncludePad`
 * is false. Gradient: grad over the divisor, to each element of the window.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html | torch.nn.functional.avg_pool1d}.
 * @returns [N, C, outSize] with outSize = floor((L + 2·padding - kernelSize) / stride) + 1.
 * @throws ArgumentError for settings, ShapeError for sizes that do not fit, in PyTorch's words.
 */
export function avgPool1d(
  input: Tensor,
  kernelSize: PoolSize,
  options?: PoolSize | Omit<AvgPoolOptions, 'divisorOverride'>,
): Tensor {
  return avgPool('avgPool1d', input, 1, kernelSize, options);
}

/**
 * The same for [N, C, H, W] or [C, H, W]; sizes are numbers or pairs. `divisorOverride` is divided by instead.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html | torch.nn.functional.avg_pool2d}.
 */
export function avgPool2d(input: Tensor, kernelSize: PoolSize, options?: PoolSize | AvgPoolOptions): Tensor {
  return avgPool('avgPool2d', input, 2, kernelSize, options);
}

/**
 * The same for [N, C, D, H, W] or [C, D, H, W]. A kernel larger than the image without its padding is refused.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html | torch.nn.functional.avg_pool3d}.
 */
export function avgPool3d(input: Tensor, kernelSize: PoolSize, options?: PoolSize | AvgPoolOptions): Tensor {
  return avgPool('avgPool3d', input, 3, kernelSize, options);
}

/** @internal */
export const avgPoolKeys = ['stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'] as const;

function avgPool(
  caller: string,
  input: Tensor,
  dims: number,
  kernelSize: PoolSize,
  options: PoolSize | AvgPoolOptions | undefined,
): Tensor {
  checkFloat(caller, input);
  const known = dims === 1 ? avgPoolKeys.filter((key) => key !== 'divisorOverride') : avgPoolKeys;
  const settings = readPoolSettings(caller, dims, kernelSize, readPoolOptions<AvgPoolOptions>(caller, options, known));
  return poolAverage(caller, input, settings);
}

/** Average pooling with settings that have been read. @internal */
export function poolAverage(caller: string, input: Tensor, settings: PoolSettings): Tensor {
  checkFloat(caller, input);
  const pooled = windowsOf(caller, input, settings);
  if (settings.kernel.length === 3) checkFits(caller, input.shape.slice(-3), settings.kernel);
  return average(`AvgPool${settings.kernel.length}DBackward0`, input, pooled);
}

/** PyTorch counts padding as part of the images, but not where it averages over three dimensions. */
function checkFits(caller: string, sizes: readonly number[], kernel: readonly number[]): void {
  if (sizes.every((size, dim) => size >= kernel[dim]!)) return;
  const [t, h, w] = sizes;
  const [kernelT, kernelH, kernelW] = kernel;
  throw new ShapeError(
    `${caller}: input image (T: ${t} H: ${h} W: ${w}) smaller than kernel size (kT: ${kernelT} kH: ${kernelH} kW: ${kernelW})`,
  );
}

function average(name: string, input: Tensor, { windows, shape }: Pooled): Tensor {
  const output = empty(shape, input.dtype);
  const plain = { windows, outChannelsLast: false };
  currentOps().avgPool({ x: input.storage, out: output.storage, ...plain, xChannelsLast: false });
  return setGradFn(name, output, [input], [], (grad) => {
    const gradInput = empty(input.shape, input.dtype);
    const [from, to] = [grad.storage, gradInput.storage];
    currentOps().avgPoolBackward({ grad: from, out: to, ...plain, gradChannelsLast: false });
    return [gradInput];
  });
}

/**
 * The mean of each of `outputSize` windows of [N, C, L] or [C, L]: window i is [floor(i·L/outputSize), ceil((i+1)·L/outputSize)).
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html | torch.nn.functional.adaptive_avg_pool1d}.
 */
export function adaptiveAvgPool1d(input: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPool('adaptiveAvgPool1d', input, 1, outputSize);
}

/**
 * The same for [N, C, H, W] or [C, H, W]; outputSize is a number or a pair, where null keeps the size of the input.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html | torch.nn.functional.adaptive_avg_pool2d}.
 */
export function adaptiveAvgPool2d(input: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPool('adaptiveAvgPool2d', input, 2, outputSize);
}

function adaptiveAvgPool(caller: string, input: Tensor, dims: number, outputSize: OutputSize): Tensor {
  checkFloat(caller, input);
  const sizes = readOutputSize(caller, outputSize, dims);
  return average(`AdaptiveAvgPool${dims}DBackward0`, input, adaptiveWindowsOf(caller, input, sizes));
}
