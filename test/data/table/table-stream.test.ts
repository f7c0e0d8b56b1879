/** Tables that are read row by row: the same numbers as at once, in bounded memory. */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parse } from 'csv-parse';
import Papa from 'papaparse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArgumentError, cat, data, fit, Generator, manualSeed, nn, optim, type Tensor } from '../../../src/index.js';

const rows = 5000;
const records = Array.from({ length: rows }, (_, i) => ({ id: i, kind: 'abc'[i % 3]!, y: 2 * i + 1 }));
const features = ['id', 'kind'] as const;
const options = { features, target: 'y' } as const;

let folder = '';
let path = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-csv-'));
  path = join(folder, 'table.csv');
  writeFileSync(path, `\ufeffid,kind,y\n${records.map(({ id, kind, y }) => `${id},"${kind}",${y}`).join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function all(stream: AsyncIterable<readonly [Tensor, Tensor]>): Promise<[Tensor, Tensor]> {
  const inputs: Tensor[] = [];
  const targets: Tensor[] = [];
  for await (const [input, target] of stream) {
    inputs.push(input);
    targets.push(target);
  }
  return [cat(inputs), cat(targets)];
}

const whole = data.fromColumns(records, options);
const order = (target: Tensor) => (target.toArray() as number[][]).map(([y]) => (y! - 1) / 2);

async function expectWhole(stream: AsyncIterable<readonly [Tensor, Tensor]>): Promise<void> {
  const [input, target] = await all(stream);
  expect(target.equal(whole.tensors[1])).toBe(true);
  expect(input.allclose(whole.tensors[0], { atol: 1e-6 })).toBe(true);
}

describe('a CSV file', () => {
  it('gives the rows of the table in order, as often as it is asked', async () => {
    for (const source of [path, pathToFileURL(path), () => createReadStream(path)]) {
      const stream = await data.fromCsv(source, { ...options, parser: parse, batchSize: 77 });
      expect(stream.length).toBe(Math.ceil(rows / 77));
      await expectWhole(stream);
      await expectWhole(stream);
    }
  });

  it('may be read by papaparse, and as records', async () => {
    const papa = () => Papa.parse(Papa.NODE_STREAM_INPUT, { header: true, skipEmptyLines: true });
    await expectWhole(await data.fromCsv(path, { ...options, parser: papa }));
    await expectWhole(await data.fromCsv(path, { ...options, parser: () => parse({ columns: true, bom: true }) }));
  });

  it('needs one pass with a transformer', async () => {
    const stream = await data.fromCsv(createReadStream(path), { transformer: whole.transformer, parser: parse });
    expect(stream.length).toBeUndefined();
    await expectWhole(stream);
    await expect(all(stream)).rejects.toThrow('can be read once only; give a function that opens them');
  });

  it('trains a model', async () => {
    manualSeed(0);
    const target = { column: 'y', scaler: 'standard' } as const;
    const train = await data.fromCsv(path, { features, target, parser: parse, batchSize: 50, shuffleBuffer: 1000 });
    const model = new nn.Linear(train.transformer.inputSize, 1);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
    const { epochs } = await fit(model, { train, optimizer, loss: new nn.MSELoss(), epochs: 3 });
    expect(epochs.map(({ steps }) => steps)).toEqual([100, 100, 100]);
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss / 20);
  });

  it('that is broken says where', async () => {
    const write = (text: string) => {
      const broken = join(folder, 'broken.csv');
      writeFileSync(broken, text);
      return data.fromCsv(broken, { ...options, parser: parse });
    };
    await expect(write('id,kind,y\n1,a,2\n2,b,x\n')).rejects.toThrow(
      /broken\.csv".*column "y".*row 1 is "x"|1 cell is a number, but row 1 is "x"/,
    );
    await expect(write('id,kind\n1,a\n')).rejects.toThrow('there is no column "y"; the table has "id", "kind"');
    await expect(write('id,kind,y\n1,a\n')).rejects.toThrow('Invalid Record Length');
    await expect(write('id,kind,id\n1,a,3\n')).rejects.toThrow('two columns have the name "id"');
    await expect(write('id,kind,y\n')).rejects.toThrow('the table has no rows');
    await expect(write('')).rejects.toThrow('the table has no rows');
    await expect(data.fromCsv(join(folder, 'none.csv'), { ...options, parser: parse })).rejects.toThrow(
      /none\.csv": not found/,
    );
    const late = await data.fromCsv(path, { ...options, parser: parse });
    writeFileSync(path.replace('table', 'late'), 'id,kind,y\n1,z,2\n');
    const other = await data.fromCsv(path.replace('table', 'late'), { transformer: late.transformer, parser: parse });
    await expect(all(other)).rejects.toThrow('column "kind": row 0 has the category "z", which fit has not seen');
  });
});

describe('rows', () => {
  it('come from arrays, iterables and streams, of records or arrays', async () => {
    const arrays = [['id', 'kind', 'y'], ...records.map(({ id, kind, y }) => [id, kind, y])];
    async function* later() {
      for (const record of records) yield record;
    }
    for (const source of [records, arrays, () => later(), () => Promise.resolve(Readable.from(arrays))])
      await expectWhole(await data.fromRows(source, options));
  });

  it('of an iterator can be read once', async () => {
    await expect(data.fromRows(records.values(), options).then(all)).rejects.toThrow('give a function that opens them');
  });

  it('with their own error give it on', async () => {
    async function* failing() {
      yield records[0]!;
      await nextTurn();
      throw new RangeError('the disk is gone');
    }
    await expect(data.fromRows(() => failing(), options)).rejects.toThrow(RangeError);
  });
});

describe('a shuffle buffer', () => {
  const shuffled = async (shuffleBuffer: number, seed = 1) => {
    const generator = new Generator(seed);
    const stream = await data.fromRows(records, { ...options, batchSize: 64, shuffleBuffer, generator });
    return { first: order((await all(stream))[1]), second: order((await all(stream))[1]) };
  };

  it('gives every row once, none too early, in an order of its seed', async () => {
    const { first, second } = await shuffled(500);
    expect([...first].sort((a, b) => a - b)).toEqual(records.map(({ id }) => id));
    expect(first.every((id, i) => id <= i + 500)).toBe(true);
    expect(first).not.toEqual(second);
    expect(await shuffled(500)).toEqual({ first, second });
    expect((await shuffled(500, 2)).first).not.toEqual(first);
    // Rows next to each other come far apart.
    const apart = first.slice(1).filter((id, i) => Math.abs(id - first[i]!) > 20).length;
    expect(apart).toBeGreaterThan(0.9 * rows);
  });

  it('as large as the table shuffles all of it', async () => {
    const { first } = await shuffled(rows + 1);
    const mean = first.slice(0, rows / 2).reduce((sum, id) => sum + id, 0) / (rows / 2);
    expect(Math.abs(mean - rows / 2)).toBeLessThan(rows / 20);
  });

  it('draws from the generator of fit', async () => {
    const losses = async () => {
      manualSeed(3);
      const train = await data.fromRows(records, { ...options, batchSize: 500, shuffleBuffer: 2000 });
      const model = new nn.Linear(train.transformer.inputSize, 1);
      const optimizer = new optim.SGD(model.parameters(), { lr: 1e-4 });
      const { epochs } = await fit(model, { train, optimizer, loss: new nn.MSELoss(), epochs: 2 });
      return epochs.map(({ loss }) => loss);
    };
    expect(await losses()).toEqual(await losses());
  });
});

describe('memory', () => {
  it('holds a chunk, a buffer and a batch, however long the table is', async () => {
    let pulled = 0;
    function* endless() {
      for (;;) yield { x: pulled++ % 100, y: pulled };
    }
    const transformer = new data.ColumnTransformer({ features: ['x'], target: 'y' }).fit({ x: [0, 99], y: [0, 1] });
    const stream = await data.fromRows(() => endless(), { transformer, batchSize: 10, shuffleBuffer: 300 });
    let given = 0;
    for await (const [input] of stream) {
      given += input.shape[0]!;
      expect(pulled - given).toBeLessThanOrEqual(2 * 1024 + 300 + 10);
      if (given >= 50_000) break;
    }
    const before = pulled;
    await nextTurn();
    expect(pulled).toBe(before);
  });

  it('is given back when a loop is left: the file is closed', async () => {
    const sources: Readable[] = [];
    const open = () => {
      const source = createReadStream(path, { highWaterMark: 512 });
      sources.push(source);
      return source;
    };
    const stream = await data.fromCsv(open, { ...options, parser: parse, batchSize: 5 });
    for await (const _batch of stream) break;
    await nextTurn();
    expect(sources.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it('leaves the event loop its turns', async () => {
    const many = Array.from({ length: 50_000 }, (_, i) => ({ id: i, kind: 'a', y: i }));
    let turns = 0;
    let isDone = false;
    const count = async () => {
      while (!isDone) {
        await nextTurn();
        turns++;
      }
    };
    const counting = count();
    const stream = await data.fromRows(many, { ...options, batchSize: 10_000 });
    for await (const _batch of stream);
    isDone = true;
    await counting;
    // A pass to learn, and one to give: a turn for each chunk.
    expect(turns).toBeGreaterThan((2 * 50_000) / 1024);
  });
});

describe('bad options', () => {
  const rejected: [string, () => Promise<unknown>, string | RegExp][] = [
    ['no parser', () => data.fromCsv(path, options as never), 'fromCsv: parser must be a function that makes a stream'],
    ['no options', () => data.fromCsv(path, undefined as never), 'fromCsv: parser must be a function'],
    ['a number for a file', () => data.fromCsv(3 as never, { ...options, parser: parse }), 'expected a path, a stream'],
    [
      'a parser of texts',
      () => data.fromCsv(path, { ...options, parser: String as never }),
      'parser must return a stream',
    ],
    [
      'an unknown option',
      () => data.fromRows(records, { ...options, shuffle: true } as never),
      'unknown option "shuffle"',
    ],
    ['a batch of 0', () => data.fromRows(records, { ...options, batchSize: 0 }), 'batchSize must be at least 1, got 0'],
    [
      'a buffer of half a row',
      () => data.fromRows(records, { ...options, shuffleBuffer: 0.5 }),
      'shuffleBuffer must be an integer',
    ],
    ['a seed', () => data.fromRows(records, { ...options, generator: 1 as never }), 'generator must be a Generator'],
    [
      'no rows',
      () => data.fromRows(null as never, options),
      'rows must be a stream or an iterable of records, got null',
    ],
    ['rows of numbers', () => data.fromRows([1], options), 'row 0 must be a record'],
    [
      'a short row',
      () =>
        data.fromRows(
          [
            ['id', 'kind', 'y'],
            [1, 'a'],
          ],
          options,
        ),
      'row 0 must have 3 cells as the first row has, got 2',
    ],
    ['names of numbers', () => data.fromRows([[1, 2]], options), 'the first row must name the columns, got [1, 2]'],
    [
      'a transformer without a target',
      () => data.fromRows(records, { transformer: new data.ColumnTransformer({ features }).fit(records) }),
      'the transformer has no target',
    ],
  ];

  it.each(rejected)('are refused: %s', async (_what, act, message) => {
    const thrown = await act().then(
      () => expect.fail('nothing was thrown'),
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(ArgumentError);
    expect((thrown as Error).message).toContain(message);
  });
});
