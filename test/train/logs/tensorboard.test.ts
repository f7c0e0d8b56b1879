/** Event files for TensorBoard: the bytes that Python's tensorboard writes (`make_events.py`), and what a training puts into them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError, fit, nn, optim, TensorBoard } from '../../../src/index.js';
import { crc32c, maskedCrc32c } from '../../../src/train/logs/crc32c.js';
import { type EventContent, eventRecord } from '../../../src/train/logs/event-record.js';
import { HistogramBuilder } from '../../../src/train/logs/histogram.js';
import { magnitudes } from '../../helpers/values.js';
import { makeProblem } from '../problem.js';
import { type ReadEvent, readEvents } from './read-events.js';

const golden: { crc: Record<string, [number, number]>; records: Record<string, string> } = JSON.parse(
  readFileSync(fileURLToPath(new URL('events.json', import.meta.url)), 'utf8'),
);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-events-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the records', () => {
  it('have the checksums of Python', () => {
    expect(Object.keys(golden.crc)).toHaveLength(3);
    for (const [text, [plain, masked]] of Object.entries(golden.crc))
      expect([crc32c(Buffer.from(text)), maskedCrc32c(Buffer.from(text))]).toEqual([plain, masked]);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  const histogram = { min: -1.5, max: 2.25, count: 4, sum: 1.5, squares: 9.5, limits: [-1, 0, 3.5], counts: [1, 0, 3] };
  it.each<[string, number, number, EventContent]>([
    ['version', 1700000000.25, 0, { version: 'brain.Event:2' }],
    [
      'scalars',
      1700000001.5,
      300,
      {
        values: [
          { tag: 'loss/train', scalar: 0.1 },
          { tag: 'größe', scalar: Number.NaN },
        ],
      },
    ],
    ['histogram', 1700000002, 2 ** 40, { values: [{ tag: 'weights/0.weight', histogram }] }],
    ['restart', 1700000003, 7, { restart: true }],
  ])('of %s have the bytes of Python', (name, seconds, step, content) => {
    const bytes = Buffer.from(eventRecord(seconds, step, content)).toString('hex');
    expect(bytes).toBe(golden.records[name]);
  });
});

describe('a histogram', () => {
  it('counts each number in its bucket, and leaves out what is not finite', () => {
    const values = Float32Array.from([...magnitudes(5000, 3, -60, 80), 0, 0, Number.NaN, Number.POSITIVE_INFINITY]);
    const builder = new HistogramBuilder();
    builder.add(values.subarray(0, 100));
    builder.add(values.subarray(100));
    const { limits, counts, count, min, max, sum, squares } = builder.finish();
    const finite = Array.from(values).filter(Number.isFinite);
    expect([count, min, max]).toEqual([5002, Math.min(...finite), Math.max(...finite)]);
    expect(sum).toBe(finite.reduce((total, value) => total + value, 0));
    expect(squares).toBe(finite.reduce((total, value) => total + value * value, 0));
    expect(limits).toEqual(limits.toSorted((a, b) => a - b));
    expect(counts.reduce((total, each) => total + each, 0)).toBe(5002);
    for (const [i, found] of counts.entries()) {
      if (found === 0) continue;
      // The bucket before says where this one begins.
      const inside = finite.filter(
        (value) => value < limits[i]! && value >= (limits[i - 1] ?? Number.NEGATIVE_INFINITY),
      );
      expect([limits[i], inside.length]).toEqual([limits[i], found]);
    }
  });

  it('of nothing is empty', () => {
    expect(new HistogramBuilder().finish()).toEqual({
      min: 0,
      max: 0,
      count: 0,
      sum: 0,
      squares: 0,
      limits: [Number.MAX_VALUE],
      counts: [0],
    });
  });
});

/** The files of the folder, one behind the other. */
const eventsOf = (path: string): ReadEvent[] =>
  readdirSync(path)
    .sort()
    .flatMap((name) => {
      expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
      return readEvents(readFileSync(join(path, name)));
    });

describe('TensorBoard', () => {
  const train = (callback: TensorBoard, epochs = 4) => {
    const { x, y, model, optimizer, loss } = makeProblem();
    const validation: [typeof x, typeof y] = [x, y];
    const settings = {
      train: [x, y] as const,
      validation,
      batchSize: 8,
      epochs,
      optimizer,
      loss,
      callbacks: [callback],
    };
    return fit(model, { ...settings, metrics: ['accuracy'] }).then((history) => ({ history, model }));
  };

  it('writes every score of every epoch, and histograms of the weights', async () => {
    const path = join(folder, 'runs', 'first');
    const { history, model } = await train(new TensorBoard(path, { histogramEvery: 2 }));
    const [version, ...events] = eventsOf(path);
    expect(version).toMatchObject({ step: 0, version: 'brain.Event:2' });
    const scalars = events.filter(({ scalars }) => Object.keys(scalars).length > 0);
    expect(scalars.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    for (const [i, { loss, accuracy, validation, lr, samplesPerSecond }] of history.epochs.entries())
      expect(scalars[i]!.scalars).toEqual({
        'loss/train': Math.fround(loss),
        'accuracy/train': Math.fround(accuracy!),
        'loss/validation': Math.fround(validation!.loss),
        'accuracy/validation': Math.fround(validation!.accuracy!),
        lr: Math.fround(lr[0]!),
        samplesPerSecond: Math.fround(samplesPerSecond),
      });
    const histograms = events.filter(({ histograms }) => Object.keys(histograms).length > 0);
    expect(histograms.map(({ step }) => step)).toEqual([2, 4]);
    const names = model.namedParameters().map(([name]) => `weights/${name}`);
    expect(Object.keys(histograms[1]!.histograms)).toEqual(names);
    const [, weight] = model.namedParameters()[0]!;
    expect(histograms[1]!.histograms[names[0]!]).toMatchObject({
      count: weight.numel,
      max: Math.max(...weight.toTypedArray()),
    });
  });

  it('writes a file for each training', async () => {
    const callback = new TensorBoard(folder);
    await train(callback, 1);
    await train(callback, 1);
    expect(readdirSync(folder)).toHaveLength(2);
    expect(eventsOf(folder).filter(({ version }) => version !== null)).toHaveLength(2);
  });

  it('says from which epoch on a training is made again', async () => {
    const callback = new TensorBoard(folder);
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const context = { model, optimizer, scores: ['loss'], stop: () => {} };
    callback.onStart(context);
    const result = { loss: 2, metrics: {}, lr: [0.1], steps: 1, samples: 1, seconds: 1, samplesPerSecond: 1 };
    await callback.onEpoch({ epoch: 6, ...result }, context);
    await callback.onEpoch({ epoch: 7, ...result }, context);
    await callback.onEnd();
    expect(eventsOf(folder).map(({ step, isRestart }) => [step, isRestart])).toEqual([
      [0, false],
      [6, true],
      [6, false],
      [7, false],
    ]);
  });

  it('ends the training when it cannot write', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    await expect(train(new TensorBoard(path))).rejects.toThrow(ArgumentError);
    await expect(train(new TensorBoard(path))).rejects.toThrow(`TensorBoard: ${path}: cannot be written (EEXIST)`);
    mkdirSync(join(folder, 'gone'));
    const callback = new TensorBoard(join(folder, 'gone'));
    const { model, optimizer } = makeProblem();
    const context = { model, optimizer, scores: ['loss'], stop: () => {} };
    callback.onStart(context);
    const result = { loss: 2, metrics: {}, lr: [0.1], steps: 1, samples: 1, seconds: 1, samplesPerSecond: 1 };
    await callback.onEpoch({ epoch: 1, ...result }, context);
    await callback.onEnd();
    rmSync(join(folder, 'gone'), { recursive: true });
    await callback.onEpoch({ epoch: 2, ...result }, context);
    await expect(callback.onEnd()).rejects.toThrow('there is no such folder');
  });

  it('refuses bad arguments', () => {
    expect(() => new TensorBoard(3 as never)).toThrow('TensorBoard: expected a path or a file: URL, got 3');
    expect(() => new TensorBoard(folder, { histogramEvery: -1 })).toThrow(/TensorBoard: histogramEvery/);
    expect(() => new TensorBoard(folder, { every: 1 } as never)).toThrow('unknown option "every"');
  });
});
