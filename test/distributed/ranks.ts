/** Runs ranks of an MPI job as processes, under a hard limit, and looks at what they leave behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childModule } from '../helpers/child.js';

/** A way to start ranks on this machine. */
export interface Launcher {
  readonly name: string;
  command(size: number, program: readonly string[]): string[];
  readonly env: Readonly<Record<string, string>>;
}

const openMpi: Launcher = {
  name: 'Open MPI',
  // As root, as tests run in containers; more ranks than cores; all cores for every rank.
  command: (size, program) => [
    'mpirun.openmpi',
    ...['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-np', `${size}`],
    ...program,
  ],
  env: { OMPI_MCA_mpi_yield_when_idle: '1' },
};

const mpich: Launcher = {
  name: 'MPICH',
  command: (size, program) => ['mpiexec.mpich', '-n', `${size}`, ...program],
  env: {},
};

function isInstalled({ command }: Launcher): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command(1, [])[0]}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Those that this machine has, Open MPI first. */
export const launchers: readonly Launcher[] = [openMpi, mpich].filter(isInstalled);

export interface JobResult {
  /** The launcher's exit code, or the signal that ended it; null when it had to be killed. */
  readonly end: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What ranks handed to `report`, of each rank in its order. */
  readonly reported: unknown[];
  /** Processes of the job that were still there a moment after the launcher, by their command lines. They have been killed. */
  readonly left: string[];
}

/** Processes whose command line names the file, without this one. */
function processesOf(file: string): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const isZombie = /^State:\s*Z/m.test(readFileSync(`/proc/${entry}/status`, 'utf8'));
      return command.includes(file) && !isZombie ? [{ pid: Number(entry), command }] : [];
    } catch {
      return []; // it has ended
    }
  });
}

function killAll(file: string): string[] {
  const found = processesOf(file);
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
  return found.map(({ command }) => command);
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export interface JobOptions {
  /** Seconds after which all of it is killed. Default 60: the machine may be busy. */
  readonly limit?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Called for each line of stdout, with the launcher's process. */
  readonly onLine?: (line: string, launcher: ChildProcess) => void;
}

/**
 * Runs `code` on `size` ranks: a module body with `report(value)`, `src(path)` and `group`, the process group of the rank. The job is
 * killed after the limit.
 */
export async function runRanks(
  { command, env }: Launcher,
  size: number,
  code: string,
  { limit = 60, env: more = {}, onLine = () => {} }: JobOptions = {},
): Promise<JobResult> {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-ranks-'));
  const file = join(folder, 'rank.mjs');
  // Lines of several ranks on one stdout get mixed up.
  const append = `(line) => process.getBuiltinModule('node:fs').appendFileSync(${JSON.stringify(join(folder, 'report-'))} + process.pid, line + '\\n')`;
  writeFileSync(file, childModule(code, append));
  const [program, ...args] = command(size, [process.execPath, file]);
  const inherited = { ...process.env };
  for (const name of ['LANEWISE_BACKEND', 'NODE_OPTIONS']) delete inherited[name];
  const child = spawn(program!, args, {
    env: { ...inherited, LANEWISE_NUM_THREADS: '1', ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a separate process group, for Ctrl-C
  });
  let [stdout, stderr, line] = ['', '', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const lines = (line + text).split('\n');
    line = lines.pop()!;
    for (const each of lines) onLine(each, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killAll(file);
  }, limit * 1000);
  const end = await new Promise<number | string | null>((resolve) => {
    child.on('close', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  clearTimeout(timer);
  for (let wait = 0; wait < 40 && processesOf(file).length > 0; wait++) await sleep(100);
  const left = killAll(file);
  const lines = readdirSync(folder).flatMap((name) =>
    name.startsWith('report-') ? readFileSync(join(folder, name), 'utf8').split('\n') : [],
  );
  rmSync(folder, { recursive: true, force: true });
  const reported = lines.flatMap((text) => (text === '' ? [] : [JSON.parse(text)]));
  return { end: isLate ? null : end, stdout, stderr, reported, left };
}

/** Shared memory that Open MPI has left. */
export const sharedMemory = (): string[] =>
  existsSync('/dev/shm') ? readdirSync('/dev/shm').filter((name) => /vader|mpich/.test(name)) : [];
