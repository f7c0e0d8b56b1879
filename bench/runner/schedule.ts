/**
 * The order in which things are timed. For each workload all contenders take turns, round after round, so that a
 * machine that slows down for a while slows all of them down; only one process computes at any time. Each round starts
 * with another contender, so that a disturbance with a rhythm does not always meet the same one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, isStudy, programOf, type Workload } from '../case.js';
import type { Contender } from '../contenders/contenders.js';
import type { BenchDocument } from '../results/document.js';
import { ContenderLost, type ContenderProcess } from './process.js';

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
  readonly roundsMs: number[][];
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
  /** One that needs longer than this for an iteration in each round leaves out rounds, but for so many. */
  readonly mostMs: number;
  readonly leastRounds: number;
  readonly peakMs: number;
  /** Pause before each turn: idle threads of the contender before may spin for a while. */
  readonly settleMs: number;
}

export interface Outcome {
  readonly measurements: Measurement[];
  readonly figures: BenchDocument['figures'];
  /** What could not be measured, in sentences. */
  readonly failures: string[];
}

/** Whether there is something to do for a contender. */
export function takesPart(contender: Contender, entry: Entry): boolean {
  if (contender.group !== entry.case.contenders) return false;
  if (isStudy(entry)) return !contender.compiles;
  const { compiles = false, only = [contender.id] } = entry.case as Exclude<Entry['case'], { contenders: 'study' }>;
  return (compiles || !contender.compiles) && only.includes(contender.id);
}

/** Whether it takes part, but says that it has no code for the workload. */
export const lacksCode = ({ contender, description }: ContenderProcess, entry: Entry): boolean =>
  takesPart(contender, entry) && description?.programs?.includes(programOf(entry)) === false;

/** What takes part in a workload, given all processes: its group, each on as many threads as the workload wants. */
export function entrantsOf(entry: Entry, processes: readonly ContenderProcess[], allThreads: number): Entrant[] {
  const counts = threadCounts(entry.workload.threads, allThreads);
  return processes
    .filter((process) => takesPart(process.contender, entry) && !lacksCode(process, entry))
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

/** Whether one that needs so long for an iteration takes a turn in this round: spread evenly over the rounds. */
export function hasTurn(round: number, iterationMs: number, { rounds, mostMs, leastRounds }: Pace): boolean {
  const affordable = Math.max(leastRounds, Math.floor(mostMs / iterationMs));
  const turns = Math.min(rounds, affordable);
  return Math.floor(((round + 1) * turns) / rounds) > Math.floor((round * turns) / rounds);
}

/** Milliseconds that a workload takes at least, before it is known how fast its contenders are. */
export function estimateMs(entry: Entry, entrants: readonly Entrant[], pace: Pace, seconds: number): number {
  if (isStudy(entry)) return entrants.length === 0 ? 0 : 1000 * entry.case.duration(seconds);
  const turnMs = entry.case.contenders === 'start' ? pace.startTurnMs : pace.turnMs;
  return entrants.reduce((total, { process: { contender } }) => {
    const peakMs = contender.peak && entry.workload.flops !== null ? pace.peakMs : 0;
    return total + 2 * pace.settleMs + pace.warmUpMs + pace.rounds * (pace.settleMs + turnMs + peakMs);
  }, 0);
}

/** Measures one workload. When the signal is aborted, gives back what there is. */
export async function measureEntry(
  entry: Entry,
  entrants: readonly Entrant[],
  pace: Pace,
  seconds: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const { case: of, workload } = entry;
  const figures: Outcome['figures'] = [];
  const failures: string[] = [];
  const peaks = new Map<string, Peak>();
  const rounds = new Map<Entrant, number[][]>();
  const iterationsMs = new Map<Entrant, number>();
  const lost = new Set<ContenderProcess>();
  const turnMs = of.contenders === 'start' ? pace.startTurnMs : pace.turnMs;

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
      failures.push(`${of.name}: ${error instanceof ContenderLost ? '' : `${process.contender.id}: `}${message}`);
    }
  };

  if (isStudy(entry))
    for (const { process } of entrants)
      await attempt(process, async () => {
        const found = await process.ask({ do: 'study', case: of.name, params: workload.params, seconds });
        figures.push(...found.figures.map((each) => ({ case: of.name, ...each })));
      });
  if (isStudy(entry)) return { measurements: [], figures, failures };

  for (const process of new Set(entrants.map((entrant) => entrant.process)))
    await attempt(process, async () => {
      await process.ask({ do: 'prepare', case: of.name, program: programOf(entry), params: workload.params });
    });
  for (const entrant of entrants)
    await attempt(entrant.process, async () => {
      const request = { do: 'warmUp', threads: entrant.threads, ms: pace.warmUpMs } as const;
      iterationsMs.set(entrant, (await entrant.process.ask(request)).iterationMs);
    });
  for (let round = 0; round < pace.rounds; round++) {
    const first = round % Math.max(1, entrants.length);
    for (const entrant of [...entrants.slice(first), ...entrants.slice(0, first)]) {
      const { process, threads } = entrant;
      if (!hasTurn(round, iterationsMs.get(entrant) ?? 0, pace)) continue;
      await attempt(process, async () => {
        const { samplesMs } = await process.ask({ do: 'run', threads, ms: turnMs });
        rounds.set(entrant, [...(rounds.get(entrant) ?? []), [...samplesMs]]);
        const { peak, isa } = process.contender;
        if (!peak || isa === null || workload.flops === null) return;
        const { gflops } = await process.ask({ do: 'peak', threads, ms: pace.peakMs });
        const before = peaks.get(`${isa} ${threads}`)?.gflops ?? 0;
        peaks.set(`${isa} ${threads}`, { isa, threads, gflops: Math.max(before, gflops) });
      });
    }
  }
  const measurements = entrants.flatMap((entrant) => {
    const roundsMs = rounds.get(entrant);
    if (roundsMs === undefined) return [];
    return [
      { entry, contender: entrant.process.contender, threads: entrant.threads, roundsMs, peaks: [...peaks.values()] },
    ];
  });
  return { measurements, figures, failures };
}
