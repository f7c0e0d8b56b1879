/** Small programs for tests of jobs, and what they must give. */
import { availableParallelism } from 'node:os';
import type { DeviceBuffer, Graph, JobCall, ProgramFactory, ProgramHandle, ValueSpec } from '../../src/ops/graph.js';
import { loadAddon, type NativeAddon } from '../../src/ops/load.js';
import { createJobs } from '../../src/ops/native-jobs.js';
import { createNativePrograms } from '../../src/ops/native-programs.js';
import { emit } from '../../src/pointwise/emit.js';
import { ExpressionGraph } from '../../src/pointwise/expression.js';

export function requireAddon(): NativeAddon {
  const { addon } = loadAddon();
  if (addon === null) throw new Error('the addon is missing: npm run build');
  return addon;
}

/** The programs of the widest instruction set. */
export function nativeFactory(addon: NativeAddon = requireAddon()): ProgramFactory {
  return createNativePrograms(Object.keys(addon.instructionSets).at(-1)!, addon, createJobs(addon));
}

const memory = (kind: ValueSpec['kind'], index: number, length: number): ValueSpec => ({
  dtype: 'float32',
  length,
  kind,
  index,
  panels: null,
});

/** weight - lr·gradient. */
const sgd = (() => {
  const graph = new ExpressionGraph();
  const [weight, gradient] = [graph.input(0), graph.input(1)];
  return emit([weight.sub(graph.scalar(0).mul(gradient))]).program;
})();

/**
 * One step of a training: w -= lr·gradient (lr is dynamic scalar 0), then outputs w[0] (output 0) and all of w (output 1). Before
 * that a product of two [size, size] matrices, so that a run takes its time. Throws NotFiniteError(3) once w[0] is not
 * finite.
 */
export function stepGraph(n: number, size: number): Graph {
  return {
    values: [
      memory('state', 0, n),
      memory('input', 0, n),
      memory('output', 0, 1),
      memory('output', 1, n),
      memory('state', 1, size * size),
      memory('temporary', 0, size * size),
    ],
    instructions: [
      {
        op: 'matmul',
        args: {
          ...{ a: 4, b: 4, out: 5, batch: 1, m: size, n: size, k: size },
          ...{ transA: false, transB: false, aStride: 0, bStride: 0 },
        },
      },
      {
        op: 'pointwise',
        args: {
          ...{ program: sgd, inputs: [0, 1], keys: [], scalars: [{ dynamic: 0 }], outputs: [0], step: null },
          ...{ layout: Float64Array.of(n, 1, 1), columns: 1, rowOffset: 0 },
        },
      },
      { op: 'checkFinite', args: { x: 0, n: 1, layer: 3 } },
      { op: 'copy', args: { x: 0, out: 2, layout: Float64Array.of(1, 1, 1), xOffset: 0, outOffset: 0 } },
      { op: 'copy', args: { x: 0, out: 3, layout: Float64Array.of(n, 1, 1), xOffset: 0, outOffset: 0 } },
    ],
    arena: size * size,
    dynamicScalars: 2,
    keySources: 0,
  };
}

export interface Training {
  readonly program: ProgramHandle;
  readonly weights: DeviceBuffer;
  /** A separate call of a job: gradient 1 everywhere, lr 1, one run on all threads unless it says otherwise. */
  call(more?: Partial<JobCall>): JobCall & { readonly outputs: readonly [Float32Array, Float32Array] };
}

/** A program of {@link stepGraph} whose weights are 0. */
export function createTraining(factory: ProgramFactory, { n = 5, size = 8 } = {}): Training {
  const weights = factory.createBuffer('float32', n);
  const program = factory.createProgram(stepGraph(n, size), [weights, factory.createBuffer('float32', size * size)]);
  return {
    program,
    weights,
    call: (more) => ({
      inputs: [new Float32Array(n).fill(1)],
      dynamicScalars: Float64Array.of(1, 0),
      keys: new Uint32Array(0),
      times: 1,
      isWanted: true,
      counter: null,
      threads: availableParallelism(),
      priority: 'normal',
      sequence: null,
      ...more,
      outputs: [new Float32Array(1), new Float32Array(n)],
    }),
  };
}

export function contents(buffer: DeviceBuffer): number[] {
  const host = buffer.dtype === 'int32' ? new Int32Array(buffer.length) : new Float32Array(buffer.length);
  buffer.copyOut(host);
  return [...host];
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits for what a job of another thread is to do. */
export async function until(what: () => boolean): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!what()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await sleep(1);
  }
}
