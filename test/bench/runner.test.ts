import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Contender } from '../../bench/contenders/contenders.js';
import { ContenderLost, ContenderProcess } from '../../bench/runner/process.js';
import { createProgress, formatDuration } from '../../bench/runner/progress.js';
import { entrantsOf, estimateMs, hasTurn, measureEntry } from '../../bench/runner/schedule.js';
import { entry, fake } from './fixtures.js';

const pace = {
  ...{ rounds: 2, warmUpMs: 1, turnMs: 1, startTurnMs: 3, mostMs: 1000, leastRounds: 1, peakMs: 1, settleMs: 0 },
};
const never = new AbortController().signal;

let folder: string;
let log: string;
const started: ContenderProcess[] = [];
const start = (...contenders: Contender[]) => {
  const processes = contenders.map((contender) => new ContenderProcess(contender));
  started.push(...processes);
  return processes as [ContenderProcess, ContenderProcess, ContenderProcess];
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
const measure = (of = entry(), all = 1, over: Partial<typeof pace> = {}, signal = never) =>
  measureEntry(of, entrantsOf(of, started, all), { ...pace, ...over }, 7, signal);

describe('ContenderProcess', () => {
  const prepare = { do: 'prepare', case: 'x', program: 'x', params: {} } as const;
  const run = { do: 'run', threads: 2, ms: 1 } as const;

  it('passes on what a contender refuses, and can go on asking', async () => {
    const [process] = start(fake('a', 'refuses'));
    const refused = process.ask(prepare);
    await expect(refused).rejects.toThrow('cannot do that');
    await expect(refused).rejects.not.toBeInstanceOf(ContenderLost);
    expect((await process.ask(run)).samplesMs).toEqual([0.5, 1, 1.5]);
  });

  it.each([
    ['dies', /^a ended with status 3\nsomething broke$/],
    ['babbles', /^a said what is not in the protocol: hello/],
  ])('is lost when one %s', async (behaviour, message) => {
    const [process] = start(fake('a', behaviour));
    await expect(process.ask(run)).rejects.toThrow(message);
    await expect(process.ask(run)).rejects.toBeInstanceOf(ContenderLost);
  });

  it('says when a program cannot be started', async () => {
    const [process] = start({ ...fake('a'), command: './no-such-program' });
    await expect(process.ask(prepare)).rejects.toThrow(/^a cannot start \.\/no-such-program: /);
  });

  it('answers one request at a time, and is ended with the processes that it started', async () => {
    const [busy] = start(fake('a', 'forks', { log }));
    const waiting = busy.ask(run);
    await expect(busy.ask(prepare)).rejects.toThrow('has not answered');
    await vi.waitFor(() => expect(logged().at(-1)).toBe('child'), { timeout: 20_000 });
    busy.kill();
    await expect(waiting).rejects.toThrow('a was ended');
    const written = logged().length;
    await sleep(300);
    expect(logged().length - written).toBeLessThan(5);
  });
});

describe('entrantsOf', () => {
  const names = (of = entry(), all = 4) =>
    entrantsOf(of, started, all).map(({ process, threads }) => `${process.contender.id} ${threads}`);

  it('lets each contender run on the numbers of threads that it and the workload can', () => {
    start(fake('serial', 'works', { threads: 'one' }), fake('wide'), fake('told', 'works', { threads: 3 }));
    expect(names()).toEqual(['serial 1', 'wide 1', 'wide 4']);
    expect(names(entry({ threads: 'one' }))).toEqual(['serial 1', 'wide 1']);
    expect(names(entry(), 1)).toEqual(['serial 1', 'wide 1']);
    expect(names(entry({ threads: 'all' }), 3)).toEqual(['serial 1', 'wide 3', 'told 3']);
    expect(names(entry({ threads: 'every' }), 2)).toEqual(['serial 1', 'wide 1', 'wide 2']);
  });

  it('takes those of the group that have code for it, are named, and compile only what can be', () => {
    const processes = start(fake('a'), fake('b'), fake('c', 'works', { compiles: true }));
    const programs = { versions: {}, isa: null, threads: 1, threadSource: '', backends: [], programs: ['shared'] };
    processes[0].description = programs;
    start(fake('d', 'works', { group: 'start' }), fake('e', 'works', { group: 'study', threads: 'one' }));
    expect(names(entry(), 1)).toEqual(['b 1']);
    expect(names(entry({ program: 'shared' }), 1)).toEqual(['a 1', 'b 1']);
    expect(names(entry({}, { compiles: true, only: ['a', 'c'] }), 1)).toEqual(['c 1']);
    expect(names(entry({}, { contenders: 'start' }), 1)).toEqual(['d 1']);
    expect(names(entry({}, { contenders: 'study' }), 1)).toEqual(['e 1']);
  });
});

describe('measureEntry', () => {
  it('prepares and warms all up, then lets them take turns, in another order each round', async () => {
    start(
      fake('a', 'works', { log, threads: 'one' }),
      fake('b', 'works', { log, threads: 'one', peak: true, isa: 'avx2' }),
    );
    const { measurements, failures } = await measure();
    const turns = ['a run 1', 'b run 1', 'b peak 1', 'b run 1', 'b peak 1', 'a run 1'];
    expect(logged()).toEqual(['a prepare -', 'b prepare -', 'a warmUp 1', 'b warmUp 1', ...turns]);
    expect(failures).toEqual([]);
    const roundsMs = [
      [1, 2, 3],
      [1, 2, 3],
    ];
    expect(measurements.map((each) => [each.contender.id, each.threads, each.roundsMs])).toEqual([
      ['a', 1, roundsMs],
      ['b', 1, roundsMs],
    ]);
    expect(measurements[0]?.peaks).toEqual([{ isa: 'avx2', threads: 1, gflops: 100 }]);
  });

  it('prepares once for all numbers of threads, and measures no peak where flops are not the limit', async () => {
    start(fake('a', 'works', { log, peak: true, isa: 'avx2' }));
    const { measurements } = await measure(entry({ flops: null }), 2, { rounds: 1 });
    expect(logged()).toEqual(['a prepare -', 'a warmUp 1', 'a warmUp 2', 'a run 1', 'a run 2']);
    expect(measurements[0]?.peaks).toEqual([]);
  });

  it('goes on without a contender that refuses or dies, and says so', async () => {
    start(fake('a', 'refuses'), fake('b', 'dies'), fake('c'));
    const { measurements, failures } = await measure();
    expect(measurements.map(({ contender }) => contender.id)).toEqual(['c']);
    expect(failures).toEqual(['fake: a: cannot do that', 'fake: b ended with status 3\nsomething broke']);
  });

  it('lets one that needs long for an iteration leave out rounds, evenly', async () => {
    const turns = (iterationMs: number, leastRounds = 1) =>
      [0, 1, 2, 3, 4, 5].filter((round) => hasTurn(round, iterationMs, { ...pace, rounds: 6, leastRounds }));
    expect([turns(1), turns(334), turns(1e9), turns(1e9, 3)]).toEqual([[0, 1, 2, 3, 4, 5], [2, 5], [5], [1, 3, 5]]);
    start(fake('a', 'crawls', { log, threads: 'one' }), fake('b', 'works', { log, threads: 'one' }));
    await measure(entry(), 1, { rounds: 4 });
    const count = (line: string) => logged().filter((each) => each === line).length;
    expect([count('a run 1'), count('b run 1')]).toEqual([2, 4]);
  });

  it('gives back what there is when stopped', async () => {
    start(fake('a'), fake('b', 'hangs', { log }));
    const stop = new AbortController();
    const pending = measure(entry(), 1, {}, stop.signal);
    await vi.waitFor(() => expect(logged()).toContain('b run 1'), { timeout: 20_000 });
    stop.abort();
    for (const process of started) process.kill();
    const { measurements, failures } = await pending;
    expect(measurements.map(({ contender, roundsMs }) => [contender.id, roundsMs.length])).toEqual([['a', 1]]);
    expect(failures).toEqual([]);
  });

  it('asks the process of studies for its figures, or says why there are none', async () => {
    const study = entry({}, { contenders: 'study' });
    start(fake('a'), fake('b', 'works', { group: 'study', threads: 'one' }));
    expect((await measure(study)).figures).toEqual([{ case: 'fake', what: 'b', value: 7, unit: ' s' }]);
    started.splice(0).forEach((process) => void process.kill());
    start(fake('b', 'refuses', { group: 'study', threads: 'one' }));
    expect((await measure(study)).failures).toEqual(['fake: b: cannot do that']);
  });
});

describe('the time that is left', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('counts warm-up, turns and peaks of all entrants, and takes the word of a study', () => {
    start(fake('a', 'works', { peak: true, isa: 'avx2' }), fake('s', 'works', { group: 'study', threads: 'one' }));
    const estimate = (of: ReturnType<typeof entry>) =>
      estimateMs(of, entrantsOf(of, started, 2), { ...pace, settleMs: 10 }, 9);
    expect(estimate(entry())).toBe(2 * (20 + 1 + 2 * (10 + 1 + 1)));
    expect(estimate(entry({}, { contenders: 'study' }))).toBe(7000);
    expect(estimate(entry({}, { contenders: 'start' }))).toBe(0);
    expect([99_000, 100_000].map(formatDuration)).toEqual(['99 s', '2 min']);
  });

  it('goes by the plan at first, and by what parts really took when that is longer', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    let now = 0;
    const progress = createProgress([10_000, 10_000, 20_000], () => now);
    for (const [name, ms] of Object.entries({ a: 5_000, b: 35_000, c: 0 })) {
      progress.begin(name);
      now += ms;
    }
    progress.stop();
    const lines = write.mock.calls.map(([text]) => String(text)).filter((text) => /^\d\//.test(text));
    expect(lines).toEqual(['1/3 a (about 40 s left)\n', '2/3 b (about 30 s left)\n', '3/3 c (about 40 s left)\n']);
  });
});
