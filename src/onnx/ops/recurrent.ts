/** Recurrent layers. */
import type { Value } from '../graph.js';
import type { Handlers } from '../handlers.js';
import { constantOf, type Quantity, times } from '../quantity.js';
import type { Translator } from '../translator.js';

/** ONNX's operator for a number of gates, and which of our gates each of its gates is. */
const forms: Readonly<Record<number, { op: string; order: readonly number[] }>> = {
  1: { op: 'RNN', order: [0] },
  3: { op: 'GRU', order: [1, 0, 2] },
  4: { op: 'LSTM', order: [0, 3, 1, 2] },
};

export const recurrent: Pick<Handlers, 'recurrent'> = {
  recurrent(call, to) {
    const { graph } = to;
    const [steps, rows, inputs] = [call.number('steps'), call.number('rows'), call.number('inputs')];
    const [units, gates] = [call.number('units'), call.number('gates')];
    const count = constantOf(gates)!;
    const { op, order } = forms[count]!;
    const one = graph.batches.number(1);
    const width = times(gates, units);
    const x = to.readAs(call.memory('x'), [steps, rows, inputs]);
    const weight = (memory: number, columns: Quantity) => {
      const lines = inOrder(to, to.readAs(memory, [gates, units, columns]), order);
      return graph.reshape(lines, [one, width, columns]);
    };
    const bias = (name: 'biasIh' | 'biasHh') => {
      const memory = call.optionalMemory(name);
      if (memory === null) return graph.expand(graph.scalar(x.type, 0), [width]);
      return graph.reshape(inOrder(to, to.readAs(memory, [gates, units]), order), [width]);
    };
    const bothBiases = graph.one(
      'Concat',
      [bias('biasIh'), bias('biasHh')],
      x.type,
      [times(width, graph.batches.number(2))],
      {
        axis: 0,
      },
    );
    const lengths = call.optionalMemory('lengths');
    const cell = count === 4 ? [to.readAs(call.optionalMemory('cell')!, [one, rows, units])] : [];
    const operands = [
      x,
      weight(call.memory('weightIh'), inputs),
      weight(call.memory('weightHh'), units),
      graph.reshape(bothBiases, [one, times(width, graph.batches.number(2))]),
      lengths === null ? null : to.readAs(lengths, [rows]),
      to.readAs(call.memory('hidden'), [one, rows, units]),
      ...cell,
    ];
    const state = { type: x.type, shape: [one, rows, units] };
    const results = [{ type: x.type, shape: [steps, one, rows, units] }, state, ...(count === 4 ? [state] : [])];
    const [out, lastHidden, lastCell] = graph.node(op, operands, results, {
      direction: { text: call.flag('reverse') ? 'reverse' : 'forward' },
      hidden_size: constantOf(units)!,
      // n = tanh(Wx + r·(Uh + b)): the product comes first.
      ...(count === 3 ? { linear_before_reset: 1 } : {}),
      ...(count === 1 ? { activations: { texts: [call.flag('relu') ? 'Relu' : 'Tanh'] } } : {}),
    });
    to.write(call.memory('out'), out!);
    to.write(call.memory('lastHidden'), lastHidden!);
    if (lastCell !== undefined) to.write(call.optionalMemory('lastCell')!, lastCell);
  },
};

/** The gates, which are the first dimension, in another order. */
function inOrder({ graph }: Translator, value: Value, order: readonly number[]): Value {
  if (order.length === 1) return value;
  const one = graph.batches.number(1);
  const parts = order.map((gate) => graph.slice(value, 0, graph.batches.number(gate), one));
  return graph.one('Concat', parts, value.type, value.shape, { axis: 0 });
}
