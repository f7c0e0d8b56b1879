/** Which rows of several runs are the same thing measured again, and whether the runs can be compared at all. */
import { isNative, reference } from '../contenders/contenders.js';
import type { BenchDocument, Row } from '../report/document.js';

/** One row in every run. */
export interface Matched {
  /** As a person would name it: `gemm 512x512x512 nn, native avx2, 1 thread`. */
  readonly name: string;
  /** Whether it measures lanewise, and not one of its peers. */
  readonly own: boolean;
  /** In the runs before the change, and in the one after it. */
  readonly before: readonly Row[];
  readonly after: Row;
}

export interface Matching {
  readonly rows: readonly Matched[];
  /** Names of rows that some runs lack: those of all runs before, and the one after. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

export function rowName({ case: name, shape, batch, optimizer, contender, isa, threads, point }: Row): string {
  const what = [name, point === null ? shape : point.value].filter((part) => part !== null).join(' ');
  const who = isa === null ? contender : `${contender} ${isa}`;
  const size = batch === null || point?.name === 'batch' ? null : `batch ${batch}`;
  return [what, size, optimizer, who, threads === 1 ? '1 thread' : `${threads} threads`]
    .filter((part) => part !== null)
    .join(', ');
}

const isOwn = ({ contender }: Row) => isNative(contender) || contender === reference;

/** @param before the run before the change and those that repeat it, at least one. */
export function matchRows(before: readonly BenchDocument[], after: BenchDocument): Matching {
  const named = ({ rows }: BenchDocument) => new Map(rows.map((row) => [rowName(row), row]));
  const [first, ...others] = before.map(named);
  const last = named(after);
  const rows: Matched[] = [];
  const onlyBefore: string[] = [];
  for (const [name, row] of first ?? []) {
    const again = others.map((run) => run.get(name)).filter((found) => found !== undefined);
    const found = last.get(name);
    if (found === undefined || again.length < others.length) onlyBefore.push(name);
    else rows.push({ name, own: isOwn(row), before: [row, ...again], after: found });
  }
  return { rows, onlyBefore, onlyAfter: [...last.keys()].filter((name) => !first?.has(name)) };
}

/** Why times of these runs say nothing about each other, in sentences; none when they do. */
export function differences(first: BenchDocument, other: BenchDocument): string[] {
  const sides: [string, (document: BenchDocument) => string | number][] = [
    ['processors', ({ machine }) => machine.cpu],
    ['numbers of processors', ({ machine }) => `${machine.allowedCpus} of ${machine.logicalCpus}`],
    ['instruction sets', ({ machine }) => machine.isas.join(', ')],
    ['numbers of threads', ({ machine }) => machine.threads],
    ['platforms', ({ machine }) => machine.platform],
    ['lengths of turns', ({ run }) => (run.quick ? 'those of --quick' : 'full')],
  ];
  return sides
    .map(([what, of]) => [what, of(first), of(other)] as const)
    .filter(([, a, b]) => a !== b)
    .map(([what, a, b]) => `different ${what}: ${a} and ${b}`);
}

/** What else is not the same, and may explain a difference. */
export function remarks(before: BenchDocument, after: BenchDocument): string[] {
  const found: string[] = [];
  const note = (what: string, a: string, b: string) => {
    if (a !== b) found.push(`${what} ${a} before, ${b} after`);
  };
  note('node', before.machine.node, after.machine.node);
  for (const { id, isa, versions } of after.contenders) {
    const same = before.contenders.find((other) => other.id === id && other.isa === isa);
    for (const [name, version] of Object.entries(versions))
      if (name !== 'node' && same?.versions[name] !== undefined) note(`${id}: ${name}`, same.versions[name], version);
  }
  return found;
}
