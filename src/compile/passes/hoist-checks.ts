import type { Graph, Instruction } from '../../ops/graph.js';
import { traits } from '../../ops/ops.js';
import { accessesOf } from './instruction.js';

/**
 * Moves the checks of inputs to the front, in their order: inputs do not change during a run, and a run that is refused
 * there has changed nothing.
 */
export function hoistChecks(graph: Graph): Graph {
  const isInput = (value: number) => graph.values[value]!.kind === 'input';
  const first = (each: Instruction): boolean =>
    traits[each.op].throws === 'ArgumentError' && accessesOf(each).every(({ value }) => isInput(value));
  const { instructions } = graph;
  const hoisted = [...instructions.filter(first), ...instructions.filter((each) => !first(each))];
  return hoisted.every((each, index) => each === instructions[index]) ? graph : { ...graph, instructions: hoisted };
}
