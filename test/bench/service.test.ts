import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Load } from '../../bench/service/load.js';
import { callNames, Probes } from '../../bench/service/probes.js';
import { stepsBetween } from '../../bench/service/training.js';

describe('the load', () => {
  it('asks whatever the answers, counts those that fail, and forgets what came before its beginning', async () => {
    const asked = { before: 0, after: 0 };
    let [phase, open, most]: ['before' | 'after', number, number] = ['before', 0, 0];
    const server = createServer((request, response) => {
      request.resume();
      const status = asked[phase]++ % 2 === 0 ? 500 : 200;
      most = Math.max(most, ++open);
      const answer = () => {
        open--;
        response.writeHead(status).end('{}');
      };
      setTimeout(answer, phase === 'before' ? 0 : 150);
    }).listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const load = new Load(`http://127.0.0.1:${port}/predict`, '{}', 50);
    const several = (which: 'before' | 'after') =>
      vi.waitFor(() => expect(asked[which]).toBeGreaterThan(40), { timeout: 20_000 });
    try {
      await several('before');
      load.begin();
      phase = 'after';
      await several('after');
      const { latenciesMs, failed } = await load.stop();
      expect(latenciesMs.length + failed).toBeLessThan(asked.after + 20);
      expect(Math.min(latenciesMs.length, failed)).toBeGreaterThan(5);
      expect(Math.max(...latenciesMs)).toBeGreaterThan(145);
      // One after the other would be one at a time.
      expect(most).toBeGreaterThan(3);
      await expect(load.stop()).rejects.toThrow('the client of the service ended too early');
    } finally {
      load.close();
      server.close();
    }
  });
});

describe('the probes', () => {
  it('see a loop that stands still, and time every call', async () => {
    const probes = new Probes();
    const end = probes.run(150);
    await sleep(20);
    const until = performance.now() + 60;
    while (performance.now() < until);
    await end;
    const most = probes.loopDelay(100);
    expect(most).toBeGreaterThan(50);
    // The time between two runs is no delay.
    await sleep(most + 500);
    await probes.run(20);
    expect(probes.loopDelay(100)).toBeLessThan(most + 400);
    expect(probes.loopDelay(50)).toBeLessThan(50);
    for (const name of callNames) expect(probes.p99(name)).toBeGreaterThan(0);
  });
});

describe('stepsBetween', () => {
  it('counts from the first to the last that was told within', () => {
    const told = [0, 100, 200, 300].map((ms) => ({ ms, steps: ms / 10 }));
    expect(stepsBetween(told, 50, 350)).toEqual({ ms: 200, steps: 20 });
    expect(stepsBetween(told, 50, 150)).toEqual({ ms: 0, steps: 0 });
    expect(stepsBetween([], 0, 1)).toEqual({ ms: 0, steps: 0 });
  });
});
