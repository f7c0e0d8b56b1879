/** On what the figures were made. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Field } from '../runner/field.js';
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

export const describeContenders = ({ processes }: Field): BenchDocument['contenders'] =>
  processes.map(({ contender, description }) => {
    const { isa, versions, threads, threadSource, notes } = description!;
    const what = { versions: { ...versions }, threads, threadSource, notes: [...notes] };
    return { id: contender.id, isa: contender.isa ?? isa, ...what };
  });

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
