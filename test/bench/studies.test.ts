import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { callNames, sendRequests, timeCalls } from '../../bench/studies/probes.js';
import { delayDuring } from '../../bench/studies/study.js';

it('requests are sent whatever the answers; those that fail are counted, those of the beginning not', async () => {
  let [asked, open, most] = [0, 0, 0];
  const server = createServer((request, response) => {
    request.resume();
    most = Math.max(most, ++open);
    const status = asked++ % 2 === 0 ? 500 : 200;
    setTimeout(() => {
      open--;
      response.writeHead(status).end('{}');
    }, 150);
  }).listen(0);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  const load = { url, body: '{}', rate: 50, settleMs: 1500, ms: 1500 };
  try {
    const { latenciesMs, failed } = await sendRequests(load);
    expect(latenciesMs.length + failed).toBeLessThan(0.8 * asked);
    expect(Math.min(latenciesMs.length, failed)).toBeGreaterThan(10);
    expect(Math.min(...latenciesMs)).toBeGreaterThan(145);
    // One after the other would be one at a time.
    expect(most).toBeGreaterThan(3);
    const early = sendRequests({ ...load, ms: 60_000 }, AbortSignal.timeout(500));
    await expect(early).rejects.toMatchObject({ name: 'AbortError' });
  } finally {
    server.close();
  }
});

it('delays of the event loop are those of a loop that stands still', async () => {
  const blocked = await delayDuring(async () => {
    await sleep(20);
    for (const until = performance.now() + 60; performance.now() < until; );
    await sleep(20);
  });
  expect([blocked.max > 50, blocked.p50 < 50]).toEqual([true, true]);
});

it('calls are timed one after the other', async () => {
  const times = await timeCalls(150);
  for (const name of callNames) expect(Math.min(...times[name])).toBeGreaterThan(0);
});
