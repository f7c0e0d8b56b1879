import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Contender } from '../../bench/contenders/contenders.js';
import { ContenderProcess } from '../../bench/measure/contender-process.js';
import { entrantsOf, measureEntry } from '../../bench/measure/schedule.js';
import { entry, fake, study } from './fixtures.js';

const pace = { rounds: 2, warmUpMs: 1, turnMs: 1, startTurnMs: 1, peakMs: 1, settleMs: 0 };
const never = new AbortController().signal;

let folder: string;
let log: string;
const started: ContenderProcess[] = [];
const start = (...contenders: Contender[]) => {
  const processes = contenders.map((contender) => new ContenderProcess(contender));
  started.push(...processes);
  return processes;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  log = join(folder, 'log');
});
afterEach(() => {
  for (const process of started.splice(0)) process.kill();
  rmSync(folder, { recursive: true });
});
const logged = () => readFileSync(log, 'utf8').trim().split('\n');

describe('entrantsOf', () => {
  const names = (...args: Parameters<typeof entrantsOf>) =>
    entrantsOf(...args).map(({ process, threads }) => `${process.contender.id} ${threads}`);

  it('lets threaded contenders run on one thread and on all', () => {
    const processes = start(fake('serial', 'works', { threaded: false }), fake('wide'));
    expect(names(entry(), processes, 4)).toEqual(['serial 1', 'wide 1', 'wide 4']);
    expect(names(entry({ threads: 'one' }), processes, 4)).toEqual(['serial 1', 'wide 1']);
    expect(names(entry(), processes, 1)).toEqual(['serial 1', 'wide 1']);
  });

  it('takes the contenders of the group only', () => {
    const processes = start(fake('a'), fake('b', 'works', { group: 'start' }));
    expect(names(entry({}, 'start'), processes, 1)).toEqual(['b 1']);
  });

  it('takes contenders that compile only where there is something to compile', () => {
    const processes = start(fake('a'), fake('b', 'works', { compiles: true }));
    expect(names(entry(), processes, 1)).toEqual(['a 1']);
    expect(names(entry({}, 'compute', { compiles: true }), processes, 1)).toEqual(['a 1', 'b 1']);
    expect(names(study(), processes, 1)).toEqual([]);
  });
});

describe('measureEntry', () => {
  it('prepares and warms all up, then lets them take turns, in another order each round', async () => {
    const processes = start(
      fake('a', 'works', { log, threaded: false }),
      fake('b', 'works', { log, threaded: false, peak: true }),
    );
    const one = entry();
    const { measurements, failures } = await measureEntry(one, entrantsOf(one, processes, 1), pace, never);
    expect(logged()).toEqual([
      'a prepare -',
      'b prepare -',
      'a warmUp 1',
      'b warmUp 1',
      'a run 1',
      'b run 1',
      'b peak 1',
      'b run 1',
      'b peak 1',
      'a run 1',
    ]);
    expect(failures).toEqual([]);
    expect(measurements.map(({ contender, threads, samplesMs }) => ({ contender, threads, samplesMs }))).toEqual([
      { contender: 'a', threads: 1, samplesMs: [1, 2, 3, 1, 2, 3] },
      { contender: 'b', threads: 1, samplesMs: [1, 2, 3, 1, 2, 3] },
    ]);
    expect(measurements[0]?.peaks).toEqual([{ contender: 'b', threads: 1, gflops: 100 }]);
  });

  it('measures the peak at each number of threads, and none where flops are not the limit', async () => {
    const processes = start(fake('a', 'works', { log, peak: true }));
    const one = entry();
    const { measurements } = await measureEntry(one, entrantsOf(one, processes, 2), pace, never);
    expect(measurements[1]?.peaks).toEqual([
      { contender: 'a', threads: 1, gflops: 100 },
      { contender: 'a', threads: 2, gflops: 200 },
    ]);
    const other = entry({ flops: null });
    const rest = await measureEntry(other, entrantsOf(other, processes, 2), pace, never);
    expect(rest.measurements[0]?.peaks).toEqual([]);
  });

  it('prepares a contender once, however many entrants it has', async () => {
    const processes = start(fake('a', 'works', { log }));
    const one = entry();
    await measureEntry(one, entrantsOf(one, processes, 2), { ...pace, rounds: 1 }, never);
    expect(logged()).toEqual(['a prepare -', 'a warmUp 1', 'a warmUp 2', 'a run 1', 'a run 2']);
  });

  it('goes on without a contender that refuses or dies, and says so', async () => {
    const processes = start(fake('a', 'refuses'), fake('b', 'dies'), fake('c'));
    const one = entry();
    const { measurements, failures } = await measureEntry(one, entrantsOf(one, processes, 1), pace, never);
    expect(measurements.map(({ contender }) => contender)).toEqual(['c']);
    expect(failures).toEqual(['fake: a: cannot do that', 'fake: b ended with status 3\nsomething broke']);
  });

  it('gives back what there is when stopped', async () => {
    const processes = start(fake('a'), fake('b', 'hangs', { log }));
    const stop = new AbortController();
    const one = entry();
    const pending = measureEntry(one, entrantsOf(one, processes, 1), pace, stop.signal);
    await vi.waitFor(() => expect(logged()).toContain('b run 1'), { timeout: 20_000 });
    stop.abort();
    for (const process of processes) process.kill();
    const { measurements, failures } = await pending;
    expect(measurements.map(({ contender, samplesMs }) => [contender, samplesMs.length])).toEqual([['a', 3]]);
    expect(failures).toEqual([]);
  });
});
