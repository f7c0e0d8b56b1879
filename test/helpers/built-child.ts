/** Runs code in a separate Node process that imports the built package by its name, as a user's program does. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { root } from './built.js';

const run = promisify(execFile);

/** What `code`, a module body, hands to `report(value)`. @throws when the process ends with another code than 0, or a signal. */
export async function runBuilt(code: string): Promise<{ reported: unknown; stderr: string }> {
  const prelude = 'const report = (value) => console.log(JSON.stringify(value));\n';
  const args = ['--input-type=module', '--eval', prelude + code];
  const { stdout, stderr } = await run(process.execPath, args, { cwd: root, maxBuffer: 2 ** 24, timeout: 170_000 });
  return { reported: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}
