/**
 * A client in a process of its own, told by its parent when to ask: requests leave at fixed times whether or not the ones
 * before have been answered, and latencies count from those times, so that a server that stands still cannot hide it.
 */
import { Agent, request } from 'node:http';

export interface Ask {
  readonly url: string;
  readonly body: string;
  /** Requests a second. */
  readonly rate: number;
}

export interface Heard {
  readonly latenciesMs: readonly number[];
  /** Answers other than 200, and requests without an answer. */
  readonly failed: number;
}

const agent = new Agent({ keepAlive: true });
let latenciesMs: number[] = [];
let failed = 0;
let pending: Promise<void>[] = [];
let timer: NodeJS.Timeout | null = null;

function send({ url, body }: Ask, dueAt: number): Promise<void> {
  return new Promise((resolve) => {
    const fail = () => {
      failed++;
      resolve();
    };
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('error', fail);
      response.on('end', () => {
        if (response.statusCode !== 200) return fail();
        latenciesMs.push(performance.now() - dueAt);
        resolve();
      });
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

function start(ask: Ask): void {
  const period = 1000 / ask.rate;
  let dueAt = performance.now() + period;
  const next = () => {
    for (; dueAt <= performance.now(); dueAt += period) pending.push(send(ask, dueAt));
    timer = setTimeout(next, dueAt - performance.now());
  };
  timer = setTimeout(next, period);
}

async function stop(): Promise<Heard> {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  await Promise.all(pending);
  const heard = { latenciesMs, failed };
  [latenciesMs, failed, pending] = [[], 0, []];
  return heard;
}

process.on('message', async (message: Ask | 'stop') => {
  if (message === 'stop') process.send?.(await stop());
  else start(message);
});
process.on('disconnect', () => process.exit());
