/** Runs an example in a separate process, as a user would. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../helpers/built.js';
import { programFile } from '../helpers/program.js';

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Started from its source by tsx, as the documentation says, rather than compiled before. */
  readonly byTsx?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with all that has come out so far, whenever more comes; may send signals. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void;
}

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** What `node` is told to start an example. */
export async function programOf(path: string, byTsx = false): Promise<string[]> {
  if (byTsx) return ['--import', tsx, join(root, 'examples', path)];
  return [path.endsWith('.ts') ? await programFile(`examples/${path}`) : join(root, 'examples', path)];
}

export async function runExample(path: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Run> {
  const program = await programOf(path, options.byTsx);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...program, ...args], {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs an example and presses Ctrl-C, once, when its output matches. */
export function interruptExample(path: string, when: RegExp, args: readonly string[] = []): Promise<Run> {
  let isSent = false;
  return runExample(path, args, {
    onOutput: (stdout, kill) => {
      if (isSent || !when.test(stdout)) return;
      isSent = true;
      kill('SIGINT');
    },
  });
}

/** The number at the end of the last line, `test accuracy: 0.9500`. */
export function accuracyOf({ stdout }: Run): number {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  const match = /^test accuracy: ([01]\.\d{4})$/.exec(last);
  if (match === null) throw new Error(`expected an accuracy as the last line, got '${last}'`);
  return Number(match[1]);
}
