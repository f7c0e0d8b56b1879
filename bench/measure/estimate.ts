/** How long a run will take, before it is known how fast anybody is. */
import { type Entry, isStudy } from '../case.js';
import type { Field } from './field.js';
import { entrantsOf, type Pace } from './schedule.js';

/** Milliseconds. Contenders that need longer than a turn for one iteration make it more. */
export function estimateMs(entry: Entry, field: Field, pace: Pace, seconds: number): number {
  if (isStudy(entry)) {
    const someone = field.processes.some(({ contender }) => contender.group === 'study');
    return someone ? 1000 * entry.case.duration(seconds) : 0;
  }
  const turnMs = entry.case.contenders === 'start' ? pace.startTurnMs : pace.turnMs;
  return entrantsOf(entry, field.processes, field.allThreads)
    .map(({ process: { contender } }) => {
      const peakMs = contender.peak && entry.workload.flops !== null ? pace.peakMs : 0;
      return 2 * pace.settleMs + pace.warmUpMs + pace.rounds * (pace.settleMs + turnMs + peakMs);
    })
    .reduce((sum, ms) => sum + ms, 0);
}

/** As a reader says it. */
export function formatDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  return `${Math.ceil(seconds / 60)} min`;
}
