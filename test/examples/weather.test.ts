/** The forecast of the weather is better than both that need no model. */
import { beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { interruptExample, runExample } from './run.js';

beforeAll(ensureBuilt, 600_000);

it('examples/weather tells the temperature of three days', { timeout: 180_000 }, async () => {
  const { code, stdout, stderr } = await runExample('weather/main.ts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^epoch 10: off by \d\.\d\d °C, in 2014 by \d\.\d\d$/m);
  const last = /\n2015: mean absolute error (\S+), as today (\S+), as usual (\S+)\n$/
    .exec(stdout)!
    .slice(1)
    .map(Number);
  const [error, today, usual] = last as [number, number, number];
  expect(error).toBeLessThan(2.7);
  // Of the data alone, computed from the file by hand.
  expect([today, usual]).toEqual([2.959, 3.154]);
});

it.skipIf(process.platform === 'win32')('ends with 130 after Ctrl-C', { timeout: 60_000 }, async () => {
  const run = await interruptExample('weather/main.ts', /^Forecaster/m);
  expect(run).toMatchObject({ code: 130, stderr: '' });
  expect(run.stdout).toMatch(/\nstopped\n$/);
});
