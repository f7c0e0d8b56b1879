/** Native memory that runs out, at every allocation, seen from JavaScript: an error with a code, and nothing lost. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { loadAddon } from '../../src/ops/load.js';
import { runChild } from '../helpers/child.js';
import { buildPreload, whyNoPreload } from './preload.js';

// Hundreds of allocations of fit fail one by one, on a machine that may be busy.
vi.setConfig({ testTimeout: 150_000 });

const why = whyNoPreload();
const addonPath = loadAddon().path;

interface Report {
  /** Attempts in which an allocation failed. */
  readonly failures: number;
  /** Attempts that were rejected. */
  readonly rejected: number;
  /** What else happened than an error of the library that speaks of memory. */
  readonly wrong: readonly string[];
  /** Allocations that have not been given back before the attempts, and after them. */
  readonly before: number;
  readonly after: number;
  /** Results after all this, and those from before it. */
  readonly results: readonly number[];
  readonly expected: readonly number[];
}

const layers = 'new nn.Linear(5, 4), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(4, 3)';

/** What native memory is needed for, and the layers of the model, which there is enough memory for. */
const attempts = {
  'compile, and run on both threads': [
    layers,
    `
    try {
      return [step(input, target).item(), (await step.async(input, target)).item()];
    } finally {
      step.dispose();
    }`,
  ],
  // Two programs, the second of them in the middle of the training: what a program of more layers asks for is seen above. The time that an
  // attempt takes goes with its allocations, and so does the number of attempts.
  fit: [
    'new nn.Dropout(0.5), new nn.Linear(5, 3)',
    `
    const history = await fit(model, { train: [input, target], batchSize: 3, epochs: 1, optimizer, loss: criterion });
    return [history.epochs[0].loss];`,
  ],
  predict: [layers, 'return [(await predict(model, input)).sum().item()];'],
} as const;

/**
 * Lets the first, the second, ... allocation fail (and all later ones, when it goes on) until one attempt gets by.
 * @param step how far apart those are that are tried
 */
const program = (
  faults: string,
  goesOn: boolean,
  step: number,
  [layers, attempt]: readonly [string, string],
): string => `
  const { createRequire } = await import('node:module');
  const v8 = await import('node:v8');
  const vm = await import('node:vm');
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const faults = createRequire(import.meta.url)(${JSON.stringify(faults)});
  const { nn, optim, tensor, compile, fit, predict, manualSeed, backend, LanewiseError } = await src('index.ts');
  backend.name;
  if (!faults.watch(${JSON.stringify(addonPath)})) throw new Error('the addon is not loaded');

  const rows = 7;
  const input = tensor(Float32Array.from({ length: rows * 5 }, (_, i) => Math.sin(i)), { shape: [rows, 5] });
  const target = tensor(Int32Array.from({ length: rows }, (_, i) => i % 3));

  async function attempt(nth) {
    manualSeed(3);
    const model = new nn.Sequential(${layers});
    const criterion = new nn.CrossEntropyLoss();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    const step = compile((x, y) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    faults.arm(nth, ${goesOn});
    ${attempt}
  }
  async function collected() {
    for (let i = 0; i < 4; i++) {
      gc();
      await new Promise(setImmediate);
    }
    return faults.live();
  }

  const expected = await attempt(0);
  await attempt(0);
  const before = await collected();
  const wrong = [];
  let failures = 0, rejected = 0;
  for (let nth = 1; ; nth += ${step}) {
    try {
      await attempt(nth);
    } catch (error) {
      rejected++;
      if (!(error instanceof LanewiseError) || typeof error.code !== 'string' || !/memory|allocate/.test(error.message))
        wrong.push(nth + ': ' + (error?.stack ?? error));
    }
    const failed = faults.failed() > 0;
    faults.arm(0, false);
    if (!failed) break;
    failures++;
  }
  report({ failures, rejected, wrong, before, after: await collected(), results: await attempt(0), expected });`;

describe.skipIf(why !== null)(`memory that runs out${why === null ? '' : ` (${why})`}`, () => {
  let faults = '';
  beforeAll(() => {
    faults = buildPreload('fault_allocations');
  });

  describe.each(Object.entries(attempts))('in %s', (name, attempt) => {
    it.each([
      ['once', false],
      ['for good', true],
    ])('%s, wherever that begins, is an error and nothing is lost', async (_how, goesOn) => {
      // Once nothing can be had any more, what follows takes few ways: of many allocations every seventh tells.
      const step = goesOn && name !== 'predict' ? 7 : 1;
      const { reported } = await runChild(program(faults, goesOn, step, attempt), { LD_PRELOAD: faults });
      const { failures, rejected, wrong, before, after, results, expected } = reported as Report;
      expect(wrong).toEqual([]);
      expect(after).toBeLessThanOrEqual(before);
      expect(failures).toBeGreaterThan(30);
      expect(rejected).toBe(failures);
      expect(results).toEqual(expected);
    });
  });
});
