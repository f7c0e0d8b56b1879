import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Contender } from '../../bench/contenders/contenders.js';
import { ContenderProcess } from '../../bench/measure/contender-process.js';
import { entrantsOf, hasTurn, measureEntry } from '../../bench/measure/schedule.js';
import { entry, fake, study } from './fixtures.js';

const pace = {
  ...{ rounds: 2, warmUpMs: 1, turnMs: 1, startTurnMs: 1, mostMs: 1000, leastRounds: 1, peakMs: 1, settleMs: 0 },
};
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
    const processes = start(fake('serial', 'works', { threads: 'one' }), fake('wide'));
    expect(names(entry(), processes, 4)).toEqual(['serial 1', 'wide 1', 'wide 4']);
    expect(names(entry({ threads: 'one' }), processes, 4)).toEqual(['serial 1', 'wide 1']);
    expect(names(entry(), processes, 1)).toEqual(['serial 1', 'wide 1']);
    expect(names(entry({ threads: 'all' }), processes, 4)).toEqual(['serial 1', 'wide 4']);
    expect(names(entry({ threads: 'every' }), processes, 3)).toEqual(['serial 1', 'wide 1', 'wide 2', 'wide 3']);
  });

  it('lets processes that were started for a number of threads run on that only', () => {
    const processes = start(fake('a', 'works', { threads: 1 }), fake('a', 'works', { threads: 4 }));
    expect(names(entry(), processes, 4)).toEqual(['a 1', 'a 4']);
    expect(names(entry({ threads: 'one' }), processes, 4)).toEqual(['a 1']);
    expect(names(entry({ threads: 'all' }), processes, 4)).toEqual(['a 4']);
  });

  it('leaves out who has no code for a case, and who is not named by it', () => {
    const processes = start(fake('a'), fake('b'), fake('c'));
    processes[0]!.programs = ['other'];
    processes[1]!.programs = ['shared'];
    expect(names(entry({}, 'compute', { program: 'shared' }), processes, 1)).toEqual(['b 1', 'c 1']);
    expect(names(entry({}, 'compute', { only: ['a', 'c'] }), processes, 1)).toEqual(['c 1']);
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
      fake('a', 'works', { log, threads: 'one' }),
      fake('b', 'works', { log, threads: 'one', peak: true, isa: 'avx2' }),
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
    const rounds = [
      [1, 2, 3],
      [1, 2, 3],
    ];
    expect(measurements.map(({ contender, threads, roundsMs }) => [contender.id, threads, roundsMs])).toEqual([
      ['a', 1, rounds],
      ['b', 1, rounds],
    ]);
    expect(measurements[0]?.peaks).toEqual([{ isa: 'avx2', threads: 1, gflops: 100 }]);
  });

  it('measures the peak at each number of threads, and none where flops are not the limit', async () => {
    const processes = start(fake('a', 'works', { log, peak: true, isa: 'avx2' }));
    const one = entry();
    const { measurements } = await measureEntry(one, entrantsOf(one, processes, 2), pace, never);
    expect(measurements[1]?.peaks).toEqual([
      { isa: 'avx2', threads: 1, gflops: 100 },
      { isa: 'avx2', threads: 2, gflops: 200 },
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
    expect(measurements.map(({ contender }) => contender.id)).toEqual(['c']);
    expect(failures).toEqual(['fake: a: cannot do that', 'fake: b ended with status 3\nsomething broke']);
  });

  it('lets who needs long for an iteration leave out rounds, evenly', async () => {
    const turns = (iterationMs: number, leastRounds = 1) =>
      [0, 1, 2, 3, 4, 5].filter((round) => hasTurn(round, iterationMs, { ...pace, rounds: 6, leastRounds }));
    expect(turns(1)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(turns(334)).toEqual([2, 5]);
    expect(turns(1e9)).toEqual([5]);
    expect(turns(1e9, 3)).toEqual([1, 3, 5]);
    const processes = start(fake('a', 'crawls', { log, threads: 'one' }), fake('b', 'works', { log, threads: 'one' }));
    const one = entry();
    await measureEntry(one, entrantsOf(one, processes, 1), { ...pace, rounds: 4, mostMs: 1000 }, never);
    expect(
      logged()
        .filter((line) => line.endsWith('run 1'))
        .sort(),
    ).toEqual([...Array.from({ length: 2 }, () => 'a run 1'), ...Array.from({ length: 4 }, () => 'b run 1')]);
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
    expect(measurements.map(({ contender, roundsMs }) => [contender.id, roundsMs.length])).toEqual([['a', 1]]);
    expect(failures).toEqual([]);
  });
});
