/**
 * The contender's side of the protocol, for contenders that run in Node, and their clock. contenders/python/contender.py
 * does the same in the same way.
 */
import { createInterface } from 'node:readline';
import type { Figure, Params } from '../case.js';
import type { Answers, Description, Request } from '../protocol.js';

/** A sample lasts at least this long, so that reading the clock weighs less than a hundredth of it. */
const leastSampleMs = 0.1;
/** More samples a turn say nothing more; the turn ends early. */
const mostSamples = 2000;
/** One whose first iteration takes longer than this is not asked for a second one to warm up. */
const slowMs = 1000;

/** What is timed. One that gives a promise is over when that is fulfilled. */
export type Iteration = () => void | Promise<void>;

/** Milliseconds from some moment on. */
export type Clock = () => number;

export interface Served {
  describe(): Description;
  /** @returns one iteration. */
  prepare(caseName: string, program: string, params: Params): Iteration | Promise<Iteration>;
  study?(caseName: string, params: Params, seconds: number): Promise<readonly Figure[]>;
  setThreads?(count: number): void;
  /** GFLOP/s. */
  peak?(threads: number, ms: number): number;
}

/** Runs for about `ms`, two iterations at least, since the first one allocates and compiles. */
export async function warmUp(iterate: Iteration, ms: number, clock: Clock): Promise<Answers['warmUp']> {
  const end = clock() + ms;
  let fastest = Number.POSITIVE_INFINITY;
  let now = clock();
  for (let i = 0; i < 1 || now < end || (i < 2 && fastest < slowMs); i++) {
    const start = now;
    const pending = iterate();
    // Waiting costs a turn of the microtask queue: only those that have something to wait for pay it.
    if (pending !== undefined) await pending;
    now = clock();
    fastest = Math.min(fastest, now - start);
  }
  return { iterationsPerSample: Math.max(1, Math.ceil(leastSampleMs / Math.max(fastest, 1e-6))), iterationMs: fastest };
}

/** Runs for about `ms`, one sample at least. @returns milliseconds an iteration, one number a sample. */
export async function sample(iterate: Iteration, perSample: number, ms: number, clock: Clock): Promise<number[]> {
  const samples: number[] = [];
  let now = clock();
  const end = now + ms;
  do {
    const start = now;
    for (let i = 0; i < perSample; i++) {
      const pending = iterate();
      if (pending !== undefined) await pending;
    }
    now = clock();
    samples.push((now - start) / perSample);
  } while (now < end && samples.length < mostSamples);
  return samples;
}

/** Answers requests until the input ends. */
export async function serve(
  contender: Served,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stdout,
  clock: Clock = () => Number(process.hrtime.bigint()) / 1e6,
): Promise<void> {
  let iterate: Iteration | null = null;
  const perSample = new Map<number, number>();

  const prepared = (threads: number): Iteration => {
    if (iterate === null) throw new Error('nothing is prepared');
    contender.setThreads?.(threads);
    return iterate;
  };

  const answer = async (request: Request): Promise<Answers[Request['do']]> => {
    switch (request.do) {
      case 'describe':
        return contender.describe();
      case 'prepare':
        iterate = null;
        perSample.clear();
        iterate = await contender.prepare(request.case, request.program, request.params);
        return {};
      case 'warmUp': {
        const found = await warmUp(prepared(request.threads), request.ms, clock);
        perSample.set(request.threads, found.iterationsPerSample);
        return found;
      }
      case 'run': {
        const count = perSample.get(request.threads) ?? 1;
        return { samplesMs: await sample(prepared(request.threads), count, request.ms, clock) };
      }
      case 'study':
        if (contender.study === undefined) break;
        return { figures: await contender.study(request.case, request.params, request.seconds) };
      case 'peak':
        if (contender.peak === undefined) break;
        return { gflops: contender.peak(request.threads, request.ms) };
    }
    throw new Error(`unknown request ${JSON.stringify(request)}`);
  };

  for await (const line of createInterface({ input })) {
    const reply = await Promise.resolve()
      .then(() => answer(JSON.parse(line) as Request))
      .then(
        (ok) => ({ ok }),
        (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
      );
    output.write(`${JSON.stringify(reply)}\n`);
  }
}
