/**
 * The order in which things are timed. For each workload all contenders take turns, round after round, so that a
 * machine that slows down for a while slows all of them down; only one process computes at any time. Each round starts
 * with another contender, so that a disturbance with a rhythm does not always meet the same one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { min } from 'simple-statistics';
import type { Workload } from '../cases.js';
import type { Contender } from '../contenders/contenders.js';
import type { Figure } from '../protocol.js';
import { ContenderLost, type ContenderProcess } from './process.js';

/** A sample lasts at least this long, so that reading the clock weighs less than a hundredth of it. */
const leastSampleMs = 0.1;
/** One whose first iteration takes longer than this is not asked for a second one to warm up. */
const slowMs = 1000;

/** One contender at one number of threads. */
export interface Entrant {
  readonly process: ContenderProcess;
  readonly threads: number;
}

/** GFLOP/s of the FMA peak, the best of the rounds of one workload. */
export interface Peak {
  readonly isa: string;
  readonly threads: number;
  readonly gflops: number;
}

/** What one workload gave for one entrant. */
export interface Measurement {
  readonly workload: Workload;
  readonly contender: Contender;
  readonly threads: number;
  /** Milliseconds an iteration, the samples of each turn. */
  readonly roundsMs: readonly number[][];
  /** The peaks measured between the turns of this workload. */
  readonly peaks: readonly Peak[];
}

export interface Pace {
  readonly rounds: number;
  readonly warmUpMs: number;
  /** Length of a turn. A single iteration may take longer. */
  readonly turnMs: number;
  /** The same for contenders that start a process at each iteration. */
  readonly startTurnMs: number;
  /** One that needs longer than this for an iteration in each round leaves out rounds, but for this number of them. */
  readonly mostMs: number;
  readonly leastRounds: number;
  readonly peakMs: number;
  /** Pause before each turn: idle threads of the contender before may spin for a while. */
  readonly settleMs: number;
}

export interface Outcome {
  readonly measurements: Measurement[];
  readonly figures: (Figure & { readonly case: string })[];
  /** What could not be measured, in sentences. */
  readonly failures: string[];
}

export const takesPart = ({ id }: Contender, { contenders }: Workload): boolean => contenders.includes(id);

/** What takes part in a workload, given all processes: each on as many threads as the workload wants. */
export function entrantsOf(workload: Workload, processes: readonly ContenderProcess[], allThreads: number): Entrant[] {
  const counts = threadCounts(workload.threads, allThreads);
  return processes
    .filter((process) => takesPart(process.contender, workload))
    .flatMap((process) => {
      const { threads } = process.contender;
      const own = threads === 'one' ? [1] : counts.filter((count) => threads === 'any' || count === threads);
      return own.map((count) => ({ process, threads: count }));
    });
}

export function threadCounts(wanted: Workload['threads'], all: number): readonly number[] {
  const counts = { one: [1], all: [all], each: [1, all], every: Array.from({ length: all }, (_, i) => i + 1) };
  return [...new Set(counts[wanted])];
}

/** Whether one that needs that long for an iteration takes a turn in this round: spread evenly over the rounds. */
export function hasTurn(round: number, iterationMs: number, { rounds, mostMs, leastRounds }: Pace): boolean {
  const turns = Math.min(rounds, Math.max(leastRounds, Math.floor(mostMs / iterationMs)));
  return Math.floor(((round + 1) * turns) / rounds) > Math.floor((round * turns) / rounds);
}

/** Measures one workload. When the signal is aborted, gives back what there is. */
export async function measureWorkload(
  workload: Workload,
  entrants: readonly Entrant[],
  pace: Pace,
  seconds: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const outcome: Outcome = { measurements: [], figures: [], failures: [] };
  const lost = new Set<ContenderProcess>();
  /** One step of one contender; a failure takes it out of this workload, and is told. */
  const attempt = async (process: ContenderProcess, step: () => Promise<void>): Promise<void> => {
    if (signal.aborted || lost.has(process)) return;
    try {
      await sleep(pace.settleMs);
      await step();
    } catch (error) {
      if (signal.aborted) return;
      lost.add(process);
      const message = error instanceof Error ? error.message : String(error);
      const who = error instanceof ContenderLost ? '' : `${process.contender.id}: `;
      outcome.failures.push(`${workload.case}: ${who}${message}`);
    }
  };
  if (!workload.study) outcome.measurements.push(...(await takeTurns(workload, entrants, pace, attempt)));
  else
    for (const { process } of entrants)
      await attempt(process, async () => {
        const { figures } = await process.ask('study', { name: workload.program, seconds });
        outcome.figures.push(...figures.map((each) => ({ case: workload.case, ...each })));
      });
  return outcome;
}

async function takeTurns(
  workload: Workload,
  entrants: readonly Entrant[],
  pace: Pace,
  attempt: (process: ContenderProcess, step: () => Promise<void>) => Promise<void>,
): Promise<Measurement[]> {
  const turnMs = workload.program === 'start' ? pace.startTurnMs : pace.turnMs;
  const states = entrants.map((entrant) => ({ ...entrant, iterationMs: 0, perSample: 1, roundsMs: [] as number[][] }));
  const peaks = new Map<string, Peak>();
  for (const process of new Set(entrants.map((entrant) => entrant.process)))
    await attempt(process, async () => {
      await process.ask('prepare', { program: workload.program, params: workload.params });
    });
  for (const state of states) await attempt(state.process, () => warmUp(state, pace.warmUpMs));
  for (let round = 0; round < pace.rounds; round++) {
    const first = round % Math.max(1, states.length);
    for (const { process, threads, iterationMs, perSample, roundsMs } of [
      ...states.slice(first),
      ...states.slice(0, first),
    ]) {
      if (!hasTurn(round, iterationMs, pace)) continue;
      await attempt(process, async () => {
        const { samplesMs } = await process.ask('run', { threads, perSample, ms: turnMs });
        roundsMs.push(samplesMs);
        const { isa, peak } = process.contender;
        if (!peak || isa === null || workload.flops === null) return;
        const { gflops } = await process.ask('peak', { threads, ms: pace.peakMs });
        const best = Math.max(gflops, peaks.get(`${isa} ${threads}`)?.gflops ?? 0);
        peaks.set(`${isa} ${threads}`, { isa, threads, gflops: best });
      });
    }
  }
  return states
    .filter(({ roundsMs }) => roundsMs.length > 0)
    .map(({ process: { contender }, threads, roundsMs }) => {
      return { workload, contender, threads, roundsMs, peaks: [...peaks.values()] };
    });
}

/** Two iterations at least, since the first one allocates and compiles; then it is known how many make a sample. */
async function warmUp(state: Entrant & { iterationMs: number; perSample: number }, ms: number): Promise<void> {
  const run = async (length: number) =>
    min((await state.process.ask('run', { threads: state.threads, perSample: 1, ms: length })).samplesMs);
  const first = await run(ms);
  state.iterationMs = first >= ms && first < slowMs ? Math.min(first, await run(0)) : first;
  state.perSample = Math.max(1, Math.ceil(leastSampleMs / Math.max(state.iterationMs, 1e-6)));
}
