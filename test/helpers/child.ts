/** Runs TypeScript in a Node of its own, for what a process does once: environment variables, warnings, loading. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url);

export interface ChildResult {
  /** What the code handed to `report`. */
  readonly reported: unknown;
  readonly stderr: string;
}

/**
 * Runs `code`, a module body in which `report(value)` hands a value back and `src('ops/backend.ts')` imports a file of
 * src. The LANEWISE variables of this process are not passed on, but for LANEWISE_ADDON, which may point to an addon built
 * with sanitizers.
 */
export async function runChild(code: string, env: Readonly<Record<string, string>> = {}): Promise<ChildResult> {
  const inherited = { ...process.env };
  for (const name of ['LANEWISE_BACKEND', 'LANEWISE_NUM_THREADS', 'NODE_OPTIONS']) delete inherited[name];
  const prelude = `const src = (path) => import(${JSON.stringify(String(new URL('src/', root)))} + path);
    const report = (value) => console.log(JSON.stringify(value));\n`;
  const options = { cwd: root, env: { ...inherited, ...env }, maxBuffer: 2 ** 24 };
  const args = ['--import', 'tsx', '--input-type=module', '--eval', prelude + code];
  const { stdout, stderr } = await run(process.execPath, args, options);
  return { reported: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}
