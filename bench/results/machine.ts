/** On what the figures were made. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Entry, programOf } from '../case.js';
import type { Field } from '../runner/field.js';
import { lacksCode } from '../runner/schedule.js';
import type { BenchDocument, Machine } from './document.js';

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
export function describeContenders({ processes }: Field, entries: readonly Entry[]): BenchDocument['contenders'] {
  return processes.map((process) => {
    const { versions, isa, threads, threadSource, notes = [] } = process.description!;
    const lacking = new Set(entries.filter((entry) => lacksCode(process, entry)).map(programOf));
    const all = lacking.size === 0 ? [...notes] : [...notes, `has no code for ${[...lacking].join(', ')}`];
    const { id, isa: told } = process.contender;
    return { id, isa: told ?? isa, versions: { ...versions }, threads, threadSource, notes: all };
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
