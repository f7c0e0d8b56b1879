/** The head of the output: on what, and with what, the figures were made. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Description } from '../protocol.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param contenders the description of each contender, by id. @param threads what "all threads" means in this run. */
export function describeMachine(contenders: ReadonlyMap<string, Description>, threads: number, source: string): string {
  const processors = cpus();
  const lines = [
    `CPU       ${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} logical`,
    `threads   ${threads === 1 ? '1' : `1 and ${threads}`} (${source})`,
    `node      ${process.versions.node} on ${process.platform} ${process.arch}`,
    `lanewise  ${lanewiseVersion()}`,
  ];
  for (const [id, { versions, isa, threads: own }] of contenders) {
    if (!('torch' in versions)) continue;
    const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    lines.push(`${id.padEnd(9)} ${parts.join(', ')}, ${isa}; by itself it would use ${own} threads`);
  }
  return lines.join('\n');
}

/** Version of package.json and commit of the checkout; a checkout with changes says so. */
function lanewiseVersion(): string {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { readonly version: string };
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const commit = git('rev-parse', '--short', 'HEAD');
    const changed = git('status', '--porcelain', '--', 'src', 'native', 'bench') !== '';
    return `${version}, commit ${commit}${changed ? ' with changes' : ''}`;
  } catch {
    return `${version}, no git checkout`;
  }
}
