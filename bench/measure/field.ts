/** Starts the contenders of a run and learns who they are. */
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
import { type BenchOptions, OptionError } from '../options.js';
import type { Description } from '../protocol.js';
import type { Absence } from '../report/document.js';
import { ContenderProcess } from './contender-process.js';
import { findInPython } from './pythons.js';
import { takesPart, threadCounts } from './schedule.js';

export interface Field {
  readonly processes: readonly ContenderProcess[];
  readonly descriptions: ReadonlyMap<Contender, Description>;
  readonly absent: readonly Absence[];
  /** What "all threads" means: what the library would use by itself, for every contender. */
  readonly allThreads: number;
  readonly threadSource: string;
  /** Native instruction sets of the machine, from narrow to wide. */
  readonly isas: readonly string[];
}

/**
 * Starts whoever has something to do in these workloads. The reference starts in any case: it knows which native
 * backends there are, and the number of threads. Processes are added to `started` at once, so that the caller can end
 * them whatever happens.
 * @throws OptionError where an option asks for what is not there; ContenderLost when one of lanewise's own does not start.
 */
export async function startField(
  entries: readonly Entry[],
  options: Pick<BenchOptions, 'python' | 'contenders' | 'isas'>,
  started: ContenderProcess[],
): Promise<Field> {
  const descriptions = new Map<Contender, Description>();
  const start = async (contender: Contender): Promise<Description> => {
    const process = new ContenderProcess(contender);
    started.push(process);
    const description = await process.ask({ do: 'describe' });
    process.programs = description.programs ?? null;
    descriptions.set(contender, description);
    return description;
  };

  const first = referenceContender();
  const { backends, threads, threadSource } = await start(first);
  const isas = isasOf(backends);
  const chosenIsas = chooseIsas(options.isas, isas);
  const counts = [...new Set(entries.flatMap(({ workload }) => threadCounts(workload.threads, threads)))];
  const inPython = findInPython(options.python, counts);
  const own = [...chosenIsas.flatMap(nativeContenders), ...chosenIsas.slice(-1).map(studyContender)];
  const others = [...own, ...inPython.contenders, ...tfjsContenders(), ...startContenders()];

  const isChosen = ({ id }: { readonly id: string }) => options.contenders?.includes(id) ?? true;
  const absent = inPython.absent.filter(isChosen);
  const wanted = others.filter(
    (contender) => isChosen(contender) && entries.some((entry) => takesPart(contender, entry)),
  );
  await Promise.all(
    wanted.map((contender) =>
      start(contender).catch((error: unknown) => {
        if (own.includes(contender) || !(error instanceof Error)) throw error;
        if (absent.every(({ id }) => id !== contender.id)) absent.push({ id: contender.id, why: lastLine(error) });
      }),
    ),
  );
  const missed = absent.find(({ id }) => options.contenders?.includes(id));
  if (missed !== undefined) throw new OptionError(`--contenders: ${missed.id} ${missed.why}`);
  const taking = started.filter(({ contender }) => descriptions.has(contender) && isChosen(contender));
  const order = [first, ...others];
  taking.sort((a, b) => order.indexOf(a.contender) - order.indexOf(b.contender));
  return { processes: taking, descriptions, absent, allThreads: threads, threadSource, isas };
}

function chooseIsas(asked: readonly string[] | null, available: readonly string[]): readonly string[] {
  if (asked === null) return available.slice(-1);
  const missing = asked.find((isa) => !available.includes(isa));
  if (missing !== undefined)
    throw new OptionError(
      `--isa: this machine has no native backend '${missing}', only ${available.join(', ') || 'none'}`,
    );
  return available.filter((isa) => asked.includes(isa));
}

/** Of a message with what the process said at last: an exception's own words. */
const lastLine = (error: Error): string => error.message.trim().split('\n').at(-1) ?? '';
