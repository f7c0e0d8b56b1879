/** A training that is killed at any moment leaves a whole file, with all that was on the disk, and goes on to the same bits. */
import { beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../helpers/built.js';
import { killAgain } from './kill.js';

beforeAll(ensureBuilt, 600_000);

// LANEWISE_KILLS: how often; 1,000 were made by hand.
const kills = Number(process.env.LANEWISE_KILLS ?? 20);
const perKill = process.env.LANEWISE_SANITIZER ? 50_000 : 5_000;

it(`survives ${kills} kills`, { timeout: 60_000 + kills * perKill }, async () => {
  const found = await killAgain(kills);
  expect(found).toMatchObject({ kills, corrupt: 0, lost: 0, isSame: true });
  expect(found.steps).toBeGreaterThan(kills / 2);
});
