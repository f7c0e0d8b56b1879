/** Normalisation by the statistics of what is normalised. */
import type { Call } from '../call.js';
import type { Value } from '../graph.js';
import type { Handlers } from '../handlers.js';
import { constantOf, type Quantity } from '../quantity.js';
import type { Translator } from '../translator.js';

type Name = 'batchNorm' | 'layerNorm';

/** The mean over some axes, which stay with size 1. */
function meanOver({ graph }: Translator, x: Value, axes: readonly number[]): Value {
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? graph.batches.number(1) : size));
  // From opset 18 on the axes are an input.
  return graph.opset < 18
    ? graph.one('ReduceMean', [x], x.type, shape, { axes, keepdims: 1 })
    : graph.one('ReduceMean', [x, graph.integers(axes)], x.type, shape, { keepdims: 1 });
}

function normalize(
  call: Call<Name>,
  to: Translator,
  shape: readonly Quantity[],
  axes: readonly number[],
  { centered, affine }: { centered: boolean; affine: readonly Quantity[] },
): void {
  const { graph } = to;
  const x = to.readAs(call.memory('x'), shape);
  const mean = centered ? meanOver(to, x, axes) : null;
  const apart = mean === null ? x : graph.one('Sub', [x, mean], x.type, shape);
  const variance = meanOver(to, graph.one('Mul', [apart, apart], x.type, shape), axes);
  const shifted = graph.one('Add', [variance, graph.numberOf(call.number('eps'), 'float32')], x.type, variance.shape);
  const deviation = graph.one('Sqrt', [shifted], x.type, variance.shape);
  let result = graph.one('Div', [apart, deviation], x.type, shape);
  for (const [name, op] of [
    ['weight', 'Mul'],
    ['bias', 'Add'],
  ] as const) {
    const memory = call.optionalMemory(name);
    if (memory !== null) result = graph.one(op, [result, to.readAs(memory, affine)], x.type, shape);
  }
  to.write(call.memory('out'), result);
  if (mean !== null) to.write(call.memory('mean'), mean);
  else to.fill(call.memory('mean'), graph.batches.number(0));
  to.write(call.memory('variance'), variance);
}

export const normalization: Pick<Handlers, Name> = {
  batchNorm(call, to) {
    const [batch, channels, pixels] = [call.number('batch'), call.number('channels'), call.number('pixels')];
    const one = to.graph.batches.number(1);
    normalize(call, to, [batch, channels, pixels], [0, 2], { centered: true, affine: [channels, one] });
  },

  layerNorm(call, to) {
    const { graph } = to;
    const [outer, groups] = [call.number('outer'), call.number('groups')];
    const [channels, inner] = [call.number('channels'), call.number('inner')];
    const weight = call.optionalMemory('weight');
    const isPlain = call.flag('centered') && constantOf(groups) === 1 && constantOf(inner) === 1;
    const eps = constantOf(call.number('eps'));
    if (!isPlain || weight === null || eps === null) {
      const affine = [groups, channels, graph.batches.number(1)];
      const centered = call.flag('centered');
      normalize(call, to, [outer, groups, channels, inner], [2, 3], { centered, affine });
      return;
    }
    const x = to.readAs(call.memory('x'), [outer, channels]);
    const bias = call.optionalMemory('bias');
    const inputs = [x, to.readAs(weight, [channels]), ...(bias === null ? [] : [to.readAs(bias, [channels])])];
    const attributes = { axis: -1, epsilon: { real: eps } };
    to.write(call.memory('out'), graph.one('LayerNormalization', inputs, x.type, x.shape, attributes));
  },
};
