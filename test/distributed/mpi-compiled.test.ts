/** Compiled training steps on several processes: against one process with the whole batch, and what the program looks like. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { launchers, runRanks } from './ranks.js';
import { largest } from './training.js';

// A job is killed after a minute (ranks.ts); a test has up to two, on a machine that may be busy.
vi.setConfig({ testTimeout: 150_000 });

const launcher = launchers[0];

/** Code of a training step of `ddp` and `optimizer`. */
const step = `(x, y) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(ddp.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  }`;

/** A training of `steps` steps of 24 rows, on as many ranks as there are; compiled, or called off the event loop. */
const training = (kind: 'SGD' | 'Adam', how: 'call' | 'async', steps: number): string => `
  const { compile, distributed, functional: F, Generator, manualSeed, nn, optim, rand, randint } = await src('index.ts');
  await distributed.initProcessGroup({ timeout: 50 });
  const rank = distributed.getRank(), size = distributed.getWorldSize();
  manualSeed(5);
  const model = new nn.Sequential(new nn.Linear(20, 400), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(400, 200), new nn.ReLU(), new nn.Linear(200, 3));
  const ddp = new nn.parallel.DistributedDataParallel(model);
  await ddp.synchronize();
  const optimizer = ${kind === 'SGD' ? 'new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })' : 'new optim.Adam(model.parameters(), { lr: 0.001 })'};
  const step = compile(${step});
  manualSeed(9);
  const generator = new Generator(7);
  const rows = 24 / size, losses = [];
  for (let i = 0; i < ${steps}; i++) {
    const x = rand([24, 20], { generator }), y = randint(0, 3, [24], { generator });
    const part = [x.narrow(0, rank * rows, rows), y.narrow(0, rank * rows, rows)];
    const loss = ${how === 'call' ? 'step(...part)' : 'await step.async(...part)'};
    losses.push(loss.item());
  }
  const last = String(step.describe()).split('-- after arena').at(-1);
  // How the ops of the list stand, without arguments.
  const ops = [...last.matchAll(/(allReduce(?:Start|Wait)|linearInputGradient|linearWeight\\w*|matmul|pointwise)/g)].map(([name]) => name);
  report({ rank, losses, ops, weights: model.parameters().map((each) => Array.from(each.toTypedArray())) });
  await distributed.destroyProcessGroup();`;

interface Report {
  readonly rank: number;
  readonly losses: number[];
  readonly ops: string[];
  readonly weights: number[][];
}

async function train(size: number, kind: 'SGD' | 'Adam', how: 'call' | 'async', steps = 50): Promise<Report[]> {
  const { end, stderr, reported, left } = await runRanks(launcher!, size, training(kind, how, steps));
  expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
  return (reported as Report[]).sort((a, b) => a.rank - b.rank);
}

/** What one process gives, by the optimizer: called in either way it computes the same. */
const alones: Partial<Record<'SGD' | 'Adam', Promise<Report[]>>> = {};

describe.skipIf(launcher === undefined)('a compiled step', () => {
  it.each([
    ['SGD', 'call', 2],
    ['Adam', 'async', 2],
    ['SGD', 'async', 3],
    ['Adam', 'call', 4],
  ] as const)('%s, by %s, on %d ranks', async (kind, how, size) => {
    const [alone] = await (alones[kind] ??= train(1, kind, how));
    const ranks = await train(size, kind, how);
    expect(ranks).toHaveLength(size);
    expect(alone!.ops.filter((op) => op.startsWith('allReduce'))).toEqual([]);
    for (const { weights, ops } of ranks) {
      // The ranks agree to the bit, and with one process but for the order of addition.
      expect(weights).toEqual(ranks[0]!.weights);
      expect(largest(weights, alone!.weights)).toBeLessThan(1e-6);
      // The large gradient begins to travel before the last one is made; each start has its wait.
      const starts = ops.filter((op) => op === 'allReduceStart').length;
      expect(ops.filter((op) => op === 'allReduceWait')).toHaveLength(starts);
      expect(starts).toBeGreaterThanOrEqual(2);
      expect(ops.indexOf('allReduceStart')).toBeLessThan(
        ops.findLastIndex((op) => op.startsWith('linearWeight') || op === 'matmul'),
      );
    }
    // Each rank's loss is the mean over its rows.
    const means = ranks[0]!.losses.map((_, i) => ranks.reduce((sum, { losses }) => sum + losses[i]!, 0) / size);
    expect(largest([means], [alone!.losses])).toBeLessThan(1e-6);
  });

  it.each([2, 3])(
    'whose last gradient travels in parts has the bits of one whose does not, on %d ranks',
    async (size) => {
      // The ranks believe that they have cores to spare, so that sums travel while the program computes.
      const code = `
      const fs = process.getBuiltinModule('node:fs');
      const { readFileSync } = fs;
      fs.readFileSync = (path, ...rest) => (path === '/proc/self/status' ? 'Cpus_allowed_list:\\t0-15\\n' : readFileSync(path, ...rest));
      process.getBuiltinModule('node:module').syncBuiltinESMExports();
      const { compile, distributed, functional: F, Generator, manualSeed, nn, optim, rand, randint } = await src('index.ts');
      await distributed.initProcessGroup({ timeout: 50 });
      const rank = distributed.getRank(), size = distributed.getWorldSize();
      const train = async (passes) => {
        manualSeed(5);
        const model = new nn.Sequential(new nn.Linear(300, 500), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(500, 3));
        const ddp = new nn.parallel.DistributedDataParallel(model);
        await ddp.synchronize();
        const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
        const step = compile(${step}, { passes });
        const generator = new Generator(7);
        const rows = 12 / size;
        for (let i = 0; i < 20; i++) {
          const x = rand([12, 300], { generator }), y = randint(0, 3, [12], { generator });
          await step.async(x.narrow(0, rank * rows, rows), y.narrow(0, rank * rows, rows));
        }
        const parts = /allReduceMatmulStart/.test(String(step.describe()).split('-- after arena').at(-1));
        return { parts, weights: model.parameters().map((each) => each.toTypedArray()) };
      };
      const [split, whole] = [await train({}), await train({ 'last-product': false })];
      let largest = 0;
      for (const [i, each] of split.weights.entries())
        for (const [j, value] of each.entries()) largest = Math.max(largest, Math.abs(value - whole.weights[i][j]));
      report({ rank, parts: split.parts, without: whole.parts, largest, last: Array.from(split.weights[0].slice(-1000)) });
      await distributed.destroyProcessGroup();`;
      const run = async (ranks: number) => {
        const { end, stderr, reported, left } = await runRanks(launcher!, ranks, code);
        expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
        return reported as { parts: boolean; without: boolean; largest: number; last: number[] }[];
      };
      const [[alone], ranks] = [await run(1), await run(size)];
      expect(ranks).toHaveLength(size);
      for (const { parts, without, largest: difference, last } of ranks) {
        expect({ parts, without, difference }).toEqual({ parts: true, without: false, difference: 0 });
        expect(largest([last], [alone!.last])).toBeLessThan(1e-6);
      }
    },
  );

  it('of a world of one in a worker thread is alone, while the main thread is a rank', async () => {
    // The worker knows no launcher, so its world is itself; its step takes 200 turns while the main thread's steps come and go.
    const body = `
      const steps = async (own, count, first) => {
        const { compile, distributed, functional: F, manualSeed, nn, optim, ones, zeros } = await src('index.ts');
        await distributed.initProcessGroup({ timeout: 50 });
        manualSeed(3);
        const model = new nn.Linear(50, 20);
        const shards = own ? { shards: 2 } : {};
        const ddp = new nn.parallel.DistributedDataParallel(model, shards);
        await ddp.synchronize();
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
        const step = compile((x) => {
          optimizer.zeroGrad();
          for (let part = 0; part < (own ? 2 : 1); part++) F.mseLoss(ddp.forward(x), zeros([4, 20])).backward();
          optimizer.step();
          return model.weight.sum();
        });
        let last = 0;
        for (let i = 0; i < count; i++) {
          last = (await step.async(ones([4, 50]).mul(first))).item();
          if (!own && i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        const sums = (String(step.describe()).match(/allReduceStart/g) ?? []).length;
        await distributed.destroyProcessGroup();
        return { last, sums: sums > 0 };
      };`;
    const code = `${body}
      const { Worker } = process.getBuiltinModule('node:worker_threads');
      const text = process.getBuiltinModule('node:fs').readFileSync(process.argv[1], 'utf8').split('\\n').slice(0, 2).join('\\n');
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(text + ${JSON.stringify(body)} + "process.getBuiltinModule('node:worker_threads').parentPort.postMessage(await steps(true, 200, 1));")), { env: { LANEWISE_NUM_THREADS: '1' } });
      const answer = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      const [main, other] = await Promise.all([steps(false, 200, 1), answer]);
      report({ main, other });`;
    const { end, stderr, reported, left } = await runRanks(launcher!, 2, code);
    expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
    for (const each of reported as {
      main: { last: number; sums: boolean };
      other: { last: number; sums: boolean };
    }[]) {
      expect([each.main.sums, each.other.sums]).toEqual([true, true]);
      // All rows are alike, so every mean is that of one row.
      expect(each.other.last).toBeCloseTo(each.main.last, 4);
    }
  });

  it('tells every rank that one runs another program', async () => {
    const code = training('SGD', 'call', 3).replace(
      'lr: 0.1, momentum: 0.9',
      'lr: 0.1, momentum: rank === 1 ? 0.5 : 0.9',
    );
    const { end, stderr, left } = await runRanks(launcher!, 3, code);
    expect(left).toEqual([]);
    expect(end).not.toBe(0);
    expect(stderr).toContain('the program of rank 1 is not that of rank 0');
  });

  it('that waits for a rank leaves the event loop and other models alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-waits-'));
    const flag = JSON.stringify(join(folder, 'go'));
    // Rank 1 makes its step only when rank 0, whose step waits for it, has trained another model: else the job would never end.
    const code = `
      const { compile, distributed, functional: F, nn, optim, rand, zeros } = await src('index.ts');
      const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs');
      await distributed.initProcessGroup({ timeout: 50 });
      const rank = distributed.getRank();
      const stepOf = (model, forward) => {
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        return compile((x) => {
          optimizer.zeroGrad();
          const loss = F.mseLoss(forward(x), zeros([4, 3]));
          loss.backward();
          optimizer.step();
          return loss;
        });
      };
      const shared = new nn.Linear(5, 3), own = new nn.Linear(5, 3);
      const ddp = new nn.parallel.DistributedDataParallel(shared);
      await ddp.synchronize();
      const [step, other] = [stepOf(shared, (x) => ddp.forward(x)), stepOf(own, (x) => own.forward(x))];
      const x = rand([4, 5]);
      await Promise.all([step.async(x), step.async(x)]);
      const done = [];
      if (rank === 1) while (!existsSync(${flag})) await new Promise((resolve) => setTimeout(resolve, 20));
      const waiting = [step.async(x), step.async(x)].map((each) => each.then((loss) => done.push('shared') && loss.item()));
      if (rank === 0) {
        await new Promise((resolve) => setTimeout(resolve, 100)); // it waits by then
        for (let i = 0; i < 5; i++) await other.async(x);
        other(x);
        own.weight.sum().item();
        done.push('own');
        writeFileSync(${flag}, '');
      }
      const losses = await Promise.all(waiting);
      report({ rank, done, falls: losses[1] < losses[0] });
      await distributed.destroyProcessGroup();`;
    const { end, stderr, reported, left } = await runRanks(launcher!, 2, code);
    rmSync(folder, { recursive: true });
    expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
    expect((reported as { rank: number }[]).sort((a, b) => a.rank - b.rank)).toEqual([
      { rank: 0, done: ['own', 'shared', 'shared'], falls: true },
      { rank: 1, done: ['shared', 'shared'], falls: true },
    ]);
  });
});
