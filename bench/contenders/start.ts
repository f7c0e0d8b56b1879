/**
 * Node processes that start and end, with nothing to do and importing the built library. Both are ES modules, so that the
 * difference is the library's and not that of the module loader.
 */
import { spawnSync } from 'node:child_process';
import { withImport } from './contenders.js';
import { libraryUrl } from './library.js';
import type { Served } from './serve.js';

export function start(id: string): Served {
  const source = id === withImport ? `import ${JSON.stringify(libraryUrl)};` : '';
  const once = () => {
    const { status, error, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source]);
    if (status !== 0) throw error ?? new Error(`node ended with status ${status}: ${stderr}`);
  };
  const threads = { threads: 1, threadSource: 'one process' };
  return {
    description: { versions: { node: process.versions.node }, isa: null, ...threads, notes: [] },
    programs: { start: () => once },
  };
}
