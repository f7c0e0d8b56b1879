/** What the rest of a service feels and does: Node's calls off the event loop, and requests. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const pauseMs = 5;
const thisFile = fileURLToPath(import.meta.url);
const [lookUp, random, run] = [promisify(lookup), promisify(randomBytes), promisify(execFile)];

/** Each takes a thread of libuv's pool. */
const calls = {
  'fs.readFile': () => readFile(thisFile),
  'dns.lookup': () => lookUp('localhost'),
  'crypto.randomBytes': () => random(1024),
} as const;

export type CallName = keyof typeof calls;
export const callNames = Object.keys(calls) as CallName[];
export type CallTimes = Record<CallName, number[]>;
export const noTimes = (): CallTimes => ({ 'fs.readFile': [], 'dns.lookup': [], 'crypto.randomBytes': [] });

/** Milliseconds of calls, made one after the other, each in its turn. */
export async function timeCalls(milliseconds: number): Promise<CallTimes> {
  const times = noTimes();
  const end = performance.now() + milliseconds;
  for (let i = 0; performance.now() < end; i++) {
    const name = callNames[i % callNames.length]!;
    const start = performance.now();
    await calls[name]();
    times[name].push(performance.now() - start);
    await sleep(pauseMs);
  }
  return times;
}

export interface Load {
  readonly url: string;
  readonly body: string;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds before what is answered counts, and in which it does. */
  readonly settleMs: number;
  readonly ms: number;
}

export interface Heard {
  readonly latenciesMs: readonly number[];
  /** Answers other than 200, and requests without an answer. */
  readonly failed: number;
}

/** Requests from the process of client.ts. @throws when it ends too early; AbortError when the signal ends it. */
export async function sendRequests({ url, body, rate, settleMs, ms }: Load, signal?: AbortSignal): Promise<Heard> {
  const client = fileURLToPath(new URL('./client.ts', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), client, url, body, ...[rate, settleMs, ms].map(String)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26, ...(signal && { signal }) });
  return JSON.parse(stdout);
}
