/** The loss that is an op. */
import { reductions } from '../../ops/ops.js';
import type { Handlers } from '../handlers.js';
import { constantOf, isNumber } from '../quantity.js';

const names = Object.keys(reductions) as (keyof typeof reductions)[];

export const losses: Pick<Handlers, 'crossEntropy'> = {
  crossEntropy(call, to) {
    const { graph } = to;
    if (!isNumber(call.number('smoothing'), 0)) throw to.refuse('crossEntropy with label smoothing has no ONNX form');
    const [rows, classes] = [call.number('rows'), call.number('classes')];
    const logits = to.readAs(call.memory('logits'), [rows, classes]);
    const target = to.readAs(call.memory('target'), [rows]);
    const weight = call.optionalMemory('weight');
    const code = constantOf(call.number('reduction'));
    const reduction = names.find((name) => reductions[name] === code)!;
    const inputs = weight === null ? [logits, target] : [logits, target, to.readAs(weight, [classes])];
    const loss = graph.one('SoftmaxCrossEntropyLoss', inputs, logits.type, reduction === 'none' ? [rows] : [], {
      ignore_index: constantOf(call.number('ignoreIndex'))!,
      reduction: { text: reduction },
    });
    to.write(call.memory('out'), loss);
  },
};
