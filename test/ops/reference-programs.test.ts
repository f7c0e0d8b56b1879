/** What the reference's factory of programs does beyond what compiled functions show: its own checks, jobs, shuffling. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ArgumentError, Generator, StateError } from '../../src/index.js';
import { getBackend } from '../../src/ops/backend.js';
import { type Graph, NotFiniteError, type ValueSpec } from '../../src/ops/graph.js';
import { nodeOf } from './cases/programs.js';

const factory = getBackend('reference').programs();

const spec = (kind: ValueSpec['kind'], index: number, length = 1): ValueSpec => ({
  dtype: 'float32',
  length,
  kind,
  index,
  panels: null,
});

const layout = Float64Array.of(1, 1, 1);

/** state0 += input0; output0 = state0, which must be finite. */
const adding: Graph = {
  values: [spec('input', 0), spec('state', 0), spec('output', 0)],
  instructions: [
    {
      op: 'pointwise',
      args: {
        ...{ program: nodeOf('add'), inputs: [1, 0], keys: [], scalars: [], outputs: [1], step: null },
        ...{ layout, columns: 1, rowOffset: 0 },
      },
    },
    { op: 'copy', args: { x: 1, out: 2, layout, xOffset: 0, outOffset: 0 } },
    { op: 'checkFinite', args: { x: 2, n: 1, layer: 4 } },
  ],
  arena: 0,
  dynamicScalars: 0,
  keySources: 0,
};

function makeAdding() {
  const buffer = factory.createBuffer('float32', 1);
  const program = factory.createProgram(adding, [buffer]);
  const output = new Float32Array(1);
  const call = (value: number) => ({
    inputs: [Float32Array.of(value)],
    outputs: [output],
    dynamicScalars: new Float64Array(0),
    keys: new Uint32Array(0),
  });
  const job = (value: number, times: number) =>
    program.submit({
      ...call(value),
      times,
      isWanted: true,
      counter: null,
      threads: null,
      priority: 'normal',
      sequence: null,
    });
  return { buffer, program, output, call, job };
}

describe('programs of the reference', () => {
  it('run one run a turn of the event loop, jobs by turns, in the order in which they came', async () => {
    const [one, two] = [makeAdding(), makeAdding()];
    const jobs = [one.job(1, 3), two.job(2, 2)];
    const seen: number[][] = [];
    for (let turn = 0; turn < 6; turn++) {
      await nextTurn();
      seen.push(jobs.map((job) => job.progress().runs));
    }
    expect(seen.at(-1)).toEqual([3, 2]);
    for (const [i, runs] of seen.entries()) {
      const before = seen[i - 1] ?? [0, 0];
      expect(runs[0]! + runs[1]! - before[0]! - before[1]!).toBeLessThanOrEqual(1);
      expect(Math.abs(runs[0]! - runs[1]!)).toBeLessThanOrEqual(1);
    }
    expect(await Promise.all(jobs.map(({ done }) => done))).toEqual([3, 2]);
    expect([one.output[0], two.output[0]]).toEqual([3, 4]);
    expect([...jobs[0]!.progress().sums]).toEqual([1 + 2 + 3]);
  });

  it('stop before the next run, and leave outputs alone when there was none', async () => {
    const { job, output } = makeAdding();
    const stopped = job(1, 5);
    stopped.stop();
    expect(await stopped.done).toBe(0);
    expect(output[0]).toBe(0);
  });

  it('reject with what a run throws; the runs before it stand', async () => {
    const { job, buffer } = makeAdding();
    const failing = job(2e38, 9);
    await expect(failing.done).rejects.toThrow(NotFiniteError);
    await expect(failing.done).rejects.toThrow('output 4 is not finite');
    expect(failing.progress().runs).toBe(1);
    const host = new Float32Array(1);
    buffer.copyOut(host);
    expect(host[0]).toBe(Number.POSITIVE_INFINITY);
  });

  it('are not disposed while a job runs, nor used afterwards', async () => {
    const { program, job, call } = makeAdding();
    const running = job(1, 2);
    expect(() => program.dispose()).toThrow(StateError);
    await running.done;
    program.dispose();
    expect(() => program.run(call(1))).toThrow('the program has been disposed');
    expect(() => job(1, 1)).toThrow('the program has been disposed');
  });

  it('of a sequence make no run once one before them has failed or was stopped', async () => {
    const { program, call, job } = makeAdding();
    const sequence = factory.createSequence();
    const submit = (more: object) =>
      program.submit({
        ...call(1),
        ...{ times: 1, isWanted: true, counter: null, threads: null, priority: 'normal', sequence },
        ...more,
      });
    const failing = { inputs: [new Float32Array(2)] };
    const ends = await Promise.allSettled([submit({}), submit(failing), submit({})].map(({ done }) => done));
    expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : 'failed'))).toEqual([1, 'failed', 0]);
    expect(await submit({}).done).toBe(0);
    expect(await job(1, 1).done).toBe(1);

    const other = factory.createSequence();
    const [stopped, behind] = [submit({ sequence: other }), submit({ sequence: other })];
    stopped.stop();
    expect(await Promise.all([stopped.done, behind.done])).toEqual([0, 0]);
    const foreign = { factory };
    expect(() => submit({ sequence: foreign })).toThrow('the sequence is one of another backend');
  });

  it('refuse arrays, buffers and graphs that do not fit', () => {
    const { program, call } = makeAdding();
    const inputs = [new Float32Array(2)];
    expect(() => program.run({ ...call(1), inputs })).toThrow('an input of a program must be 1 elements of float32');
    expect(() => program.run({ ...call(1), inputs: [] })).toThrow(ArgumentError);
    expect(() => program.run({ ...call(1), outputs: [new Int32Array(1)] })).toThrow('an output of a program');
    expect(() => factory.createProgram(adding, [])).toThrow('a state does not fit its buffer');
    expect(() => factory.createProgram(adding, [factory.createBuffer('float32', 2)])).toThrow(ArgumentError);
    const packed = { ...spec('state', 0), panels: { out: 1, in: 1 } };
    const values = [adding.values[0]!, packed, adding.values[2]!];
    expect(() => factory.createProgram({ ...adding, values }, [factory.createBuffer('float32', 1)])).toThrow('panels');
    expect(() => factory.createBuffer('float64', 2 ** 45)).toThrow(ArgumentError);
    expect(() => factory.createProgram({ ...adding, arena: 2 ** 45 }, [factory.createBuffer('float32', 1)])).toThrow(
      'cannot allocate an arena',
    );
  });

  it('shuffle as a generator of that seed', async () => {
    for (const seed of [0n, 7n, 2n ** 40n + 5n, 2n ** 64n - 1n]) {
      const buffer = factory.createBuffer('int32', 101);
      await factory.shuffle(buffer, seed);
      const found = new Int32Array(101);
      buffer.copyOut(found);
      expect(found).toEqual(new Generator(seed).randperm(101));
    }
    await expect(factory.shuffle(factory.createBuffer('float32', 3), 1n)).rejects.toThrow(ArgumentError);
  });
});
