/** How much memory programs, steps and trainings take over time. Each case has a separate process. */
import { describe, expect, it } from 'vitest';
import { runChild } from '../helpers/child.js';

/** A sanitizer keeps freed memory back. */
const sanitized = process.env.LANEWISE_SANITIZER !== undefined;

/**
 * `rss()` collects garbage and gives the resident size in MiB: the least of several, since threads of V8 give pages of its young
 * generation, up to 35 MiB of them, back when they get to it. `compileWide()` makes a step that needs 4 MiB.
 */
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
    let least = Infinity;
    for (let i = 0; i < 4; i++) {
      gc();
      await turn();
      least = Math.min(least, mebibytes());
    }
    return least;
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
  const wide = { layer: new nn.Linear(2, 1024), x: randn([1024, 2]) };
  const compileWide = () => compile((x) => wide.layer.forward(x).mean());
`;

/**
 * Runs `code`, which returns what is compared. Blocks of 64 KiB and more go back to the system when they are freed, so that
 * the resident size tells of them.
 */
async function measured<T>(code: string): Promise<T> {
  const body = `${prelude}; report(await (async () => { ${code} })())`;
  return (await runChild(body, { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_ARENA_MAX: '2' })).reported as T;
}

/** MiB of the arena of compileWide's program, which has some kilobytes besides. */
const arena = 4;

describe.skipIf(sanitized)('the memory of', () => {
  it('programs that are disposed of is free at once, within a turn of the event loop', async () => {
    const { before, peak, count } = await measured<{ before: number; peak: number; count: number }>(`
    const count = 150;
    for (let i = 0; i < 30; i++) { const step = compileWide(); step(wide.x); step.dispose(); }
    const before = await rss();
    let peak = 0;
    for (let i = 0; i < count; i++) {
      const step = compileWide();
      step(wide.x);
      step.dispose();
      if (i % 10 === 0) peak = Math.max(peak, mebibytes());
    }
    return { before, peak, count };`);
    expect(peak - before).toBeLessThan(0.1 * count * arena);
  });

  it('programs that are dropped makes V8 collect them while the event loop turns', async () => {
    const { before, peak, count } = await measured<{ before: number; peak: number; count: number }>(`
    const count = 150;
    for (let i = 0; i < 30; i++) { compileWide()(wide.x); await turn(); }
    const before = await rss();
    let peak = 0;
    for (let i = 0; i < count; i++) {
      compileWide()(wide.x);
      await turn();
      if (i % 10 === 0) peak = Math.max(peak, mebibytes());
    }
    return { before, peak, count };`);
    expect(peak - before).toBeLessThan(0.2 * count * arena);
  });

  it('programs that are dropped is given back within one turn', async () => {
    const { before, peak, count } = await measured<Record<'before' | 'peak' | 'count', number>>(`
    const count = 150;
    for (let i = 0; i < 10; i++) compileWide()(wide.x);
    const before = await rss();
    let peak = 0;
    for (let i = 0; i < count; i++) {
      compileWide()(wide.x);
      if (i % 10 === 0) peak = Math.max(peak, mebibytes());
    }
    return { before, peak, count };`);
    expect(peak - before).toBeLessThan(0.4 * count * arena);
  });

  it('programs that are dropped leaves next to nothing behind that waits for a turn', async () => {
    const { early, late, count } = await measured<Record<'early' | 'late' | 'count', number>>(`
    const count = 8000;
    const x = tensor([1, 2]);
    const drop = () => {
      for (let i = 0; i < count; i++) compile((x) => x.neg())(x);
      let least = Infinity;
      for (let i = 0; i < 8; i++) {
        gc();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
        least = Math.min(least, mebibytes());
      }
      return least;
    };
    // The first ones let the heap grow to what such a loop needs.
    drop();
    const early = drop();
    drop();
    return { early, late: drop(), count: 2 * count };`);
    // 10^5 of them then stay below 100 MiB, 50 of which are V8's young generation.
    expect(((late - early) / count) * 2 ** 20).toBeLessThan(400);
  });

  it('models that are dropped with what they were trained by is given back within one turn', async () => {
    const { before, peak } = await measured<{ before: number; peak: number }>(`
    const y = tensor(new Int32Array(8));
    const x = randn([8, 784]);
    const make1 = () => make(784, 1).compiled()(x, y);
    for (let i = 0; i < 10; i++) make1();
    const before = await rss();
    let peak = 0;
    for (let i = 0; i < 300; i++) {
      make1();
      if (i % 10 === 0) peak = Math.max(peak, mebibytes());
    }
    return { before, peak };`);
    // Parameters and states of Adam take 600 KiB where programs compute: 180 MiB if they did not come back.
    expect(peak - before).toBeLessThan(140);
  });

  it('a large model lies in one place, once a compiled function was dropped or a prediction was made', async () => {
    const { made, dropped, predicted, trained, read } = await measured<Record<string, number>>(`
    const model = new nn.Linear(4096, 4096);
    const x = randn([2, 4096]);
    const made = await rss();
    compile((x) => model.forward(x))(x);
    const dropped = await rss();
    const expected = model.forward(x).toTypedArray();
    const out = (await predict(model, x)).toTypedArray();
    const predicted = await rss();
    if (out.some((value, i) => Math.abs(value - expected[i]) > 1e-3)) throw new Error('another output');
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await fit(model, { train: [x, randn([2, 4096])], optimizer, loss: new nn.MSELoss() });
    const trained = await rss();
    const read = model.weight.toTypedArray().some((value) => value !== 0) ? 1 : 0;
    return { made, dropped, predicted, trained, read };`);
    const size = 64;
    expect(read).toBe(1);
    expect(dropped! - made!).toBeLessThan(size / 2);
    expect(predicted! - made!).toBeLessThan(size / 2);
    expect(trained! - made!).toBeLessThan(size / 2);
  });

  it('45,000 steps is that of 25,000', async () => {
    const { early, late } = await measured<{ early: number; late: number }>(`
    const { compiled, x, y } = make(32, 16);
    const step = compiled();
    const run = async (steps) => {
      for (let i = 0; i < steps; i++) {
        if (i % 4 === 0) await step.async(x, y);
        else step(x, y);
      }
    };
    // Until then V8's young generation grows to its full size.
    await run(25_000);
    const early = await rss();
    await run(20_000);
    return { early, late: await rss() };`);
    // A float for each step, kept, would be nothing; a tensor for each would be 20 MiB.
    expect(late - early).toBeLessThan(12);
  });

  it('trainings and predictions is free afterwards, and no handle of the event loop is left', async () => {
    const { early, late, handles } = await measured<{ early: number; late: number; handles: string[][] }>(`
    const { model, criterion, optimizer, x, y } = make(1024, 512);
    const train = () => fit(model, { train: [x, y], batchSize: 64, epochs: 1, optimizer, loss: criterion });
    const round = async (times) => {
      for (let i = 0; i < times; i++) {
        await train();
        await predict(model, x);
        // Another model each time, with a dataset of two megabytes that is copied in.
        const other = make(1024, 512);
        await fit(other.model, { train: [other.x, other.y], optimizer: other.optimizer, loss: other.criterion });
      }
    };
    // A turn of the event loop is under way when a training settles; what is left is there in the next one too.
    const left = async () => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      return process.getActiveResourcesInfo();
    };
    await round(10);
    const early = await rss();
    const handles = [await left()];
    await round(25);
    handles.push(await left());
    return { early, late: await rss(), handles };`);
    // A dataset each time, kept, would be 50.
    expect(late - early).toBeLessThan(25);
    expect(handles[1]!.length).toBeLessThanOrEqual(handles[0]!.length);
  });
});
