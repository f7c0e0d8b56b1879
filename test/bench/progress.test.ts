import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ContenderProcess } from '../../bench/measure/contender-process.js';
import { estimateMs, formatDuration } from '../../bench/measure/estimate.js';
import type { Field } from '../../bench/measure/field.js';
import { createProgress } from '../../bench/report/progress.js';
import { entry, fake, study } from './fixtures.js';

const pace = {
  ...{ rounds: 3, warmUpMs: 100, turnMs: 20, startTurnMs: 50, mostMs: 1, leastRounds: 1, peakMs: 7, settleMs: 1 },
};

describe('estimateMs', () => {
  const started: ContenderProcess[] = [];
  afterEach(() => {
    for (const process of started.splice(0)) process.kill();
  });
  const field = (...contenders: ReturnType<typeof fake>[]): Field => {
    const processes = contenders.map((contender) => new ContenderProcess(contender));
    started.push(...processes);
    const rest = { descriptions: new Map(), absent: [], isas: [], allThreads: 2, threadSource: '' };
    return { processes, ...rest };
  };

  it('counts warm-up and turns of everybody who takes part, on each number of threads', () => {
    const one = 2 + 100 + 3 * 21;
    expect(estimateMs(entry(), field(fake('a', 'works', { threads: 'one' })), pace, 9)).toBe(one);
    expect(estimateMs(entry(), field(fake('a')), pace, 9)).toBe(2 * one);
    expect(estimateMs(entry(), field(fake('a', 'works', { peak: true })), pace, 9)).toBe(2 * (one + 3 * 7));
    const start = fake('a', 'works', { group: 'start', threads: 'one' });
    expect(estimateMs(entry({}, 'start'), field(fake('b'), start), pace, 9)).toBe(one + 3 * 30);
  });

  it('takes the word of a study, where somebody measures it', () => {
    expect(estimateMs(study(), field(fake('a', 'works', { group: 'study' })), pace, 9)).toBe(7000);
    expect(estimateMs(study(), field(fake('a')), pace, 9)).toBe(0);
  });
});

describe('formatDuration', () => {
  it.each([
    [1, '1 s'],
    [99_000, '99 s'],
    [100_000, '2 min'],
    [600_001, '11 min'],
  ])('of %d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('createProgress', () => {
  let written: string[];
  beforeEach(() => {
    written = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  });
  afterEach(() => void vi.restoreAllMocks());

  it('goes by the plan at first, and by what parts really took when that is longer', () => {
    let now = 0;
    const progress = createProgress([10_000, 10_000, 20_000], () => now);
    for (const [name, ms] of Object.entries({ a: 5_000, b: 35_000, c: 0 })) {
      progress.begin(name);
      now += ms;
      progress.end();
    }
    progress.stop();
    const lines = written.filter((text) => /^\d\//.test(text));
    expect(lines).toEqual(['1/3 a (about 40 s left)\n', '2/3 b (about 30 s left)\n', '3/3 c (about 40 s left)\n']);
  });
});
