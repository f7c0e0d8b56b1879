/** The ranks of an MPI job. */
import { hostname } from 'node:os';
import { inspect } from 'node:util';
import type { GroupTasks } from '../ops/group-tasks.js';
import { checkPieces, checkRank, checkReduction, typeOfArrays } from './check-arrays.js';
import { cpuShare, maskBytes, ownCpuMask } from './cpu-share.js';
import type { AllReduceOptions, GroupArray, GroupReduceOptions, ProcessGroup } from './group.js';

/** Of a host's name as many bytes count: Linux allows 64. */
const nameBytes = 64;

export class MpiGroup implements ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly engine: string;
  #localRank = 0;
  #localSize = 1;
  #cpus = 1;
  readonly #native: GroupTasks;
  #destroyed: Promise<void> | undefined;
  /** The error that was not caught: Node prints it only after the event by which this rank ends the job. */
  #uncaught = '';
  readonly #note = (error: unknown): void => {
    this.#uncaught = `${inspect(error)}\n`;
  };
  readonly #leave = (code: number): void =>
    this.#native.leave(
      `${this.#uncaught}lanewise: rank ${this.rank} of ${this.size} exits with code ${code} before destroyProcessGroup(): the job ends, since the others would wait for it`,
      code || 1,
    );
  readonly #destroyAtEnd = (): void => void this.destroy();

  private constructor(native: GroupTasks, info: { rank: number; size: number; engine: string }) {
    this.#native = native;
    this.rank = info.rank;
    this.size = info.size;
    this.engine = info.engine;
  }

  /**
   * Opens the library and connects.
   * @param timeout seconds
   * @throws BackendError (rejects) when the library cannot be opened
   */
  static async open(native: GroupTasks, library: string, timeout: number): Promise<MpiGroup> {
    const group = new MpiGroup(native, await native.open(library, timeout));
    // A process that exits in the middle of a job would leave the others waiting; one that has nothing more to do leaves the group.
    process.on('uncaughtExceptionMonitor', group.#note);
    process.once('exit', group.#leave);
    process.once('beforeExit', group.#destroyAtEnd);
    return group;
  }

  get localRank(): number {
    return this.#localRank;
  }

  get localSize(): number {
    return this.#localSize;
  }

  /** CPUs that this rank has for itself, at least 1. */
  get cpus(): number {
    return Math.max(1, this.#cpus);
  }

  /** Finds out which ranks share this host, and its CPUs. A collective. */
  async findNeighbours(): Promise<void> {
    const own = new Uint8Array(nameBytes + maskBytes);
    new TextEncoder().encodeInto(hostname(), own.subarray(0, nameBytes));
    own.set(ownCpuMask(), nameBytes);
    const all = new Uint8Array(own.length * this.size);
    await this.allGather(own, all);
    const said = (rank: number): Uint8Array => all.subarray(rank * own.length, (rank + 1) * own.length);
    const here = Array.from({ length: this.size }, (_, rank) => rank).filter((rank) =>
      said(rank).every((byte, i) => i >= nameBytes || byte === own[i]),
    );
    this.#localRank = here.indexOf(this.rank);
    this.#localSize = here.length;
    const masks = here.map((rank) => said(rank).subarray(nameBytes));
    this.#cpus = cpuShare(masks, this.#localRank);
    this.#native.place(this.#cpus, here.length === this.size);
  }

  async allReduce(arrays: readonly GroupArray[], options: AllReduceOptions = {}): Promise<void> {
    checkReduction('allReduce', arrays, options);
    const { op = 'sum', divisor = 1, parts = [] } = options;
    await this.#native.run('allReduce', { op, divisor, parts: parts.length + 1 }, [...arrays, ...parts.flat()], arrays);
  }

  async reduceScatter(input: GroupArray, output: GroupArray, options: GroupReduceOptions = {}): Promise<void> {
    checkReduction('reduceScatter', [input], options);
    checkPieces('reduceScatter', output, input, this.size);
    await this.#native.run('reduceScatter', options, [input], [output]);
  }

  async allGather(input: GroupArray, output: GroupArray): Promise<void> {
    checkPieces('allGather', input, output, this.size);
    await this.#native.run('allGather', {}, [input], [output]);
  }

  async broadcast(arrays: readonly GroupArray[], root: number): Promise<void> {
    typeOfArrays('broadcast', arrays);
    checkRank('broadcast', root, this.size);
    await this.#native.run('broadcast', { root }, arrays, arrays);
  }

  async barrier(): Promise<void> {
    await this.#native.run('barrier', {}, [], []);
  }

  abort(message: string, code: number): void {
    this.#native.abort(message, code);
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#native.run('finalize', {}, [], []).finally(() => {
      process.off('uncaughtExceptionMonitor', this.#note);
      process.off('exit', this.#leave);
      process.off('beforeExit', this.#destroyAtEnd);
    });
    return this.#destroyed;
  }
}
