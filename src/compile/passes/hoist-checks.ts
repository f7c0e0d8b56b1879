import type { Graph, Instruction } from '../../ops/graph.js';
import { isOp } from './instruction.js';

/**
 * Moves the checks of inputs to the front, in their order: inputs do not change during a run, and a run that is refused
 * there has changed nothing.
 */
export function hoistChecks(graph: Graph): Graph {
  const isInput = (value: number) => graph.values[value]!.kind === 'input';
  const first = (each: Instruction): boolean =>
    (isOp(each, 'checkTarget') && isInput(each.args.target)) || (isOp(each, 'checkIndex') && isInput(each.args.index));
  const { instructions } = graph;
  const hoisted = [...instructions.filter(first), ...instructions.filter((each) => !first(each))];
  return hoisted.every((each, index) => each === instructions[index]) ? graph : { ...graph, instructions: hoisted };
}
