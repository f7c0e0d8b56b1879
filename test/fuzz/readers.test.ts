/** Every reader of files, for a moment: `npm run fuzz -- --only readers` runs them for long. */
import { expect, it } from 'vitest';
import { fuzzReader, ReaderFailure, readerTargets } from './readers.js';

const runs = 20_000;

it.each(Object.keys(readerTargets))('%s: mutated files are read or refused', { timeout: 120_000 }, (name) => {
  const { files, read } = readerTargets[name]!;
  // Lawful files are read, or refused for what they hold, so that what is mutated gets far.
  expect(files.length).toBeGreaterThan(1);
  expect(() => read(Buffer.from(files[0]!))).not.toThrow();
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const report = fuzzReader(name, 20261126, runs);
    console.log(
      `${name}: ${runs} files in ${report.seconds.toFixed(1)} s, ${report.read} read, the slowest took ${report.slowestMs.toFixed(1)} ms`,
    );
    expect(report.read).toBeGreaterThan(0);
    expect(report.read).toBeLessThan(runs);
  } finally {
    Error.stackTraceLimit = limit;
  }
});

it('a reader that crashes, or takes more than it says, is found', () => {
  const target = readerTargets.npy!;
  const broken = readerTargets as Record<string, typeof target>;
  broken.broken = { ...target, read: () => (undefined as never as Uint8Array).length };
  expect(() => fuzzReader('broken', 1, 5)).toThrow(ReaderFailure);
  broken.broken = { ...target, most: () => -1 };
  expect(() => fuzzReader('broken', 1, 500)).toThrow(/bytes became/);
  delete broken.broken;
});
