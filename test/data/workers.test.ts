/** Worker threads of a DataLoader, in the built package: order, draws, errors, ends. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { data, manualSeed, tensor } from '../../src/index.js';
import { ensureBuilt, root } from '../helpers/built.js';
import { runBuilt } from '../helpers/built-child.js';

vi.setConfig({ testTimeout: 180_000 });
beforeAll(ensureBuilt, 600_000);

const url = pathToFileURL(join(root, 'test/data/workers/numbers.mjs')).href;
const prelude = `
  import { data, fit, io, manualSeed, nn, optim, predict, rand, Tensor, tensor } from 'lanewise';
  import { setTimeout as sleep } from 'node:timers/promises';
  const url = ${JSON.stringify(url)};
  const { DataLoader, fromModule } = data;
  const plain = (value) => value instanceof Tensor ? value.toArray() : Array.isArray(value) ? value.map(plain) : value;
  const all = async (loader) => { const batches = []; for await (const batch of loader) batches.push(plain(batch)); return batches; };
  const errorOf = async (run) => { try { await run(); return null; } catch (error) {
    return { name: error.constructor.name, message: error.message, cause: error.cause?.constructor?.name ?? null, reason: error.cause?.message ?? null }; } };
  let alive = 0;
  process.on('worker', (worker) => { alive++; worker.on('exit', () => alive--); });
  const threads = () => alive;
`;
const run = async (code: string) => {
  const { reported, stderr } = await runBuilt(prelude + code);
  expect(stderr).toBe('');
  return reported as Record<string, unknown>;
};

describe('numWorkers', () => {
  it('gives the batches of a loader without workers, in its order, whichever worker is ready first', async () => {
    const told = await run(`
      const numbers = await fromModule(url, { args: [11] });
      const late = await fromModule(url, { args: [11, { slow: true }] });
      const epochs = async (dataset, options) => {
        manualSeed(5);
        const loader = new DataLoader(dataset, { batchSize: 2, shuffle: true, ...options });
        const result = [await all(loader), await all(loader), rand([1]).item(), loader.length];
        return result;
      };
      const three = await fromModule(url, { args: [3] });
      // A dataset twice, a part of one, and a part within a part.
      const inner = new data.ConcatDataset([three, new data.Subset(numbers, [9, 4])]);
      const parts = new data.ConcatDataset([new data.Subset(inner, [4, 0, 3]), numbers, three]);
      const splits = async (options) => {
        manualSeed(3);
        const found = [];
        for (const each of data.randomSplit(parts, [0.5, 0.5])) found.push(await all(new DataLoader(each, { batchSize: 4, shuffle: true, ...options })));
        return found;
      };
      report({
        none: await epochs(numbers, {}),
        some: [await epochs(numbers, { numWorkers: 1 }), await epochs(numbers, { numWorkers: 3, prefetchFactor: 1 }),
          await epochs(late, { numWorkers: 2, prefetchFactor: 4 })],
        dropped: await all(new DataLoader(numbers, { batchSize: 4, dropLast: true, numWorkers: 2 })),
        sampled: await all(new DataLoader(numbers, { batchSampler: [[1, 2, 10], [0]], numWorkers: 2 })),
        joined: await all(new DataLoader(parts, { batchSize: 3, numWorkers: 2 })), parts: await all(new DataLoader(parts, { batchSize: 3 })),
        split: await splits({ numWorkers: 2 }), whole: await splits({}),
        awaited: await all(new DataLoader(new data.ConcatDataset([await fromModule(url, { name: 'later', args: [2] })]), { batchSize: 2, numWorkers: 1 })),
        subset: await all(new DataLoader(new data.Subset(new data.Subset(numbers, [3, 4, 5]), [2, 0]), { numWorkers: 1 })),
        async: await all(new DataLoader(await fromModule(new URL(url), { name: 'later', args: [2] }), { numWorkers: 1 })),
        object: await all(new DataLoader(await fromModule(url, { name: 'ready' }), { numWorkers: 1, batchSize: 3 })),
      });`);
    const [first, second, after, length] = told.none as [unknown[], unknown[], number, number];
    expect(first).toHaveLength(6);
    expect(second).not.toEqual(first);
    expect(length).toBe(6);
    expect(after).toBeGreaterThan(0);
    for (const each of told.some as unknown[]) expect(each).toEqual(told.none);
    expect(told.dropped).toHaveLength(2);
    const row = (...indices: number[]) => [indices.map((i) => [i, 0]), indices.map((i) => i % 3)];
    expect(told.sampled).toEqual([row(1, 2, 10), row(0)]);
    expect(told.subset).toEqual([row(5), row(3)]);
    expect(told.joined).toEqual(told.parts);
    expect((told.joined as unknown[]).slice(0, 2)).toEqual([row(4, 0, 9), row(0, 1, 2)]);
    expect(told.split).toEqual(told.whole);
    expect(told.awaited).toEqual([row(0, 1)]);
    expect(told.async).toEqual([row(0), row(1)]);
    expect(told.object).toEqual([row(0, 1, 2)]);
  });

  it('draws by the number of the batch, whatever the number of workers', async () => {
    const told = await run(`
      const drawn = await fromModule(url, { args: [9, { drawn: true }] });
      const epochs = async (numWorkers) => {
        manualSeed(42);
        const loader = new DataLoader(drawn, { batchSize: 2, numWorkers });
        return [await all(loader), await all(loader)];
      };
      manualSeed(42);
      const seed = manualSeed(42).random63();
      const expected = [0, 1, 2].map((b) => { manualSeed(seed + BigInt(b)); return rand([1]).item(); });
      report({ some: [await epochs(1), await epochs(2), await epochs(4)], expected });`);
    const [one, ...others] = told.some as (readonly [number[][][][], unknown])[];
    for (const each of others) expect(each).toEqual(one);
    expect(one![1]).not.toEqual(one![0]);
    // The first draw of batches 0, 1 and 2: the rule of the docstring.
    expect(one![0].slice(0, 3).map(([rows]) => rows![0]![1])).toEqual(told.expected);
  });

  it('calls collateFn and workerInitFn, and tells a worker who it is', async () => {
    const told = await run(`
      const numbers = await fromModule(url, { args: [4] });
      const informed = await fromModule(url, { name: 'informed' });
      manualSeed(7);
      const seed = Number(manualSeed(7).random63() % 1000n);
      manualSeed(7);
      const collated = await all(new DataLoader(informed, { numWorkers: 2, batchSize: 2, workerInitFn: 'init', collateFn: (samples) => samples }));
      report({
        here: await all(new DataLoader(numbers, { numWorkers: 2, batchSize: 2, collateFn: (samples) => samples.map(([x]) => x.toArray()[0]) })),
        there: await all(new DataLoader(numbers, { numWorkers: 2, batchSize: 3, collateFn: 'joined' })),
        collated, seed, main: data.getWorkerInfo(),
        initial: [0, 1].map((id) => { manualSeed(BigInt(manualSeed(7).random63()) + BigInt(id)); return id + rand([1]).item(); }),
      });`);
    expect(told.here).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(told.there).toEqual([
      { names: ['k0', 'k1', 'k2'], thread: true, count: 3 },
      { names: ['k0'], thread: true, count: 1 },
    ]);
    expect(told.main).toBe(null);
    const initial = told.initial as number[];
    expect(told.collated).toEqual(
      [0, 1, 0, 1].map((id, batch) =>
        [0, 1].map((i) => ({
          ...{ index: 2 * batch + i, id, numWorkers: 2, isSame: true },
          ...{ seed: ((told.seed as number) + id) % 1000, initial: initial[id] },
        })),
      ),
    );
  });

  it('hands over memory that is its own only', async () => {
    const told = await run(`
      const kept = await fromModule(url, { name: 'kept' });
      const cached = await fromModule(url, { args: [3, { cached: true }] });
      report({
        kept: await all(new DataLoader(kept, { numWorkers: 1, batchSize: 2 })),
        cached: await all(new DataLoader(cached, { numWorkers: 1, batchSize: 1 })),
        table: await all(new DataLoader(await fromModule(url, { name: 'table', args: [4] }), { numWorkers: 1, batchSize: 4 })),
      });`);
    expect(told.kept).toEqual(Array.from({ length: 3 }, () => [[[1, 2]], [[1, 2]]]));
    expect(told.cached).toEqual(Array.from({ length: 3 }, () => [[[1, 2, 3]]]));
    expect((told.table as unknown[][])[0]![1]).toEqual([[0], [0.25], [0.5], [0.75]]);
  });
});

describe('what goes wrong in a worker', () => {
  it('reaches the loop at its batch, with the error as its cause', async () => {
    const told = await run(`
      const taken = [];
      const failing = new DataLoader(await fromModule(url, { args: [9, { fail: 5 }] }), { batchSize: 2, numWorkers: 2, prefetchFactor: 4 });
      const failed = await errorOf(async () => { for await (const [x] of failing) taken.push(x.shape[0]); });
      const broken = new DataLoader(new data.Subset(await fromModule(url, { args: [9, { exit: 3 }] }), [0, 3, 4]), { numWorkers: 1 });
      const ended = await errorOf(() => all(broken));
      const numbers = await fromModule(url, { args: [3] });
      const notSent = await errorOf(() => all(new DataLoader(numbers, { numWorkers: 1, collateFn: 'mask' })));
      const noExport = await errorOf(() => all(new DataLoader(numbers, { numWorkers: 1, collateFn: 'nothing' })));
      const noFunction = await errorOf(() => all(new DataLoader(numbers, { numWorkers: 1, workerInitFn: 'ready' })));
      const uneven = await errorOf(() => all(new DataLoader(numbers, { batchSampler: [[0, 7]], numWorkers: 1 })));
      const iterator = failing[Symbol.asyncIterator]();
      report({ taken, failed, ended, notSent, noExport, noFunction, uneven, threads: threads(),
        many: (await Promise.allSettled(Array.from({ length: 9 }, () => iterator.next()))).map(({ status, value }) => value?.done ?? status) });`);
    expect(told.taken).toEqual([2, 2]);
    expect(told.failed).toEqual({
      ...{ name: 'Error', message: 'DataLoader: in worker 0: number 5', cause: 'RangeError', reason: 'number 5' },
    });
    expect(told.ended).toMatchObject({ name: 'StateError', message: 'DataLoader: worker 0 ended, with code 7' });
    expect(told.notSent).toMatchObject({
      message: expect.stringMatching(/^DataLoader: in worker 0: .*could not be cloned/s),
    });
    expect(told.noExport).toMatchObject({
      name: 'ArgumentError',
      message: expect.stringMatching(/^DataLoader: worker 0: collateFn: .* has no export 'nothing'$/),
    });
    expect(told.noFunction).toMatchObject({
      name: 'ArgumentError',
      message: expect.stringContaining("'ready' is none"),
    });
    expect(told.uneven).toMatchObject({
      name: 'ArgumentError',
      message: expect.stringContaining('the sampler gives 7'),
    });
    expect(told.threads).toBe(0);
    expect(told.many).toEqual([false, false, 'rejected', true, true, true, true, true, true]);
  });

  it('ends the workers on break, throw, abort, and with the process', async () => {
    const told = await run(`
      const numbers = await fromModule(url, { args: [100, { slow: true }] });
      const make = (options) => new DataLoader(numbers, { batchSize: 4, numWorkers: 2, ...options });
      const counts = [];
      for await (const batch of make()) break;
      counts.push(threads());
      await errorOf(async () => { for await (const batch of make()) throw new Error('mine'); });
      counts.push(threads());
      const stop = new AbortController();
      const reason = new Error('enough');
      const waiting = errorOf(async () => { for await (const batch of make({ signal: stop.signal })) stop.abort(reason); });
      const aborted = await waiting;
      counts.push(threads());
      const hanging = new DataLoader(await fromModule(url, { args: [4, { hang: 2 }] }), { numWorkers: 2, timeout: 1, persistentWorkers: true });
      const late = await errorOf(() => all(hanging));
      counts.push(threads());
      const short = await errorOf(() => all(make({ timeout: 0.001 })));
      const persistent = make({ persistentWorkers: true, collateFn: (samples) => data.getWorkerInfo() });
      for await (const batch of persistent) break;
      const during = threads();
      const whole = (await all(persistent)).length;
      await persistent.close();
      counts.push(threads());
      // Left in the middle, and two of them persistent: the process ends all the same.
      const left = make()[Symbol.asyncIterator]();
      await left.next();
      await all(make({ persistentWorkers: true }));
      report({ counts, aborted, late, short, during, whole });`);
    expect(told.counts).toEqual([0, 0, 0, 0, 0]);
    expect(told.late).toMatchObject({ name: 'StateError', message: 'DataLoader timed out after 1 seconds' });
    expect(told.short).toMatchObject({ name: 'StateError', message: 'DataLoader timed out after 0.001 seconds' });
    expect(told.aborted).toMatchObject({ name: 'Error', message: 'enough' });
    expect(told.during).toBe(2);
    expect(told.whole).toBe(25);
  });
});

it('trains with fit to the bits of a loader without workers, and ends with it', async () => {
  const told = await run(`
    const table = await fromModule(url, { name: 'table', args: [64] });
    const train = async (options, more = {}) => {
      manualSeed(0);
      const model = new nn.Linear(2, 1);
      const loader = new DataLoader(table, { batchSize: 8, shuffle: true, ...options });
      const history = await fit(model, { train: loader, validation: new DataLoader(table, { batchSize: 32, ...options }), epochs: 3,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loss: new nn.MSELoss(), ...more });
      return [history.epochs.map(({ loss, validation }) => [loss, validation.loss]), plain(model.weight)];
    };
    const stop = new AbortController();
    let steps = 0;
    const aborted = await errorOf(() => train({ numWorkers: 2 }, { epochs: 1000, signal: stop.signal, onStep: () => { if (++steps === 20) stop.abort(new Error('enough')); } }));
    report({ none: await train({}), some: await train({ numWorkers: 2 }), kept: await train({ numWorkers: 1, persistentWorkers: true }), aborted });`);
  expect(told.some).toEqual(told.none);
  expect(told.kept).toEqual(told.none);
  expect(told.aborted).toMatchObject({ message: 'enough' });
});

it('goes on from a checkpoint in the middle of an epoch', async () => {
  const told = await run(`
    import { mkdtempSync, rmSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    import { ModelCheckpoint } from 'lanewise';
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-workers-'));
    const path = join(folder, 'run.safetensors');
    const drawn = await fromModule(url, { args: [24, { drawn: true }] });
    const train = async (more) => {
      manualSeed(0);
      const model = new nn.Sequential(new nn.Linear(2, 1), new nn.Flatten(0));
      await fit(model, { train: new DataLoader(drawn, { batchSize: 4, shuffle: true, numWorkers: 2 }), epochs: 3,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.001 }), loss: new nn.MSELoss(), ...more });
      return plain(model.at(0).weight);
    };
    const whole = await train({});
    const stop = new AbortController();
    let steps = 0;
    const aborted = await errorOf(() => train({ callbacks: [new ModelCheckpoint({ path, everySteps: 1 })], signal: stop.signal,
      onStep: () => { if (++steps === 9) stop.abort(new Error('enough')); } }));
    const resumed = await train({ resume: path });
    rmSync(folder, { recursive: true });
    report({ whole, resumed, aborted, steps });`);
  expect(told.aborted).toMatchObject({ message: 'enough' });
  // Three of the six batches of the second epoch.
  expect(told.steps).toBe(9);
  expect(told.resumed).toEqual(told.whole);
});

it('works from CommonJS', async () => {
  const told = await run(`
    import { createRequire } from 'node:module';
    const required = createRequire(${JSON.stringify(pathToFileURL(join(root, 'package.json')).href)})('lanewise');
    const numbers = await required.data.fromModule(url, { args: [4] });
    const sums = [];
    for await (const [x] of new required.data.DataLoader(numbers, { numWorkers: 2, batchSize: 2 })) sums.push(x.sum().item());
    report({ sums });`);
  expect(told.sums).toEqual([1, 5]);
});

describe('arguments', () => {
  const dataset = new data.TensorDataset(tensor([1, 2, 3]));
  const make = (options: object) => () => new data.DataLoader(dataset, options);

  it('of a loader', () => {
    expect(make({ numWorkers: 2 })).toThrow(/^DataLoader: a worker thread cannot be sent .*TensorDataset/);
    expect(make({ numWorkers: 2 })).toThrow("data.fromModule(new URL('./dataset.js', import.meta.url), { args })");
    expect(make({ numWorkers: -1 })).toThrow('num_workers option should be non-negative; use num_workers=0');
    expect(make({ numWorkers: 1.5 })).toThrow('numWorkers');
    expect(make({ numWorkers: 1000 })).toThrow('numWorkers must be at most 256');
    expect(make({ prefetchFactor: 2 })).toThrow('prefetch_factor option could only be specified in multiprocessing');
    expect(make({ numWorkers: 2, prefetchFactor: 0 })).toThrow('prefetchFactor');
    expect(make({ persistentWorkers: true })).toThrow('persistent_workers option needs num_workers > 0');
    expect(make({ numWorkers: 1, workerInitFn: () => {} })).toThrow('functions do not cross threads');
    expect(make({ workerInitFn: 'init' })).toThrow('workerInitFn is for numWorkers > 0');
    expect(make({ numWorkers: 1, timeout: -1 })).toThrow('timeout option should be non-negative');
    expect(make({ numWorkers: 1, timeout: '5' })).toThrow('timeout must be a number, got "5"');
    expect(make({ timeout: 5 })).toThrow('timeout is for numWorkers > 0');
    const joined = new data.ConcatDataset([dataset]);
    expect(() => new data.DataLoader(joined, { numWorkers: 1 })).toThrow(/cannot be sent .*TensorDataset/);
    expect(make({ numWorkers: 1, signal: {} })).toThrow('signal must be an AbortSignal');
    expect(make({ collateFn: 'joined' })).toThrow('collateFn must be a function');
  });

  it('without workers a loader is what it was', async () => {
    manualSeed(1);
    const loader = new data.DataLoader(dataset, { numWorkers: 0 });
    expect(Symbol.asyncIterator in loader).toBe(false);
    const taken: number[] = [];
    for await (const [x] of loader) taken.push(x.item());
    expect(taken).toEqual([1, 2, 3]);
    await loader.close();
  });

  it('of fromModule', async () => {
    const told = await run(`
      report(await Promise.all([
        () => fromModule('./numbers.mjs'), () => fromModule(url, { name: 'nothing' }), () => fromModule(url, { args: [() => 1] }),
        () => fromModule(url, { name: 'broken' }), () => fromModule(url, { name: 'notOne' }), () => fromModule(url, { name: 3 }),
        () => fromModule(url, { args: 3 }), () => fromModule(url, { path: 3 }), () => fromModule('file:///not/there.mjs'),
        async () => { for (const batch of new DataLoader(await fromModule(url, { args: [3] }), { numWorkers: 1 })) report(batch); },
      ].map(async (run) => { const error = await errorOf(run); return error.name + ' ' + error.message; })));`);
    const patterns = [
      /^ArgumentError fromModule: expected the URL of a module, .* got "\.\/numbers\.mjs"$/,
      /^ArgumentError fromModule: file:.* has no export 'nothing'$/,
      /^ArgumentError fromModule: args cannot be sent to a worker thread: .*could not be cloned/,
      /^TypeError no files$/,
      /^ArgumentError fromModule: 'notOne' of .* must be a dataset, or a function that gives one.* got 5$/,
      /^ArgumentError fromModule: name must be a string, got 3$/,
      /^ArgumentError fromModule: args must be a list, got 3$/,
      /^ArgumentError fromModule: .*path/,
      /^Error Cannot find module/,
      /^StateError DataLoader: with numWorkers batches come as promises: for await/,
    ];
    const errors = told as unknown as string[];
    expect(errors).toHaveLength(patterns.length);
    for (const [i, pattern] of patterns.entries()) expect(errors[i]).toMatch(pattern);
  });
});
