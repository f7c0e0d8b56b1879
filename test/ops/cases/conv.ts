/** Convolution and its gradients: every geometry, channels first and last, programs behind them. */
import { type ConvGeometry, countOf, encodeGeometry, pixelsOf } from '../../../src/ops/convolution.js';
import { referenceOps } from '../../../src/ops/reference/index.js';
import { floats } from '../../helpers/values.js';
import { float64, fresh } from '../plain.js';
import { type Case, type CaseArgs, type CaseOptions, opCase, seedOf, sumUnits } from './case.js';
import { dropped, general, type PostOp, postOpArgs, postOpCondition, reluAlone } from './post-op.js';

type Dim = readonly [size: number, kernel: number, options?: { s?: number; d?: number; low?: number; high?: number }];

interface Shape {
  readonly batch: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly groups?: number;
  readonly dims: readonly Dim[];
  /** Outputs fewer than fit, in the last dimension: as of transposed convolution with an output padding. */
  readonly fewer?: number;
}

const filled = ({ s = 1, d = 1, low = 0, high }: NonNullable<Dim[2]> = {}) => ({ s, d, low, high: high ?? low });

function geometryOf({ batch, channels, outChannels, groups = 1, dims, fewer = 0 }: Shape): ConvGeometry {
  return {
    ...{ batch, channels, outChannels, groups },
    dims: dims.map(([size, kernel, options], i) => {
      const { s, d, low, high } = filled(options);
      const fit = Math.max(0, Math.floor((size + low + high - d * (kernel - 1) - 1) / s) + 1);
      const outSize = fit - (i === dims.length - 1 ? fewer : 0);
      return { size, outSize, kernel, stride: s, dilation: d, padLow: low, padHigh: high };
    }),
  };
}

const same = { low: 1 };

/** Around tiles (6, 8, 12 pixels), panels (16, 32 channels) and the width up to which taps outside of a row are skipped (8). */
// biome-ignore format: a table
const shapes: readonly Shape[] = [
  { batch: 2, channels: 3, outChannels: 5, dims: [[7, 3, same], [9, 3, same]] },
  { batch: 1, channels: 1, outChannels: 1, dims: [[1, 1]] },
  { batch: 3, channels: 1, outChannels: 17, dims: [[33, 7, { low: 3 }]] },
  { batch: 2, channels: 16, outChannels: 33, dims: [[31, 5, { low: 2 }]] },
  { batch: 2, channels: 5, outChannels: 4, dims: [[23, 4, { s: 3, low: 2, high: 1 }]] },
  { batch: 1, channels: 2, outChannels: 3, dims: [[19, 3, { d: 4, low: 5 }]] },
  { batch: 0, channels: 2, outChannels: 3, dims: [[4, 3], [4, 3]] },
  { batch: 5, channels: 32, outChannels: 16, dims: [[4, 3, same], [4, 3, same]] },
  { batch: 3, channels: 32, outChannels: 64, dims: [[14, 3, same], [14, 3, same]] },
  { batch: 2, channels: 33, outChannels: 40, dims: [[9, 3, { low: 0, high: 2 }], [7, 3, { low: 2, high: 1 }]] },
  { batch: 9, channels: 17, outChannels: 31, dims: [[7, 3, same], [7, 3, same]] },
  { batch: 2, channels: 1, outChannels: 6, dims: [[28, 5, { low: 2 }], [28, 5, { low: 2 }]] },
  { batch: 2, channels: 6, outChannels: 16, dims: [[14, 5], [14, 5]] },
  { batch: 1, channels: 3, outChannels: 32, dims: [[11, 3, same], [17, 3, same]] },
  { batch: 2, channels: 33, outChannels: 48, dims: [[5, 1], [7, 1]] },
  { batch: 3, channels: 8, outChannels: 9, dims: [[9, 1, { s: 2 }], [8, 1, { s: 2 }]] },
  { batch: 2, channels: 7, outChannels: 20, dims: [[16, 3, { s: 2, low: 1 }], [13, 3, { s: 2, low: 1 }]] },
  { batch: 2, channels: 4, outChannels: 6, dims: [[12, 4, { s: 3, low: 3, high: 0 }], [10, 2, { s: 4, low: 0, high: 2 }]] },
  { batch: 1, channels: 3, outChannels: 4, dims: [[15, 3, { s: 2, d: 3, low: 4 }], [14, 4, { s: 3, d: 2, low: 1, high: 5 }]] },
  { batch: 2, channels: 4, outChannels: 6, groups: 2, dims: [[6, 3, same], [11, 3, same]] },
  { batch: 2, channels: 36, outChannels: 72, groups: 4, dims: [[5, 3, same], [9, 2]] },
  { batch: 2, channels: 35, outChannels: 35, groups: 35, dims: [[9, 3, same], [12, 3, same]] },
  { batch: 1, channels: 5, outChannels: 15, groups: 5, dims: [[7, 3, { s: 2, low: 1 }], [8, 3, { s: 2, low: 1 }]] },
  { batch: 2, channels: 16, outChannels: 16, groups: 16, dims: [[13, 5, { s: 2, low: 2 }], [4, 3, { d: 2, low: 2 }]] },
  { batch: 1, channels: 3, outChannels: 4, dims: [[3, 3, { low: 4 }], [2, 2, { low: 7, high: 3 }]] },
  { batch: 2, channels: 3, outChannels: 5, dims: [[4, 2, { low: 1 }], [5, 3, same], [6, 3, { s: 2, low: 1 }]] },
  { batch: 1, channels: 4, outChannels: 4, groups: 2, dims: [[3, 3, { d: 2, low: 2 }], [4, 1], [10, 3]] },
  { batch: 2, channels: 3, outChannels: 4, dims: [[9, 3, { s: 3, low: 1 }], [11, 3, { s: 3, low: 1 }]], fewer: 1 },
  { batch: 1, channels: 2, outChannels: 3, dims: [[2, 3], [5, 3]] },
  { batch: 1, channels: 130, outChannels: 70, dims: [[3, 3, same], [10, 3, same]] },
  // Images smaller than the stride: some taps see padding alone.
  { batch: 3, channels: 3, outChannels: 5, dims: [[1, 3, { s: 3, low: 2 }]] },
  { batch: 2, channels: 2, outChannels: 4, dims: [[2, 3, { s: 3, low: 1 }], [1, 2, { s: 2, low: 1 }]] },
  { batch: 2, channels: 20, outChannels: 35, dims: [[4, 1, { s: 2, low: 1 }], [1, 3, { s: 2, low: 3 }]] },
  { batch: 2, channels: 4, outChannels: 4, groups: 4, dims: [[1, 3, { s: 2, low: 1 }], [2, 4, { s: 3, low: 2 }]] },
];

function nameOf({ batch, channels, outChannels, groups = 1, dims, fewer = 0 }: Shape): string {
  const spatial = dims.map(([size, kernel, options]) => {
    const { s, d, low, high } = filled(options);
    const padding = low + high === 0 ? '' : ` p${low === high ? low : `${low}-${high}`}`;
    return `${size} k${kernel}${s === 1 ? '' : ` s${s}`}${d === 1 ? '' : ` d${d}`}${padding}`;
  });
  const rest = `${groups === 1 ? '' : ` in ${groups} groups`}${fewer === 0 ? '' : `, ${fewer} fewer`}`;
  return `${batch} of ${channels} to ${outChannels}${rest}, ${spatial.join(' x ')}`;
}

const absolute = (values: Float32Array): readonly number[] => Array.from(values, Math.abs);
const plainCall = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 };

interface Options {
  /** Channels last, of the source and of the target. */
  readonly last: readonly [boolean, boolean];
  readonly bias: boolean;
  readonly postOp?: PostOp;
}

const layoutName = ([source, target]: readonly [boolean, boolean]): string =>
  source === target ? (source ? 'channels last' : 'channels first') : source ? 'last to first' : 'first to last';

function convCase(op: 'conv' | 'convInputGradient', shape: Shape, { last, bias, postOp }: Options): Case {
  const geometry = geometryOf(shape);
  const layout = encodeGeometry(geometry);
  const { inputs, outputs, taps } = pixelsOf(geometry);
  const isForward = op === 'conv';
  const followed = postOp === undefined ? '' : `, ${postOp.name}`;
  const name = `${nameOf(shape)}, ${layoutName(last)}${bias ? '' : ' without bias'}${followed}`;
  const seed = seedOf(`${op} ${name}`);
  const [rows, columns] = isForward
    ? [geometry.batch * outputs, geometry.outChannels]
    : [geometry.batch * inputs, geometry.channels];
  const terms = (taps * (isForward ? geometry.channels : geometry.outChannels)) / geometry.groups + 1;
  const units = sumUnits(terms);
  const sourceName = isForward ? 'x' : 'grad';
  const run = (source: readonly number[], weight: readonly number[], start: readonly number[] | null, out: number) => {
    const result = fresh(out);
    const operands = { weight: float64(weight), bias: start && float64(start), out: result, geometry: layout };
    const memory = float64(source);
    if (isForward)
      referenceOps.conv({ x: memory, xChannelsLast: last[0], outChannelsLast: last[1], ...operands, ...plainCall });
    else
      referenceOps.convInputGradient({
        ...{ grad: memory, gradChannelsLast: last[0], outChannelsLast: last[1] },
        ...operands,
        ...plainCall,
      });
    return Float64Array.from(result.read());
  };
  const condition = (args: CaseArgs<typeof op>) => {
    const { weight, bias: start, out, inputs: operands } = args;
    const source = (args as unknown as Record<string, Float32Array>)[sourceName]!;
    const size = run(absolute(source), absolute(weight), start && absolute(start), out);
    return postOpCondition(postOp ?? null, operands, size, columns, units);
  };
  const args = () => ({
    [sourceName]: floats(countOf(layout, isForward ? 'inputs' : 'outputs'), seed),
    weight: floats((geometry.outChannels * geometry.channels * taps) / geometry.groups, seed + 1),
    bias: bias ? floats(columns, seed + 2, -3, 3) : null,
    out: rows * columns,
    geometry: layout,
    [`${sourceName}ChannelsLast`]: last[0],
    outChannelsLast: last[1],
    ...postOpArgs(postOp ?? null, rows, columns, seed),
  });
  const isSparse = !isForward && taps * outputs < 2 * inputs;
  const unreached = bias && !isSparse ? undefined : 'positions that no tap reaches are the bias, or 0';
  const reason = postOp?.provesLittle ?? unreached;
  const options: CaseOptions = reason === undefined ? {} : { provesLittle: reason };
  return opCase(op, name, { ulp: postOp === undefined ? 1 : 2, units, condition }, args as never, options);
}

function weightCase(shape: Shape, last: readonly [boolean, boolean], bias: boolean): Case {
  const geometry = geometryOf(shape);
  const layout = encodeGeometry(geometry);
  const { outputs, taps } = pixelsOf(geometry);
  const name = `${nameOf(shape)}, ${layoutName(last)}${bias ? '' : ' without bias'}`;
  const seed = seedOf(`convWeightGradient ${name}`);
  const condition = ({ grad, x, out, biasGrad }: CaseArgs<'convWeightGradient'>) => {
    const result = fresh(out);
    const ofBias = biasGrad === null ? null : fresh(biasGrad);
    referenceOps.convWeightGradient({
      ...{ grad: float64(absolute(grad)), x: float64(absolute(x)), out: result, biasGrad: ofBias },
      ...{ geometry: layout, gradChannelsLast: last[0], xChannelsLast: last[1] },
    });
    return { out: Float64Array.from(result.read()), biasGrad: Float64Array.from(ofBias?.read() ?? []) };
  };
  const args = () => ({
    grad: floats(countOf(layout, 'outputs'), seed),
    x: floats(countOf(layout, 'inputs'), seed + 1),
    out: (geometry.outChannels * geometry.channels * taps) / geometry.groups,
    biasGrad: bias ? geometry.outChannels : null,
    geometry: layout,
    gradChannelsLast: last[0],
    xChannelsLast: last[1],
  });
  const tolerance = { ulp: 1, units: sumUnits(geometry.batch * outputs), condition };
  const provesLittle = 'taps that no position has are 0';
  return opCase('convWeightGradient', name, tolerance, args, { provesLittle });
}

const layouts = [
  [false, false],
  [true, true],
  [false, true],
  [true, false],
] as const;

/** Every shape in two layouts, one with a bias; the first in all. */
const everyShape = (op: 'conv' | 'convInputGradient'): Case[] =>
  shapes.flatMap((shape, i) =>
    (i === 0 ? [0, 1, 2, 3] : [i % 2, 2 + (i % 2)]).map((k) =>
      convCase(op, shape, { last: layouts[k]!, bias: k % 2 === 0 }),
    ),
  );

const programs: readonly PostOp[] = [reluAlone, dropped(0.5, 3, true), ...general.slice(0, 6)];

export const convCases: readonly Case[] = [
  ...everyShape('conv'),
  ...everyShape('convInputGradient'),
  ...programs.flatMap((postOp, i) => {
    // Whole rows, rows with clipped ends, stride 2 (phases of the gradient), groups.
    const shape = shapes[[0, 9, 15, 18][i % 4]!]!;
    return (['conv', 'convInputGradient'] as const).map((op) =>
      convCase(op, shape, { last: [i % 2 === 0, true], bias: true, postOp }),
    );
  }),
  ...shapes.flatMap((shape, i) =>
    (i === 0 ? [0, 1, 2, 3] : [i % 2, 2 + (i % 2)]).map((k) => weightCase(shape, layouts[k]!, k % 2 === 0)),
  ),
];
