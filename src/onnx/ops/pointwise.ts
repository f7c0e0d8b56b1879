/** Pointwise programs, node by node. */

import { type NodeName, nodes } from '../../ops/nodes.js';
import type { DType } from '../../ops/ops.js';
import type { Graph, Value } from '../graph.js';
import type { Handlers } from '../handlers.js';
import { broadcastShape, isValue, type Operand, readOperands } from '../operands.js';
import type { Quantity } from '../quantity.js';

/** Makes nodes out of operands of one float type. */
class Maker {
  readonly graph: Graph;
  readonly type: DType;

  constructor(graph: Graph, type: DType) {
    this.graph = graph;
    this.type = type;
  }

  /** An operand as a value. */
  value(operand: Operand | number): Value {
    if (typeof operand === 'number') return this.graph.scalar(this.type, operand);
    return isValue(operand) ? operand : this.graph.numberOf(operand, this.type);
  }

  /** A node whose operands broadcast. */
  make(op: string, operands: readonly (Operand | number)[], type: DType | 'bool' = this.type): Value {
    const values = operands.map((each) => this.value(each));
    return this.graph.one(op, values, type, broadcastShape(values));
  }

  where(condition: Value, yes: Operand | number, no: Operand | number): Value {
    const values = [condition, this.value(yes), this.value(no)];
    return this.graph.one('Where', values, this.type, broadcastShape(values));
  }
}

type Translation = string | ((make: Maker, operands: readonly Operand[]) => Value);

/** a < b ? c : d, and its kin. */
const select =
  (compare: string): Translation =>
  (make, [a, b, c, d]) =>
    make.where(make.make(compare, [a!, b!], 'bool'), c!, d!);

/** Each node: the ONNX op that does the same, or how it is made of several. */
const translations: Readonly<Record<NodeName, Translation>> = {
  neg: 'Neg',
  abs: 'Abs',
  sign: 'Sign',
  exp: 'Exp',
  // tanh(x/2)·(e^x + 1) keeps the digits near 0 that e^x - 1 loses.
  expm1: (make, [x]) =>
    make.make('Mul', [make.make('Tanh', [make.make('Mul', [x!, 0.5])]), make.make('Add', [make.make('Exp', [x!]), 1])]),
  log: 'Log',
  // 2·atanh(x/(x + 2)) keeps the digits near 0 that log(1 + x) loses.
  log1p: (make, [x]) => {
    const near = make.make('Less', [make.make('Abs', [x!]), 0.5], 'bool');
    const area = make.make('Atanh', [make.make('Div', [x!, make.make('Add', [x!, 2])])]);
    return make.where(near, make.make('Mul', [area, 2]), make.make('Log', [make.make('Add', [x!, 1])]));
  },
  sqrt: 'Sqrt',
  sin: 'Sin',
  cos: 'Cos',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  erf: 'Erf',
  floor: 'Floor',
  ceil: 'Ceil',
  round: 'Round',
  relu: 'Relu',
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  pow: 'Pow',
  max: 'Max',
  min: 'Min',
  fma: (make, [a, b, c]) => make.make('Add', [make.make('Mul', [a!, b!]), c!]),
  selectLess: select('Less'),
  selectLessEqual: select('LessOrEqual'),
  selectEqual: select('Equal'),
};

export const pointwise: Pick<Handlers, 'pointwise'> = {
  pointwise(call, to) {
    const { graph } = to;
    const program = call.program('program')!;
    const outputs = call.memories('outputs');
    const inputs = call.memories('inputs');
    const { shape, operands } = readOperands(to, inputs, call.layout('layout', inputs.length));
    const make = new Maker(graph, to.memories[outputs[0]!]!.dtype);
    const scalars = call.scalars('scalars').map((scalar): Quantity => {
      if (scalar === null) throw to.refuse('a number that is read at each run has no ONNX form');
      return scalar;
    });
    const values: Operand[] = [...operands, ...scalars, ...program.constants.map((each) => graph.batches.number(each))];
    for (const each of program.instructions) {
      if (each.node === 'mask') throw to.refuse('dropout that is not turned off by evaluation mode has no ONNX form');
      values.push(
        apply(
          make,
          each.node,
          each.operands.map((operand) => values[operand]!),
        ),
      );
    }
    for (const [i, memory] of outputs.entries()) {
      const result = values[program.outputs[i]!]!;
      if (!isValue(result)) to.fill(memory, result);
      else to.write(memory, graph.expand(result, shape));
    }
  },
};

/** What depends on numbers alone is computed here, in float64, as the library does. */
function apply(make: Maker, node: NodeName, operands: readonly Operand[]): Operand {
  const numbers = operands.filter((each) => !isValue(each)) as Quantity[];
  if (numbers.length === operands.length) {
    const compute = nodes[node] as (...values: number[]) => number;
    return numbers.length === 0 ? [] : numbers[0]!.map((_, i) => compute(...numbers.map((each) => each[i]!)));
  }
  const translation = translations[node];
  return typeof translation === 'string' ? make.make(translation, operands) : translation(make, operands);
}
