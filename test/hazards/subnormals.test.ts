/** JavaScript's arithmetic is as before after every kind of call into the library, though the library flushes denormals. */
import { afterAll, describe, expect, it } from 'vitest';
import { compile, fit, manualSeed, nn, optim, predict, randn, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { runChild } from '../helpers/child.js';
import { createTraining, nativeFactory, requireAddon } from './work.js';

const tiny = Float32Array.of(2 ** -126, 2 ** -149);
const smallest = Float64Array.of(Number.MIN_VALUE, 2 ** -1022);

/** What of arithmetic is wrong when denormals are flushed to zero, or read as zero: names. */
function broken(): string[] {
  const halves = new Float32Array(2);
  halves[0] = tiny[0]! * 0.5;
  const facts: Record<string, boolean> = {
    'half of the smallest normal float32': halves[0] === 2 ** -127,
    'the smallest float32 as a double': tiny[1]! * 2 ** 149 === 1,
    'the smallest double': smallest[0]! / 1 > 0 && smallest[0]! + smallest[0]! === 2 ** -1073,
    'half of the smallest normal double': smallest[1]! * 0.5 === 2 ** -1023,
    'Math.fround': Math.fround(tiny[0]! * 0.25) === 2 ** -128,
    'a literal': Number('5e-324') > 0 && String(smallest[0]) === '5e-324',
  };
  return Object.keys(facts).filter((name) => !facts[name]);
}

function makeTraining() {
  manualSeed(5);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(8, 3));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters());
  return { model, criterion, optimizer, x: randn([6, 4]), y: tensor(Int32Array.of(0, 1, 2, 0, 1, 2)) };
}

describeEachBackend('denormal numbers of JavaScript outlive', () => {
  it('eager and compiled steps, both that return and that throw', async () => {
    const { model, criterion, optimizer, x, y } = makeTraining();
    const loss = () => criterion.forward(model.forward(x), y);
    expect(broken()).toEqual([]);
    loss().backward();
    optimizer.step();
    expect(broken(), 'eager').toEqual([]);
    const step = compile((a, b) => {
      optimizer.zeroGrad();
      const value = criterion.forward(model.forward(a), b);
      value.backward();
      optimizer.step();
      return value;
    });
    step(x, y);
    expect(broken(), 'compiled').toEqual([]);
    const pending = step.async(x, y);
    expect(broken(), 'while a step runs').toEqual([]);
    await pending;
    expect(broken(), 'after a step that ran at the same time').toEqual([]);
    expect(() => step(x, tensor(Int32Array.of(0, 1, 2, 0, 1, 7)))).toThrow('out of bounds');
    expect(broken(), 'a step that throws').toEqual([]);
    await expect(step.async(x, tensor(Int32Array.of(0, 1, 2, 0, 1, 7)))).rejects.toThrow('out of bounds');
    expect(broken(), 'a step that rejects').toEqual([]);
    step.dispose();
    expect(broken(), 'dispose').toEqual([]);
  });

  it('fit and predict, in their callbacks and after them', async () => {
    const { model, criterion, optimizer, x, y } = makeTraining();
    const seen: string[][] = [];
    const look = (): void => void seen.push(broken());
    await fit(model, {
      ...{
        train: [x, y],
        validation: [x, y],
        batchSize: 2,
        epochs: 2,
        optimizer,
        loss: criterion,
        metrics: ['accuracy'],
      },
      ...{ onEpoch: look, onProgress: look, onStep: look },
    });
    await predict(model, x);
    look();
    expect(seen.length).toBeGreaterThan(8);
    expect(seen.flat()).toEqual([]);
  });
});

describe('denormal numbers of JavaScript outlive', () => {
  const addon = requireAddon();
  afterAll(() => addon.stopJobs());

  it('programs, jobs, blocks and shuffles of the addon, and threads that are made by them', async () => {
    const factory = nativeFactory(addon);
    const { program, weights, call } = createTraining(factory, { n: 1000, size: 64 });
    for (const priority of ['normal', 'background'] as const) {
      program.run(call());
      expect(broken(), 'run').toEqual([]);
      const job = program.submit(call({ times: 50, priority, threads: 3 }));
      expect(broken(), 'submit').toEqual([]);
      job.progress();
      await job.done;
      expect(broken(), `a job of priority ${priority}`).toEqual([]);
    }
    await factory.shuffle(factory.createBuffer('int32', 1000), 3n);
    weights.copyOut(new Float32Array(1000));
    program.dispose();
    expect(broken(), 'the rest').toEqual([]);
  });

  it('the loading of the addon, in a process and in a worker thread', async () => {
    const { reported } = await runChild(`
      const { Worker } = await import('node:worker_threads');
      const check = 'Number.MIN_VALUE / 1 > 0 && Math.fround(2 ** -127) * 2 ** 127 === 1';
      const { backend } = await src('index.ts');
      const before = eval(check);
      backend.use('native');
      const { loadAddon } = await src('ops/load.ts');
      const code = 'require(' + JSON.stringify(loadAddon().path) + '); require("node:worker_threads").parentPort.postMessage(' + check + ')';
      const worker = new Worker(code, { eval: true, execArgv: [] });
      const inWorker = await new Promise((resolve) => worker.once('message', resolve));
      report([before, eval(check), inWorker]);`);
    expect(reported).toEqual([true, true, true]);
  });
});
