/** Ranks in one process: tasks that wait for each other, with the interface of a real group. */

import type { ProcessGroup, ReduceOp } from '../../src/distributed/group.js';
import { StateError } from '../../src/errors.js';
import type { HostArray } from '../../src/ops/ops.js';

/** One collective: complete when every rank is there. */
interface Meeting {
  readonly name: string;
  readonly parts: (HostArray | null)[];
  readonly waiting: { resolve: () => void; reject: (error: unknown) => void }[];
  arrived: number;
}

class FakeWorld {
  readonly size: number;
  readonly #meetings: Meeting[] = [];
  failure: Error | null = null;
  /** The collectives in order, for tests. */
  readonly log: string[] = [];

  constructor(size: number) {
    this.size = size;
  }

  meet(number: number, name: string, rank: number, part: HostArray | null): Promise<(HostArray | null)[]> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const meeting = (this.#meetings[number] ??= {
      name,
      parts: new Array<HostArray | null>(this.size).fill(null),
      waiting: [],
      arrived: 0,
    });
    if (meeting.name !== name) {
      this.fail(new StateError(`rank ${rank} calls ${name}, another ${meeting.name}`));
      return Promise.reject(this.failure);
    }
    // Copied: the rank that leaves first writes its own.
    meeting.parts[rank] = part?.slice() ?? null;
    meeting.arrived++;
    return new Promise((resolve, reject) => {
      meeting.waiting.push({ resolve: () => resolve(meeting.parts), reject });
      if (meeting.arrived < this.size) return;
      this.log.push(name);
      delete this.#meetings[number];
      // In the order of arrival, a turn later: as an engine's answer comes.
      setImmediate(() => {
        for (const { resolve: done } of meeting.waiting) done();
      });
    });
  }

  fail(error: Error): void {
    this.failure = error;
    for (const meeting of Object.values(this.#meetings)) for (const { reject } of meeting.waiting) reject(error);
  }
}

const operations: Readonly<Record<ReduceOp, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  product: (a, b) => a * b,
  min: Math.min,
  max: Math.max,
};

/** By a binary tree over the ranks, each sum rounded to the array's precision. */
function reduce(parts: readonly HostArray[], op: ReduceOp): HostArray {
  if (parts.length === 1) return parts[0]!.slice();
  const half = 2 ** Math.ceil(Math.log2(parts.length) - 1);
  const [left, right] = [reduce(parts.slice(0, half), op), reduce(parts.slice(half), op)];
  for (let i = 0; i < left.length; i++) left[i] = operations[op](left[i]!, right[i]!);
  return left;
}

export class FakeGroup implements ProcessGroup {
  readonly rank: number;
  readonly localRank: number;
  readonly world: FakeWorld;
  #number = 0;

  constructor(world: FakeWorld, rank: number) {
    this.world = world;
    this.rank = rank;
    this.localRank = rank;
  }

  get size(): number {
    return this.world.size;
  }

  get localSize(): number {
    return this.world.size;
  }

  #meet(name: string, part: HostArray | null) {
    return this.world.meet(this.#number++, name, this.rank, part);
  }

  async allReduce(data: HostArray, op: ReduceOp): Promise<void> {
    const parts = await this.#meet(`allReduce ${op} ${data.constructor.name} ${data.length}`, data);
    data.set(reduce(parts as HostArray[], op));
  }

  async reduceScatter(input: HostArray, output: HostArray, op: ReduceOp): Promise<void> {
    const parts = await this.#meet(`reduceScatter ${op} ${input.length}`, input);
    const all = reduce(parts as HostArray[], op);
    output.set(all.subarray(this.rank * output.length, (this.rank + 1) * output.length));
  }

  async allGather(input: HostArray, output: HostArray): Promise<void> {
    const parts = await this.#meet(`allGather ${input.length}`, input);
    for (const [i, part] of parts.entries()) output.set(part!, i * input.length);
  }

  async broadcast(data: HostArray, root: number): Promise<void> {
    const parts = await this.#meet(`broadcast ${root} ${data.length}`, data);
    data.set(parts[root]!);
  }

  async barrier(): Promise<void> {
    await this.#meet('barrier', null);
  }

  abort(message: string): void {
    this.world.fail(new StateError(message));
  }

  async destroy(): Promise<void> {}
}

/** Runs `run` once for each rank, side by side. @returns what each gave. */
export async function withFakeRanks<T>(size: number, run: (group: FakeGroup) => Promise<T>): Promise<T[]> {
  const world = new FakeWorld(size);
  return Promise.all(Array.from({ length: size }, (_, rank) => run(new FakeGroup(world, rank))));
}
