/** From a table to predictions and an ONNX file, by the CLI alone. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { data, Generator, type Tensor } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { openSession, runSession } from '../onnx/runtime.js';
import { lanewise } from './run.js';

const timeout = 180_000;
let cwd = '';

/** Houses whose price is a simple matter, with everything that tables have: gaps, quotes, dates, an identifier. */
function makeHouses(rows: number): Record<string, string>[] {
  const draws = new Float64Array(rows * 6);
  new Generator(1).uniformFill(draws);
  return Array.from({ length: rows }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = draws.subarray(i * 6, i * 6 + 6);
    const area = 30 + 170 * a;
    const city = ['Paris', 'Aix, en Provence', 'the "Old" town'][Math.floor(3 * b)]!;
    const hasGarden = c < 0.4;
    const built = new Date(Date.UTC(1950, 0, 1 + Math.floor(25_000 * d)));
    const price = 3000 * area + { P: 90_000, A: 0, t: 40_000 }[city[0] as 'P']! + (hasGarden ? 30_000 : 0) + 50_000 * d;
    return {
      id: `house-${i}`,
      area: e < 0.05 ? '' : area.toFixed(1),
      city,
      garden: String(hasGarden),
      built: built.toISOString().slice(0, 10),
      price: f < 0.02 ? 'NA' : price.toFixed(0),
      class: price > 420_000 ? 'dear' : price > 280_000 ? 'fair' : 'cheap',
    };
  });
}

const houses = makeHouses(600);
const quoted = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const csvOf = (rows: readonly Record<string, string>[], delimiter = ',') =>
  [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row).map(quoted))]
    .map((cells) => cells.join(delimiter))
    .join('\n');

beforeAll(() => {
  ensureBuilt();
  cwd = mkdtempSync(join(tmpdir(), 'lanewise-train-'));
  writeFileSync(join(cwd, 'houses.csv'), `${csvOf(houses)}\n`);
}, 600_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface TrainReport {
  readonly task: string;
  readonly metrics: Record<string, number>;
  readonly baseline: Record<string, number>;
  readonly rows: Record<string, number>;
  readonly epochs: number;
  readonly isInterrupted: boolean;
  readonly model: string;
}

describe('a regression', () => {
  let report: TrainReport;
  beforeAll(async () => {
    const { code, stdout, stderr } = await lanewise(
      ['train', 'houses.csv', '--target', 'price', '--drop', 'class', '--epochs', '60', '--lr', '0.01', '--json'],
      { cwd },
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('left out: id (it has more than 200 different texts)');
    report = JSON.parse(stdout);
  }, timeout);

  it('beats the mean on rows that were held out', () => {
    const gone = houses.filter(({ price }) => price === 'NA').length;
    expect(gone).toBeGreaterThan(3);
    expect(report).toMatchObject({ task: 'regression', isInterrupted: false, model: 'houses.safetensors' });
    const { train, validation, test, withoutTarget } = report.rows as Record<string, number>;
    expect(withoutTarget).toBe(gone);
    expect(train! + validation! + test! + gone).toBe(houses.length);
    expect(report.metrics.rmse!).toBeLessThan(report.baseline.rmse! / 3);
    expect(report.metrics.r2!).toBeGreaterThan(0.9);
    expect(Math.abs(report.baseline.r2!)).toBeLessThan(0.2);
  });

  it('predicts, in files and in pipes', { timeout }, async () => {
    const file = await lanewise(['predict', 'houses.safetensors', 'houses.csv', '--out', 'told.csv'], { cwd });
    expect(file).toMatchObject({ code: 0, stdout: '', stderr: '600 rows: told.csv\n' });
    const told = readFileSync(join(cwd, 'told.csv'), 'utf8');
    const lines = told.trimEnd().split('\n');
    expect(lines[0]).toBe('id,area,city,garden,built,price,class,predicted_price');
    expect(lines).toHaveLength(601);
    const { price: _price, ...row } = houses[0]!;
    const json = await lanewise(['predict', 'houses.safetensors', '-', '--json'], { cwd, input: csvOf([row]) });
    const { prediction } = JSON.parse(json.stdout);
    // One row alone and 600 at once take other kernels.
    const first = Number(lines[1]!.split(',').at(-1));
    expect(Math.abs(prediction - first)).toBeLessThan(first * 1e-5);
    const errors = houses.map(({ price }, i) => Math.abs(Number(lines[i + 1]!.split(',').at(-1)) - Number(price)));
    const mean = errors.filter((error) => !Number.isNaN(error)).reduce((sum, error) => sum + error, 0) / errors.length;
    expect(mean).toBeLessThan(report.baseline.mae! / 3);
  });

  it('refuses rows that lack a column, by its name', async () => {
    const { code, stderr } = await lanewise(['predict', 'houses.safetensors', '-'], {
      cwd,
      input: 'area,city\n50,Paris\n',
    });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'lanewise: ColumnTransformer.transform: there is no column "garden"; the table has "area", "city"\n',
    });
  });

  it('names the row of a bad cell, also behind the first thousand', async () => {
    const row = { area: '50', city: 'Paris', garden: 'true', built: '2000-01-01' };
    const rows = Array.from({ length: 1500 }, (_, i) => (i === 1400 ? { ...row, garden: 'large' } : row));
    const { code, stderr } = await lanewise(['predict', 'houses.safetensors', '-'], { cwd, input: csvOf(rows) });
    expect(code).toBe(1);
    expect(stderr).toContain('column "garden": row 1400 must be true or false, got "large"');
  });

  it('is exported: onnxruntime says the same, in the units of the target', { timeout }, async () => {
    const exported = await lanewise(['export', 'houses.safetensors', 'houses.onnx'], { cwd });
    expect(exported).toMatchObject({ code: 0, stdout: 'saved: houses.onnx\n' });
    expect((await lanewise(['export', 'houses.safetensors', 'columns.json'], { cwd })).code).toBe(0);
    const transformer = data.ColumnTransformer.fromJSON(readFileSync(join(cwd, 'columns.json'), 'utf8'));
    const input = transformer.transform(houses.slice(0, 20));
    const output = await onnx('houses.onnx', input);
    const lines = (
      await lanewise(['predict', 'houses.safetensors', '-', '--json'], { cwd, input: csvOf(houses.slice(0, 20)) })
    ).stdout;
    const told: number[] = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).prediction);
    const numbers = output.toArray() as number[][];
    told.forEach((value, i) => void expect(Math.abs(numbers[i]![0]! - value)).toBeLessThan(Math.abs(value) * 1e-4));
  });
});

async function onnx(name: string, input: Tensor): Promise<Tensor> {
  const session = await openSession(readFileSync(join(cwd, name)));
  const [output] = Object.values(await runSession(session, [input]));
  await session.release();
  return output!;
}

describe('a classification', () => {
  it('beats the most frequent class, and gives probabilities', { timeout }, async () => {
    const options = ['--drop', 'price,id', '--out', 'class.safetensors', '--epochs', '60', '--lr', '0.01', '-q'];
    const trained = await lanewise(['train', 'houses.csv', '-t', 'class', ...options], { cwd });
    expect(trained).toMatchObject({ code: 0, stderr: '' });
    const [, accuracy, baseline] = /^accuracy +(\S+) +(\S+)$/m.exec(trained.stdout)!;
    expect(Number(accuracy)).toBeGreaterThan(0.8);
    expect(Number(baseline)).toBeLessThan(0.6);
    expect(trained.stdout).toMatch(/the baseline says the most frequent class, (cheap|fair|dear)/);
    const { stdout } = await lanewise(['predict', 'class.safetensors', 'houses.csv', '--json'], { cwd });
    const [first] = stdout.split('\n').map((line) => (line === '' ? null : JSON.parse(line)));
    expect(Object.keys(first.probabilities)).toEqual(['cheap', 'dear', 'fair']);
    const sum = Object.values<number>(first.probabilities).reduce((total, share) => total + share, 0);
    expect(sum).toBeCloseTo(1, 5);
    expect((await lanewise(['export', 'class.safetensors', 'class.onnx'], { cwd })).code).toBe(0);
    await lanewise(['export', 'class.safetensors', 'class.json'], { cwd });
    const transformer = data.ColumnTransformer.fromJSON(readFileSync(join(cwd, 'class.json'), 'utf8'));
    const output = await onnx('class.onnx', transformer.transform(houses.slice(0, 1)));
    expect(output.toArray()).toEqual([
      Object.values<number>(first.probabilities).map((share) => expect.closeTo(share, 4)),
    ]);
  });

  it('takes numbers for names where it is told to, and gives the same for the same seed', { timeout }, async () => {
    const rows = Array.from({ length: 120 }, (_, i) => ({ x: String(i % 7), digit: String(i % 3) }));
    writeFileSync(join(cwd, 'digits.csv'), csvOf(rows, ';'));
    const run = async (seed: string) => {
      const args = [
        'train',
        'digits.csv',
        '-t',
        'digit',
        '--task',
        'classification',
        '--categorical',
        'x',
        '--epochs',
        '3',
      ];
      const { code, stdout } = await lanewise([...args, '--seed', seed, '--json'], { cwd });
      expect(code).toBe(0);
      return { report: JSON.parse(stdout) as TrainReport, bytes: readFileSync(join(cwd, 'digits.safetensors')) };
    };
    const [first, again, other] = [await run('1'), await run('1'), await run('2')];
    expect(first.report.task).toBe('classification');
    expect(first.bytes.toString('latin1')).toContain('categories');
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect(other.bytes.equals(first.bytes)).toBe(false);
  });
});

describe('Ctrl-C', () => {
  it.skipIf(process.platform === 'win32')('saves what has been learnt, and ends with 130', { timeout }, async () => {
    let isSent = false;
    const args = ['train', 'houses.csv', '-t', 'price', '--drop', 'id', '--epochs', '1000000', '--patience', '1000000'];
    const { code, stdout, stderr } = await lanewise([...args, '--out', 'stopped.safetensors', '--json'], {
      cwd,
      onNote: (text, kill) => {
        if (isSent || !text.includes('epoch ')) return;
        isSent = true;
        kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(stderr).toContain('stopped by Ctrl-C; what has been learnt so far is saved');
    const report: TrainReport = JSON.parse(stdout);
    expect(report.isInterrupted).toBe(true);
    expect(report.epochs).toBeGreaterThan(0);
    const predicted = await lanewise(['predict', 'stopped.safetensors', 'houses.csv'], { cwd });
    expect(predicted.code).toBe(0);
    expect(predicted.stdout.trimEnd().split('\n')).toHaveLength(601);
    expect(existsSync(join(cwd, 'stopped.safetensors'))).toBe(true);
  });
});
