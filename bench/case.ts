/** What a case is, and how the cases of bench/cases are found and chosen. */
import { readdir } from 'node:fs/promises';
import type { Library } from './contenders/library.js';

/** Anything that survives JSON: parameters travel to the contender's process. */
export type Params = Readonly<Record<string, string | number | boolean>>;

/** One thing to time: what is the same for every contender. */
export interface Workload {
  /** Sizes, as the table shows them; null when there are none. */
  readonly shape: string | null;
  readonly batch: number | null;
  readonly optimizer: string | null;
  /** Floating-point operations of one iteration, a multiply-add counting two; null when they are not what limits it. */
  readonly flops: number | null;
  /** `each`: once on one thread and once on all. `one`: on one thread only. */
  readonly threads: 'one' | 'each';
  /** Whether `--quick` keeps it. */
  readonly quick: boolean;
  readonly params: Params;
}

/** What a Node contender is to the code of a case. */
export interface NodeContender {
  readonly id: string;
  /** The built library, on the contender's backend. Throws in a contender that is to run without it. */
  library(): Library;
}

/** `compute`: backends and frameworks. `start`: Node bare and with the library, as processes that start and end. */
export type ContenderGroup = 'compute' | 'start';

/** A file of bench/cases. Other languages find their own code for it under the same name. */
export interface Case {
  readonly name: string;
  readonly contenders: ContenderGroup;
  readonly workloads: readonly Workload[];
  /** Allocates everything, and returns one iteration. Runs in the process of a Node contender. */
  prepare(params: Params, contender: NodeContender): () => void;
}

/** A workload and the case that it belongs to. */
export interface Entry {
  readonly case: Case;
  readonly workload: Workload;
}

const folder = new URL('./cases/', import.meta.url);

/** Every case of bench/cases, in the order of their file names. */
export async function loadCases(): Promise<Case[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort();
  return Promise.all(
    files.map(async (file) => ((await import(new URL(file, folder).href)) as { readonly default: Case }).default),
  );
}

/** What `--filter` looks in: `gemm/128x256x784 nt/batch 128`. */
export function entryId({ case: { name }, workload: { shape, batch, optimizer } }: Entry): string {
  return [name, shape, batch === null ? null : `batch ${batch}`, optimizer].filter((part) => part !== null).join('/');
}

/** The workloads whose id contains the text; with `quick` only those marked so. */
export function selectEntries(cases: readonly Case[], filter: string, quick: boolean): Entry[] {
  return cases
    .flatMap((of) => of.workloads.map((workload) => ({ case: of, workload })))
    .filter((entry) => (entry.workload.quick || !quick) && entryId(entry).includes(filter));
}

/** A number among the parameters. */
export function numberOf(params: Params, name: string): number {
  const value = params[name];
  if (typeof value !== 'number') throw new TypeError(`parameter ${name}: expected a number, got ${value}`);
  return value;
}
