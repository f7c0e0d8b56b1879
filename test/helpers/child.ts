/** Runs code in a separate Node, for what a process does once: environment variables, warnings, loading. */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { root } from './built.js';
import { entries } from './child-bundle.js';

const run = promisify(execFile);

/** `code`, a module body, with `report` and `src` in front of it; see {@link runChild}. @param report how a value is handed back. */
export function childModule(code: string, report = 'console.log'): string {
  const folder = inject('childBundle');
  return `const src = (path) => import(${JSON.stringify(`${pathToFileURL(folder)}/`)} + (${JSON.stringify(entries)})[path] + '.js');
    const report = (value) => (${report})(JSON.stringify(value));\n${code}`;
}

export interface ChildResult {
  /** What the code handed to `report`. */
  readonly reported: unknown;
  readonly stderr: string;
}

/**
 * Runs `code`, a module body in which `report(value)` hands a value back and `src('ops/backend.ts')` imports a file of
 * src. The LANEWISE variables of this process are not passed on, but for LANEWISE_ADDON, which may point to an addon built
 * with sanitizers, and LANEWISE_WASM.
 */
export async function runChild(code: string, env: Readonly<Record<string, string>> = {}): Promise<ChildResult> {
  const inherited = { ...process.env };
  for (const name of ['LANEWISE_BACKEND', 'LANEWISE_NUM_THREADS', 'NODE_OPTIONS']) delete inherited[name];
  const options = { cwd: root, env: { ...inherited, ...env }, maxBuffer: 2 ** 24 };
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', childModule(code)], options);
  return { reported: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}
