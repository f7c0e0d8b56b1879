import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Served, serve } from '../../bench/contenders/serve.js';
import { explains } from '../../bench/figure.js';

/** What a contender answers to these lines, with a clock that moves one millisecond an iteration. */
async function converse(lines: readonly (object | string)[], over: Partial<Served> = {}) {
  let now = 0;
  const threads: number[] = [];
  const contender: Served = {
    describe: () => ({ versions: { fake: '1' }, isa: null, threads: 4, threadSource: 'a test', backends: [] }),
    prepare: (_case, _program, params) => () => {
      now += Number(params.ms ?? 1);
    },
    study: async (name, _params, seconds) => [explains(name, seconds)],
    setThreads: (count) => void threads.push(count),
    peak: (count, ms) => count * ms,
    ...over,
  };
  const [input, output] = [new PassThrough(), new PassThrough()];
  const served = serve(contender, input, output, () => now);
  for (const line of lines) input.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  input.end();
  await served;
  output.end();
  const text = await textOf(output);
  const answers = text.split('\n').filter((line) => line !== '');
  return { answers: answers.map((line): unknown => JSON.parse(line)), threads };
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  await once(stream, 'end');
  return text;
}

describe('serve', () => {
  it('answers in order', async () => {
    const { answers, threads } = await converse([
      { do: 'describe' },
      { do: 'prepare', case: 'gemm', program: 'gemm', params: { ms: 2 } },
      { do: 'warmUp', threads: 3, ms: 5 },
      { do: 'run', threads: 3, ms: 6 },
      { do: 'peak', threads: 2, ms: 7 },
      { do: 'study', case: 'service', params: {}, seconds: 3 },
    ]);
    expect(answers).toEqual([
      { ok: { versions: { fake: '1' }, isa: null, threads: 4, threadSource: 'a test', backends: [] } },
      { ok: {} },
      { ok: { iterationsPerSample: 1, iterationMs: 2 } },
      { ok: { samplesMs: [2, 2, 2] } },
      { ok: { gflops: 14 } },
      { ok: { figures: [{ what: 'service', value: 3, unit: '', target: null, bound: null }] } },
    ]);
    expect(threads).toEqual([3, 3]);
  });

  it('uses the sample size that the warm-up found for this number of threads', async () => {
    let now = 0;
    let iterations = 0;
    const served = { do: 'run', threads: 1, ms: 0.001 };
    const [input, output] = [new PassThrough(), new PassThrough()];
    const contender: Served = {
      describe: () => ({ versions: {}, isa: null, threads: 1, threadSource: '', backends: [] }),
      prepare: () => () => {
        now += 0.01;
        iterations++;
      },
      study: async () => [],
      setThreads: () => undefined,
      peak: () => 0,
    };
    const end = serve(contender, input, output, () => now);
    input.write('{"do":"prepare","case":"x","params":{}}\n{"do":"warmUp","threads":1,"ms":0}\n');
    input.end(`${JSON.stringify(served)}\n`);
    await end;
    output.end();
    const [, warm, run] = (await textOf(output)).split('\n').map((line) => (line === '' ? null : JSON.parse(line)));
    expect(warm.ok.iterationsPerSample).toBeGreaterThanOrEqual(10);
    expect(run.ok.samplesMs).toHaveLength(1);
    expect(iterations).toBe(2 + warm.ok.iterationsPerSample);
  });

  it('says what is wrong, and goes on', async () => {
    const { answers } = await converse(
      [{ do: 'run', threads: 1, ms: 1 }, { do: 'dance' }, 'no json', { do: 'prepare', case: 'x', params: {} }],
      {
        prepare: () => {
          throw new Error('too large');
        },
      },
    );
    expect(answers).toEqual([
      { error: 'nothing is prepared' },
      { error: 'unknown request {"do":"dance"}' },
      { error: expect.stringContaining('JSON') },
      { error: 'too large' },
    ]);
  });

  it('does not go on with the workload before when one cannot be prepared', async () => {
    let first = true;
    const { answers } = await converse(
      [
        { do: 'prepare', case: 'x', params: {} },
        { do: 'prepare', case: 'y', params: {} },
        { do: 'run', threads: 1, ms: 1 },
      ],
      {
        prepare: () => {
          if (!first) throw new Error('no');
          first = false;
          return () => undefined;
        },
      },
    );
    expect(answers).toEqual([{ ok: {} }, { error: 'no' }, { error: 'nothing is prepared' }]);
  });
});
