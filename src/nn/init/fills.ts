/** Initial weights that are drawn from one distribution, or are the same each time. All fill their tensor and return it, outside of the graph. */
import { checkNumber, checkOptions, checkSize, show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import * as inPlace from '../../functional/in-place.js';
import { checkTensor } from '../../functional/support.js';
import type { Generator } from '../../random/generator.js';
import { tensor as tensorOf } from '../../tensor/from-values.js';
import { stridesOf } from '../../tensor/shape.js';
import { noGrad } from '../../tensor/tape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { calculateGain, fansOf, type Nonlinearity } from './gain.js';

/** Where drawn numbers come from. */
export interface InitOptions {
  /** Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/**
 * Fills with numbers uniform in [a, b). As all of this module to the bit PyTorch's in float32.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.uniform_ | torch.nn.init.uniform_}.
 * @throws ArgumentError for a > b.
 */
export function uniform_(tensor: Tensor, a = 0, b = 1, options?: InitOptions): Tensor {
  return noGrad(() => inPlace.uniform_(tensor, a, b, options));
}

/**
 * Fills with normal numbers.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.normal_ | torch.nn.init.normal_}.
 * @throws ArgumentError for a negative std.
 */
export function normal_(tensor: Tensor, mean = 0, std = 1, options?: InitOptions): Tensor {
  return noGrad(() => inPlace.normal_(tensor, mean, std, options));
}

/** Fills with a number. As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.constant_ | torch.nn.init.constant_}. */
export function constant_(tensor: Tensor, value: number): Tensor {
  return noGrad(() => inPlace.fill_(tensor, value));
}

/** Fills with 1. As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.ones_ | torch.nn.init.ones_}. */
export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

/** Fills with 0. As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.zeros_ | torch.nn.init.zeros_}. */
export function zeros_(tensor: Tensor): Tensor {
  return constant_(tensor, 0);
}

/** 0 but for 1 at these positions. */
function onesAt(tensor: Tensor, positions: readonly number[]): Tensor {
  const values = new Float64Array(tensor.numel);
  for (const position of positions) values[position] = 1;
  return noGrad(() => tensor.copy_(tensorOf(values, { shape: tensor.shape }).to(tensor.dtype)));
}

/**
 * Fills a matrix with the identity.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_ | torch.nn.init.eye_}.
 * @throws ShapeError for another number of dimensions.
 */
export function eye_(tensor: Tensor): Tensor {
  if (checkTensor('eye_', tensor).ndim !== 2)
    throw new ShapeError('eye_: Only tensors with 2 dimensions are supported');
  const [rows, columns] = tensor.shape as [number, number];
  return onesAt(
    tensor,
    Array.from({ length: Math.min(rows, columns) }, (_, i) => i * columns + i),
  );
}

/**
 * Fills the weight of a convolution [out, in, ...kernel] with what hands as many channels on as there are, in each group.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_ | torch.nn.init.dirac_}.
 * @throws ShapeError for other than 3, 4 or 5 dimensions, or channels that groups do not divide.
 */
export function dirac_(tensor: Tensor, groups = 1): Tensor {
  const caller = 'dirac_';
  const { ndim, shape } = checkTensor(caller, tensor);
  if (ndim < 3 || ndim > 5) throw new ShapeError(`${caller}: Only tensors with 3, 4, or 5 dimensions are supported`);
  checkSize(caller, 'groups', groups, 1);
  if (shape[0]! % groups !== 0) throw new ShapeError(`${caller}: dim 0 must be divisible by groups`);
  const perGroup = shape[0]! / groups;
  const strides = stridesOf(shape);
  const center = shape.slice(2).reduce((sum, size, i) => sum + Math.floor(size / 2) * strides[i + 2]!, 0);
  const positions = Array.from({ length: groups }, (_, group) =>
    Array.from(
      { length: Math.min(perGroup, shape[1]!) },
      (_, d) => (group * perGroup + d) * strides[0]! + d * strides[1]! + center,
    ),
  );
  return onesAt(tensor, tensor.numel === 0 ? [] : positions.flat());
}

function xavierStd(caller: string, tensor: Tensor, gain: number): number {
  const { fanIn, fanOut } = fansOf(caller, checkTensor(caller, tensor).shape);
  return checkNumber(caller, 'gain', gain) * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Fills from U(-c, c), c = gain·√(6/(fanIn + fanOut)).
 * Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010);
 * {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_uniform_ | torch.nn.init.xavier_uniform_}.
 * @throws ShapeError for fewer than 2 dimensions.
 */
export function xavierUniform_(tensor: Tensor, gain = 1, options?: InitOptions): Tensor {
  const bound = Math.sqrt(3) * xavierStd('xavierUniform_', tensor, gain);
  return uniform_(tensor, -bound, bound, options);
}

/**
 * Fills from N(0, gain²·2/(fanIn + fanOut)): {@link xavierUniform_} with normal numbers.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_normal_ | torch.nn.init.xavier_normal_}.
 */
export function xavierNormal_(tensor: Tensor, gain = 1, options?: InitOptions): Tensor {
  return normal_(tensor, 0, xavierStd('xavierNormal_', tensor, gain), options);
}

/** Options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions extends InitOptions {
  /** The slope of what follows, with leaky_relu. Default 0. */
  a?: number;
  /** Whether the size of results stays (`'fan_in'`, the default) or that of gradients (`'fan_out'`). */
  mode?: 'fan_in' | 'fan_out';
  /** What follows. Default `'leaky_relu'`. */
  nonlinearity?: Nonlinearity;
}

function kaiming(caller: string, tensor: Tensor, given: KaimingOptions | undefined) {
  checkTensor(caller, tensor);
  const options = checkOptions(caller, given, ['a', 'mode', 'nonlinearity', 'generator']);
  const { a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu', generator } = options;
  const draw: InitOptions = generator === undefined ? {} : { generator };
  if (tensor.numel === 0) {
    warnOfNothing();
    return { std: null, draw };
  }
  const lower = typeof mode === 'string' ? mode.toLowerCase() : mode;
  if (lower !== 'fan_in' && lower !== 'fan_out')
    throw new ArgumentError(`${caller}: Mode ${show(mode)} not supported, please use one of ['fan_in', 'fan_out']`);
  const { fanIn, fanOut } = fansOf(caller, tensor.shape);
  const gain = calculateGain(nonlinearity, a);
  return { std: gain / Math.sqrt(lower === 'fan_in' ? fanIn : fanOut), draw };
}

/**
 * Fills from U(-c, c), c = gain·√(3/fan).
 * He et al., Delving Deep into Rectifiers (ICCV 2015);
 * {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_ | torch.nn.init.kaiming_uniform_}.
 * @throws ShapeError for fewer than 2 dimensions; ArgumentError for an unknown mode or nonlinearity.
 */
export function kaimingUniform_(tensor: Tensor, options?: KaimingOptions): Tensor {
  const { std, draw } = kaiming('kaimingUniform_', tensor, options);
  if (std === null) return tensor;
  const bound = Math.sqrt(3) * std;
  return uniform_(tensor, -bound, bound, draw);
}

/**
 * Fills from N(0, gain²/fan): {@link kaimingUniform_} with normal numbers.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_normal_ | torch.nn.init.kaiming_normal_}.
 */
export function kaimingNormal_(tensor: Tensor, options?: KaimingOptions): Tensor {
  const { std, draw } = kaiming('kaimingNormal_', tensor, options);
  return std === null ? tensor : normal_(tensor, 0, std, draw);
}

let warned = false;

function warnOfNothing(): void {
  if (warned) return;
  warned = true;
  process.emitWarning('Initializing zero-element tensors is a no-op', { code: 'LANEWISE_EMPTY_WEIGHT' });
}
