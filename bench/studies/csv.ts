/**
 * A training on a CSV file that each epoch reads again: how fast the file goes through `fit`, next to its reader alone, and how much memory
 * that takes. The file is written before, and is larger where there is more time.
 */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import type { Library } from '../contenders/library.js';
import { delayDuring, figure, type Study } from './study.js';

const numbers = 8;
const cities = ['Aix', 'Berlin', 'Cairo', 'Delhi'] as const;
const columns = [...Array.from({ length: numbers }, (_, i) => `x${i}`), 'city'];
const chunkRows = 10_000;
/** Bytes that all passes together read in a second, about. */
const bytesPerSecond = 8e6;
const batchSize = 256;
const memoryPollMs = 20;

/** Rows of numbers with a category among them. */
function makeRows({ lanewise }: Library, rows: number): string {
  const values = lanewise.rand([rows, numbers]).toTypedArray();
  const lines = Array.from({ length: rows }, (_, row) => {
    const own = values.subarray(row * numbers, (row + 1) * numbers);
    const city = row % cities.length;
    return `${Array.from(own, (value) => value.toFixed(6)).join(',')},${cities[city]},${(own[0]! + city).toFixed(6)}\n`;
  });
  return lines.join('');
}

async function writeFile(library: Library, file: FileHandle, size: number): Promise<number> {
  const head = `${[...columns, 'y'].join(',')}\n`;
  const rows = makeRows(library, chunkRows);
  let bytes = 0;
  for (let text = head; bytes < size; text = rows) bytes += (await file.write(text)).bytesWritten;
  return bytes;
}

/** The reader alone, as fast as it gives rows. */
async function readAlone(path: string): Promise<void> {
  const rows = createReadStream(path).pipe(parse());
  await new Promise<void>((resolve, reject) => {
    rows
      .on('data', () => {})
      .on('end', resolve)
      .on('error', reject);
  });
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** By how many bytes the resident set has grown at most. */
async function growthDuring(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, memoryPollMs);
  await work().finally(() => clearInterval(watch));
  return most - before;
}

async function prepare({ lanewise }: Library, path: string) {
  const { data, fit, nn, optim } = lanewise;
  const train = await data.fromCsv(path, { parser: parse, features: columns, target: 'y', batchSize });
  const model = new nn.Sequential(new nn.Linear(train.transformer.inputSize, 64), new nn.ReLU(), new nn.Linear(64, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  return () => fit(model, { train, optimizer, loss: new nn.MSELoss(), epochs: 1 });
}

export const csv: Study = {
  name: 'csv',
  workload: { shape: `${numbers + cities.length}-64-1`, batch: batchSize, optimizer: 'Adam' },
  async measure(library, seconds) {
    library.lanewise.manualSeed(0);
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
    try {
      const path = join(folder, 'table.csv');
      const file = await open(path, 'w');
      const bytes = await writeFile(library, file, seconds * bytesPerSecond).finally(() => file.close());
      let [learnt, trained, delay] = [0, 0, 0];
      const growth = await growthDuring(async () => {
        let train = async (): Promise<unknown> => undefined;
        learnt = await secondsOf(async () => {
          train = await prepare(library, path);
        });
        const { max } = await delayDuring(async () => {
          trained = await secondsOf(train);
        });
        delay = max;
      });
      // Last, so that its memory does not hide that of the training.
      const alone = await secondsOf(() => readAlone(path));
      const speed = (each: number) => bytes / 1e6 / each;
      return [
        figure('size of the file', bytes / 1e6, ' MB'),
        figure('csv-parse alone', speed(alone), ' MB/s'),
        figure('learning the columns', speed(learnt), ' MB/s'),
        figure('an epoch of fit', speed(trained), ' MB/s'),
        figure('fit against csv-parse alone', alone / trained, 'x'),
        figure('growth of the resident set', growth / 2 ** 20, ' MiB'),
        figure('delay of the event loop in fit, max', delay, ' ms'),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
