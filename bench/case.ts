/** What a case is, and how the cases of bench/cases are found and chosen. */
import { readdir } from 'node:fs/promises';
import type { Library } from './contenders/library.js';
import type { Figure } from './figure.js';

/** Anything that survives JSON: parameters travel to the contender's process. */
export type Params = Readonly<Record<string, string | number | boolean>>;

/** Where a workload stands in a sweep: `{ name: 'depth', value: 4 }`. */
export interface Point {
  readonly name: string;
  readonly value: number;
}

/** One thing to time: what is the same for every contender. */
export interface Workload {
  /** Sizes, as the table shows them; null when there are none. */
  readonly shape: string | null;
  readonly batch: number | null;
  readonly optimizer: string | null;
  /** Floating-point operations of one iteration, a multiply-add counting two; null when they are not what limits it. */
  readonly flops: number | null;
  /** `each`: once on one thread and once on all. `every`: on each number from one to all. */
  readonly threads: 'one' | 'all' | 'each' | 'every';
  /** Set in sweeps; a sweep over threads takes its place from the number of threads. */
  readonly point?: Point;
  /** The code of other languages that it runs, where it is not that of its case. */
  readonly program?: string;
  /** Whether `--quick` keeps it. */
  readonly quick: boolean;
  readonly params: Params;
}

/** What a Node contender is to the code of a case. */
export interface NodeContender {
  readonly id: string;
  /** Whether it is to hand to `compile` what it can: steps, not single ops. */
  readonly compiles: boolean;
  /** The built library, on the contender's backend. Throws in a contender that is to run without it. */
  library(): Library;
}

/**
 * `compute`: backends and frameworks. `start`: Node bare and with the library, as processes that start and end. `study`: one
 * process with the fastest backend, for what only the library itself can answer.
 */
export type ContenderGroup = 'compute' | 'start' | 'study';

interface CaseBase {
  readonly name: string;
  readonly contenders: ContenderGroup;
  readonly workloads: readonly Workload[];
}

/** A file of bench/cases that times one thing for everybody. Other languages find their own code for it by `program`. */
export interface TimedCase extends CaseBase {
  readonly contenders: 'compute' | 'start';
  /** Whether there is something to compile, so that contenders that do take part. */
  readonly compiles?: boolean;
  /** Only these contenders take part. */
  readonly only?: readonly string[];
  /** The code of other languages that this case runs, where it is not that of its own name. */
  readonly program?: string;
  /** Allocates everything, and returns one iteration. Runs in the process of a Node contender. */
  prepare(params: Params, contender: NodeContender): () => void;
}

/** A file of bench/cases that finds out several figures in its own way. */
export interface Study extends CaseBase {
  readonly contenders: 'study';
  /** Runs in a process of its own. `seconds` is how long the long part of it should take. */
  measure(params: Params, contender: NodeContender, seconds: number): Promise<readonly Figure[]>;
  /** About how many seconds all of it takes then. */
  duration(seconds: number): number;
}

export type Case = TimedCase | Study;

/** A workload and the case that it belongs to. */
export interface Entry<Of extends Case = Case> {
  readonly case: Of;
  readonly workload: Workload;
}

export const isStudy = (entry: Entry): entry is Entry<Study> => entry.case.contenders === 'study';
export const isTimed = (entry: Entry): entry is Entry<TimedCase> => !isStudy(entry);

/** The name under which other languages have the code of a workload. */
export const programOf = ({ case: of, workload }: Entry): string =>
  workload.program ?? (('program' in of && of.program) || of.name);

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
