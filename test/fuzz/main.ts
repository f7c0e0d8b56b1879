/** `npm run fuzz`: random calls of everything public, and random networks. Prints what reproduces a failure. */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { backend } from '../../src/index.js';
import { apiProperty, fitProperty } from './api.js';
import { networkProperty } from './networks.js';
import { fuzzReader, readerTargets } from './readers.js';

const properties = { api: apiProperty, fit: fitProperty, networks: networkProperty };
type Name = keyof typeof properties;
const fuzzers = [...Object.keys(properties), 'readers'];

const usage = `Calls everything public with random arguments, trains random networks in every way, and reads damaged files.

  npm run fuzz -- [options]

  --only NAME   ${fuzzers.join(', ')}; may be given more than once (default: all)
  --runs N      of each (default 2000; networks take 100 times as long as calls, so a hundredth of it; files a hundredth of the time,
                so 100 times as many for each reader)
  --seed N      of the first run (default: drawn, and printed)
  --path TEXT   where a failure lies, as printed with it
  -h, --help    this text`;

function integer(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number, got '${text}'`);
  return Number(text);
}

async function check(name: Name, seed: number, runs: number, path: string | undefined): Promise<boolean> {
  const numRuns = Math.max(1, name === 'networks' ? Math.round(runs / 100) : runs);
  const start = performance.now();
  const result = await fc.check(properties[name] as fc.IAsyncProperty<unknown>, {
    seed,
    numRuns,
    ...(path !== undefined && { path }),
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (!result.failed) {
    console.log(`${name}: ${result.numRuns} runs, seed ${seed}, ${seconds} s: nothing found`);
    return true;
  }
  console.error(fc.defaultReportMessage(result as Parameters<typeof fc.defaultReportMessage>[0]));
  console.error(result.errorInstance);
  console.error(`\nagain: npm run fuzz -- --only ${name} --seed ${seed} --path '${result.counterexamplePath}'`);
  return false;
}

/** Files of one seed; a failure names it. */
const filesPerSeed = 100_000;

/** @throws ReaderFailure for the first failure. */
function checkReaders(seed: number, runs: number): true {
  Error.stackTraceLimit = 0;
  for (const target of Object.keys(readerTargets)) {
    let [done, read, seconds, slowest] = [0, 0, 0, 0];
    for (let i = 0; done < runs * 100; i++) {
      const report = fuzzReader(target, seed + i, Math.min(filesPerSeed, runs * 100 - done));
      done += report.runs;
      read += report.read;
      seconds += report.seconds;
      slowest = Math.max(slowest, report.slowestMs);
    }
    console.log(
      `readers, ${target}: ${done} files, seed ${seed}, ${seconds.toFixed(1)} s: ${read} read, the others refused; the slowest took ${slowest.toFixed(1)} ms`,
    );
  }
  return true;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      runs: { type: 'string', default: '2000' },
      seed: { type: 'string' },
      path: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const names = values.only ?? fuzzers;
  for (const name of names) if (!fuzzers.includes(name)) throw new Error(`--only ${name}: there is no such fuzzer`);
  const seed = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : integer('seed', values.seed);
  const runs = integer('runs', values.runs);
  console.log(`seed ${seed}, backends ${backend.available.join(', ')}`);
  // Warnings about odd values are right, and would hide what is found.
  process.removeAllListeners('warning');
  process.on('warning', () => {});
  for (const name of names) {
    const isGood = name === 'readers' ? checkReaders(seed, runs) : await check(name as Name, seed, runs, values.path);
    if (!isGood) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
