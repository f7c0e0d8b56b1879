/** How processes and worker threads end while jobs are running: at once, with the right code, and without a crash. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleScenarios, type Scenarios } from './process.js';

let scenarios: Scenarios;
beforeAll(async () => {
  scenarios = await bundleScenarios();
});
afterAll(() => scenarios.remove());

/** Milliseconds: the bound is 200 on a quiet machine without sanitizers; these jobs never end by themselves. */
const atOnce = process.env.LANEWISE_SANITIZER ? 30_000 : 3000;

describe('in mid-training', () => {
  it('process.exit ends the process at once, with its code', async () => {
    const { code, lines, stderr, took } = await scenarios.run('exit');
    expect({ code, lines, stderr }).toEqual({ code: 7, lines: ['running'], stderr: '' });
    expect(took).toBeLessThan(atOnce);
  });

  it.each(['uncaught error', 'unhandled rejection'])('an %s ends the process at once, with code 1', async (name) => {
    const { code, lines, stderr, took } = await scenarios.run(name);
    expect({ code, lines }).toEqual({ code: 1, lines: ['running'] });
    expect(stderr).toMatch(/Error: (thrown|rejected) by the host/);
    expect(took).toBeLessThan(atOnce);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('%s ends the process at once', async (signal) => {
    const { lines, stderr, took, ...ending } = await scenarios.run('signal', { signal });
    expect(ending).toEqual({ code: null, signal });
    expect({ lines, stderr }).toEqual({ lines: ['running'], stderr: '' });
    expect(took).toBeLessThan(atOnce);
  });

  it('a handler of SIGTERM runs, can stop the job, and the process ends by itself', async () => {
    const { code, lines, stderr } = await scenarios.run('a handled signal', { signal: 'SIGTERM' });
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['running', 'settled true'], stderr: '' });
  });

  it('process.exit may be called in the callback of a job', async () => {
    const { code, stderr } = await scenarios.run('exit in the callback of a job');
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' });
  });

  it('handlers of the exit event can still run programs', async () => {
    const { code, lines, stderr } = await scenarios.run('exit inside a synchronous run of an exit handler');
    expect({ code, lines, stderr }).toEqual({ code: 7, lines: ['running', 'weights -1'], stderr: '' });
  });
});

describe('the event loop', () => {
  it('ends by itself when no job is pending, though runner threads live on', async () => {
    const { code, lines, stderr } = await scenarios.run('nothing left to do');
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['weights -6'], stderr: '' });
  });

  it('stays alive for a job, until that has settled', async () => {
    const { code, lines, stderr } = await scenarios.run('nothing left but a job');
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['settled 200'], stderr: '' });
  });

  it('goes on when somebody emits the exit event without exiting', async () => {
    const { code, lines, stderr } = await scenarios.run('an exit event that is not the end');
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['settled true', 'settled 3'], stderr: '' });
  });
});

describe('worker threads', () => {
  it('run jobs at once, four of them', async () => {
    const { code, lines, stderr } = await scenarios.run('four workers at once');
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['answers -100 -200 -300 -400'], stderr: '' });
  });

  it('may exit, fail or end while their jobs run', async () => {
    const { code, lines, stderr } = await scenarios.run('a worker that exits');
    const expected = ['exit well', 'throw well', 'Error: thrown in the worker', 'return well', 'threads 0'];
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: expected, stderr: '' });
  });

  it('may be terminated at any moment, and leave nothing behind', async () => {
    // Each round is two workers. LANEWISE_TERMINATIONS=200 is for when this code changes.
    const argument = process.env.LANEWISE_TERMINATIONS ?? '15';
    const { code, lines, stderr } = await scenarios.run('workers terminated', { argument, patience: 590_000 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines).toEqual(['threads 0', expect.stringMatching(/^grown -?\d+$/), 'settled 3']);
    // One environment of these holds 130 MiB of device buffers. A sanitizer keeps shadow memory and freed memory on top of that.
    expect(Number(lines[1]!.replace('grown ', ''))).toBeLessThan(process.env.LANEWISE_SANITIZER ? 1000 : 250);
  }, 600_000);
});
