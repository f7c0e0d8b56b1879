/** Starts the contenders of a run and learns what they are. */
import type { Workload } from '../cases.js';
import * as list from '../contenders/contenders.js';
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
  workloads: readonly Workload[],
  asked: Pick<BenchOptions, 'python' | 'contenders' | 'isa'>,
  started: ContenderProcess[],
): Promise<Field> {
  const start = (contender: list.Contender) => {
    const process = new ContenderProcess(contender);
    started.push(process);
    return process.start();
  };
  const first = list.nodeContender(list.reference);
  const { backends = [], threads, threadSource } = await start(first);
  const isas = list.isasOf(backends);
  const own = ownContenders(chooseIsas(asked.isa, isas));
  const counts = [...new Set(workloads.flatMap((workload) => threadCounts(workload.threads, threads)))];
  const inPython = findInPython(asked.python, counts);
  const inNode = [list.tfjsCpu, list.tfjsWasm, ...list.starting].map((id) => list.nodeContender(id));
  const others = [...own, ...inPython.contenders, ...inNode];

  const isChosen = ({ id }: { readonly id: string }) => asked.contenders?.includes(id) ?? true;
  const absent = inPython.absent.filter(isChosen);
  const hasWork = (contender: list.Contender) => workloads.some((workload) => takesPart(contender, workload));
  await Promise.all(
    others
      .filter(isChosen)
      .filter(hasWork)
      .map(async (contender) => {
        try {
          await start(contender);
        } catch (error) {
          if (own.includes(contender) || !(error instanceof Error)) throw error;
          // The last line is the exception's own words.
          const why = error.message.split('\n').at(-1)!;
          if (absent.every(({ id }) => id !== contender.id)) absent.push({ id: contender.id, why });
        }
      }),
  );
  const missed = absent.find(({ id }) => asked.contenders?.includes(id));
  if (missed !== undefined) throw new InputError(`--contenders: ${missed.id} ${missed.why}`);
  const order = [first, ...others];
  const processes = started
    .filter(({ description, contender }) => description !== null && isChosen(contender))
    .sort((a, b) => order.indexOf(a.contender) - order.indexOf(b.contender));
  return { processes, absent, allThreads: threads, threadSource, isas };
}

/** Eager and compiled on each instruction set, and studies on the widest. */
const ownContenders = (isas: readonly string[]) => [
  ...isas.flatMap((isa) => [list.native, list.nativeCompiled].map((id) => list.nodeContender(id, isa))),
  ...isas.slice(-1).map((isa) => list.nodeContender(list.studying, isa)),
];

function chooseIsas(asked: readonly string[] | undefined, available: readonly string[]): readonly string[] {
  const missing = asked?.find((isa) => !available.includes(isa));
  if (missing === undefined) return asked ? available.filter((isa) => asked.includes(isa)) : available.slice(-1);
  throw new InputError(
    `--isa: this machine has no native backend '${missing}', only ${available.join(', ') || 'none'}`,
  );
}
