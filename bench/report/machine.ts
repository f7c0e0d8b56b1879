/** On what the figures were made. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Entry, programOf } from '../case.js';
import type { Field } from '../measure/field.js';
import { takesPart } from '../measure/schedule.js';
import type { ContenderInfo, Machine } from './document.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

export function describeMachine({ allThreads, threadSource, isas }: Field): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    logicalCpus: processors.length,
    allowedCpus: availableParallelism(),
    isas,
    threads: allThreads,
    threadSource,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    lanewise: lanewiseVersion(),
  };
}

/** With a note on the cases of this run that a contender has no code for. */
export function describeContenders({ processes, descriptions }: Field, entries: readonly Entry[]): ContenderInfo[] {
  return processes.flatMap(({ contender, programs }) => {
    const description = descriptions.get(contender);
    if (description === undefined) return [];
    const { versions, isa, threads, threadSource, notes = [] } = description;
    const lacking = entries.filter(
      (entry) => takesPart(contender, entry) && !(programs?.includes(programOf(entry)) ?? true),
    );
    const cases = [...new Set(lacking.map(({ case: of, workload }) => workload.program ?? of.name))];
    const all = cases.length === 0 ? notes : [...notes, `has no code for ${cases.join(', ')}`];
    return [{ id: contender.id, isa: contender.isa ?? isa, versions, threads, threadSource, notes: all }];
  });
}

/** Version of package.json and commit of the checkout, and whether that has changes. */
function lanewiseVersion(): Machine['lanewise'] {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { readonly version: string };
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const commit = git('rev-parse', '--short', 'HEAD');
    return { version, commit, changed: git('status', '--porcelain', '--', 'src', 'native', 'bench') !== '' };
  } catch {
    return { version, commit: null, changed: false };
  }
}
