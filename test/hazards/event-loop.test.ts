/** Training leaves the event loop and libuv's threads to the host. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { fit, manualSeed, nn, optim, randn, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { runChild } from '../helpers/child.js';

describe('libuv’s threads', () => {
  it('are not used: with a single one, files, names and random bytes come while eight trainings run', async () => {
    const { reported } = await runChild(
      `
      const { readFile } = await import('node:fs/promises');
      const { lookup } = await import('node:dns/promises');
      const { promisify } = await import('node:util');
      const { randomBytes } = await import('node:crypto');
      const { deflate } = await import('node:zlib');
      const { fit, nn, optim, randn, tensor } = await src('index.ts');
      const controller = new AbortController();
      const model = () => new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 10));
      let settled = 0;
      const progress = new Set();
      const trainings = Array.from({ length: 8 }, (_, i) => {
        const own = model();
        return fit(own, {
          train: [randn([512, 64]), tensor(new Int32Array(512))],
          optimizer: new optim.SGD(own.parameters()), loss: new nn.CrossEntropyLoss(),
          epochs: 1e6, signal: controller.signal, priority: i % 2 === 0 ? 'normal' : 'background',
          onProgress: () => progress.add(i),
        }).catch((reason) => reason).finally(() => settled++);
      });
      while (progress.size < 8) await new Promise((resolve) => setTimeout(resolve, 5));
      const bytes = await readFile(process.execPath.replace(/.*/, 'package.json'));
      const { address } = await lookup('localhost');
      const random = await promisify(randomBytes)(1000);
      const packed = await promisify(deflate)(Buffer.alloc(100_000));
      const during = settled;
      controller.abort(new Error('enough'));
      const reasons = await Promise.all(trainings);
      report([bytes.length > 100, address.length > 2, random.length, packed.length > 50, during, reasons.map((r) => r.message)]);`,
      { UV_THREADPOOL_SIZE: '1' },
    );
    expect(reported).toEqual([true, true, 1000, true, 0, new Array(8).fill('enough')]);
  });
});

describeEachBackend('the event loop', () => {
  it('turns while a training runs, and is never held up for long', async () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(128, 128), new nn.ReLU(), new nn.Linear(128, 10));
    const optimizer = new optim.Adam(model.parameters());
    const train = [randn([1024, 128]), tensor(new Int32Array(1024))] as const;
    const options = { train, batchSize: 64, optimizer, loss: new nn.CrossEntropyLoss() };
    await fit(model, options); // what is traced and copied in is not training
    const delay = monitorEventLoopDelay({ resolution: 1 });
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns++;
      if (!over) setImmediate(count);
    };
    count();
    delay.enable();
    const begin = performance.now();
    const { epochs } = await fit(model, { ...options, epochs: 1e6, timeLimit: 1 });
    over = true;
    delay.disable();
    const steps = epochs.length * 16;
    expect(steps).toBeGreaterThan(16);
    expect(turns).toBeGreaterThan(50);
    // A step of the reference takes milliseconds, one of the others far less; the whole is a second.
    expect(delay.max / 1e6).toBeLessThan((performance.now() - begin) / 2);
  });
});
