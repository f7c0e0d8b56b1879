/**
 * The order in which things are timed. For each workload all contenders take turns, round after round, so that a
 * machine that slows down for a while slows everybody down; only one process computes at any time. Each round starts
 * with another contender, so that a disturbance with a rhythm does not always meet the same one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, isTimed, programOf, type Workload } from '../case.js';
import type { Contender } from '../contenders/contenders.js';
import { type ContenderProcess, ContenderLost } from './contender-process.js';

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
  readonly entry: Entry;
  readonly contender: Contender;
  readonly threads: number;
  /** Milliseconds an iteration, the samples of each turn. */
  readonly roundsMs: readonly (readonly number[])[];
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
  /** Who needs longer than this for an iteration in each round leaves out rounds, but for so many. */
  readonly mostMs: number;
  readonly leastRounds: number;
  readonly peakMs: number;
  /** Pause before each turn: idle threads of the contender before may spin for a while. */
  readonly settleMs: number;
}

export interface Outcome {
  readonly measurements: Measurement[];
  /** What could not be measured, in sentences. */
  readonly failures: string[];
}

/** Whether there is something to do for a contender. */
export function takesPart(contender: Contender, entry: Entry): boolean {
  if (contender.group !== entry.case.contenders) return false;
  if (!isTimed(entry)) return !contender.compiles;
  const { compiles = false, only = [contender.id] } = entry.case;
  return (compiles || !contender.compiles) && only.includes(contender.id);
}

/** What takes part in a workload, given all processes: its group, each on as many threads as the workload wants. */
export function entrantsOf(entry: Entry, processes: readonly ContenderProcess[], allThreads: number): Entrant[] {
  const counts = threadCounts(entry.workload.threads, allThreads);
  return processes
    .filter(({ contender, programs }) => takesPart(contender, entry) && (programs?.includes(programOf(entry)) ?? true))
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

/** Whether someone who needs so long for an iteration takes a turn in this round: spread evenly over the rounds. */
export function hasTurn(round: number, iterationMs: number, { rounds, mostMs, leastRounds }: Pace): boolean {
  const affordable = Math.max(leastRounds, Math.floor(mostMs / iterationMs));
  const turns = Math.min(rounds, affordable);
  return Math.floor(((round + 1) * turns) / rounds) > Math.floor((round * turns) / rounds);
}

/** Times one workload. When the signal is aborted, gives back what there is. */
export async function measureEntry(
  entry: Entry,
  entrants: readonly Entrant[],
  pace: Pace,
  signal: AbortSignal,
): Promise<Outcome> {
  const failures: string[] = [];
  const peaks = new Map<string, Peak>();
  const rounds = new Map<Entrant, (readonly number[])[]>();
  const iterationsMs = new Map<Entrant, number>();
  const lost = new Set<ContenderProcess>();
  const turnMs = entry.case.contenders === 'start' ? pace.startTurnMs : pace.turnMs;

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
      failures.push(
        `${entry.case.name}: ${error instanceof ContenderLost ? '' : `${process.contender.id}: `}${message}`,
      );
    }
  };

  for (const process of new Set(entrants.map((entrant) => entrant.process))) {
    const program = programOf(entry);
    await attempt(process, async () => {
      await process.ask({ do: 'prepare', case: entry.case.name, program, params: entry.workload.params });
    });
  }
  for (const entrant of entrants) {
    const { process, threads } = entrant;
    await attempt(process, async () => {
      const { iterationMs } = await process.ask({ do: 'warmUp', threads, ms: pace.warmUpMs });
      iterationsMs.set(entrant, iterationMs);
    });
  }
  for (let round = 0; round < pace.rounds; round++) {
    const first = round % Math.max(1, entrants.length);
    for (const entrant of [...entrants.slice(first), ...entrants.slice(0, first)]) {
      const { process, threads } = entrant;
      if (!hasTurn(round, iterationsMs.get(entrant) ?? 0, pace)) continue;
      await attempt(process, async () => {
        const { samplesMs } = await process.ask({ do: 'run', threads, ms: turnMs });
        rounds.set(entrant, [...(rounds.get(entrant) ?? []), samplesMs]);
        const { peak, isa } = process.contender;
        if (!peak || isa === null || entry.workload.flops === null) return;
        const { gflops } = await process.ask({ do: 'peak', threads, ms: pace.peakMs });
        const before = peaks.get(`${isa} ${threads}`)?.gflops ?? 0;
        peaks.set(`${isa} ${threads}`, { isa, threads, gflops: Math.max(before, gflops) });
      });
    }
  }
  const measurements = entrants.flatMap((entrant) => {
    const roundsMs = rounds.get(entrant);
    if (roundsMs === undefined) return [];
    const { process, threads } = entrant;
    return [{ entry, contender: process.contender, threads, roundsMs, peaks: [...peaks.values()] }];
  });
  return { measurements, failures };
}
