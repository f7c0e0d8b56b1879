/** How much memory programs, steps and trainings take over time. Each case has a process of its own. */
import { expect, it } from 'vitest';
import { runChild } from '../helpers/child.js';

/** `rss()` collects garbage and gives the resident size in MiB; `make(rows)` gives a step of a megabyte or so. */
const prelude = `
  const { setTimeout: sleep } = await import('node:timers/promises');
  const v8 = await import('node:v8');
  const vm = await import('node:vm');
  const { compile, fit, manualSeed, nn, optim, predict, randn, tensor } = await src('index.ts');
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const turn = () => new Promise(setImmediate);
  const mebibytes = () => process.memoryUsage().rss / 2 ** 20;
  const rss = async () => {
    for (let i = 0; i < 4; i++) {
      gc();
      await turn();
    }
    return mebibytes();
  };
  manualSeed(1);
  const make = (features, rows) => {
    const model = new nn.Sequential(new nn.Linear(features, 64), new nn.ReLU(), new nn.Linear(64, 10));
    const criterion = new nn.CrossEntropyLoss();
    const optimizer = new optim.Adam(model.parameters());
    const [x, y] = [randn([rows, features]), tensor(new Int32Array(rows))];
    const compiled = () => compile((x, y) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    return { model, criterion, optimizer, compiled, x, y };
  };
  const { model, criterion, optimizer, compiled, x, y } = make(32, 2048);
  const small = make(32, 16);
`;

/**
 * Runs `code`, which returns what is compared. Blocks of 64 KiB and more go back to the system when they are freed, so that
 * the resident size tells of them.
 */
async function measured<T>(code: string): Promise<T> {
  const body = `${prelude}; report(await (async () => { ${code} })())`;
  const { reported } = await runChild(body, { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_ARENA_MAX: '2' });
  if (process.env.SHOW) console.log(reported);
  return reported as T;
}

/** MiB of the arena of the compiled step above; a program has some kilobytes besides. */
const arena = 1;

it('programs that are disposed of cost nothing, in one turn of the event loop', async () => {
  const { before, peak, count } = await measured<{ before: number; peak: number; count: number }>(`
    const count = 400;
    for (let i = 0; i < 50; i++) { const step = compiled(); step(x, y); step.dispose(); }
    const before = await rss();
    let peak = 0;
    for (let i = 0; i < count; i++) {
      const step = compiled();
      step(x, y);
      step.dispose();
      if (i % 10 === 0) peak = Math.max(peak, mebibytes());
    }
    return { before, peak, count };`);
  expect(peak - before).toBeLessThan(0.1 * count * arena);
});

it('programs that are dropped count as memory: they are collected while the event loop turns', async () => {
  const { before, peak, count } = await measured<{ before: number; peak: number; count: number }>(`
    const count = 400;
    for (let i = 0; i < 50; i++) { const step = compiled(); step(x, y); await turn(); }
    const before = await rss();
    let peak = 0;
    for (let i = 0; i < count; i++) {
      compiled()(x, y);
      await turn();
      if (i % 10 === 0) peak = Math.max(peak, mebibytes());
    }
    return { before, peak, count };`);
  expect(peak - before).toBeLessThan(0.4 * count * arena);
});

it('programs that are dropped within one turn are gone soon after it', async () => {
  const { before, peak, after } = await measured<{ before: number; peak: number; after: number }>(`
    const many = () => { for (let i = 0; i < 100; i++) compiled()(x, y); };
    many();
    const before = await rss();
    many();
    const peak = mebibytes();
    return { before, peak, after: await rss() };`);
  expect(peak - before).toBeGreaterThan(50 * arena); // else it would prove nothing
  expect(after - before).toBeLessThan(30 * arena);
});

it('20,000 steps take no more than 2,000', async () => {
  const { early, late } = await measured<{ early: number; late: number }>(`
    const { compiled, x, y } = small;
    const step = compiled();
    const run = async (steps) => {
      for (let i = 0; i < steps; i++) {
        if (i % 4 === 0) await step.async(x, y);
        else step(x, y);
      }
    };
    await run(2000);
    const early = await rss();
    await run(18000);
    return { early, late: await rss() };`);
  // A float for each step, kept, would be nothing; a tensor for each would be 20 MiB.
  expect(late - early).toBeLessThan(12);
});

it('trainings and predictions leave neither memory nor handles behind', async () => {
  const { early, late, handles } = await measured<{ early: number; late: number; handles: string[][] }>(`
    const { model, criterion, optimizer, x, y } = make(256, 512);
    const train = () => fit(model, { train: [x, y], batchSize: 64, epochs: 1, optimizer, loss: criterion });
    const round = async (times) => {
      for (let i = 0; i < times; i++) {
        await train();
        await predict(model, x);
        // Another model each time, with a dataset of half a megabyte that is copied in.
        const other = make(256, 512);
        await fit(other.model, { train: [other.x, other.y], optimizer: other.optimizer, loss: other.criterion });
      }
    };
    await round(5);
    const early = await rss();
    const handles = [process.getActiveResourcesInfo()];
    await round(40);
    handles.push(process.getActiveResourcesInfo());
    return { early, late: await rss(), handles };`);
  expect(late - early).toBeLessThan(20);
  expect(handles[1]!.length).toBeLessThanOrEqual(handles[0]!.length);
});
