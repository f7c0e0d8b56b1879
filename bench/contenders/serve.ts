/** The contender's side of the protocol, for contenders that run in Node. */
import { createInterface } from 'node:readline';
import type { Params } from '../case.js';
import type { Figure } from '../figure.js';
import { type Answers, type Description, encode, type Request } from '../protocol.js';
import { type Clock, monotonicClock, sample, warmUp } from './timing.js';

export interface Served {
  describe(): Description;
  /** @returns one iteration. */
  prepare(caseName: string, params: Params): () => void;
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
  let iterate: (() => void) | null = null;
  const perSample = new Map<number, number>();

  const prepared = (threads: number): (() => void) => {
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
        iterate = contender.prepare(request.case, request.params);
        return {};
      case 'warmUp': {
        const iterationsPerSample = warmUp(prepared(request.threads), request.ms, clock);
        perSample.set(request.threads, iterationsPerSample);
        return { iterationsPerSample };
      }
      case 'run':
        return { samplesMs: sample(prepared(request.threads), perSample.get(request.threads) ?? 1, request.ms, clock) };
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
