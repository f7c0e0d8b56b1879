/** Jobs of the native backends: what they compute, their turns, their ends, and what the addon refuses. */
import { afterEach, describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { NotFiniteError } from '../../src/ops/graph.js';
import { Generator } from '../../src/random/generator.js';
import { contents, createTraining, nativeFactory, requireAddon, until } from '../hazards/work.js';

const addon = requireAddon();
const factory = nativeFactory(addon);
const forever = Number.MAX_SAFE_INTEGER;

afterEach(() => addon.stopJobs());

describe.each(['normal', 'background'] as const)('a job of priority %s', (priority) => {
  it('makes its runs off the event loop and puts out what the last one gave', async () => {
    const { program, weights, call } = createTraining(factory);
    const request = call({ times: 10, priority });
    const job = program.submit(request);
    expect([...request.outputs[1]]).toEqual([0, 0, 0, 0, 0]);
    expect(await job.done).toBe(10);
    expect([...request.outputs[1]]).toEqual([-10, -10, -10, -10, -10]);
    expect([...request.outputs[0]]).toEqual([-10]);
    expect(contents(weights)).toEqual([-10, -10, -10, -10, -10]);
    // -1 - 2 - ... - 10; the other output has more than one element.
    expect(job.progress()).toEqual({ runs: 10, sums: Float64Array.of(-55, 0) });
  });

  it('counts its counter up after each run, on a copy', async () => {
    const { program, weights, call } = createTraining(factory);
    const request = call({ times: 5, counter: 0, priority, dynamicScalars: Float64Array.of(1, 0) });
    await program.submit(request).done;
    expect(contents(weights)[0]).toBe(-(1 + 2 + 3 + 4 + 5));
    expect([...request.dynamicScalars]).toEqual([1, 0]);
  });

  it('ends after the run in progress when it is stopped; its outputs are those of the last run', async () => {
    const { program, weights, call } = createTraining(factory);
    const request = call({ times: forever, priority });
    const job = program.submit(request);
    await until(() => job.progress().runs > 3);
    job.stop();
    const runs = await job.done;
    expect(runs).toBeGreaterThan(3);
    expect(contents(weights)[0]).toBe(-runs);
    expect(request.outputs[0][0]).toBe(-runs);
    expect(job.progress().runs).toBe(runs);
    job.stop();
    expect(job.progress().runs).toBe(runs);
  });

  it('rejects with the error of the run that failed; those before it stand', async () => {
    const { program, weights, call } = createTraining(factory);
    const request = call({
      times: 10,
      counter: 0,
      priority,
      dynamicScalars: Float64Array.of(1e38, 0),
      inputs: [new Float32Array(5).fill(2)],
    });
    const job = program.submit(request);
    const error: unknown = await job.done.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotFiniteError);
    expect(error).toMatchObject({ layer: 3, message: 'output 3 is not finite' });
    expect(job.progress()).toMatchObject({ runs: 1 });
    expect(contents(weights)[0]).toBe(Number.NEGATIVE_INFINITY);
    expect([...request.outputs[1]]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('jobs', () => {
  it('copy what they are given when they are submitted', async () => {
    const { program, weights, call } = createTraining(factory);
    const request = call({ times: 3 });
    const job = program.submit(request);
    request.inputs[0]!.fill(1000);
    request.dynamicScalars.fill(1000);
    await job.done;
    expect(contents(weights)[0]).toBe(-3);
  });

  it('of a sequence make no run once one of them has failed or was stopped', async () => {
    const fails = { dynamicScalars: Float64Array.of(1e38, 0), inputs: [new Float32Array(5).fill(4)] };
    for (let i = 0; i < 50; i++) {
      const { program, call } = createTraining(factory);
      const sequence = factory.createSequence();
      const submit = (more = {}) => program.submit(call({ sequence, ...more }));
      const alone = createTraining(factory);
      const jobs = [submit(), submit(i % 2 ? fails : { times: forever }), submit(), submit()];
      if (i % 2 === 0) jobs[1]!.stop();
      const ends = await Promise.allSettled(jobs.map(({ done }) => done));
      const runs = ends.map((end) => (end.status === 'fulfilled' ? end.value : -1));
      expect(await alone.program.submit(alone.call()).done).toBe(1);
      if (i % 2) expect(runs).toEqual([1, -1, 0, 0]);
      expect(await submit().done).toBe(0);
    }
  });

  it('leave outputs alone when they make no run', async () => {
    const { program, call } = createTraining(factory);
    const request = call({ times: 0 });
    request.outputs[0][0] = 7;
    expect(await program.submit(request).done).toBe(0);
    expect(request.outputs[0][0]).toBe(7);
  });

  it('take turns: a short one that comes later ends first', async () => {
    const long = createTraining(factory);
    const short = createTraining(factory);
    const first = long.program.submit(long.call({ times: forever }));
    expect(await short.program.submit(short.call({ times: 5 })).done).toBe(5);
    const { runs } = first.progress();
    first.stop();
    expect(await first.done).toBeGreaterThanOrEqual(runs);
  });

  it('let buffers be read between two runs, all of one run', async () => {
    const { program, weights, call } = createTraining(factory, { n: 4099 });
    const job = program.submit(call({ times: forever }));
    await until(() => job.progress().runs > 0);
    const seen = new Set<number>();
    while (seen.size < 5) {
      const values = new Set(contents(weights));
      expect(values.size).toBe(1);
      for (const value of values) seen.add(value);
    }
    job.stop();
    await job.done;
  });

  it('let programs run on the calling thread between two runs', async () => {
    const { program, weights, call } = createTraining(factory);
    const job = program.submit(call({ times: forever }));
    for (let i = 0; i < 50; i++) program.run(call());
    job.stop();
    expect(contents(weights)[0]).toBe(-(50 + (await job.done)));
  });

  it('add up outputs of one element, exactly those of the runs that progress tells of', async () => {
    const { program, call } = createTraining(factory);
    const job = program.submit(call({ times: 1000 }));
    let last = -1;
    while (last < 1000) {
      const { runs, sums } = job.progress();
      expect(sums[0]).toBe(0 - (runs * (runs + 1)) / 2);
      expect(runs).toBeGreaterThanOrEqual(last);
      last = runs;
      await new Promise(setImmediate);
    }
    await job.done;
  });

  it('keep a program from being disposed of until they settle', async () => {
    const { program, call } = createTraining(factory);
    const job = program.submit(call({ times: forever }));
    expect(() => program.dispose()).toThrow('cannot be disposed of');
    job.stop();
    await job.done;
    program.dispose();
    expect(() => program.submit(call())).toThrow('disposed of');
  });

  it('keep buffers that have been freed', async () => {
    const { program, weights, call } = createTraining(factory);
    const request = call({ times: 500 });
    const job = program.submit(request);
    weights.free();
    await job.done;
    expect(request.outputs[1][4]).toBe(-500);
  });

  it('reject when an output has been taken away meanwhile', async () => {
    const { program, call } = createTraining(factory);
    const request = call({ times: 3 });
    const job = program.submit(request);
    const buffer = request.outputs[1].buffer as ArrayBuffer;
    structuredClone(buffer, { transfer: [buffer] });
    await expect(job.done).rejects.toThrow(ArgumentError);
    expect(job.progress().runs).toBe(3);
  });

  it('are hundreds at once', async () => {
    const { program, weights, call } = createTraining(factory);
    const jobs = Array.from({ length: 300 }, (_, i) =>
      program.submit(call({ times: 1 + (i % 3), priority: i % 2 ? 'normal' : 'background' })),
    );
    const runs = await Promise.all(jobs.map(({ done }) => done));
    expect(runs).toEqual(Array.from({ length: 300 }, (_, i) => 1 + (i % 3)));
    expect(contents(weights)[0]).toBe(-600);
  });
});

describe('submit refuses, and changes nothing', () => {
  const { program, weights, call } = createTraining(factory);
  const good = call();
  it.each<[string, object, RegExp]>([
    ['an input that is missing', { inputs: [] }, /expected 1 inputs, got 0/],
    ['a short input', { inputs: [new Float32Array(4)] }, /input 0 must have 5 elements, got 4/],
    ['an input of another dtype', { inputs: [new Int32Array(5)] }, /expected Float32Array, got Int32Array/],
    ['shared memory', { inputs: [new Float32Array(new SharedArrayBuffer(20))] }, /SharedArrayBuffer/],
    ['no typed array', { inputs: [[1, 2, 3, 4, 5]] }, /expected Float32Array/],
    ['no array', { inputs: good.inputs[0] }, /expected an array/],
    ['outputs that are missing', { outputs: [] }, /expected 2 outputs, got 0/],
    ['a long output', { outputs: [new Float32Array(2), new Float32Array(5)] }, /output 0 must have 1 elements, got 2/],
    ['too few dynamic scalars', { dynamicScalars: new Float64Array(1) }, /expected 2 dynamic scalars, got 1/],
    ['dynamic scalars of another dtype', { dynamicScalars: new Float32Array(2) }, /expected Float64Array/],
    ['keys of another dtype', { keys: new Int32Array(0) }, /Uint32Array/],
    ['a negative number of runs', { times: -1 }, /argument 5: expected a size/],
    ['half a run', { times: 1.5 }, /argument 5: expected a size/],
    ['a counter that is no dynamic scalar', { counter: 2 }, /counter must be one of 2 dynamic scalars, got 2/],
    ['no threads', { threads: 0 }, /argument 7: expected from 1 to 256 threads/],
    ['too many threads', { threads: 257 }, /argument 7: expected from 1 to 256 threads/],
  ])('%s', (_what, change, message) => {
    const submit = (): unknown => program.submit({ ...good, ...change });
    expect(submit).toThrow(ArgumentError);
    expect(submit).toThrow(message);
    expect(contents(weights)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('the addon refuses', () => {
  const settle = (): void => {};
  it('jobs that it does not know, or no longer', async () => {
    const { program, call } = createTraining(factory);
    await program.submit(call()).done;
    for (const id of [0, 2 ** 40]) {
      expect(() => addon.stopJob(id)).toThrow(/^stopJob: no job/);
      expect(() => addon.jobProgress(id, new Float64Array(2))).toThrow(/^jobProgress: no job/);
      expect(() => addon.jobOutputs(id, [])).toThrow(/^jobOutputs: no job/);
    }
  });

  it('outputs of a job that runs, and sums of another number', async () => {
    const order = addon.createBuffer(1, 5_000_000);
    let id = 0;
    const over = new Promise<void>((resolve) => {
      id = addon.submitShuffle(order, 1, () => {
        expect(() => addon.jobOutputs(id, [new Float32Array(1)])).toThrow(RangeError);
        addon.jobOutputs(id, []);
        resolve();
      });
    });
    expect(() => addon.jobOutputs(id, [])).toThrow(/is not over$/);
    expect(() => addon.jobProgress(id, new Float64Array(1))).toThrow(/expected 0 elements, got 1/);
    await over;
  });

  it('a shuffle of anything but an int32 buffer, and a settle that is no function', () => {
    const floats = addon.createBuffer(0, 4);
    expect(() => addon.submitShuffle(floats, 1, settle)).toThrow(/order must be of int32/);
    // @ts-expect-error: as a caller without types
    expect(() => addon.submitShuffle(addon.createBuffer(1, 4), 1, {})).toThrow(/argument 2: expected a function/);
    // @ts-expect-error: as a caller without types
    expect(() => addon.submitShuffle({}, 1, settle)).toThrow(/argument 0: expected a device buffer/);
  });
});

describe('shuffle', () => {
  it.each([0, 1, 2, 1000, 1_500_000])('gives the permutation of Generator.randperm, for %d elements', async (n) => {
    const buffer = factory.createBuffer('int32', n);
    for (const seed of [0n, 7n, 2n ** 40n + 3n]) {
      await factory.shuffle(buffer, seed);
      const order = new Int32Array(n);
      buffer.copyOut(order);
      expect(Buffer.compare(Buffer.from(order.buffer), Buffer.from(new Generator(seed).randperm(n).buffer))).toBe(0);
    }
  });

  it('refuses a float buffer', async () => {
    await expect(factory.shuffle(factory.createBuffer('float32', 4), 1n)).rejects.toThrow(ArgumentError);
  });
});
