/** Builds what is preloaded into a child process (native/test/preload). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the preloaded library tells JavaScript. */
export interface Faults {
  /** Counts the allocations of the loaded library of that path from here on; false when it is not loaded. */
  watch(path: string): boolean;
  /** Lets the n-th allocation from here, counted from 1, fail, and all later ones if it goes on; 0: none fails. */
  arm(nth: number, goesOn: boolean): void;
  /** Allocations since then. */
  asked(): number;
  /** How many of them failed. */
  failed(): number;
  /** Allocations that have not been given back. */
  live(): number;
}

/** Why nothing can be preloaded here, or null. */
export function whyNoPreload(): string | null {
  if (process.platform !== 'linux') return 'needs LD_PRELOAD, that is Linux';
  if (process.env.LANEWISE_SANITIZER) return 'a sanitizer has its own operator new';
  return spawnSync('g++', ['--version']).error === undefined ? null : 'needs g++';
}

/** Builds one in a temporary folder. Returns the path, to be preloaded; `fault_allocations` also to be required. */
export function buildPreload(name: 'fault_allocations' | 'no_external_buffers'): string {
  const out = join(mkdtempSync(join(tmpdir(), 'lanewise-')), `${name}.node`);
  const headers = join(root, 'node_modules/node-api-headers/include');
  const source = join(root, `native/test/preload/${name}.cc`);
  const flags = ['-std=c++20', '-O1', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-I', headers];
  const { status, stderr } = spawnSync('g++', [...flags, source, '-o', out], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return out;
}
