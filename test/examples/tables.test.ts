/** The example of real tables is much better than what one can say without a model. */
import { beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { runExample } from './run.js';

beforeAll(ensureBuilt, 600_000);

it('examples/tables learns from cars and penguins', { timeout: 180_000 }, async () => {
  const { code, stdout, stderr } = await runExample('tables/main.ts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, error, errorOfMean] = /^cars: mean absolute error (\S+), of the mean (\S+)$/m.exec(stdout)!;
  expect(Number(error)).toBeLessThan(3);
  expect(Number(errorOfMean)).toBeGreaterThan(5);
  const [, accuracy, mostFrequent] = /^penguins: accuracy (\S+), of the most frequent species (\S+)$/m.exec(stdout)!;
  expect(Number(accuracy)).toBeGreaterThan(0.95);
  expect(Number(mostFrequent)).toBeLessThan(0.6);
});
