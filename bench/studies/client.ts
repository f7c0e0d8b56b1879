/**
 * The process that loads a server: `client.ts URL BODY RATE SETTLE_MS MS` prints what was answered in MS milliseconds, after
 * the first ones in which connections are made and code is compiled.
 * One autocannon with a rate sends the requests of each second in a burst. Here it is as many of them as there are requests
 * a second; each has one connection, sends one request a second, and starts its share of a second later, so that requests
 * leave at even distances whether or not the ones before have been answered.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';

const [url = '', body = '', rate, settleMs, ms] = process.argv.slice(2);
const begin = performance.now() + Number(settleMs);
const latenciesMs: number[] = [];
/** Answers other than 200, and requests without an answer. */
let failed = 0;

function start(): void {
  const shape = { connections: 1, overallRate: 1, ignoreCoordinatedOmission: true, duration: 86_400 } as const;
  const headers = { 'content-type': 'application/json' };
  const instance = autocannon({ url, body, method: 'POST', headers, ...shape }, () => undefined);
  const count = (status: number, latencyMs: number) => {
    if (performance.now() < begin) return;
    if (status === 200) latenciesMs.push(latencyMs);
    else failed++;
  };
  instance.on('response', (_client, status, _bytes, latencyMs) => count(status, latencyMs));
  instance.on('reqError', () => count(0, 0));
}

for (let i = 0; i < Number(rate); i++) {
  start();
  await sleep(1000 / Number(rate));
}
await sleep(begin + Number(ms) - performance.now());
process.stdout.write(JSON.stringify({ latenciesMs, failed }), () => process.exit());
