/** Arithmetic of int32. */
import { type IntegerOperation, integerOperations } from '../../ops/ops.js';
import type { Handlers } from '../handlers.js';
import { isValue, readOperands } from '../operands.js';
import { constantOf } from '../quantity.js';

const arithmetic: Readonly<Partial<Record<IntegerOperation, string>>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  pow: 'Pow',
  maximum: 'Max',
  minimum: 'Min',
};
const comparisons: Readonly<Partial<Record<IntegerOperation, string>>> = {
  lt: 'Less',
  le: 'LessOrEqual',
  eq: 'Equal',
};

const operations = Object.keys(integerOperations) as IntegerOperation[];

export const integers: Pick<Handlers, 'integers'> = {
  integers(call, to) {
    const { graph } = to;
    const code = constantOf(call.number('operation'));
    const operation = operations.find((name) => integerOperations[name] === code)!;
    const { shape, operands } = readOperands(to, [call.memory('a'), call.memory('b')], call.layout('layout', 2));
    const values = operands.map((each) => (isValue(each) ? each : graph.numberOf(each, 'int32')));
    const compare = comparisons[operation];
    const result =
      compare === undefined
        ? graph.one(arithmetic[operation]!, values, 'int32', shape)
        : graph.cast(graph.one(compare, values, 'bool', shape), 'int32');
    to.write(call.memory('out'), result);
  },
};
