/** Jobs on the event loop, for backends that have no threads: one run a turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fillPermutation } from '../random/distributions.js';
import { Mt19937 } from '../random/mt19937.js';
import type { Job, JobCall, RunCall } from './graph.js';
import type { HostArray } from './ops.js';

/** Makes one run of a program: the keys as it leaves them. */
export type Run = (call: RunCall) => Uint32Array;

/** Jobs of which none begins a run once one before it has failed or was stopped. */
export interface Breakable {
  isBroken: boolean;
}

class TurnJob implements Job {
  readonly done: Promise<number>;
  readonly #run: Run;
  readonly #ended: () => void;
  readonly #call: JobCall;
  readonly #inputs: readonly HostArray[];
  readonly #dynamicScalars: Float64Array;
  readonly #sums: Float64Array;
  readonly #sequence: Breakable | null;
  #keys: Uint32Array;
  #runs = 0;
  #stopped = false;
  #resolve: (runs: number) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** @param ended called when it is over, before `done` settles. */
  constructor(run: Run, call: JobCall, sequence: Breakable | null, ended: () => void) {
    this.#sequence = sequence;
    this.#run = run;
    this.#ended = ended;
    this.#call = call;
    this.#inputs = call.inputs.map((array) => array.slice());
    this.#dynamicScalars = call.dynamicScalars.slice();
    this.#keys = call.keys.slice();
    this.#sums = call.sums?.slice() ?? new Float64Array(call.outputs.length);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get runs(): number {
    return this.#runs;
  }

  progress(): { runs: number; sums: Float64Array } {
    return { runs: this.#runs, sums: this.#sums.slice() };
  }

  stop(): void {
    this.#stopped = true;
    this.#breakOff();
  }

  /** One run, unless there is none left. Returns whether the job wants another turn. */
  turn(): boolean {
    const { outputs, times, counter } = this.#call;
    if (this.#sequence?.isBroken) this.#stopped = true;
    if (!this.#stopped && this.#runs < times) {
      try {
        const call = { inputs: this.#inputs, outputs, dynamicScalars: this.#dynamicScalars, keys: this.#keys };
        this.#keys = this.#run(call);
      } catch (error) {
        this.#breakOff();
        this.#ended();
        this.#reject(error);
        return false;
      }
      this.#runs++;
      if (counter !== null) this.#dynamicScalars[counter]!++;
      for (const [i, output] of outputs.entries()) if (output.length === 1) this.#sums[i]! += output[0]!;
    }
    if (!this.#stopped && this.#runs < times) return true;
    this.#ended();
    this.#resolve(this.#runs);
    return false;
  }

  #breakOff(): void {
    if (this.#sequence !== null) this.#sequence.isBroken = true;
  }
}

/** Jobs take turns run by run, in the order in which they came. */
export class JobQueue {
  readonly #jobs: TurnJob[] = [];
  #running = false;

  /** @param ended called when the job is over, before its `done` settles. */
  submit(run: Run, call: JobCall, sequence: Breakable | null, ended: () => void): Job {
    const job = new TurnJob(run, call, sequence, ended);
    this.#jobs.push(job);
    if (!this.#running) void this.#run();
    return job;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#jobs.length > 0) {
      await nextTurn();
      const job = this.#jobs.shift()!;
      if (job.turn()) this.#jobs.push(job);
    }
    this.#running = false;
  }
}

/** The permutation that `new Generator(seed).randperm(order.length)` gives, a turn later. */
export async function shuffleNextTurn(order: Int32Array, seed: bigint): Promise<void> {
  await nextTurn();
  fillPermutation(new Mt19937(Number(BigInt.asUintN(32, seed))), order);
}
