/**
 * Saving checkpoints of 100 MB while a training goes on: what the event loop feels of it, and how fast it is compared with a plain write and
 * fsync of the same bytes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Library } from '../contenders/library.js';
import { delayDuring, figure, type Study } from './study.js';

const [features, width] = [1024, 8192];
const rounds = 5;
/** Enough for the write before to be over. */
const stepsBetween = 40;
const pollMs = 5;

/** Trains until that number of checkpoints has been written. The seconds that each took from the step after which it was due. */
async function saveWhileTraining({ lanewise }: Library, path: string): Promise<number[]> {
  const { data, fit, ModelCheckpoint, nn, optim, randn } = lanewise;
  const model = new nn.Sequential(new nn.Linear(features, width), new nn.Linear(width, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-4 });
  const controller = new AbortController();
  const [due, seconds]: number[][] = [[], []];
  let [steps, file] = [0, 0];
  const onStep = () => {
    if (++steps % stepsBetween === 0) due!.push(performance.now());
  };
  const watch = setInterval(async () => {
    // Another file has taken its place when it has another number.
    const { ino } = await stat(path).catch(() => ({ ino: file }));
    if (ino === file) return;
    file = ino;
    seconds!.push((performance.now() - due!.shift()!) / 1000);
    if (seconds!.length > rounds) controller.abort();
  }, pollMs);
  const train = new data.TensorDataset(randn([64, features]), randn([64, 1]));
  const callbacks = [new ModelCheckpoint({ path, everySteps: stepsBetween, saveOnStop: false })];
  const common = { train, batchSize: 8, epochs: 1e6, loss: new nn.MSELoss(), signal: controller.signal };
  await fit(model, { ...common, optimizer, callbacks, onStep }).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  clearInterval(watch);
  // The first has made the memory for the copies.
  return seconds!.slice(1);
}

/** The seconds of a write and fsync of the same bytes, some times. */
async function writePlain(bytes: Uint8Array, path: string): Promise<number[]> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const file = await open(path, 'w');
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

export const checkpoint: Study = {
  name: 'checkpoint',
  workload: { shape: `${features}-${width}-1`, batch: 8, optimizer: 'Adam' },
  async measure(library) {
    library.lanewise.manualSeed(0);
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
    try {
      const path = join(folder, 'run.safetensors');
      let saved: number[] = [];
      const { p99, max } = await delayDuring(async () => {
        saved = await saveWhileTraining(library, path);
      });
      const bytes = await readFile(path);
      const plain = await writePlain(bytes, join(folder, 'plain'));
      const speedOf = (seconds: readonly number[]) => bytes.length / 1e6 / median(seconds);
      return [
        figure('size of a checkpoint', bytes.length / 1e6, ' MB'),
        figure('while training and saving: delay p99', p99, ' ms'),
        figure('while training and saving: delay max', max, ' ms'),
        figure('from due to on the disk', speedOf(saved), ' MB/s'),
        figure('plain write and fsync', speedOf(plain), ' MB/s'),
        figure('speed relative to the plain write', speedOf(saved) / speedOf(plain), 'x'),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
