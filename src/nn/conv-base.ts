/** What convolutional layers share: settings, initial weights, printing. */
import { checkBoolean, checkOneOf, checkOptions, checkSize, readList, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import {
  checkSame,
  readDilation,
  readGroups,
  readOutputPadding,
  readPadding,
  readStride,
} from '../functional/conv-geometry.js';
import { type PerDimension, readPerDimension } from '../functional/per-dimension.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { isArray } from '../realm.js';
import { allocate } from '../tensor/creation.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { checkShape, formatShape, maxRank } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { Channels } from './features.js';
import { fillUniform, kaimingUniformBound, warnOfEmptyWeight } from './init.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { className } from './repr.js';

/** What is put around the input: zeros, or as `pad` does it. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** Options that are not of the arithmetic. */
export interface LayerOptions {
  /** Whether a bias is learnt and added. Default true. */
  bias?: boolean;
  /** Of the parameters: `'float32'` (the default), or `'float64'` for gradient checks, which the reference computes. */
  dtype?: 'float32' | 'float64';
  /** Where the initial weights come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/** All options, as a constructor may be given them. */
interface AllOptions extends LayerOptions {
  stride?: PerDimension;
  padding?: PerDimension | 'same' | 'valid';
  outputPadding?: PerDimension;
  dilation?: PerDimension;
  groups?: number;
  paddingMode?: PaddingMode;
}

const names = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', 'dtype', 'generator'] as const;
const paddingModes = ['zeros', 'reflect', 'replicate', 'circular'] as const;

/** The base of convolutional layers. */
export abstract class ConvNd<In extends number, Out extends number> extends Module {
  /** Exists in types only: see {@link Channels}. */
  declare readonly '~features'?: Channels<In, Out>;
  /** Channels of the input. */
  readonly inChannels: In;
  /** Channels of the result. */
  readonly outChannels: Out;
  /** Size of the kernel in each spatial dimension. */
  readonly kernelSize: readonly number[];
  /** Steps of the kernel. */
  readonly stride: readonly number[];
  /** Elements added on both sides, or how they are worked out; of a transposed convolution, elements cut off. */
  readonly padding: readonly number[] | 'same' | 'valid';
  /** Distance of the kernel's elements. */
  readonly dilation: readonly number[];
  /** Elements that a transposed convolution adds at the end. */
  readonly outputPadding: readonly number[];
  /** Into how many groups channels are divided. */
  readonly groups: number;
  /** What is put around the input. */
  readonly paddingMode: PaddingMode;
  /** [outChannels, inChannels/groups, ...kernelSize]; transposed, [inChannels, outChannels/groups, ...kernelSize]. */
  declare weight: Parameter;
  /** [outChannels], or null. */
  declare bias: Parameter | null;

  constructor(
    dims: number,
    transposed: boolean,
    inChannels: In,
    outChannels: Out,
    kernelSize: PerDimension,
    options: AllOptions | undefined,
  ) {
    super();
    const caller = className(this);
    const given = checkOptions(caller, options, transposed ? [...names, 'outputPadding'] : names);
    const { bias = true, dtype = 'float32', generator = defaultGenerator, paddingMode = 'zeros', groups = 1 } = given;
    checkSize(caller, 'inChannels', inChannels);
    checkSize(caller, 'outChannels', outChannels);
    this.groups = readGroups(caller, groups, 'groups must be a positive integer');
    if (inChannels % groups !== 0) throw new ArgumentError(`${caller}: in_channels must be divisible by groups`);
    if (outChannels % groups !== 0) throw new ArgumentError(`${caller}: out_channels must be divisible by groups`);
    this.kernelSize = readPerDimension(
      caller,
      'kernel_size',
      kernelSize,
      dims,
      1,
      'kernel size should be greater than zero',
    );
    this.stride = readStride(caller, given.stride ?? 1, dims);
    this.dilation = readDilation(caller, given.dilation ?? 1, dims);
    this.padding = transposed
      ? readPerDimension(caller, 'padding', given.padding ?? 0, dims, 0, 'negative padding is not supported')
      : readPadding(caller, given.padding ?? 0, dims, badWord);
    checkSame(caller, this);
    this.outputPadding = readOutputPadding(caller, given.outputPadding ?? 0, dims);
    this.paddingMode = checkPaddingMode(caller, paddingMode, transposed);
    checkBoolean(caller, 'bias', bias);
    checkOneOf(caller, 'dtype', dtype, ['float32', 'float64']);
    if (!(generator instanceof Generator))
      throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    for (const list of [this.kernelSize, this.stride, this.dilation, this.outputPadding]) Object.freeze(list);
    if (typeof this.padding !== 'string') Object.freeze(this.padding);
    const [rows, columns] = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    const shape = checkShape(caller, [rows, columns, ...this.kernelSize]);
    this.registerParameter('weight', new Parameter(allocate(shape, dtype)));
    this.registerParameter('bias', bias ? new Parameter(allocate([outChannels], dtype)) : null);
    // Fan in by position, as PyTorch counts it: of a transposed convolution, the outputs of a group.
    const fanIn = columns * this.kernelSize.reduce((product, size) => product * size, 1);
    if (this.weight.numel > 0) fillUniform(this.weight, kaimingUniformBound(fanIn), generator);
    else warnOfEmptyWeight(caller);
    if (this.bias !== null && fanIn > 0) fillUniform(this.bias, 1 / Math.sqrt(fanIn), generator);
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, outputPadding, groups, bias, paddingMode } = this;
    const isSet = (list: readonly number[], standard: number) => list.some((each) => each !== standard);
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${pythonRepr(kernelSize)}, stride=${pythonRepr(stride)}`,
    ];
    if (typeof padding === 'string') parts.push(`padding=${padding}`);
    else if (isSet(padding, 0)) parts.push(`padding=${pythonRepr(padding)}`);
    if (isSet(dilation, 1)) parts.push(`dilation=${pythonRepr(dilation)}`);
    if (isSet(outputPadding, 0)) parts.push(`output_padding=${pythonRepr(outputPadding)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (bias === null) parts.push('bias=False');
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
    return parts.join(', ');
  }
}

const badWord = (word: string): string => `Invalid padding string '${word}', should be one of {'valid', 'same'}`;

function checkPaddingMode(caller: string, mode: unknown, transposed: boolean): PaddingMode {
  const found = paddingModes.find((name) => name === mode);
  if (found === undefined)
    throw new ArgumentError(
      `${caller}: padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got ` +
        `padding_mode=${typeof mode === 'string' ? `'${mode}'` : show(mode)}`,
    );
  if (transposed && found !== 'zeros')
    throw new ArgumentError(`${caller}: Only "zeros" padding mode is supported for ${caller}`);
  return found;
}

/** Checks what `pad` would say in other words. */
export function checkRank(caller: string, input: Tensor, dims: number): void {
  if (input instanceof Tensor && input.ndim !== dims + 1 && input.ndim !== dims + 2)
    throw new ShapeError(
      `${caller}: Expected ${dims + 1}D (unbatched) or ${dims + 2}D (batched) input to conv${dims}d, but got ` +
        `input of size: ${formatShape(input.shape)}`,
    );
}

/** The output padding that gives a size: PyTorch's `_output_padding`. */
export function outputPaddingFor(layer: ConvNd<number, number>, input: Tensor, outputSize: unknown): number[] {
  const caller = className(layer);
  const { kernelSize, stride, padding, dilation } = layer;
  const dims = kernelSize.length;
  if (!isArray(outputSize)) throw new ArgumentError(`${caller}: outputSize must be an array, got ${show(outputSize)}`);
  const all = readList(caller, 'sizes', outputSize, (size) => checkSize(caller, 'outputSize', size), maxRank);
  const spatial = input.ndim - dims;
  const sizes = all.length === input.ndim ? all.slice(spatial) : all;
  if (sizes.length !== dims)
    throw new ShapeError(
      `${caller}: ConvTranspose${dims}D: for ${input.ndim}D input, output_size must have ${dims} or ${input.ndim} elements ` +
        `(got ${all.length})`,
    );
  const least = kernelSize.map(
    (kernel, d) =>
      ((input.shape[spatial + d] ?? 0) - 1) * stride[d]! -
      2 * (padding as readonly number[])[d]! +
      dilation[d]! * (kernel - 1) +
      1,
  );
  const most = least.map((size, d) => size + stride[d]! - 1);
  if (sizes.some((size, d) => size < least[d]! || size > most[d]!))
    throw new ShapeError(
      `${caller}: requested an output size of (${sizes.join(', ')}), but valid sizes range from ${formatShape(least)} to ` +
        `${formatShape(most)} (for an input of ${formatShape(input.shape.slice(spatial))})`,
    );
  return sizes.map((size, d) => size - least[d]!);
}
