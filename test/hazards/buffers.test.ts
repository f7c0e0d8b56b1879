/** What a host may do to its own buffers while a job runs: transfer, resize, drop or overwrite them. Results are right. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import type { Job } from '../../src/ops/graph.js';
import type { HostArray } from '../../src/ops/ops.js';
import { createTraining, nativeFactory, requireAddon } from './work.js';

const addon = requireAddon();
afterAll(() => addon.stopJobs());

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Small and repeatable: Knuth's multiplicative generator. */
function draws(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const n = 1027;
const resizable = (): Float32Array => {
  // TypeScript's lib of Node 20 lacks the options.
  const Resizable = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  return new Float32Array(new Resizable(4 * n, { maxByteLength: 8 * n }));
};

const transfer = (array: Float32Array): void => {
  const buffer = array.buffer as ArrayBuffer;
  structuredClone(buffer, { transfer: [buffer] });
};
const resize = (array: Float32Array, bytes: number): void =>
  (array.buffer as ArrayBuffer & { resize(bytes: number): void }).resize(bytes);

type Disturb = (array: Float32Array) => void;
const toInputs: readonly Disturb[] = [
  () => {},
  transfer,
  (array) => resize(array, 0),
  (array) => resize(array, 4),
  (array) => resize(array, 8 * n),
  (array) => array.fill(Number.NaN),
];
/** Those that leave an output of another size than its result come last. A view without a length grows with its buffer. */
const toOutputs: readonly Disturb[] = [
  () => {},
  (array) => array.fill(7),
  (array) => resize(array, 8 * n),
  transfer,
  (array) => resize(array, 0),
  (array) => resize(array, 4),
];
const fitting = 1;

it('10,000 random interleavings', async () => {
  const draw = draws(20261123);
  const { program, weights, call } = createTraining(nativeFactory(addon), { n, size: 4 });
  const zeros = new Float32Array(n);
  const wrong: unknown[] = [];
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    weights.copyIn(zeros);
    // Jobs of one round add up to -Σ; each job's outputs lie between its own runs and all of them.
    const jobs = Array.from({ length: 5 }, () => {
      const input = resizable().fill(1);
      const output = resizable();
      const times = 1 + draw(4);
      const priority = draw(2) === 0 ? 'normal' : 'background';
      const request = { ...call({ times, priority }), inputs: [input], outputs: [new Float32Array(1), output] };
      const job = program.submit(request);
      toInputs[draw(toInputs.length)]!(input);
      const how = draw(toOutputs.length);
      const disturbOutput = (): void => toOutputs[how]!(output);
      const later = draw(2) === 0;
      if (later) setImmediate(disturbOutput);
      else disturbOutput();
      return { job, output, times, how, later };
    });
    if (round % 100 === 0) collect();
    const settled = await Promise.allSettled(jobs.map(({ job }) => job.done));
    let total = 0;
    for (const [i, { output, times, how, later, job }] of jobs.entries()) {
      const result = settled[i]!;
      total += times;
      if (job.progress().runs !== times) wrong.push({ round, i, how, runs: job.progress().runs });
      if (result.status === 'rejected') {
        refused++;
        if (how <= fitting || !(result.reason instanceof ArgumentError))
          wrong.push({ round, i, how, reason: result.reason });
      } else if (how === 0 || (how === fitting && !later)) {
        const [first, last] = [output[0]!, output[n - 1]!];
        if (first !== last || first > -times || first < -20) wrong.push({ round, i, how, first, last });
      } else if (how > fitting && !later) wrong.push({ round, i, how, settled: 'of another size' });
    }
    const values = new Float32Array(n);
    weights.copyOut(values);
    if (values.some((value) => value !== -total)) wrong.push({ round, total, first: values[0] });
  }
  expect(wrong).toEqual([]);
  expect(refused).toBeGreaterThan(1000);
}, 120_000);

it('a running job keeps no input of its host alive', async () => {
  const { program, call } = createTraining(nativeFactory(addon), { n, size: 4 });
  const start = (): { readonly job: Job; readonly input: WeakRef<HostArray> } => {
    const input = new Float32Array(n).fill(1);
    const job = program.submit({ ...call({ times: Number.MAX_SAFE_INTEGER }), inputs: [input] });
    return { job, input: new WeakRef(input) };
  };
  const { job, input } = start();
  await new Promise(setImmediate); // a WeakRef holds on until the end of the turn that made it
  collect();
  expect(input.deref()).toBeUndefined();
  const { runs } = job.progress();
  job.stop();
  expect(await job.done).toBeGreaterThanOrEqual(runs);
});
