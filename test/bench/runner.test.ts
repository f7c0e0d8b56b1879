import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Workload } from '../../bench/cases.js';
import type { Contender } from '../../bench/contenders/contenders.js';
import { ContenderLost, ContenderProcess } from '../../bench/runner/process.js';
import { entrantsOf, hasTurn, measureWorkload } from '../../bench/runner/schedule.js';
import { fake, fakeWorkload, temporaryFolder } from './fixtures.js';

const pace = {
  ...{ rounds: 2, warmUpMs: 1, turnMs: 1, startTurnMs: 3, mostMs: 1000, leastRounds: 1, peakMs: 1, settleMs: 0 },
};
const log = join(temporaryFolder(), 'log');
const logged = () => readFileSync(log, 'utf8').trim().split('\n');
const started: ContenderProcess[] = [];
async function start(...contenders: Contender[]) {
  started.push(...contenders.map((contender) => new ContenderProcess(contender)));
  await Promise.all(started.map((process) => process.start()));
  rmSync(log, { force: true });
  return started as [ContenderProcess, ContenderProcess];
}
afterEach(() => {
  for (const process of started.splice(0)) process.kill();
});
const measure = (of: Partial<Workload> = {}, all = 1, over = {}, signal = new AbortController().signal) =>
  measureWorkload(fakeWorkload(of), entrantsOf(fakeWorkload(of), started, all), { ...pace, ...over }, 7, signal);

const prepare = { program: 'fake', params: {} };
const run = { threads: 2, perSample: 1, ms: 1 };

describe('ContenderProcess', () => {
  it('passes on what a contender refuses, and can go on asking', async () => {
    const [process] = await start(fake('a', 'refuses'));
    const refused = process.ask('prepare', prepare);
    await expect(refused).rejects.toThrow('cannot do that');
    await expect(refused).rejects.not.toBeInstanceOf(ContenderLost);
    expect((await process.ask('run', run)).samplesMs).toEqual([1, 1.5, 2]);
  });

  it.each([
    ['dies', /^a ended with status 3\nsomething broke$/],
    ['babbles', /^a said what is not in the protocol: hello/],
  ])('is lost when one %s', async (behaviour, message) => {
    const [process] = await start(fake('a', behaviour));
    await expect(process.ask('run', run)).rejects.toThrow(message);
    await expect(process.ask('run', run)).rejects.toBeInstanceOf(ContenderLost);
  });

  it('says when a program cannot be started', async () => {
    const process = new ContenderProcess({ ...fake('a'), command: './no-such-program' });
    await expect(process.start()).rejects.toThrow(/^a cannot start \.\/no-such-program: /);
  });

  it('answers one request at a time, and is ended with the processes that it started', async () => {
    const [busy] = await start(fake('a', 'forks', { log }));
    const waiting = busy.ask('run', run);
    await expect(busy.ask('prepare', prepare)).rejects.toThrow('has not answered');
    await vi.waitFor(() => expect(logged().at(-1)).toBe('child'), { timeout: 20_000 });
    busy.kill();
    await expect(waiting).rejects.toThrow('a was ended');
    const written = logged().length;
    await sleep(300);
    expect(logged().length - written).toBeLessThan(5);
  });
});

describe('entrantsOf', () => {
  it('lets those that are named run on the threads that they and the workload can', async () => {
    await start(fake('a', 'works', { threads: 'one' }), fake('b'), fake('c', 'works', { threads: 3 }));
    await start(fake('d'));
    const names = (own: Partial<Workload>, all: number) =>
      entrantsOf(fakeWorkload(own), started, all).map(({ process, threads }) => `${process.contender.id}${threads}`);
    expect(names({}, 4)).toEqual(['a1', 'b1', 'b4']);
    expect(names({ threads: 'one' }, 4)).toEqual(['a1', 'b1']);
    expect(names({}, 1)).toEqual(['a1', 'b1']);
    expect(names({ threads: 'all' }, 3)).toEqual(['a1', 'b3', 'c3']);
    expect(names({ threads: 'every' }, 2)).toEqual(['a1', 'b1', 'b2']);
    expect(names({ contenders: ['d'] }, 1)).toEqual(['d1']);
  });
});

describe('measureWorkload', () => {
  it('prepares and warms all up, then lets them take turns, in another order each round', async () => {
    const one = { log, threads: 'one' } as const;
    await start(fake('a', 'works', one), fake('b', 'works', { ...one, peak: true, isa: 'avx2' }));
    const { measurements, failures } = await measure();
    const warm = ['a prepare -', 'b prepare -', 'a run 1', 'a run 1', 'b run 1', 'b run 1'];
    const turns = ['a run 1', 'b run 1', 'b peak 1', 'b run 1', 'b peak 1', 'a run 1'];
    expect(logged()).toEqual([...warm, ...turns]);
    expect(failures).toEqual([]);
    const round = [2, 3, 4];
    expect(measurements.map((each) => [each.contender.id, each.threads, each.roundsMs])).toEqual([
      ['a', 1, [round, round]],
      ['b', 1, [round, round]],
    ]);
    expect(measurements[0]?.peaks).toEqual([{ isa: 'avx2', threads: 1, gflops: 100 }]);
  });

  it('prepares once for all numbers of threads, and measures no peak where flops are not the limit', async () => {
    await start(fake('a', 'works', { log, peak: true, isa: 'avx2' }));
    const { measurements } = await measure({ flops: null }, 2, { rounds: 1, warmUpMs: 0 });
    expect(logged()).toEqual(['a prepare -', ...[1, 1, 2, 2, 1, 2].map((threads) => `a run ${threads}`)]);
    expect(measurements[0]?.peaks).toEqual([]);
  });

  it.each([
    [0.02, 50, 5, [50]],
    [0.5, 50, 1, [50]],
    [60, 50, 1, [50, 0]],
    [1000, 50, 1, [50]],
  ])('warms up with iterations of %d ms for %d ms: %d a sample', async (iterationMs, warmUpMs, perSample, lengths) => {
    const [process] = await start(fake('a', 'works', { threads: 'one' }));
    const ask = vi.spyOn(process, 'ask').mockResolvedValue({ samplesMs: [iterationMs] } as never);
    await measure({}, 1, { warmUpMs, rounds: 1 });
    const runs = ask.mock.calls.flatMap(([kind, request]) => (kind === 'run' ? [request as typeof run] : []));
    expect(runs.map(({ ms }) => ms)).toEqual([...lengths, pace.turnMs]);
    expect(runs.at(-1)?.perSample).toBe(perSample);
  });

  it('goes on without a contender that refuses or dies, and says so', async () => {
    await start(fake('a', 'refuses'), fake('b', 'dies'), fake('c'));
    const { measurements, failures } = await measure();
    expect(measurements.map(({ contender }) => contender.id)).toEqual(['c']);
    expect(failures).toEqual(['fake: a: cannot do that', 'fake: b ended with status 3\nsomething broke']);
  });

  it('lets one that needs long for an iteration leave out rounds, evenly', async () => {
    const turns = (iterationMs: number, leastRounds = 1) =>
      [0, 1, 2, 3, 4, 5].filter((round) => hasTurn(round, iterationMs, { ...pace, rounds: 6, leastRounds }));
    expect([turns(1), turns(334), turns(1e9), turns(1e9, 3)]).toEqual([[0, 1, 2, 3, 4, 5], [2, 5], [5], [1, 3, 5]]);
    await start(fake('a', 'crawls', { threads: 'one' }), fake('b', 'works', { threads: 'one' }));
    const { measurements } = await measure({}, 1, { rounds: 4 });
    expect(measurements.map(({ roundsMs }) => roundsMs.length)).toEqual([2, 4]);
  });

  it('gives back what there is when stopped', async () => {
    await start(fake('a'), fake('b', 'hangs', { log }));
    const stop = new AbortController();
    const pending = measure({ threads: 'one' }, 1, { turnMs: 9 }, stop.signal);
    await vi.waitFor(() => expect(logged().filter((line) => line === 'b run 1')).toHaveLength(3), { timeout: 20_000 });
    stop.abort();
    for (const process of started) process.kill();
    const { measurements, failures } = await pending;
    expect(measurements.map(({ contender, roundsMs }) => [contender.id, roundsMs.length])).toEqual([['a', 1]]);
    expect(failures).toEqual([]);
  });

  it.each([
    ['works', [{ case: 'fake', what: 's', value: 7, unit: ' s' }], []],
    ['refuses', [], ['fake: s: cannot do that']],
  ])(
    'asks the process of studies that %s for its figures, or says why there are none',
    async (how, figures, failures) => {
      await start(fake('a'), fake('s', how, { threads: 'one' }));
      const study = { contenders: ['s'], study: true };
      expect(await measure(study)).toEqual({ measurements: [], figures, failures });
    },
  );
});
