/** Epochs as CSV: of a history, and line by line while a training goes on. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError, CSVLogger, type EpochResult, fit, optim } from '../../../src/index.js';
import { toCSV } from '../../../src/train/logs/csv.js';
import { makeProblem } from '../problem.js';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-csv-'));
  path = join(folder, 'log.csv');
});
afterEach(() => rmSync(folder, { recursive: true }));

const result = (epoch: number, more: Partial<EpochResult> = {}): EpochResult => ({
  epoch,
  loss: 1 / 3,
  metrics: {},
  steps: 7,
  samples: 50,
  lr: [0.1],
  seconds: 0.5,
  samplesPerSecond: 100,
  ...more,
});

const train = (callbacks: CSVLogger[], epochs = 3, validate = true) => {
  const { x, y, model, loss } = makeProblem();
  const groups = model.parameters().map((each) => ({ params: [each] }));
  const optimizer = new optim.SGD(groups.slice(0, 2), { lr: 0.1 });
  const validation = validate ? { validation: [x, y] as const } : {};
  return fit(model, {
    ...{ train: [x, y], batchSize: 8, epochs, optimizer, loss, callbacks, metrics: ['accuracy'] as const },
    ...validation,
  });
};

const columns =
  'epoch,steps,samples,loss,accuracy,validation.loss,validation.accuracy,lr.0,lr.1,seconds,samplesPerSecond';

/** The lines of a file. */
const lines = () => readFileSync(path, 'utf8').split('\n');
const epochsIn = () =>
  lines()
    .slice(1, -1)
    .map((line) => Number(line.split(',')[0]));

describe('history.toCSV()', () => {
  it('has every number of every epoch, with all its digits', async () => {
    const history = await train([]);
    const [header, ...rows] = history.toCSV().trimEnd().split('\n');
    expect(header).toBe(columns);
    expect(rows.map((row) => row.split(',').map(Number))).toEqual(
      history.epochs.map(({ epoch, steps, samples, loss, accuracy, validation, lr, seconds, samplesPerSecond }) => [
        ...[epoch, steps, samples, loss, accuracy, validation!.loss, validation!.accuracy],
        ...[...lr, seconds, samplesPerSecond],
      ]),
    );
  });

  it('is not in the way of clones, comparisons and JSON', async () => {
    const history = await train([], 1);
    expect(Object.keys(history)).toEqual(['epochs', 'stopped', 'seconds']);
    expect(structuredClone(history)).toEqual(history);
    expect(JSON.parse(JSON.stringify(history)).epochs).toHaveLength(1);
  });

  it('leaves empty what an epoch has not, and quotes names', () => {
    const metrics = { 'a,b': 2, 'say "hi"': Number.NaN };
    const list = [result(1, { metrics }), result(2, { metrics, validation: { loss: 4, metrics }, lr: [0.1, 1e-7] })];
    expect(toCSV(list)).toBe(
      'epoch,steps,samples,loss,"a,b","say ""hi""",validation.loss,"validation.a,b","validation.say ""hi""",lr.0,lr.1,seconds,samplesPerSecond\n' +
        '1,7,50,0.3333333333333333,2,NaN,,,,0.1,,0.5,100\n' +
        '2,7,50,0.3333333333333333,2,NaN,4,2,NaN,0.1,1e-7,0.5,100\n',
    );
    expect(toCSV([])).toBe('epoch,steps,samples,loss,seconds,samplesPerSecond\n');
  });
});

describe('CSVLogger', () => {
  it('writes what the history writes', async () => {
    const history = await train([new CSVLogger(pathToFileURL(path))]);
    expect(readFileSync(path, 'utf8')).toBe(history.toCSV());
  });

  it('writes the same columns in each epoch, also where validation was cut off', async () => {
    const logger = new CSVLogger(path);
    const { model, optimizer } = makeProblem();
    logger.onStart({ model, optimizer, scores: ['loss', 'validation.loss'], stop: () => {} });
    await logger.onEpoch(result(1, { validation: { loss: 2, metrics: {} } }));
    await logger.onEpoch(result(2));
    await logger.onEnd();
    expect(lines().map((line) => line.split(',').length)).toEqual([8, 8, 8, 1]);
    expect(lines()[2]).toBe('2,7,50,0.3333333333333333,,0.1,0.5,100');
  });

  it('takes the place of a file, adds to it, or goes on with it', async () => {
    writeFileSync(path, 'something else\n');
    await train([new CSVLogger(path)], 2);
    expect(epochsIn()).toEqual([1, 2]);
    await train([new CSVLogger(path, { mode: 'append' })], 2);
    expect(epochsIn()).toEqual([1, 2, 1, 2]);
    await train([new CSVLogger(path, { mode: 'resume' })], 3);
    expect(epochsIn()).toEqual([1, 2, 3]);
    expect(lines()[0]).toBe(columns);
  });

  it('replaces the epochs that are made again, and a line that was cut short', async () => {
    const logger = new CSVLogger(path, { mode: 'resume' });
    const { model, optimizer } = makeProblem();
    logger.onStart({ model, optimizer, scores: ['loss'], stop: () => {} });
    writeFileSync(path, toCSV([1, 2, 3, 4].map((epoch) => result(epoch, { loss: 9 }))).concat('5,7,5'));
    await logger.onEpoch(result(3));
    await logger.onEnd();
    expect(lines().map((line) => line.split(',').slice(0, 4).join())).toEqual([
      'epoch,steps,samples,loss',
      '1,7,50,9',
      '2,7,50,9',
      '3,7,50,0.3333333333333333',
      '',
    ]);
  });

  it.each(['append', 'resume'] as const)('begins a file that is not there, or is empty (%s)', async (mode) => {
    await train([new CSVLogger(path, { mode })], 1);
    writeFileSync(path, '');
    await train([new CSVLogger(path, { mode })], 1);
    expect([lines()[0], epochsIn()]).toEqual([columns, [1]]);
  });

  it('refuses to go on with other columns, before it writes anything', async () => {
    await train([new CSVLogger(path)], 2, false);
    const before = readFileSync(path, 'utf8');
    const run = train([new CSVLogger(path, { mode: 'append' })], 1);
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(train([new CSVLogger(path, { mode: 'append' })], 1)).rejects.toThrow(
      `CSVLogger: ${path} has other columns: "epoch,steps,samples,loss,accuracy,lr.0,`,
    );
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('writes the lines of an aborted training', async () => {
    const controller = new AbortController();
    const { x, y, model, optimizer, loss } = makeProblem();
    const run = fit(model, {
      ...{ train: [x, y], batchSize: 8, epochs: 1000, optimizer, loss, signal: controller.signal },
      callbacks: [new CSVLogger(path)],
      onEpoch: ({ epoch }) => {
        if (epoch === 4) controller.abort();
      },
    });
    await expect(run).rejects.toThrow();
    await expect.poll(() => (existsSync(path) ? epochsIn() : [])).toEqual([1, 2, 3, 4]);
  });

  it('ends the training when it cannot write', async () => {
    const nowhere = join(folder, 'none', 'log.csv');
    await expect(train([new CSVLogger(nowhere)])).rejects.toThrow(`CSVLogger: ${nowhere}: there is no such folder`);
    await expect(train([new CSVLogger(folder, { mode: 'append' })])).rejects.toThrow(
      /CSVLogger: .*cannot be read \(EISDIR\)/,
    );
  });

  it('refuses bad arguments', () => {
    expect(() => new CSVLogger('')).toThrow('CSVLogger: expected a path or a file: URL, got ""');
    expect(() => new CSVLogger(path, { mode: 'add' as never })).toThrow(
      'CSVLogger: mode must be one of overwrite, append, resume',
    );
    expect(() => new CSVLogger(path, { append: true } as never)).toThrow('unknown option "append"');
  });
});
