/**
 * What the runner and a contender say to each other: one JSON object a line, requests on the contender's stdin,
 * answers on its stdout, in order. A contender computes only between a request and its answer, and ends when its stdin
 * does.
 */
import type { Figure, Params } from './case.js';

export type Request =
  /** Who are you? Answered once everything is loaded. */
  | { readonly do: 'describe' }
  /** Allocate what this workload needs, in the place of the workload before. Other languages go by `program`. */
  | { readonly do: 'prepare'; readonly case: string; readonly program: string; readonly params: Params }
  /** Run it for about so long, twice at least unless it is very slow, and settle how many iterations make a sample. */
  | { readonly do: 'warmUp'; readonly threads: number; readonly ms: number }
  /** Run it for about so long, one sample at least. */
  | { readonly do: 'run'; readonly threads: number; readonly ms: number }
  /** Measure what a study measures, its long part for about so many seconds. */
  | { readonly do: 'study'; readonly case: string; readonly params: Params; readonly seconds: number }
  /** Measure the FMA peak of the instruction set that you run on. Only contenders that can are asked. */
  | { readonly do: 'peak'; readonly threads: number; readonly ms: number };

export interface Description {
  /** Names and versions for the header: `{ torch: '2.13.0' }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** The instruction set that it computes with, null when it does not say. */
  readonly isa: string | null;
  /** Threads that it uses by itself, and why. */
  readonly threads: number;
  readonly threadSource: string;
  /** Settings that it runs with, and what else a reader should know, in sentences. */
  readonly notes?: readonly string[];
  /** The programs of cases that it has code for; not there when it has all. */
  readonly programs?: readonly string[];
  /** Backends that could be contenders too; lanewise's own only. */
  readonly backends: readonly string[];
}

export interface Answers {
  readonly describe: Description;
  readonly prepare: Record<string, never>;
  /** The second one is of the fastest iteration. */
  readonly warmUp: { readonly iterationsPerSample: number; readonly iterationMs: number };
  /** Milliseconds an iteration, each the mean over `iterationsPerSample` of them. */
  readonly run: { readonly samplesMs: readonly number[] };
  readonly study: { readonly figures: readonly Figure[] };
  readonly peak: { readonly gflops: number };
}

export type Answer<Kind extends Request['do']> = { readonly ok: Answers[Kind] } | { readonly error: string };
