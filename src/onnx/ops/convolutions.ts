/** Convolutions. */
import type { Call } from '../call.js';
import type { Attribute, Value } from '../graph.js';
import type { Handlers } from '../handlers.js';
import { constantOf, type Quantity } from '../quantity.js';
import type { Translator } from '../translator.js';

type Convolution = Call<'conv' | 'convInputGradient'>;

/** A spatial dimension: its sizes, which may depend on the batch, and numbers that may not. */
interface Spatial {
  readonly size: Quantity;
  readonly outSize: Quantity;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padLow: number;
  readonly padHigh: number;
}

/** The geometry of src/ops/convolution.ts at each batch size. */
function geometryOf(call: Convolution, to: Translator) {
  const numbers = call.numbers('geometry');
  const constant = (quantity: Quantity): number => {
    const value = constantOf(quantity);
    if (value === null)
      throw to.refuse(
        'a convolution whose channels or settings depend on the batch has no ONNX form; export with dynamicBatch: false',
      );
    return value;
  };
  const [batch, channels, outChannels, groups, count] = numbers as [Quantity, Quantity, Quantity, Quantity, Quantity];
  const dims = Array.from({ length: constant(count) }, (_, d): Spatial => {
    const [size, outSize, ...rest] = numbers.slice(5 + 7 * d, 12 + 7 * d) as [Quantity, Quantity, ...Quantity[]];
    const [kernel, stride, dilation, padLow, padHigh] = rest.map(constant) as [number, number, number, number, number];
    return { size, outSize, kernel, stride, dilation, padLow, padHigh };
  });
  return { batch, channels: constant(channels), outChannels: constant(outChannels), groups: constant(groups), dims };
}

function attributesOf(groups: number, dims: readonly Spatial[]): Record<string, Attribute> {
  return {
    kernel_shape: dims.map(({ kernel }) => kernel),
    strides: dims.map(({ stride }) => stride),
    dilations: dims.map(({ dilation }) => dilation),
    pads: [...dims.map(({ padLow }) => padLow), ...dims.map(({ padHigh }) => padHigh)],
    group: groups,
  };
}

function weightAndBias(call: Convolution, to: Translator, shape: readonly number[], outputs: number): Value[] {
  const number = (value: number) => to.graph.batches.number(value);
  const weight = to.readAs(call.memory('weight'), shape.map(number));
  const bias = call.optionalMemory('bias');
  return bias === null ? [weight] : [weight, to.readAs(bias, [number(outputs)])];
}

export const convolutions: Pick<Handlers, 'conv' | 'convInputGradient'> = {
  conv(call, to) {
    const { graph } = to;
    if (call.program('program') !== null || call.flag('xChannelsLast') || call.flag('outChannelsLast'))
      throw to.refuse('a fused op has no ONNX form');
    const { batch, channels, outChannels, groups, dims } = geometryOf(call, to);
    const x = to.readAs(call.memory('x'), [batch, graph.batches.number(channels), ...dims.map(({ size }) => size)]);
    const kernels = dims.map(({ kernel }) => kernel);
    const rest = weightAndBias(call, to, [outChannels, channels / groups, ...kernels], outChannels);
    const shape = [batch, graph.batches.number(outChannels), ...dims.map(({ outSize }) => outSize)];
    // Where a rest is left behind the last position, the output is as large as ONNX has it.
    to.write(call.memory('out'), graph.one('Conv', [x, ...rest], x.type, shape, attributesOf(groups, dims)));
  },

  /** A transposed convolution, whose input is what the gradient of a convolution reads. */
  convInputGradient(call, to) {
    const { graph } = to;
    if (call.program('program') !== null || call.flag('gradChannelsLast') || call.flag('outChannelsLast'))
      throw to.refuse('a fused op has no ONNX form');
    const { batch, channels, outChannels, groups, dims } = geometryOf(call, to);
    const x = to.readAs(call.memory('grad'), [
      batch,
      graph.batches.number(outChannels),
      ...dims.map(({ outSize }) => outSize),
    ]);
    const kernels = dims.map(({ kernel }) => kernel);
    const rest = weightAndBias(call, to, [outChannels, channels / groups, ...kernels], channels);
    const shape = [batch, graph.batches.number(channels), ...dims.map(({ size }) => size)];
    const outputPadding = dims.map(
      ({ size, outSize, kernel, stride, dilation, padLow, padHigh }) =>
        size[0]! - ((outSize[0]! - 1) * stride + (kernel - 1) * dilation + 1 - padLow - padHigh),
    );
    const attributes = { ...attributesOf(groups, dims), output_padding: outputPadding };
    to.write(call.memory('out'), graph.one('ConvTranspose', [x, ...rest], x.type, shape, attributes));
  },
};
