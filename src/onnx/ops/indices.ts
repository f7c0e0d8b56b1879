/** Ops that take or put elements by index. */
import type { Call } from '../call.js';
import type { Attribute } from '../graph.js';
import type { Handlers } from '../handlers.js';
import { isNumber, type Quantity, sameQuantity } from '../quantity.js';
import type { Translator } from '../translator.js';

type Name =
  | 'indexSelect'
  | 'gather'
  | 'scatter'
  | 'scatterAdd'
  | 'checkIndex'
  | 'checkTarget'
  | 'checkRange'
  | 'checkCtc'
  | 'checkFinite';

type ByIndex = Call<'gather' | 'scatter' | 'scatterAdd'>;

/** [outer, middle, inner]; without the last where that is 1. */
function triple(call: ByIndex, middle: 'size' | 'count'): Quantity[] {
  const inner = call.number('inner');
  return [call.number('outer'), call.number(middle), ...(isNumber(inner, 1) ? [] : [inner])];
}

function scatter(
  call: Call<'scatter' | 'scatterAdd'>,
  to: Translator,
  attributes: Readonly<Record<string, Attribute>>,
): void {
  const out = call.memory('out');
  const data = to.readAs(out, triple(call, 'size'));
  const index = to.readAs(call.memory('index'), triple(call, 'count'));
  const updates = to.readAs(call.memory('x'), triple(call, 'count'));
  to.write(
    out,
    to.graph.one('ScatterElements', [data, index, updates], data.type, data.shape, { axis: 1, ...attributes }),
  );
}

export const indices: Pick<Handlers, Name> = {
  indexSelect(call, to) {
    const { graph } = to;
    const [rows, width] = [call.number('rows'), call.number('width')];
    const found = to.read(call.memory('x'));
    const [first, ...rest] = found.shape;
    const isTable =
      first !== undefined && sameQuantity(first, rows) && sameQuantity(graph.batches.product(rest), width);
    const table = isTable ? found : graph.reshape(found, [rows, width]);
    const index = to.read(call.memory('index'));
    const shape = [...index.shape, ...table.shape.slice(1)];
    to.write(call.memory('out'), graph.one('Gather', [table, index], table.type, shape, { axis: 0 }));
  },

  gather(call, to) {
    const data = to.readAs(call.memory('x'), triple(call, 'size'));
    const index = to.readAs(call.memory('index'), triple(call, 'count'));
    to.write(call.memory('out'), to.graph.one('GatherElements', [data, index], data.type, index.shape, { axis: 1 }));
  },

  scatter: (call, to) => scatter(call, to, {}),
  scatterAdd: (call, to) => scatter(call, to, { reduction: { text: 'add' } }),

  // Runtimes check indices themselves.
  checkIndex: () => {},
  checkTarget: () => {},
  checkRange: () => {},
  checkCtc: () => {},
  checkFinite: () => {},
};
