/** Ops along one dimension: sums, extremes, softmax, orders. */
import { alongMiddle } from '../axes.js';
import type { Call } from '../call.js';
import type { Handlers } from '../handlers.js';
import type { Quantity } from '../quantity.js';
import type { Translator } from '../translator.js';

type Name = 'sum' | 'extreme' | 'softmax' | 'argsort' | 'cumsum';

const middle = (call: Call<Name>): [Quantity, Quantity, Quantity] => [
  call.number('outer'),
  call.number('size'),
  call.number('inner'),
];

/** One axis of the value in `x`. */
function oneAxis(call: Call<Name>, to: Translator) {
  const { value, axes, reduced } = alongMiddle(to, call.memory('x'), middle(call), 1);
  return { value, axis: axes[0]!, reduced };
}

export const along: Pick<Handlers, Name> = {
  sum(call, to) {
    const { value, axes, reduced } = alongMiddle(to, call.memory('x'), middle(call), Number.POSITIVE_INFINITY);
    const inputs = [value, to.graph.integers(axes)];
    to.write(call.memory('out'), to.graph.one('ReduceSum', inputs, value.type, reduced, { keepdims: 0 }));
  },

  extreme(call, to) {
    const { graph } = to;
    const { value, axis, reduced } = oneAxis(call, to);
    const largest = call.flag('largest');
    const reduce = largest ? 'ReduceMax' : 'ReduceMin';
    // From opset 18 on the axes of all reductions are an input.
    const found =
      graph.opset < 18
        ? graph.one(reduce, [value], value.type, reduced, { axes: [axis], keepdims: 0 })
        : graph.one(reduce, [value, graph.integers([axis])], value.type, reduced, { keepdims: 0 });
    to.write(call.memory('out'), found);
    const at = graph.one(largest ? 'ArgMax' : 'ArgMin', [value], 'int64', reduced, { axis, keepdims: 0 });
    to.write(call.memory('index'), graph.cast(at, 'int32'));
  },

  softmax(call, to) {
    const { value, axis } = oneAxis(call, to);
    const op = call.flag('log') ? 'LogSoftmax' : 'Softmax';
    to.write(call.memory('out'), to.graph.one(op, [value], value.type, value.shape, { axis }));
  },

  argsort(call, to) {
    const { graph } = to;
    const { value, axis } = oneAxis(call, to);
    const { shape } = value;
    const results = [
      { type: value.type, shape },
      { type: 'int64', shape },
    ] as const;
    const attributes = { axis, largest: call.flag('descending') ? 1 : 0, sorted: 1 };
    const [, at] = graph.node('TopK', [value, graph.sizes([call.number('size')])], results, attributes);
    to.write(call.memory('index'), graph.cast(at!, 'int32'));
  },

  cumsum(call, to) {
    const { value, axis } = oneAxis(call, to);
    const inputs = [value, to.graph.constant('int64', [], BigInt64Array.of(BigInt(axis)))];
    const attributes = { reverse: call.flag('reverse') ? 1 : 0 };
    to.write(call.memory('out'), to.graph.one('CumSum', inputs, value.type, value.shape, attributes));
  },
};
