/** The command line of the benchmark. */
import { contenderIds } from '../contenders/contenders.js';
import { commandLine, count, names, text, texts } from '../options.js';
import type { Pace } from './schedule.js';

const paces = {
  full: {
    ...{ rounds: 5, warmUpMs: 100, turnMs: 200, startTurnMs: 400 },
    ...{ mostMs: 4000, leastRounds: 3, peakMs: 10, settleMs: 5 },
  },
  quick: {
    ...{ rounds: 3, warmUpMs: 20, turnMs: 40, startTurnMs: 200 },
    ...{ mostMs: 400, leastRounds: 1, peakMs: 5, settleMs: 2 },
  },
} satisfies Record<string, Pace>;

export interface BenchOptions {
  readonly filter: string;
  readonly quick: boolean;
  /** Undefined for all. */
  readonly contenders?: readonly string[];
  /** Instruction sets of the native contenders; undefined for the widest. */
  readonly isa?: readonly string[];
  /** `PATH`, or `MODULE=PATH` for one framework only. */
  readonly python: readonly string[];
  readonly seconds: number;
  readonly json?: string;
  readonly pace: Pace;
}

/** @throws CommanderError, after the usage was printed. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { full, quick } = paces;
  const options = commandLine('bench', 'Times lanewise against itself and others, a process each, in turns.')
    .option('--filter <text>', 'only workloads whose name contains it, such as gemm, gemm/512, batch 128', text, '')
    .option('--quick', 'few workloads, short turns: a minute or two', false)
    .option('--contenders <a,b>', `only these: ${contenderIds.join(', ')}`, names(contenderIds))
    .option('--isa <a,b>', 'instruction sets of native and native-compiled (default: the widest)', names(null))
    .option('--python <path>', 'a Python with torch, jax or tensorflow; again, or as torch=PATH, for others', texts, [])
    .option('--rounds <n>', `turns of each contender (default: ${full.rounds}, quick: ${quick.rounds})`, count(1, 1000))
    .option('--seconds <n>', 'how long the long part of a study takes', count(2, 3600), 60)
    .option('--json <file>', 'also writes everything there, for npm run bench:report and bench:compare', text)
    .parse(args, { from: 'user' })
    .opts<BenchOptions & { readonly rounds?: number }>();
  const { rounds, ...rest } = options;
  const pace = paces[options.quick ? 'quick' : 'full'];
  return { ...rest, pace: { ...pace, rounds: rounds ?? pace.rounds } };
}
