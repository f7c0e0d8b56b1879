/** A transformer that knows where rows stand reads digits better than one that does not. */
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { runBuilt } from '../helpers/built-child.js';
import { programFile } from '../helpers/program.js';
import { interruptExample, runExample } from './run.js';

beforeAll(ensureBuilt, 600_000);

it('examples/transformer reads rows in their order', { timeout: 400_000 }, async () => {
  const { code, stdout, stderr } = await runExample('transformer/main.ts', ['--epochs', '2']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/^(with positions|without positions|linear), epoch \d: loss \d\.\d{4}$/gm)).toHaveLength(6);
  const [, ...told] = /\ntest accuracy: positions (\S+), without (\S+), linear (\S+)\n$/.exec(stdout)!;
  const [positions, without, linear] = told.map(Number) as [number, number, number];
  expect(positions).toBeGreaterThan(without + 0.1);
  expect(positions).toBeGreaterThan(0.85);
  expect(linear).toBeGreaterThan(0.85);
});

it('has the positions of the paper', { timeout: 60_000 }, async () => {
  const { reported } = await runBuilt(`
    import { zeros } from 'lanewise';
    const { SinusoidalPositions } = await import(${JSON.stringify(pathToFileURL(await programFile('examples/transformer/positions.ts')))});
    const positions = new SinusoidalPositions(6, 9);
    report([positions.forward(zeros([2, 4, 6])).toArray(), Object.keys(positions.stateDict()), positions.parameters().length]);`);
  const [sums, names, parameters] = reported as [number[][][], string[], number];
  expect([sums.length, sums[0]!.length, sums[0]![0]!.length]).toEqual([2, 4, 6]);
  for (const step of [0, 1, 3])
    for (const i of [0, 1, 2]) {
      const angle = step / 10000 ** ((2 * i) / 6);
      expect(sums[1]![step]![2 * i]).toBeCloseTo(Math.sin(angle), 6);
      expect(sums[1]![step]![2 * i + 1]).toBeCloseTo(Math.cos(angle), 6);
    }
  expect(names).toEqual(['table']);
  expect(parameters).toBe(0);
});

it.skipIf(process.platform === 'win32')('ends with 130 after Ctrl-C', { timeout: 120_000 }, async () => {
  const run = await interruptExample('transformer/main.ts', /held out$/m);
  expect(run).toMatchObject({ code: 130, stderr: '' });
  expect(run.stdout).toMatch(/\nstopped\n$/);
});
