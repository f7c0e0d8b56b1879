import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { figure } from '../../bench/case.js';
import { type Iteration, type Served, sample, serve, warmUp } from '../../bench/contenders/serve.js';

const description = { versions: { fake: '1' }, isa: null, threads: 4, threadSource: 'a test', backends: [] };

/** What a contender answers to these lines, with a clock that moves so many milliseconds an iteration. */
async function converse(lines: readonly (object | string)[], over: Partial<Served> = {}) {
  let now = 0;
  const [threads, counted] = [[] as number[], { iterations: 0 }];
  const contender: Served = {
    describe: () => description,
    prepare: (_case, _program, params) => () => {
      if (params.ms === undefined) throw new Error('too large');
      now += Number(params.ms);
      counted.iterations++;
    },
    study: async (name, _params, seconds) => [figure(name, seconds)],
    setThreads: (count) => void threads.push(count),
    peak: (count, ms) => count * ms,
    ...over,
  };
  const [input, output] = [new PassThrough(), new PassThrough()];
  let text = '';
  output.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  const served = serve(contender, input, output, () => now);
  for (const line of lines) input.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  input.end();
  await served;
  output.end();
  await once(output, 'end');
  return {
    answers: text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    threads,
    ...counted,
  };
}

const prepare = (params: object) => ({ do: 'prepare', case: 'gemm', program: 'gemm', params });

describe('serve', () => {
  it('answers in order', async () => {
    const { answers, threads } = await converse([
      { do: 'describe' },
      prepare({ ms: 2 }),
      { do: 'warmUp', threads: 3, ms: 5 },
      { do: 'run', threads: 3, ms: 6 },
      { do: 'peak', threads: 2, ms: 7 },
      { do: 'study', case: 'service', params: {}, seconds: 3 },
    ]);
    const warm = { iterationsPerSample: 1, iterationMs: 2 };
    const rest = [{ samplesMs: [2, 2, 2] }, { gflops: 14 }, { figures: [{ what: 'service', value: 3, unit: '' }] }];
    expect(answers).toEqual([description, {}, warm, ...rest].map((ok) => ({ ok })));
    expect(threads).toEqual([3, 3]);
  });

  it('uses the sample size that the warm-up found for this number of threads', async () => {
    const requests = [prepare({ ms: 0.01 }), { do: 'warmUp', threads: 1, ms: 0 }, { do: 'run', threads: 1, ms: 0.001 }];
    const { answers, iterations } = await converse(requests);
    const { iterationsPerSample } = answers[1].ok;
    expect(iterationsPerSample).toBeGreaterThanOrEqual(10);
    expect([answers[2].ok.samplesMs.length, iterations]).toEqual([1, 2 + iterationsPerSample]);
  });

  it('says what is wrong, goes on, and not with the workload before', async () => {
    let prepared = 0;
    const refuse = () => {
      if (prepared++ > 0) throw new Error('no');
      return () => undefined;
    };
    const run = { do: 'run', threads: 1, ms: 1 };
    const { answers } = await converse([run, { do: 'dance' }, 'no json', prepare({}), prepare({}), run], {
      prepare: refuse,
    });
    expect(answers).toEqual([
      { error: 'nothing is prepared' },
      { error: 'unknown request {"do":"dance"}' },
      { error: expect.stringContaining('JSON') },
      { ok: {} },
      { error: 'no' },
      { error: 'nothing is prepared' },
    ]);
    const ofAnother = { peak: undefined as never, study: undefined as never };
    const { answers: refused } = await converse([{ do: 'peak' }, { do: 'study' }], ofAnother);
    expect(refused).toEqual(['peak', 'study'].map((name) => ({ error: `unknown request {"do":"${name}"}` })));
  });
});

describe('timing', () => {
  /** A clock that moves only when something runs; the first iteration may take longer. */
  function simulated(ms: number, firstMs = ms) {
    const work = { now: 0, iterations: 0, clock: () => work.now, iterate: (() => undefined) as Iteration };
    work.iterate = () => void (work.now += work.iterations++ === 0 ? firstMs : ms);
    return work;
  }

  it.each([
    [2, 10, 5],
    [999, 10, 2],
    [1000, 10, 1],
  ])('warms up with iterations of %d ms for %d ms: %d of them', async (ms, wanted, expected) => {
    const work = simulated(ms);
    expect(await warmUp(work.iterate, wanted, work.clock)).toEqual({ iterationsPerSample: 1, iterationMs: ms });
    expect(work.iterations).toBe(expected);
  });

  it('makes samples last a tenth of a millisecond, by the fastest iteration', async () => {
    const work = simulated(0.03, 50);
    expect((await warmUp(work.iterate, 51, work.clock)).iterationsPerSample).toBe(4);
    const blind = await warmUp(
      () => undefined,
      1,
      () => (++work.now < 60 ? 0 : 2),
    );
    expect(Number.isFinite(blind.iterationsPerSample)).toBe(true);
  });

  it('gives milliseconds an iteration: one sample at least, and not more than say something', async () => {
    const sampled = (ms: number, perSample: number, wanted: number) => {
      const work = simulated(ms);
      return sample(work.iterate, perSample, wanted, work.clock);
    };
    expect(await sampled(0.25, 4, 10)).toEqual(Array(10).fill(0.25));
    expect(await sampled(1000, 1, 10)).toEqual([1000]);
    expect(await sampled(0.001, 1, 1e6)).toHaveLength(2000);
  });

  it('waits for iterations that give promises', async () => {
    let now = 0;
    const iterate = () => new Promise<void>((resolve) => setImmediate(() => resolve(void (now += 5))));
    expect(await warmUp(iterate, 10, () => now)).toEqual({ iterationsPerSample: 1, iterationMs: 5 });
    expect(await sample(iterate, 2, 15, () => now)).toEqual([5, 5]);
  });
});
