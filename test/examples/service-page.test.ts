/** The page of the service example in a headless browser, where there is one. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend } from '../../src/index.js';
import { ensureBuilt } from '../helpers/built.js';
import { ServiceProcess } from './service-process.js';

const browserPath = findBrowser(['chromium', 'chromium-browser', 'google-chrome']);
const timeout = 60_000;
const hasNative = backend.available.length > 1;

function findBrowser(names: readonly string[]): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const canRun = (path: string) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(canRun) ?? null;
}

/** Presses, moves through the points and lets go; in shares of the canvas. */
async function draw(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
  const box = (await page.locator('#drawing').boundingBox())!;
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(points[0]!));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 8 });
  await page.mouse.up();
}

/** How many points each curve has. */
const pointsOf = (page: Page, id: string): Promise<number[]> =>
  page.evaluate(`Chart.getChart('${id}').data.datasets.map(({ data }) => data.length)`);

const probabilitiesOf = (page: Page): Promise<number[]> =>
  page.locator('#bars meter').evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('value'))));

const why = browserPath === null ? ' (skipped: no chromium, chromium-browser or google-chrome in PATH)' : '';

describe.skipIf(browserPath === null)(`the page${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-page-'));
  let service: ServiceProcess;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    ensureBuilt();
    [service, browser] = await Promise.all([
      ServiceProcess.start(join(folder, 'digits.json')),
      // Containers have neither user namespaces for the sandbox nor much shared memory.
      chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox', '--disable-dev-shm-usage'] }),
    ]);
    page = await browser.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(service.url);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await service?.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const wait = { timeout: 30_000 };
  const statusIs = (text: string) => page.locator('#status', { hasText: text }).waitFor(wait);

  it('trains, and draws the curves', { timeout }, async () => {
    expect(await page.title()).toBe('Digits');
    await page.getByLabel('Epochs').first().fill('3');
    await page.getByLabel('Hidden layers').fill('64');
    await page.getByLabel('Batch size').fill('64');
    await page.getByRole('button', { name: 'Start' }).click();
    await statusIs('Done: ');
    expect(await pointsOf(page, 'loss')).toEqual([3, 3]);
    expect(await pointsOf(page, 'accuracy')).toEqual([3, 3]);
    expect(await page.locator('#progress').evaluate((bar) => bar.getAttribute('value'))).toBe('1');
    // The curves can be seen: grid and text are grey, they are not.
    const painted = await page.evaluate(
      `document.querySelector('#loss').getContext('2d').getImageData(0, 0, 400, 200).data
        .some((red, i, data) => i % 4 === 0 && data[i + 3] > 0 && Math.abs(red - data[i + 2]) > 60)`,
    );
    expect(painted).toBe(true);
  });

  it('recognises digits that are drawn', { timeout }, async () => {
    const digit = page.locator('#digit');
    expect(await digit.textContent()).toBe('nothing yet');
    // Small and in a corner: it has to be brought to the middle.
    const drawings = [
      {
        name: '1',
        points: [
          [0.7, 0.1],
          [0.68, 0.5],
        ],
      },
      {
        name: '0',
        points: [
          [0.5, 0.2],
          [0.3, 0.3],
          [0.25, 0.5],
          [0.3, 0.7],
          [0.5, 0.8],
          [0.65, 0.7],
          [0.7, 0.5],
          [0.65, 0.3],
          [0.5, 0.2],
        ],
      },
      {
        name: '7',
        points: [
          [0.2, 0.2],
          [0.7, 0.2],
          [0.4, 0.9],
        ],
      },
    ] as const;
    for (const { name, points } of drawings) {
      await draw(page, points);
      await page.locator('#digit', { hasText: name }).waitFor(wait);
      const probabilities = await probabilitiesOf(page);
      expect(probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 4);
      expect(probabilities.indexOf(Math.max(...probabilities))).toBe(Number(name));
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.locator('#digit', { hasText: 'nothing yet' }).waitFor(wait);
    }
  });

  it('cancels, and a page opened meanwhile shows the job', { timeout }, async () => {
    // Longer than this test; an epoch is soon over all the same.
    await page.getByLabel('Epochs').first().fill('1000');
    await page.getByLabel('Batch size').fill('32');
    if (hasNative) await page.getByLabel('Hidden layers').fill('256, 128');
    else await page.getByLabel('Digits').fill('1000');
    await page.getByRole('button', { name: 'Start' }).click();
    // Any epoch: the first may be over before anybody looks.
    await statusIs('Epoch ');
    await page.reload();
    await statusIs('Epoch ');
    await expect.poll(async () => (await pointsOf(page, 'loss'))[0], wait).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await statusIs('Cancelled after ');
    expect(await page.getByRole('button', { name: 'Start' }).isEnabled()).toBe(true);
  });

  it('complains of nothing', () => {
    expect(complaints).toEqual([]);
  });
});
