/** The path of README.md from a CSV file to a service, run as it stands there. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Generator } from '../../src/index.js';
import { ensureBuilt, root } from '../helpers/built.js';

const run = promisify(execFile);
let cwd = '';

beforeAll(() => {
  ensureBuilt();
  cwd = mkdtempSync(join(tmpdir(), 'lanewise-readme-'));
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(root, join(cwd, 'node_modules/lanewise'), 'junction');
  for (const name of ['csv-parse', 'fastify'])
    symlinkSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name), 'junction');
}, 600_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Houses of a simple price; some have no area. */
function makeHouses(rows: number): string {
  const draws = new Float64Array(rows * 3);
  new Generator(1).uniformFill(draws);
  const lines = Array.from({ length: rows }, (_, i) => {
    const [a = 0, b = 0, c = 0] = draws.subarray(i * 3, i * 3 + 3);
    const [area, city, built] = [30 + 170 * a, b < 0.5 ? 'Paris' : 'Lyon', Math.floor(1950 + 70 * c)];
    return `${i % 50 === 7 ? '' : area.toFixed(1)},${city},${built},${(priceOf(area, city) + 100 * c).toFixed(0)}`;
  });
  return `area,city,built,price\n${lines.join('\n')}\n`;
}

const priceOf = (area: number, city: string) => 3000 * area + (city === 'Paris' ? 90_000 : 0);

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, minute = ''] = /\n## From a CSV file to a service in a minute\n([\s\S]*?)\n## /.exec(readme) ?? [];
const blocks = Array.from(minute.matchAll(/\n```js\n([\s\S]*?)```\n/g), ([, code = '']) => code);

it('is two blocks of about six statements in a file of 120 lines at most', () => {
  const sizes = blocks.map((code) => code.split('\n').filter((line) => !/^(import .*)?$/.test(line)).length);
  expect(sizes).toHaveLength(2);
  expect(Math.max(...sizes)).toBeLessThan(8);
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
});

it('trains, saves, loads, serves and exports', { timeout: 180_000 }, async () => {
  writeFileSync(join(cwd, 'houses.csv'), makeHouses(800));
  const asked = { area: '100', city: 'Paris', built: '2000' };
  const ask = `
const answer = await app.inject({ method: 'POST', url: '/price', payload: ${JSON.stringify(asked)} });
console.log(JSON.stringify({ status: answer.statusCode, prices: answer.json(), inputs: columns.featureNames }));
`;
  writeFileSync(join(cwd, 'minute.mjs'), [...blocks, ask].join('\n'));
  const { stdout, stderr } = await run(process.execPath, ['minute.mjs'], { cwd });
  expect(stderr).toBe('');
  const { status, prices, inputs } = JSON.parse(stdout);
  expect(status).toBe(200);
  expect(inputs).toContain('city_Paris');
  expect(prices).toHaveLength(1);
  const price = priceOf(100, 'Paris');
  expect(Math.abs(prices[0] - price)).toBeLessThan(0.1 * price);
  expect(readFileSync(join(cwd, 'houses.onnx')).length).toBeGreaterThan(500);
});
