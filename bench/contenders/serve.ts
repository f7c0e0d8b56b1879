/** The contender's side of the protocol in Node, and its clock. contenders/python/contender.py does the same in Python. */
import { createInterface } from 'node:readline';
import type { Answer, Ask, Description, Kind, Programs } from '../protocol.js';

/** What is timed. One that gives a promise is over when that is fulfilled. */
export type Iteration = () => void | Promise<void>;

/** The code for programs: each allocates what it needs, and returns one iteration. */
export type ProgramCode = { readonly [Name in keyof Programs]?: (params: Programs[Name]) => Iteration };

/** Milliseconds from some moment on. */
export type Clock = () => number;

type Handlers = { readonly [K in Kind]: (request: Ask<K>) => Answer<K> | Promise<Answer<K>> };

export interface Served {
  readonly description: Description;
  readonly programs: ProgramCode;
  setThreads?(count: number): void;
  /** What only some contenders can. */
  readonly more?: Partial<Pick<Handlers, 'study' | 'peak'>>;
}

/** Runs for about `ms`, one sample at least. @returns milliseconds an iteration, one number a sample. */
export async function sample(iterate: Iteration, perSample: number, ms: number, clock: Clock): Promise<number[]> {
  const samplesMs: number[] = [];
  let now = clock();
  const end = now + ms;
  do {
    const start = now;
    for (let i = 0; i < perSample; i++) {
      const pending = iterate();
      // Waiting costs a turn of the microtask queue: only those that have something to wait for pay it.
      if (pending !== undefined) await pending;
    }
    now = clock();
    samplesMs.push((now - start) / perSample);
  } while (now < end);
  return samplesMs;
}

/** Answers requests until the input ends. */
export async function serve(
  { description, programs, setThreads, more }: Served,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stdout,
  clock: Clock = () => performance.now(),
): Promise<void> {
  let iterate: Iteration | null = null;
  const handlers: Partial<Handlers> = {
    describe: () => description,
    prepare({ program, params }) {
      // The memory of the program before goes first.
      iterate = null;
      const prepare = programs[program as keyof Programs];
      if (prepare === undefined) throw new Error(`no program ${program}`);
      iterate = prepare(params as never);
      return {};
    },
    async run({ threads, perSample, ms }) {
      if (iterate === null) throw new Error('nothing is prepared');
      setThreads?.(threads);
      return { samplesMs: await sample(iterate, perSample, ms, clock) };
    },
    ...more,
  };
  const answer = async (line: string) => {
    const request = JSON.parse(line) as { readonly do: Kind };
    const handle = handlers[request.do];
    if (handle === undefined) throw new Error(`unknown request ${request.do}`);
    return handle(request as never);
  };
  for await (const line of createInterface({ input })) {
    const reply = await answer(line).then(
      (ok) => ({ ok }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
    );
    output.write(`${JSON.stringify(reply)}\n`);
  }
}
