/**
 * Saving checkpoints of 100 MB while a training goes on: what the event loop feels of it, and how fast it is compared with a plain write and
 * fsync of the same bytes, during the same training and at rest.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FitOptions } from '../../src/index.js';
import type { Library } from '../contenders/library.js';
import { delayDuring, figure, type Study } from './study.js';

const [features, width] = [1024, 8192];
const rounds = 5;
/** Enough for the write before to be over. */
const stepsBetween = 40;
const pollMs = 5;
/** Before each plain write: about what is between two checkpoints. */
const pauseMs = 300;
const aloneMs = 3000;

/** Trains with these callbacks until `work` is over. */
async function whileTraining({ lanewise }: Library, extra: Extra, work: () => Promise<void>): Promise<void> {
  const { data, fit, nn, optim, randn } = lanewise;
  const model = new nn.Sequential(new nn.Linear(features, width), new nn.Linear(width, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-4 });
  const controller = new AbortController();
  const train = new data.TensorDataset(randn([64, features]), randn([64, 1]));
  const common = { train, batchSize: 8, epochs: 1e6, loss: new nn.MSELoss(), signal: controller.signal };
  const training = fit(model, { ...common, optimizer, ...extra }).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  try {
    await Promise.race([training, work()]);
  } finally {
    controller.abort();
    await training;
  }
}

type Extra = Pick<FitOptions, 'callbacks' | 'onStep'>;

/** Trains until `rounds` checkpoints and a first one are written. Returns the seconds from the step that each was due after to its file. */
async function saveWhileTraining(library: Library, path: string): Promise<number[]> {
  const [due, seconds]: number[][] = [[], []];
  let [steps, file] = [0, 0];
  const onStep = () => {
    if (++steps % stepsBetween === 0) due!.push(performance.now());
  };
  const callbacks = [new library.lanewise.ModelCheckpoint({ path, everySteps: stepsBetween, saveOnStop: false })];
  await whileTraining(library, { callbacks, onStep }, async () => {
    while (seconds!.length <= rounds) {
      await sleep(pollMs);
      // Another file has taken its place when it has another number.
      const { ino } = await stat(path).catch(() => ({ ino: file }));
      if (ino === file) continue;
      file = ino;
      seconds!.push((performance.now() - due!.shift()!) / 1000);
    }
  });
  // The first has made the memory for the copies.
  return seconds!.slice(1);
}

/** The seconds of a write and fsync of the same bytes, some times. */
async function writePlain(bytes: Uint8Array, path: string): Promise<number[]> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await sleep(pauseMs);
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
      const other = join(folder, 'plain');
      let saved: number[] = [];
      let during: number[] = [];
      const saving = await delayDuring(async () => {
        saved = await saveWhileTraining(library, path);
      });
      const bytes = await readFile(path);
      const onStep = () => {};
      const alone = await delayDuring(() => whileTraining(library, { onStep }, () => sleep(aloneMs)));
      const writing = await delayDuring(() =>
        whileTraining(library, { onStep }, async () => {
          during = await writePlain(bytes, other);
        }),
      );
      const atRest = await writePlain(bytes, other);
      const speedOf = (seconds: readonly number[]) => bytes.length / 1e6 / median(seconds);
      return [
        figure('size of a checkpoint', bytes.length / 1e6, ' MB'),
        figure('while training and saving: delay p99', saving.p99, ' ms'),
        figure('while training and saving: delay max', saving.max, ' ms'),
        figure('while training alone: delay p99', alone.p99, ' ms'),
        figure('while training alone: delay max', alone.max, ' ms'),
        figure('while training and writing plainly: delay p99', writing.p99, ' ms'),
        figure('from due to on the disk', speedOf(saved), ' MB/s'),
        figure('plain write and fsync during a training', speedOf(during), ' MB/s'),
        figure('plain write and fsync at rest', speedOf(atRest), ' MB/s'),
        figure('speed relative to the plain write during a training', speedOf(saved) / speedOf(during), 'x'),
        figure('speed relative to the plain write at rest', speedOf(saved) / speedOf(atRest), 'x'),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
