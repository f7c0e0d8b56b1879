/** A model that goes on learning is better after the stream has changed, and answers all the time. */
import { beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { interruptExample, runExample } from './run.js';

beforeAll(ensureBuilt, 600_000);

it('examples/online follows the station to New York', { timeout: 300_000 }, async () => {
  const answers: Promise<readonly unknown[]>[] = [];
  const ask = async (url: string) =>
    Promise.all(['forecast', 'errors'].map(async (path) => (await fetch(`${url}/${path}`)).json()));
  const { code, stdout, stderr } = await runExample('online/main.ts', [], {
    onOutput: (text) => {
      const [, url] = /^listening on (http:\S+)$/m.exec(text) ?? [];
      if (answers.length === 0 && url !== undefined && /^New York 2012/m.test(text)) answers.push(ask(url));
    },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const years = [...stdout.matchAll(/^(Seattle|New York) (\d+): off by (\d\.\d\d) °C, frozen (\d\.\d\d)$/gm)];
  expect(years.map(([, place, year]) => `${place} ${year}`)).toEqual([
    ...['Seattle 2014', 'Seattle 2015', 'New York 2012', 'New York 2013', 'New York 2014', 'New York 2015'],
  ]);
  const [, ...errors] = /\nafter the move: mean absolute error (\S+), frozen (\S+)\n$/.exec(stdout)!;
  const [online, frozen] = errors.map(Number) as [number, number];
  expect(online).toBeLessThan(frozen - 0.1);
  expect(frozen).toBeLessThan(3.2);
  // Answers while it learnt.
  const [[forecast, told]] = (await Promise.all(answers)) as [[Record<string, unknown>, Record<string, number>]];
  expect(forecast).toMatchObject({ place: 'New York', date: expect.stringMatching(/^201[3-5]-\d\d-\d\d$/) });
  expect(forecast.tomorrow).toBeGreaterThan(-30);
  expect(forecast.tomorrow).toBeLessThan(50);
  expect(told!.online).toBeGreaterThan(1);
  expect(told!.frozen).toBeGreaterThan(1);
});

it.skipIf(process.platform === 'win32')('ends with 130 after Ctrl-C', { timeout: 120_000 }, async () => {
  const run = await interruptExample('online/main.ts', /^listening/m, ['--pace', '20']);
  expect(run).toMatchObject({ code: 130, stderr: '' });
  expect(run.stdout).toMatch(/\nstopped\n$/);
});
