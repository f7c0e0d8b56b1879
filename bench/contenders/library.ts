/**
 * The library as contenders see it: the built package in dist, the one that users get, in one copy a process. Its
 * insides come from the same dist, so that op-level cases and the public API share backends and memory.
 */
import { createRequire } from 'node:module';
import type { Ops } from '../../src/ops/ops.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import type { Expression, ExpressionGraph as PointwiseGraph } from '../../src/pointwise/expression.js';

type Lanewise = typeof import('../../src/index.js');
type Internal = typeof import('../../src/internal.js');

export interface Library {
  /** The public API. */
  readonly lanewise: Lanewise;
  /** The op contract on the contender's backend. */
  readonly ops: Ops;
  /** What the op `pointwise` runs: the result for an element x, of its number-th scalar and key. */
  pointwiseProgram(build: (x: Expression, graph: PointwiseGraph) => Expression): PointwiseProgram;
  /** What runs inside of a compiled function. */
  readonly Program: Internal['Program'];
  /** GFLOP/s that fused multiply-adds of this instruction set reach, at most. */
  fmaPeak(isa: string, threads: number, milliseconds: number): number;
}

const dist = new URL('../../dist/lib/', import.meta.url);

/** Made by bench/install.ts. */
const peakAddon = '../../native/bench/peak/build/Release/peak.node';

/** What a program imports when it imports lanewise. */
export const libraryUrl = new URL('index.js', dist).href;

/** Loads the library and puts it on a backend. */
export async function loadLibrary(backendName: string): Promise<Library> {
  const lanewise: Lanewise = await import(libraryUrl);
  const { emit, getBackend, Graph, Program }: Internal = await import(new URL('internal.js', dist).href);
  lanewise.backend.use(backendName);
  return {
    lanewise,
    ops: getBackend(backendName).ops,
    pointwiseProgram(build) {
      const graph = new Graph();
      return emit([build(graph.input(0), graph)]).program;
    },
    Program,
    fmaPeak: (...args) => createRequire(import.meta.url)(peakAddon).fmaPeak(...args),
  };
}
