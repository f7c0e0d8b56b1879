/** Starts the contenders of a run and learns who they are. */
import type { Entry } from '../case.js';
import {
  type Contender,
  isasOf,
  nativeContenders,
  pytorch,
  pytorchContender,
  referenceContender,
  startContenders,
} from '../contenders/contenders.js';
import type { Description } from '../protocol.js';
import { OptionError } from '../options.js';
import { ContenderLost, ContenderProcess } from './contender-process.js';
import { takesPart } from './schedule.js';

export interface Field {
  readonly processes: readonly ContenderProcess[];
  readonly descriptions: ReadonlyMap<Contender, Description>;
  /** What "all threads" means: what the library would use by itself, for every contender. */
  readonly allThreads: number;
  readonly threadSource: string;
  /** Native instruction sets of the machine, from narrow to wide. */
  readonly isas: readonly string[];
}

/**
 * Starts whoever has something to do in these workloads. The reference starts first: it knows which native backends
 * there are, and the number of threads. Processes that started are added to `started` at once, so that the caller can
 * end them whatever happens.
 * @throws ContenderLost for a contender that does not start; OptionError when it is the one of `--python`.
 */
export async function startField(
  entries: readonly Entry[],
  python: string | null,
  started: ContenderProcess[],
): Promise<Field> {
  const descriptions = new Map<Contender, Description>();
  const start = async (contender: Contender): Promise<Description> => {
    const process = new ContenderProcess(contender);
    started.push(process);
    const description = await process.ask({ do: 'describe' });
    descriptions.set(contender, description);
    return description;
  };
  const { backends, threads, threadSource } = await start(referenceContender());
  const isas = isasOf(backends);
  const others = [
    ...nativeContenders(isas.slice(-1)),
    ...(python === null ? [] : [pytorchContender(python)]),
    ...startContenders(),
  ];
  const wanted = others.filter((contender) => entries.some((entry) => takesPart(contender, entry)));
  await Promise.all(
    wanted.map((contender) =>
      start(contender).catch((error: unknown) => {
        // The one contender that depends on an option.
        if (contender.id !== pytorch || !(error instanceof ContenderLost)) throw error;
        throw new OptionError(`--python: ${error.message}`);
      }),
    ),
  );
  return { processes: started, descriptions, allThreads: threads, threadSource, isas };
}
