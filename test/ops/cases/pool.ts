/** Pooling over windows: alike and overlapping, padded, dilated, sticking out, uneven, empty; in every layout. */
import { referenceOps } from '../../../src/ops/reference/index.js';
import { encodeWindows, type WindowDimension, type Windows } from '../../../src/ops/windows.js';
import { GuardedMemory } from '../../helpers/memory.js';
import { floats, specialMix } from '../../helpers/values.js';
import { type Case, type CaseOptions, opCase, seedOf, sumUnits } from './case.js';

interface Even {
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly dilation?: number;
  /** Windows more than fit: the last one sticks out. */
  readonly more?: number;
}

function even(size: number, { kernel, stride = kernel, pad = 0, dilation = 1, more = 0 }: Even): WindowDimension {
  const reach = dilation * (kernel - 1) + 1;
  const outSize = Math.max(0, Math.floor((size + 2 * pad - reach) / stride) + 1 + more);
  const starts = Array.from({ length: outSize }, (_, i) => i * stride - pad);
  const divisors = starts.map((start) => Math.min(start + kernel, size + pad) - start);
  return { size, outSize, starts, ends: starts.map((start) => start + reach), dilation, divisors };
}

function adaptive(size: number, outSize: number): WindowDimension {
  const range = Array.from({ length: outSize }, (_, i) => i);
  const starts = range.map((i) => Math.floor((i * size) / outSize));
  const ends = range.map((i) => Math.ceil(((i + 1) * size) / outSize));
  return { size, outSize, starts, ends, dilation: 1, divisors: ends.map((end, i) => end - starts[i]!) };
}

const one: Even = { kernel: 1 };

/** Rows that fill vectors and rows that do not, channels around their widths, planes that are pooled by themselves and transposed ones. */
const specs: readonly (readonly [name: string, batch: number, channels: number, dims: readonly WindowDimension[]])[] = [
  ['2x2 of 28x28', 2, 5, [even(28, { kernel: 2 }), even(28, { kernel: 2 })]],
  ['2x2 of 14x14, many channels', 3, 33, [even(14, { kernel: 2 }), even(14, { kernel: 2 })]],
  ['2x2 of 7x7', 2, 17, [even(7, { kernel: 2 }), even(7, { kernel: 2 })]],
  ['2x2 of 64x70, threads', 7, 19, [even(64, { kernel: 2 }), even(70, { kernel: 2 })]],
  [
    '3x3 by 2, padded, of 13x37',
    2,
    6,
    [even(13, { kernel: 3, stride: 2, pad: 1 }), even(37, { kernel: 3, stride: 2, pad: 1 })],
  ],
  [
    '3x3 by 1, padded, of 9x9',
    1,
    16,
    [even(9, { kernel: 3, stride: 1, pad: 1 }), even(9, { kernel: 3, stride: 1, pad: 1 })],
  ],
  ['3x2 by 3x1 of 11x21', 2, 3, [even(11, { kernel: 3 }), even(21, { kernel: 2, stride: 1 })]],
  ['2x2 by 3, gaps, of 11x29', 2, 2, [even(11, { kernel: 2, stride: 3 }), even(29, { kernel: 2, stride: 3 })]],
  [
    '2x3 dilated of 12x13',
    2,
    8,
    [even(12, { kernel: 2, dilation: 3, stride: 2 }), even(13, { kernel: 3, dilation: 2, stride: 1 })],
  ],
  ['2 sticking out of 5 and 15', 2, 4, [even(5, { kernel: 2, more: 1 }), even(15, { kernel: 2, more: 1 })]],
  ['2 sticking out of 35', 3, 2, [even(35, { kernel: 2, more: 1 })]],
  ['5 by 2 of 101', 2, 1, [even(101, { kernel: 5, stride: 2, pad: 2 })]],
  ['all of 7x9', 3, 20, [even(7, { kernel: 7 }), even(9, { kernel: 9 })]],
  ['1x1 of 3x3', 1, 2, [even(3, one), even(3, one)]],
  ['adaptive 3x5 of 7x7', 2, 9, [adaptive(7, 3), adaptive(7, 5)]],
  ['adaptive 4 of 3, one channel', 2, 1, [adaptive(3, 4)]],
  ['adaptive 7x7 of 14x14', 2, 16, [adaptive(14, 7), adaptive(14, 7)]],
  ['three dimensions', 2, 3, [even(4, { kernel: 2 }), even(6, { kernel: 3, stride: 1 }), even(18, { kernel: 2 })]],
  ['no windows', 2, 3, [adaptive(4, 0), even(4, { kernel: 2 })]],
  ['no batch', 0, 3, [even(4, { kernel: 2 })]],
];

const product = (numbers: readonly number[]) => numbers.reduce((total, n) => total * n, 1);

function sizesOf({ batch, channels, dims }: Windows) {
  const planes = batch * channels;
  return {
    before: planes * product(dims.map(({ size }) => size)),
    behind: planes * product(dims.map(({ outSize }) => outSize)),
    taps: Math.max(
      1,
      product(
        dims.map(({ starts, ends, dilation }) =>
          Math.max(1, Math.ceil(((ends[0] ?? 1) - (starts[0] ?? 0)) / dilation)),
        ),
      ),
    ),
  };
}

type Flags = { readonly first: boolean; readonly second: boolean };
const layouts: readonly Flags[] = [
  { first: false, second: false },
  { first: true, second: true },
  { first: false, second: true },
  { first: true, second: false },
];
const nameOf = ({ first, second }: Flags) => `${first ? 'last' : 'first'} to ${second ? 'last' : 'first'}`;

/** Where the largest elements stand, by the reference: as maxPool leaves it. */
function indexOf(windows: Float64Array, x: Float32Array, length: number, flags: Flags): Int32Array {
  const [out, index] = [new GuardedMemory('float32', length), new GuardedMemory('int32', length)];
  const at = { xChannelsLast: flags.first, outChannelsLast: flags.second };
  referenceOps.maxPool({ x: GuardedMemory.from(x), out, index, windows, ...at });
  return index.snapshot() as Int32Array;
}

/** The sizes of what is added up: the op itself over the sizes of its operand. */
function sizesThrough(op: 'avgPool' | 'avgPoolBackward' | 'maxPoolBackward', length: number) {
  return (args: unknown): { out: Float64Array } => {
    const given = args as Record<string, unknown>;
    const of = (given.x ?? given.grad) as Float32Array;
    const out = new GuardedMemory('float64', length);
    const x = GuardedMemory.from(Float64Array.from(of, Math.abs));
    const index = given.index === undefined ? {} : { index: GuardedMemory.from(given.index as Int32Array) };
    (referenceOps[op] as (args: unknown) => void)({ ...given, x, grad: x, out, ...index });
    return { out: out.snapshot() as Float64Array };
  };
}

function casesOf([what, batch, channels, dims]: (typeof specs)[number]): Case[] {
  const given = { batch, channels, dims };
  const windows = encodeWindows(given);
  const { before, behind, taps } = sizesOf(given);
  const weak: CaseOptions =
    taps === 1 || batch === 0 || behind === 0 ? { provesLittle: 'nothing there, or nothing pooled' } : {};
  // Most of what overlaps little is 0.
  const sparse: CaseOptions = { ...weak, provesLittle: 'a window gives its gradient to one position' };
  return layouts.flatMap((flags) => {
    const name = `${what}, ${nameOf(flags)}`;
    const x = floats(before, seedOf(what));
    const grad = floats(behind, seedOf(what) + 1);
    const forward = { windows, xChannelsLast: flags.first, outChannelsLast: flags.second };
    const back = { windows, gradChannelsLast: flags.first, outChannelsLast: flags.second };
    const index = indexOf(windows, x, behind, { first: flags.second, second: flags.first });
    const units = sumUnits(taps) + 1;
    return [
      opCase('maxPool', name, 'exact', () => ({ x, out: behind, index: behind, ...forward }), weak),
      opCase('maxPool', `${name}, no index`, 'exact', () => ({ x, out: behind, index: null, ...forward }), weak),
      opCase(
        'maxPoolBackward',
        name,
        { ulp: 1, units, condition: sizesThrough('maxPoolBackward', before) },
        () => ({ grad, index, out: before, ...back }),
        sparse,
      ),
      opCase(
        'avgPool',
        name,
        { ulp: 1, units, condition: sizesThrough('avgPool', behind) },
        () => ({ x, out: behind, ...forward }),
        weak,
      ),
      opCase(
        'avgPoolBackward',
        name,
        { ulp: 1, units, condition: sizesThrough('avgPoolBackward', before) },
        () => ({ grad, out: before, ...back }),
        weak,
      ),
    ];
  });
}

/** NaN, infinities, zeros of both signs and ties; windows of nothing but padding. */
function specialCases(): Case[] {
  const mixed = specialMix(7);
  const length = 24;
  const x = Float32Array.from({ length: 4 * length * length }, (_, i) =>
    i % 5 === 0 ? mixed[i % mixed.length]! : (i * 7) % 3,
  );
  const dims = [even(length, { kernel: 2 }), even(length, { kernel: 3, stride: 1, pad: 1 })];
  const windows = encodeWindows({ batch: 1, channels: 4, dims });
  const n = 4 * product(dims.map(({ outSize }) => outSize));
  const outside = [even(2, { kernel: 2, dilation: 3, stride: 1, pad: 1 })];
  const lonely = encodeWindows({ batch: 1, channels: 2, dims: outside });
  const only = Float32Array.of(1, 2, 3, 4);
  return layouts.flatMap((flags): Case[] => [
    opCase(
      'maxPool',
      `special values, ${nameOf(flags)}`,
      'exact',
      () => ({ x, out: n, index: n, windows, xChannelsLast: flags.first, outChannelsLast: flags.second }),
      { subnormal: 'compared', provesLittle: 'what is special is much of it' },
    ),
    opCase(
      'maxPool',
      `a window outside of the image, ${nameOf(flags)}`,
      'exact',
      () => ({ x: only, out: 2, index: 2, windows: lonely, xChannelsLast: flags.first, outChannelsLast: flags.second }),
      { provesLittle: 'there is nothing in it' },
    ),
  ]);
}

export const poolCases: readonly Case[] = [...specs.flatMap(casesOf), ...specialCases()];
