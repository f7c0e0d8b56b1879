/** Ops that move numbers: fill, copy, cast. */

import type { Value } from '../graph.js';
import type { Handlers } from '../handlers.js';
import { isNumber, type Quantity } from '../quantity.js';
import { isAll, readRegion } from '../region.js';

export const moves: Pick<Handlers, 'fill' | 'copy' | 'cast'> = {
  fill(call, to) {
    to.fill(call.memory('out'), call.number('value'));
  },

  copy(call, to) {
    const { sizes, strides } = call.layout('layout', 2);
    const [from, into] = strides as [Quantity[], Quantity[]];
    const [x, out] = [call.memory('x'), call.memory('out')];
    const target = { sizes, strides: into, offset: call.number('outOffset') };
    const isWhole = isAll(target, to.memories[out]!.length);
    const number = to.numberIn(x);
    if (number !== null && isWhole) return to.fill(out, number);
    const source = { sizes, strides: from, offset: call.number('xOffset') };
    const length = to.memories[x]!.length;
    const value: Value | null = isAll(source, length)
      ? to.read(x)
      : readRegion(to.graph, to.read(x), length, source, false);
    if (value === null)
      throw to.refuse(
        'elements are taken in an order that has no ONNX form for every batch size; export with dynamicBatch: false',
      );
    if (isWhole) to.write(out, value);
    else if (!sizes.some((size) => isNumber(size, 0))) to.writePiece(out, { value, region: target });
  },

  cast(call, to) {
    const out = call.memory('out');
    to.write(out, to.graph.cast(to.read(call.memory('x')), to.memories[out]!.dtype));
  },
};
