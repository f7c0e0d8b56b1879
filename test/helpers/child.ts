/** Runs code in a separate Node, for what a process does once: environment variables, warnings, loading. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { root } from './built.js';

const run = promisify(execFile);

/** The files of src that a child may import, by the names of their bundles. */
const entries = {
  'index.ts': 'index',
  'distributed/open-group.ts': 'open-group',
  'ops/backend.ts': 'backend',
  'ops/load.ts': 'load',
} as const;

let bundles: Promise<string> | undefined;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Compiles src once for all children of a test file: a compiler in each of them takes longer than most of what they do.
 * As far below the root as dist/lib, since the addon is looked for from there.
 */
async function bundle(): Promise<string> {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const folder = mkdtempSync(join(root, 'dist', 'child-'));
  folders.push(folder);
  await build({
    entryPoints: Object.entries(entries).map(([path, out]) => ({ in: join(root, 'src', path), out })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
  });
  return folder;
}

/** `code`, a module body, with `report` and `src` in front of it; see {@link runChild}. @param report how a value is handed back. */
export async function childModule(code: string, report = 'console.log'): Promise<string> {
  const folder = await (bundles ??= bundle());
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
  const { stdout, stderr } = await run(
    process.execPath,
    ['--input-type=module', '--eval', await childModule(code)],
    options,
  );
  return { reported: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}
