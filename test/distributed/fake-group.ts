/** Ranks in one process: tasks that wait for each other, with the interface of a real group. */
import type { AllReduceOptions, GroupArray, GroupReduceOptions, ProcessGroup } from '../../src/distributed/group.js';
import { reduceLeaves } from '../../src/distributed/tree.js';
import { StateError } from '../../src/errors.js';

type Numbers = Exclude<GroupArray, Uint8Array>;
/** What a rank gives: lists of arrays. */
type Part = readonly (readonly GroupArray[])[];

/** One collective: complete when every rank is there. */
interface Meeting {
  readonly name: string;
  readonly parts: Part[];
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

  meet(number: number, name: string, rank: number, part: Part): Promise<Part[]> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const meeting = (this.#meetings[number] ??= {
      name,
      parts: new Array<Part>(this.size).fill([]),
      waiting: [],
      arrived: 0,
    });
    if (meeting.name !== name) {
      this.fail(new StateError(`rank ${rank} calls ${name}, another ${meeting.name}`));
      return Promise.reject(this.failure);
    }
    // Copied: the rank that leaves first writes its own.
    meeting.parts[rank] = part.map((list) => list.map((each) => each.slice()));
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

/** By the tree over the ranks. */
function reduce(parts: readonly GroupArray[], { op = 'sum', divisor = 1 }: GroupReduceOptions): Numbers {
  const leaves = parts.map((part) => part.slice() as Numbers);
  reduceLeaves(leaves, op, divisor);
  return leaves[0]!;
}

export class FakeGroup implements ProcessGroup {
  readonly engine = 'tasks of a test';
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

  #meet(name: string, part: Part) {
    return this.world.meet(this.#number++, name, this.rank, part);
  }

  async allReduce(arrays: readonly GroupArray[], options: AllReduceOptions = {}): Promise<void> {
    const lists = [arrays, ...(options.parts ?? [])];
    const name = `allReduce ${options.op ?? 'sum'} ${lists.length} of ${arrays.map((each) => `${each.constructor.name} ${each.length}`)}`;
    const met = (await this.#meet(name, lists)) as GroupArray[][][];
    for (const [i, array] of arrays.entries())
      array.set(
        reduce(
          met.flatMap((own) => own.map((list) => list[i]!)),
          options,
        ),
      );
  }

  async reduceScatter(input: GroupArray, output: GroupArray, options: GroupReduceOptions = {}): Promise<void> {
    const met = await this.#meet(`reduceScatter ${input.length}`, [[input]]);
    const all = reduce(
      met.map((own) => own[0]![0]!),
      options,
    );
    output.set(all.subarray(this.rank * output.length, (this.rank + 1) * output.length));
  }

  async allGather(input: GroupArray, output: GroupArray): Promise<void> {
    const met = await this.#meet(`allGather ${input.length}`, [[input]]);
    for (const [i, own] of met.entries()) output.set(own[0]![0]!, i * input.length);
  }

  async broadcast(arrays: readonly GroupArray[], root: number): Promise<void> {
    const met = await this.#meet(`broadcast ${root} ${arrays.map(({ length }) => length)}`, [arrays]);
    for (const [i, array] of arrays.entries()) array.set(met[root]![0]![i]!);
  }

  async barrier(): Promise<void> {
    await this.#meet('barrier', []);
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
