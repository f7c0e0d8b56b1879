/** Matrix products. */
import type { Value } from '../graph.js';
import type { Handlers } from '../handlers.js';
import { isNumber, type Quantity } from '../quantity.js';
import type { Translator } from '../translator.js';

export const matrices: Pick<Handlers, 'linear' | 'matmul'> = {
  linear(call, to) {
    const { graph } = to;
    if (call.program('program') !== null) throw to.refuse('a fused op has no ONNX form');
    const [rows, ins, outs] = [call.number('rows'), call.number('inFeatures'), call.number('outFeatures')];
    const x = to.readAs(call.memory('x'), [rows, ins]);
    const weight = to.readAs(call.memory('weight'), [outs, ins]);
    const bias = call.optionalMemory('bias');
    const inputs = bias === null ? [x, weight] : [x, weight, to.readAs(bias, [outs])];
    to.write(call.memory('out'), graph.one('Gemm', inputs, x.type, [rows, outs], { transB: 1 }));
  },

  matmul(call, to) {
    const { graph } = to;
    const [batch, m, n, k] = [call.number('batch'), call.number('m'), call.number('n'), call.number('k')];
    const a = operand(to, call.memory('a'), call.number('aStride'), batch, call.flag('transA') ? [k, m] : [m, k]);
    const b = operand(to, call.memory('b'), call.number('bStride'), batch, call.flag('transB') ? [n, k] : [k, n]);
    const left = call.flag('transA') ? transposed(to, a) : a;
    const right = call.flag('transB') ? transposed(to, b) : b;
    const shape = a.shape.length === 2 && b.shape.length === 2 ? [m, n] : [batch, m, n];
    to.write(call.memory('out'), graph.one('MatMul', [left, right], a.type, shape));
  },
};

/** [batch, ...matrix], or the matrix that serves all of the batch. */
function operand(
  to: Translator,
  memory: number,
  stride: Quantity,
  batch: Quantity,
  matrix: readonly [Quantity, Quantity],
): Value {
  return to.readAs(memory, isNumber(stride, 0) || isNumber(batch, 1) ? matrix : [batch, ...matrix]);
}

function transposed(to: Translator, value: Value): Value {
  const dims = [...value.shape.keys()];
  return to.graph.transpose(value, [...dims.slice(0, -2), dims.at(-1)!, dims.at(-2)!]);
}
