/** Graphs of real functions, and what running them gives. */
import { assemble } from '../../../src/compile/assemble.js';
import { exitGradients } from '../../../src/compile/trace.js';
import { Tracer } from '../../../src/compile/tracer.js';
import type { Generator, Tensor } from '../../../src/index.js';
import { withOps } from '../../../src/ops/backend.js';
import type { Graph, ProgramFactory } from '../../../src/ops/graph.js';
import type { DType, DynamicScalar, HostArray } from '../../../src/ops/ops.js';
import { withTrace } from '../../../src/ops/trace.js';
import { dtypeOf, Storage } from '../../../src/tensor/storage.js';
import { Tensor as TensorClass } from '../../../src/tensor/tensor.js';

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

export interface TracedFunction {
  readonly graph: Graph;
  /** What the states hold before the first run. */
  readonly states: readonly HostArray[];
  readonly outputs: readonly { readonly dtype: DType; readonly length: number }[];
  readonly dynamicScalars: readonly DynamicScalar[];
  readonly sources: readonly Generator[];
  /** Inputs beyond the function's own: masks drawn on the host, by their probability of a 1. */
  readonly draws: readonly { readonly source: Generator; fill(array: HostArray): void; readonly length: number }[];
}

/** Traces a function as `compile` does. Gradients that are left on leaves are kept unless only an optimizer reads them. */
export function traceFunction(
  fn: (...inputs: Tensor[]) => readonly Tensor[],
  inputs: readonly { readonly shape: readonly number[]; readonly dtype: DType }[],
  keepGradients = false,
): TracedFunction {
  const tracer = new Tracer('test');
  try {
    const returned = withTrace(tracer, () => {
      const args = inputs.map(({ shape, dtype }) => {
        const length = shape.reduce((a, b) => a * b, 1);
        return new TensorClass(Storage.uninitialized(dtype, length), shape);
      });
      for (const { storage } of args) tracer.addInput(storage);
      return withOps(tracer.ops, () => fn(...args));
    });
    const gradients = tracer.sideEffects.entries.flatMap((effect) => exitGradients(effect.read(), effect.wasGuarded));
    const storages = returned.map(({ storage }) => storage);
    const { graph, states, outputs } = assemble(tracer, storages, gradients, keepGradients);
    const { dynamicScalars, sources, draws, values } = tracer;
    return {
      graph,
      states: states.map((state) => (state.hasNumbers ? state.read().slice() : new arrays[state.dtype](state.length))),
      outputs,
      dynamicScalars,
      sources,
      draws: draws.map(({ source, fill, value }) => ({ source, fill, length: values[value]!.length })),
    };
  } finally {
    tracer.undo();
  }
}

/** Runs a planned graph once for each set of inputs. Returns the outputs of each run and the states after the last. */
export function runAll(
  factory: ProgramFactory,
  { states, outputs, dynamicScalars, sources }: TracedFunction,
  graph: Graph,
  runs: readonly (readonly HostArray[])[],
): { outputs: HostArray[][]; states: HostArray[] } {
  const buffers = states.map((state) => {
    const buffer = factory.createBuffer(dtypeOf(state)!, state.length);
    buffer.copyIn(state);
    return buffer;
  });
  const program = factory.createProgram(graph, buffers);
  const found = runs.map((inputs, run) => {
    const results = outputs.map(({ dtype, length }) => new arrays[dtype](length).fill(dtype === 'int32' ? -7 : NaN));
    const keys = Uint32Array.from(sources.flatMap((_, source) => [7, source, run * 100, 0]));
    program.run({
      inputs,
      outputs: results,
      dynamicScalars: Float64Array.from(dynamicScalars, ({ value }) => value),
      keys,
    });
    return results;
  });
  const after = buffers.map((buffer) => {
    const array = new arrays[buffer.dtype](buffer.length);
    buffer.copyOut(array);
    return array;
  });
  program.dispose();
  return { outputs: found, states: after };
}
