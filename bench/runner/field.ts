/** Starts the contenders of a run and learns what they are. */
import type { Entry } from '../case.js';
import {
  type Contender,
  isasOf,
  nativeContenders,
  referenceContender,
  startContenders,
  studyContender,
  tfjsContenders,
} from '../contenders/contenders.js';
import { InputError } from '../options.js';
import type { BenchDocument } from '../results/document.js';
import type { BenchOptions } from './options.js';
import { ContenderProcess } from './process.js';
import { findInPython } from './pythons.js';
import { takesPart, threadCounts } from './schedule.js';

export interface Field {
  readonly processes: readonly ContenderProcess[];
  readonly absent: BenchDocument['absent'];
  /** What "all threads" means: what the library uses by itself, for every contender. */
  readonly allThreads: number;
  readonly threadSource: string;
  /** Native instruction sets of the machine, from narrow to wide. */
  readonly isas: string[];
}

/**
 * Starts those that have something to do in these workloads. The reference starts in any case: it knows which native
 * backends there are, and the number of threads. Processes are added to `started` at once, so that the caller can end
 * them whatever happens.
 * @throws InputError where an option asks for what is not there; ContenderLost when one of lanewise's own does not start.
 */
export async function startField(
  entries: readonly Entry[],
  asked: Pick<BenchOptions, 'python' | 'contenders' | 'isa'>,
  started: ContenderProcess[],
): Promise<Field> {
  const start = (contender: Contender) => {
    const process = new ContenderProcess(contender);
    started.push(process);
    return process.start();
  };
  const first = referenceContender();
  const { backends, threads, threadSource } = await start(first);
  const isas = isasOf(backends);
  const chosenIsas = chooseIsas(asked.isa, isas);
  const counts = [...new Set(entries.flatMap((entry) => threadCounts(entry.workload.threads, threads)))];
  const inPython = findInPython(asked.python, counts);
  const own = [...chosenIsas.flatMap(nativeContenders), ...chosenIsas.slice(-1).map(studyContender)];
  const others = [...own, ...inPython.contenders, ...tfjsContenders(), ...startContenders()];

  const isChosen = ({ id }: { readonly id: string }) => asked.contenders?.includes(id) ?? true;
  const absent = inPython.absent.filter(isChosen);
  const wanted = others.filter(
    (contender) => isChosen(contender) && entries.some((entry) => takesPart(contender, entry)),
  );
  await Promise.all(
    wanted.map((contender) =>
      start(contender).catch((error: unknown) => {
        if (own.includes(contender) || !(error instanceof Error)) throw error;
        // The last line is the exception's own words.
        const why = error.message.trim().split('\n').at(-1) ?? '';
        if (absent.every(({ id }) => id !== contender.id)) absent.push({ id: contender.id, why });
      }),
    ),
  );
  const missed = absent.find(({ id }) => asked.contenders?.includes(id));
  if (missed !== undefined) throw new InputError(`--contenders: ${missed.id} ${missed.why}`);
  const order = [first, ...others];
  const processes = started
    .filter(({ description, contender }) => description !== null && isChosen(contender))
    .sort((a, b) => order.indexOf(a.contender) - order.indexOf(b.contender));
  return { processes, absent, allThreads: threads, threadSource, isas };
}

function chooseIsas(asked: readonly string[] | undefined, available: readonly string[]): readonly string[] {
  if (asked === undefined) return available.slice(-1);
  const missing = asked.find((isa) => !available.includes(isa));
  if (missing === undefined) return available.filter((isa) => asked.includes(isa));
  throw new InputError(
    `--isa: this machine has no native backend '${missing}', only ${available.join(', ') || 'none'}`,
  );
}
