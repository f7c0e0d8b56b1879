/** What is kept of epochs. */
import { describe, expect, it } from 'vitest';
import { type EpochResult, epochs, type FitOptions, fit, type History } from '../../src/index.js';
import { EpochLog } from '../../src/train/epoch-log.js';
import { runChild } from '../helpers/child.js';
import { makeProblem, type Problem } from './problem.js';

const result = (i: number, more: Partial<EpochResult> = {}): EpochResult => ({
  epoch: i + 1,
  loss: 1 / (i + 1),
  accuracy: i / 3,
  metrics: { accuracy: i / 3, 'top 5': i },
  steps: 7,
  samples: 50,
  lr: [0.1 * i],
  seconds: i / 7,
  samplesPerSecond: 7 / (i + 1),
  ...more,
});
const validation = { loss: 3, accuracy: 0.5, metrics: { accuracy: 0.5, 'top 5': 0.25 } };

const logOf = (results: readonly EpochResult[], hasValidation: boolean) => {
  const log = new EpochLog(['accuracy', 'top 5'], hasValidation);
  for (const each of results) log.add(each);
  return log;
};

describe('the log of epochs', () => {
  it('gives back what it was given, with validation and without, and with groups that come', () => {
    for (const hasValidation of [false, true]) {
      const results = Array.from({ length: 300 }, (_, i) =>
        result(i, {
          ...(hasValidation && i !== 299 ? { validation } : {}),
          lr: Array.from({ length: i > 100 ? (i > 200 ? 1 : 3) : 2 }, (_unused, j) => i + j / 10),
        }),
      );
      const log = logOf(results, hasValidation);
      expect(log.length).toBe(300);
      expect(log.toList()).toEqual(results);
    }
    expect(logOf([], true).toList()).toEqual([]);
  });

  it('has lists of many that read as arrays do', () => {
    const count = 10_001;
    const results = Array.from({ length: count }, (_, i) => result(i));
    const log = logOf(results, false);
    const list = log.toList();
    expect(Array.isArray(list)).toBe(true);
    expect(list.length).toBe(count);
    expect(list[0]).toEqual(results[0]);
    expect(list[5000]).toEqual(results[5000]);
    expect(list.at(-1)).toEqual(results.at(-1));
    expect(list[count]).toBeUndefined();
    expect(3 in list).toBe(true);
    expect(count in list).toBe(false);
    expect(Object.keys(list)).toHaveLength(count);
    expect(list.map(({ loss }) => loss)).toEqual(results.map(({ loss }) => loss));
    expect(list.slice(9990)).toEqual(results.slice(9990));
    expect(Array.from(list)).toEqual(results);
    expect(JSON.stringify(list)).toBe(JSON.stringify(results));
    expect(structuredClone(Array.from(list.slice(-1)))).toEqual(results.slice(-1));
    expect(() => Object.assign(list, { 0: results[1] })).toThrow(TypeError);
    expect(list[0]).toEqual(results[0]);
  });

  it('takes tens of bytes an epoch', async () => {
    const count = 300_000;
    // In a process where nothing else takes memory or gives it back.
    const { reported } = await runChild(`
      const { EpochLog } = await src('train/epoch-log.ts');
      const before = process.memoryUsage().arrayBuffers;
      const log = new EpochLog([], false);
      for (let i = 0; i < ${count}; i++) {
        log.add({ epoch: i + 1, loss: i, metrics: {}, steps: 1, samples: 4, lr: [i], seconds: i, samplesPerSecond: 1 });
      }
      report({ grown: process.memoryUsage().arrayBuffers - before, last: log.toList().at(-1) });
    `);
    const { grown, last } = reported as { grown: number; last: EpochResult };
    expect(last).toMatchObject({ epoch: count, loss: count - 1, lr: [count - 1] });
    // Seven numbers of eight bytes, and what is made ahead.
    expect(grown / count).toBeLessThan(60);
    expect(grown / count).toBeGreaterThan(50);
  });
});

const options = ({ x, y, optimizer, loss }: Problem, more: Partial<FitOptions> = {}): FitOptions => ({
  ...{ train: [x, y], batchSize: 50, optimizer, loss },
  ...more,
});

describe('a history', () => {
  it('of fit has what onEpoch was told', async () => {
    const problem = makeProblem();
    const told: EpochResult[] = [];
    const more = { epochs: 5, metrics: ['accuracy'], validation: [problem.x, problem.y] } as const;
    const { epochs: kept } = await fit(
      problem.model,
      options(problem, { ...more, onEpoch: (each) => void told.push(each) }),
    );
    expect(told).toHaveLength(5);
    expect(kept).toEqual(told);
    expect(JSON.stringify(kept)).toBe(JSON.stringify(told));
  });

  it('of epochs() keeps no result', async () => {
    const problem = makeProblem();
    const run = epochs(problem.model, options(problem, { epochs: 3 }));
    const seen: EpochResult[] = [];
    let end: History | undefined;
    for (;;) {
      const next = await run.next();
      if (next.done) {
        end = next.value;
        break;
      }
      seen.push(next.value);
    }
    expect(seen.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(end).toMatchObject({ epochs: [], stopped: null });
  });
});
