/** Runs jobs, and measures how long all of their processes take to end after something has happened. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Launcher } from './launchers.js';

const program = fileURLToPath(new URL('rank.mjs', import.meta.url));

export interface Ending {
  /** The launcher's exit code, or the signal that ended it; null when all had to be killed. */
  readonly end: number | string | null;
  /** Seconds from the event to the end of the launcher, and to that of the last rank. */
  readonly launcher: number;
  readonly ranks: number;
  readonly stderr: string;
  /** How many processes had to be killed. */
  readonly left: number;
}

let jobs = 0;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Processes with that argument, zombies aside. */
function processesOf(mark: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const isJob = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').includes(mark);
      return isJob && !/^State:\s*Z/m.test(readFileSync(`/proc/${entry}/status`, 'utf8')) ? [Number(entry)] : [];
    } catch {
      return []; // it has ended
    }
  });
}

const isRank = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`${process.execPath}\0`);
  } catch {
    return false;
  }
};

/**
 * Runs a job of rank.mjs on two ranks.
 * @param act happens when rank 1 is at step 20; what the rank itself does happens then too.
 * @param limit seconds after which all is killed
 */
export async function runJob(
  { command, env }: Launcher,
  what: string,
  timeout: number,
  limit: number,
  act: (launcher: ChildProcess) => void = () => {},
): Promise<Ending> {
  const mark = `--job-${process.pid}-${jobs++}`;
  const [file, ...args] = command(2, [process.execPath, program, what, `${timeout}`, mark]);
  const options = { env: { ...process.env, LANEWISE_NUM_THREADS: '1', ...env }, detached: true } as const;
  const child = spawn(file!, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stderr, event, launcherEnd] = ['', Number.NaN, Number.NaN];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!text.includes('step 20') || !Number.isNaN(event)) return;
    event = performance.now() + (what in ownDelay ? 100 : 0);
    act(child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let end: number | string | null = null;
  child.on('exit', (code, signal) => {
    launcherEnd = performance.now();
    end = code ?? signal;
  });
  const deadline = performance.now() + limit * 1000;
  const ranks = (): number[] => processesOf(mark).filter(isRank);
  while (Number.isNaN(launcherEnd) && performance.now() < deadline) await sleep(10);
  // Without their launcher ranks have a moment.
  const last = Math.max(performance.now(), Number.isNaN(event) ? 0 : event) + 1000 * (timeout + 5);
  while (ranks().length > 0 && performance.now() < last) await sleep(10);
  const ranksEnd = performance.now();
  const left = processesOf(mark);
  for (const pid of left) process.kill(pid, 'SIGKILL');
  const isLate = Number.isNaN(launcherEnd);
  while (Number.isNaN(launcherEnd) && performance.now() < deadline + 20_000) await sleep(10);
  const since = (time: number): number => (time - event) / 1000;
  return { end: isLate ? null : end, launcher: since(launcherEnd), ranks: since(ranksEnd), stderr, left: left.length };
}

/** What ranks do by themselves, a tenth of a second after they said so. */
export const ownDelay: Readonly<Record<string, string>> = {
  'kill -9': 'rank 1 is killed',
  SIGSEGV: 'rank 1 has a memory error',
  SIGTERM: 'rank 1 is asked to end',
  throw: 'rank 1 throws',
  'exit(0)': 'rank 1 exits with code 0',
  SIGSTOP: 'rank 1 is stopped',
  'an endless loop': 'rank 1 is in an endless loop',
};
