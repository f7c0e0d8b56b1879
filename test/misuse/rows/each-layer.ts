/** Layers one by one: an option that they do not know, and an input that is no tensor. */
import { functional as F, nn } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row } from '../row.js';

type Maker = new (...args: readonly unknown[]) => { forward(...inputs: readonly unknown[]): unknown };

const made = (name: string, args: readonly unknown[]) => new (nn as unknown as Record<string, Maker>)[name]!(...args);

/** With the arguments that they need. */
const layers: readonly (readonly [name: string, args: readonly unknown[], inputs?: number])[] = [
  ...['ReLU6', 'SELU', 'SiLU', 'Mish', 'Hardswish', 'Hardsigmoid', 'Softplus', 'Softsign', 'LogSigmoid', 'Tanhshrink']
    .concat('Hardshrink', 'Softshrink')
    .map((name) => [name, []] as const),
  ['FeatureAlphaDropout', [0.5]],
  ['Softmin', [1]],
  ...['Conv1d', 'Conv3d', 'ConvTranspose3d'].map((name) => [name, [2, 2, 1]] as const),
  ...['AvgPool3d', 'MaxPool1d', 'MaxPool3d', 'MaxUnpool1d', 'MaxUnpool2d'].map((name) => [name, [2]] as const),
  ...['AdaptiveAvgPool1d', 'AdaptiveMaxPool2d', 'PixelUnshuffle'].map((name) => [name, [2]] as const),
  ...['ZeroPad', 'ReflectionPad', 'ReplicationPad', 'CircularPad'].flatMap((name) =>
    [1, 2, 3].map((dims) => [`${name}${dims}d`, [1]] as const),
  ),
  ...[1, 2, 3].map((dims) => [`ConstantPad${dims}d`, [1, 0.5]] as const),
  ...['InstanceNorm1d', 'SyncBatchNorm'].map((name) => [name, [2]] as const),
  ['RNNCell', [2, 3]],
  ['MultiLabelSoftMarginLoss', [], 2],
  ['SoftMarginLoss', [], 2],
];

const drawing = new Set(['Conv1d', 'Conv3d', 'ConvTranspose3d', 'RNNCell']);
/** Settings by position alone. */
const withoutOptions = /Pad\dd$|^AdaptiveAvgPool|^PixelUnshuffle|^Softmin/;

export const eachLayerRows: readonly Row[] = [
  ...layers.flatMap(([name, args, inputs = 1]) => [
    argument(
      `${name}.forward of a number`,
      ({ generator }) => {
        // Layers with weights draw from a generator that is not the fixture's.
        const last = drawing.has(name) ? [{ generator: generator.clone() }] : [];
        return made(name, [...args, ...last]).forward(...Array.from({ length: inputs }, () => 5));
      },
      'expected a Tensor, got 5',
    ),
    ...(withoutOptions.test(name)
      ? []
      : [
          argument(
            `${name}: an unknown option`,
            () => made(name, [...args, { colour: 1 }]),
            `${name}: unknown option "colour"`,
          ),
        ]),
  ]),
  argument(
    'Identity is called with a tensor',
    () => F.relu(bad(new nn.Identity().forward(bad(5)))),
    'relu: expected a Tensor',
  ),
  ...(['constant_', 'ones_', 'zeros_', 'kaimingNormal_', 'xavierUniform_'] as const).map((name) =>
    argument(
      `${name} of a list`,
      () => (nn.init[name] as (tensor: never, value: number) => unknown)(bad([1]), 1),
      'expected a Tensor, got [1]',
    ),
  ),
];
