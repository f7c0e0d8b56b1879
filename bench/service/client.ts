/**
 * The process that loads the server: `client.ts URL BODY RATE`. What is answered counts from when its parent says `begin`
 * until it says `stop`.
 * One autocannon of a given rate sends the requests of each second in a burst. Here it is as many of them as there are
 * requests a second; each has one connection, sends one request a second, and starts its share of a second later, so that
 * requests leave at even distances whether or not the ones before have been answered.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';

export interface Heard {
  readonly latenciesMs: number[];
  /** Answers other than 200, and requests without an answer. */
  readonly failed: number;
}

const [url = '', body = '', rate = ''] = process.argv.slice(2);
let latenciesMs: number[] = [];
let failed = 0;
let stopped = false;

function start(): void {
  const headers = { 'content-type': 'application/json' };
  const shape = { connections: 1, overallRate: 1, ignoreCoordinatedOmission: true, duration: 86_400 } as const;
  const instance = autocannon({ url, body, method: 'POST', headers, ...shape }, () => undefined);
  instance.on('response', (_client, status, _bytes, responseTime) => {
    if (status === 200) latenciesMs.push(responseTime);
    else failed++;
  });
  instance.on('reqError', () => failed++);
}

process.on('message', (message) => {
  stopped ||= message === 'stop';
  if (stopped) process.send?.({ latenciesMs, failed } satisfies Heard);
  [latenciesMs, failed] = [[], 0];
});
process.on('disconnect', () => process.exit());

for (let i = 0; i < Number(rate) && !stopped; i++) {
  start();
  await sleep(1000 / Number(rate));
}
