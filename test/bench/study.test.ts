import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ContenderProcess } from '../../bench/measure/contender-process.js';
import { measureStudy } from '../../bench/measure/study.js';
import { Load } from '../../bench/service/load.js';
import { callNames, Probes } from '../../bench/service/probes.js';
import { stepsBetween } from '../../bench/service/training.js';
import { fake, study } from './fixtures.js';

const never = new AbortController().signal;
const started: ContenderProcess[] = [];
const start = (...args: Parameters<typeof fake>) => {
  const process = new ContenderProcess(fake(...args));
  started.push(process);
  return process;
};
afterEach(() => {
  for (const process of started.splice(0)) process.kill();
});

describe('measureStudy', () => {
  it('asks the process of studies', async () => {
    const processes = [start('a'), start('b', 'works', { group: 'study' })];
    const { findings, failures } = await measureStudy(study(), processes, 7, never);
    expect(findings).toEqual([{ case: 'fake', what: 'b', value: 7, unit: ' s', target: null, bound: null }]);
    expect(failures).toEqual([]);
  });

  it('says why there is nothing', async () => {
    expect(await measureStudy(study(), [start('a')], 1, never)).toEqual({ findings: [], failures: [] });
    const broken = [start('b', 'refuses', { group: 'study' })];
    expect(await measureStudy(study(), broken, 1, never)).toEqual({ findings: [], failures: ['fake: cannot do that'] });
    expect(await measureStudy(study(), broken, 1, AbortSignal.abort())).toEqual({ findings: [], failures: [] });
  });
});

describe('the load', () => {
  it('asks at its rate whatever the answers, and times them from when they were due', async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      request.resume();
      const status = asked++ === 0 ? 500 : 200;
      setTimeout(() => response.writeHead(status).end('{}'), 150);
    }).listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const load = new Load({ url: `http://127.0.0.1:${port}/predict`, body: '{}', rate: 50 });
    try {
      load.start();
      await once(server, 'request');
      await sleep(400);
      const { latenciesMs, failed } = await load.stop();
      expect(failed).toBe(1);
      // One after the other would be three.
      expect(latenciesMs.length).toBeGreaterThan(8);
      expect(Math.min(...latenciesMs)).toBeGreaterThan(145);
      expect(asked).toBe(latenciesMs.length + failed);
      expect(await load.stop()).toEqual({ latenciesMs: [], failed: 0 });
    } finally {
      await load.close();
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
    const { max } = probes.loopDelay;
    expect(max).toBeGreaterThan(50);
    // The time between two runs is no delay.
    await sleep(max + 500);
    await probes.run(20);
    expect(probes.loopDelay.max).toBeLessThan(max + 400);
    expect(probes.loopDelay.p50).toBeLessThan(50);
    for (const name of callNames) expect(probes.p99(name)).toBeGreaterThan(0);
  });
});

describe('stepsBetween', () => {
  const told = [0, 100, 200, 300].map((ms) => ({ ms, steps: ms / 10 }));
  it('counts from the first to the last that was told within', () => {
    expect(stepsBetween(told, 50, 350)).toEqual({ ms: 200, steps: 20 });
    expect(stepsBetween(told, 50, 150)).toEqual({ ms: 0, steps: 0 });
    expect(stepsBetween([], 0, 1)).toEqual({ ms: 0, steps: 0 });
  });
});
