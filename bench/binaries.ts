/**
 * The speed of the package's binaries on Linux x64: `npm run bench:binaries`. What `node-gyp` has built here, the packed binary, the same without
 * its parts that are compiled for size, WebAssembly and pure TypeScript take turns, a process each, on one thread.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quantile } from 'simple-statistics';
import { sourcesHash } from '../packaging/sources.mjs';
import { targets } from '../packaging/targets.js';
import { Zig } from '../packaging/zig.js';
import { selectWorkloads, type Workload, workloadId } from './cases.js';
import { type Contender, native, nativeCompiled, nodeContender } from './contenders/contenders.js';
import { commandLine, count, names, runProgram, text } from './options.js';
import { formatMs, formatRatio, formatTable } from './results/text.js';
import { ContenderProcess } from './runner/process.js';
import { measureWorkload } from './runner/schedule.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const prebuilds = join(root, 'build-prebuilds');
const target = targets.find(({ name }) => name === 'linux-x64')!;
const files = {
  'node-gyp': join(root, 'build/Release/lanewise.node'),
  packed: join(prebuilds, 'prebuilds', target.file),
  'packed, all -O3': join(prebuilds, 'fast/lanewise.node'),
};
/** Backends that are no binary of this platform. */
const others = ['wasm', 'reference'];
const ways = { compiled: nativeCompiled, eager: native };

/** The packed binary with nothing compiled for size. */
async function buildFast(file: string): Promise<void> {
  const mark = `${file}.sources`;
  if (existsSync(mark) && readFileSync(mark, 'utf8') === sourcesHash()) return;
  console.error('building the binary with -O3 throughout');
  mkdirSync(dirname(file), { recursive: true });
  await new Zig(prebuilds).build(target, file, () => false);
  writeFileSync(mark, sourcesHash());
}

/** @param backend as `LANEWISE_BACKEND` has it */
function contender(way: keyof typeof ways, backend: string, addon: string | null): Contender {
  const { args, command, ...rest } = nodeContender(ways[way]);
  const env = addon === null ? [] : [`LANEWISE_ADDON=${addon}`];
  return { ...rest, peak: false, command: 'env', args: [...env, command, ...args, backend] };
}

interface Entry {
  readonly backend: string;
  readonly way: keyof typeof ways;
  readonly binary: string;
  readonly process: ContenderProcess;
}

interface Line extends Entry {
  readonly roundMediansMs: readonly number[];
  readonly samples: readonly number[];
}

/** The widest native backend of what node-gyp has built. */
async function widest(): Promise<readonly string[]> {
  const process = new ContenderProcess(contender('eager', 'reference', files['node-gyp']));
  try {
    const { backends = [] } = await process.start();
    return backends.filter((name) => name.startsWith('native:')).slice(-1);
  } finally {
    process.kill();
  }
}

/** The ratios of two contenders, round by round: median, least and most. */
function ratio(of: Line | undefined, to: Line): string {
  if (of === undefined || of === to) return '-';
  const rounds = to.roundMediansMs.map((ms, i) => (of.roundMediansMs[i] ?? Number.NaN) / ms).filter(Number.isFinite);
  const [least, median, most] = quantile(rounds, [0, 0.5, 1]) as [number, number, number];
  return `${formatRatio(median)} (${formatRatio(least)}-${formatRatio(most)})`;
}

async function measure(workload: Workload, entries: readonly Entry[], rounds: number): Promise<string[][]> {
  const pace = {
    ...{ rounds, warmUpMs: 100, turnMs: 100, startTurnMs: 400, mostMs: 1e9 },
    ...{ leastRounds: rounds, peakMs: 0, settleMs: 5 },
  };
  const everyone = { ...workload, contenders: Object.values(ways), flops: null };
  const entrants = entries.map(({ process }) => ({ process, threads: 1 }));
  const { measurements, failures } = await measureWorkload(everyone, entrants, pace, 0, new AbortController().signal);
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
  const lines = measurements.map(({ contender, roundsMs }): Line => {
    const entry = entries.find(({ process }) => process.contender === contender)!;
    return { ...entry, roundMediansMs: roundsMs.map((round) => quantile(round, 0.5)), samples: roundsMs.flat() };
  });
  return lines.map((line) => {
    const [p10, median, p90] = quantile([...line.samples], [0.1, 0.5, 0.9]) as [number, number, number];
    const find = (binary: string, isSame = true) =>
      lines.find(
        (each) => each.binary === binary && each.way === line.way && (!isSame || each.backend === line.backend),
      );
    return [
      ...[workloadId(workload), line.way, line.backend, line.binary],
      ...[formatMs(median), `${formatMs(p10)}-${formatMs(p90)}`],
      ...[ratio(find('node-gyp'), line), ratio(find('reference', false), line)],
    ];
  });
}

const about =
  'Times the binaries of the package on one thread, in turns: what node-gyp built, what is packed, that without parts compiled for size, WebAssembly, pure TypeScript.';

await runProgram(async () => {
  const options = commandLine('bench:binaries', about)
    .option('--filter <text>', 'only workloads of the quick benchmark whose name contains it', text, 'mlp-train-step')
    .option('--backends <a,b>', 'native ones, wasm, reference (default: the widest native one)', names(null))
    .option('--rounds <n>', 'turns of each', count(1, 1000), 9)
    .parse()
    .opts<{ readonly filter: string; readonly backends?: readonly string[]; readonly rounds: number }>();
  const chosen = options.backends ?? (await widest());
  if (!chosen.every((name) => others.includes(name))) await buildFast(files['packed, all -O3']);
  const entries = chosen.flatMap((backend) =>
    (Object.keys(ways) as (keyof typeof ways)[]).flatMap((way): Entry[] =>
      others.includes(backend)
        ? [{ backend, way, binary: backend, process: new ContenderProcess(contender(way, backend, null)) }]
        : Object.entries(files).map(([binary, file]) => {
            return { backend, way, binary, process: new ContenderProcess(contender(way, backend, file)) };
          }),
    ),
  );
  try {
    const lines: string[][] = [];
    for (const workload of selectWorkloads(options.filter, true))
      lines.push(...(await measure(workload, entries, options.rounds)));
    const heads = ['workload', 'way', 'backend', 'binary', '>median ms', '>p10-p90 ms'];
    console.log(formatTable([...heads, '>node-gyp / this', '>reference / this'], lines));
    console.log('ratios are of the medians of a round: their median, least and most over the rounds');
  } finally {
    for (const { process } of entries) process.kill();
  }
  return typeof process.exitCode === 'number' ? process.exitCode : 0;
});
