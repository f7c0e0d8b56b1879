/** The contender's side of the protocol, for contenders that run in Node. */
import { createInterface } from 'node:readline';
import type { Params } from '../case.js';
import type { Figure } from '../figure.js';
import { type Answers, type Description, encode, type Request } from '../protocol.js';
import { type Clock, type Iteration, monotonicClock, sample, warmUp } from './timing.js';

export interface Served {
  describe(): Description;
  /** @returns one iteration. */
  prepare(caseName: string, program: string, params: Params): Iteration | Promise<Iteration>;
  study(caseName: string, params: Params, seconds: number): Promise<readonly Figure[]>;
  setThreads(count: number): void;
  /** GFLOP/s. */
  peak(threads: number, ms: number): number;
}

/** Answers requests until the input ends. */
export async function serve(
  contender: Served,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  clock: Clock = monotonicClock,
): Promise<void> {
  let iterate: Iteration | null = null;
  const perSample = new Map<number, number>();

  const prepared = (threads: number): Iteration => {
    if (iterate === null) throw new Error('nothing is prepared');
    contender.setThreads(threads);
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
        return { figures: await contender.study(request.case, request.params, request.seconds) };
      case 'peak':
        return { gflops: contender.peak(request.threads, request.ms) };
      default:
        throw new Error(`unknown request ${JSON.stringify(request)}`);
    }
  };

  for await (const line of createInterface({ input })) {
    try {
      output.write(encode({ ok: await answer(JSON.parse(line) as Request) }));
    } catch (error) {
      output.write(encode({ error: error instanceof Error ? error.message : String(error) }));
    }
  }
}
