/** Runs a scenario in a separate process and tells how it ended. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { loadAddon } from '../../src/ops/load.js';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Lines of standard output. */
  readonly lines: readonly string[];
  readonly stderr: string;
  /** Milliseconds from the line `running`, or from the signal, to the end. */
  readonly took: number;
}

/** Milliseconds after which a process that does not end is killed: less than a test has. */
const usualPatience = process.env.LANEWISE_SANITIZER ? 500_000 : 50_000;

export interface Scenarios {
  /** Runs one; with `signal`, sends it that when it says `running`. */
  run(
    name: string,
    options?: { readonly signal?: NodeJS.Signals; readonly argument?: string; readonly patience?: number },
  ): Promise<Ending>;
  remove(): void;
}

/** Bundles the scenarios, so that each process starts without a compiler. */
export async function bundleScenarios(): Promise<Scenarios> {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-hazards-'));
  const script = join(folder, 'scenarios.mjs');
  const entry = fileURLToPath(new URL('scenarios.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  const addon = loadAddon().path;
  if (addon === null) throw new Error('the addon is missing: npm run build');
  const env = { ...process.env, LANEWISE_ADDON: addon };
  return {
    run: (name, { signal, argument = '', patience = usualPatience } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [script, name, argument], {
          ...{ env, timeout: patience, killSignal: 'SIGKILL' as const },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let [stdout, stderr, since] = ['', '', Date.now()];
        let signalled = false;
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          stdout += text;
          if (signalled || !/^running$/m.test(stdout)) return;
          signalled = true;
          since = Date.now();
          if (signal !== undefined) child.kill(signal);
        });
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
        });
        child.once('error', reject).once('close', (code, endedBy) => {
          const lines = stdout.split('\n').filter((line) => line !== '');
          resolve({ code, signal: endedBy, lines, stderr, took: Date.now() - since });
        });
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
