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
  /** `each`: once on one thread and once on all. `every`: on each number from one to all. */
  readonly threads: 'one' | 'all' | 'each' | 'every';
  /** The place in a sweep: `{ name: 'depth', value: 4 }`. A sweep over threads takes it from the number of threads. */
  readonly point: { readonly name: string; readonly value: number } | null;
  /** The code of other languages that it runs; null for that of the case's name. */
  readonly program: string | null;
  /** Whether `--quick` keeps it. */
  readonly quick: boolean;
  readonly params: Params;
}

const plain = { shape: null, batch: null, optimizer: null, flops: null, threads: 'one', point: null, program: null };

/** A workload that says only what is its own. */
export const workload = (own: Partial<Workload>): Workload =>
  ({ ...plain, quick: false, params: {}, ...own }) as Workload;

/** One number that a study finds out; the unit is printed behind it: `x`, ` %`, ` ms`. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

export const figure = (what: string, value: number, unit = ''): Figure => ({ what, value, unit });

/** What a Node contender is to the code of a case. */
export interface NodeContender {
  readonly id: string;
  /** Whether it hands to `compile` what it can: steps, not single ops. */
  readonly compiles: boolean;
  /** The built library, on the contender's backend. Throws in a contender that runs without it. */
  library(): Library;
}

interface CaseBase {
  readonly name: string;
  readonly workloads: readonly Workload[];
}

/** Times one thing for every contender of its group: backends and frameworks, or Node processes that start and end. */
export interface TimedCase extends CaseBase {
  readonly contenders: 'compute' | 'start';
  /** Whether there is something to compile, so that contenders that compile take part. */
  readonly compiles?: boolean;
  /** Only these contenders take part. */
  readonly only?: readonly string[];
  /** Allocates everything, and returns one iteration. Runs in the process of a Node contender. */
  prepare(params: Params, contender: NodeContender): () => void;
}

/** Finds out several figures in its own way, in one process of lanewise. */
export interface Study extends CaseBase {
  readonly contenders: 'study';
  /** @param seconds how long the long part of it takes. */
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

/** The name under which other languages have the code of a workload. */
export const programOf = (entry: Entry): string => entry.workload.program ?? entry.case.name;

const folder = new URL('./cases/', import.meta.url);

/** Every case of bench/cases, in the order of their file names. */
export async function loadCases(): Promise<Case[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort();
  const modules = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
  return modules.flatMap((module: { readonly default: Case | readonly Case[] }) => module.default);
}

/** What `--filter` looks in: `gemm/128x256x784 nt/batch 128`. */
export function entryId({ case: { name }, workload: { shape, batch, optimizer } }: Entry): string {
  return [name, shape, batch === null ? null : `batch ${batch}`, optimizer].filter((part) => part !== null).join('/');
}

/** The workloads whose id contains the text; with `quick` only those marked so. */
export function selectEntries(cases: readonly Case[], filter: string, quick: boolean): Entry[] {
  return cases
    .flatMap((of) => of.workloads.map((each) => ({ case: of, workload: each })))
    .filter((entry) => (entry.workload.quick || !quick) && entryId(entry).includes(filter));
}

/** A number among the parameters. */
export function numberOf(params: Params, name: string): number {
  const value = params[name];
  if (typeof value !== 'number') throw new TypeError(`parameter ${name}: expected a number, got ${value}`);
  return value;
}
