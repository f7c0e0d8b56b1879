/** Has a study measured, and gives its figures the name of the case. */
import type { Entry, Study } from '../case.js';
import type { Figure } from '../figure.js';
import type { ContenderProcess } from './contender-process.js';

/** A figure of `--json`. */
export interface Finding extends Figure {
  readonly case: string;
}

export interface StudyOutcome {
  readonly findings: readonly Finding[];
  /** What could not be measured, in sentences. */
  readonly failures: readonly string[];
}

/** When the signal is aborted the process is gone; that is no failure. */
export async function measureStudy(
  entry: Entry<Study>,
  processes: readonly ContenderProcess[],
  seconds: number,
  signal: AbortSignal,
): Promise<StudyOutcome> {
  const { name } = entry.case;
  const process = processes.find(({ contender }) => contender.group === 'study');
  // Without a native backend nobody takes part, which the runner says.
  if (process === undefined) return { findings: [], failures: [] };
  try {
    const { figures } = await process.ask({ do: 'study', case: name, params: entry.workload.params, seconds });
    return { findings: figures.map((figure) => ({ case: name, ...figure })), failures: [] };
  } catch (error) {
    if (signal.aborted) return { findings: [], failures: [] };
    return { findings: [], failures: [`${name}: ${error instanceof Error ? error.message : String(error)}`] };
  }
}
