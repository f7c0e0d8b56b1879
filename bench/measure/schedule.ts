/**
 * The order in which things are timed. For each workload all contenders take turns, round after round, so that a
 * machine that slows down for a while slows everybody down; only one process computes at any time. Each round starts
 * with another contender, so that a disturbance with a rhythm does not always meet the same one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, isTimed } from '../case.js';
import type { Contender } from '../contenders/contenders.js';
import { type ContenderProcess, ContenderLost } from './contender-process.js';

/** One contender at one number of threads. */
export interface Entrant {
  readonly process: ContenderProcess;
  readonly threads: number;
}

/** GFLOP/s of the FMA peak, the best of the rounds of one workload. */
export interface Peak {
  /** Whose process measured it: a native contender, on its own instruction set. */
  readonly contender: string;
  readonly threads: number;
  readonly gflops: number;
}

/** What one workload gave for one entrant. */
export interface Measurement {
  readonly entry: Entry;
  readonly contender: string;
  readonly threads: number;
  readonly samplesMs: readonly number[];
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
  return !contender.compiles || (isTimed(entry) && entry.case.compiles === true);
}

/** What takes part in a workload, given all processes: its group, on one thread and, if both can, on all. */
export function entrantsOf(entry: Entry, processes: readonly ContenderProcess[], allThreads: number): Entrant[] {
  return processes
    .filter(({ contender }) => takesPart(contender, entry))
    .flatMap((process) => {
      const both = entry.workload.threads === 'each' && process.contender.threaded && allThreads > 1;
      return (both ? [1, allThreads] : [1]).map((threads) => ({ process, threads }));
    });
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
  const samples = new Map<Entrant, number[]>();
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
    const { name } = entry.case;
    await attempt(process, async () => {
      await process.ask({ do: 'prepare', case: name, params: entry.workload.params });
    });
  }
  for (const { process, threads } of entrants) {
    await attempt(process, async () => {
      await process.ask({ do: 'warmUp', threads, ms: pace.warmUpMs });
    });
  }
  for (let round = 0; round < pace.rounds; round++) {
    const first = round % Math.max(1, entrants.length);
    for (const entrant of [...entrants.slice(first), ...entrants.slice(0, first)]) {
      const { process, threads } = entrant;
      await attempt(process, async () => {
        const { samplesMs } = await process.ask({ do: 'run', threads, ms: turnMs });
        samples.set(entrant, [...(samples.get(entrant) ?? []), ...samplesMs]);
        if (!process.contender.peak || entry.workload.flops === null) return;
        const { gflops } = await process.ask({ do: 'peak', threads, ms: pace.peakMs });
        const { id } = process.contender;
        const before = peaks.get(`${id} ${threads}`)?.gflops ?? 0;
        peaks.set(`${id} ${threads}`, { contender: id, threads, gflops: Math.max(before, gflops) });
      });
    }
  }
  const measurements = entrants.flatMap((entrant) => {
    const samplesMs = samples.get(entrant);
    if (samplesMs === undefined) return [];
    const { process, threads } = entrant;
    return [{ entry, contender: process.contender.id, threads, samplesMs, peaks: [...peaks.values()] }];
  });
  return { measurements, failures };
}
