/** Sums over the ranks of the process's job, as part of what is computed. */
import { currentOps, programsFor } from '../ops/backend.js';
import type { Graph, ValueSpec } from '../ops/graph.js';
import { groupState } from '../ops/group-tasks.js';
import { currentTrace } from '../ops/trace.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike } from './support.js';

/**
 * Sums over the ranks of this job, divided by a number: float32. In a program that is being traced it begins as soon as the tensor is there. Eagerly the call
 * waits for the other ranks, and the event loop with it.
 * @throws StateError when another rank does something else; BackendError on a backend that cannot wait for ranks. @internal
 */
export function sumOverRanks(input: Tensor, divisor: number): Tensor {
  const output = emptyLike(input);
  if (currentTrace() === null && groupState.isOpen) runNow(input, output, divisor);
  else currentOps().allReduce({ x: [input.storage], out: [output.storage], divisor });
  return output;
}

/** As a program of one op: programs are what waits for ranks. */
function runNow(input: Tensor, output: Tensor, divisor: number): void {
  const { dtype, numel: length } = output;
  const specOf = (kind: 'input' | 'output'): ValueSpec => ({ dtype, length, kind, index: 0, panels: null });
  const graph: Graph = {
    values: [specOf('input'), specOf('output')],
    instructions: [{ op: 'allReduce', args: { x: [0], out: [1], divisor } }],
    arena: 0,
    dynamicScalars: 0,
    keySources: 0,
  };
  const program = programsFor(dtype === 'float64').createProgram(graph, []);
  try {
    const call = { inputs: [input.storage.read()], outputs: [output.storage.write()] };
    program.run({ ...call, dynamicScalars: new Float64Array(0), keys: new Uint32Array(0) });
  } finally {
    program.dispose();
  }
}
