/** A world of one: a process without a launcher, which computes what a job of one rank would. */

import { StateError } from '../errors.js';
import { checkPieces, checkRank, checkReduction, typeOfArrays } from './check-arrays.js';
import type { AllReduceOptions, GroupArray, GroupReduceOptions, ProcessGroup } from './group.js';
import { reduceLeaves } from './tree.js';

type Numbers = Exclude<GroupArray, Uint8Array>;

export class SingleGroup implements ProcessGroup {
  readonly rank = 0;
  readonly size = 1;
  readonly localRank = 0;
  readonly localSize = 1;
  readonly engine = 'one process';
  #isOpen = true;

  #checkOpen(caller: string): void {
    if (!this.#isOpen) throw new StateError(`${caller}: the process group has been destroyed`);
  }

  async allReduce(arrays: readonly GroupArray[], options: AllReduceOptions = {}): Promise<void> {
    this.#checkOpen('allReduce');
    checkReduction('allReduce', arrays, options);
    const { op = 'sum', divisor = 1, parts = [] } = options;
    arrays.forEach((array, i) => {
      const copies = parts.map((part) => part[i]!.slice() as Numbers);
      reduceLeaves([array as Numbers, ...copies], op, divisor);
    });
  }

  async reduceScatter(input: GroupArray, output: GroupArray, options: GroupReduceOptions = {}): Promise<void> {
    this.#checkOpen('reduceScatter');
    checkReduction('reduceScatter', [input], options);
    checkPieces('reduceScatter', output, input, 1);
    output.set(input);
    reduceLeaves([output as Numbers], 'sum', options.divisor ?? 1);
  }

  async allGather(input: GroupArray, output: GroupArray): Promise<void> {
    this.#checkOpen('allGather');
    checkPieces('allGather', input, output, 1);
    output.set(input);
  }

  async broadcast(arrays: readonly GroupArray[], root: number): Promise<void> {
    this.#checkOpen('broadcast');
    typeOfArrays('broadcast', arrays);
    checkRank('broadcast', root, 1);
  }

  async barrier(): Promise<void> {
    this.#checkOpen('barrier');
  }

  abort(message: string, code: number): void {
    process.stderr.write(`${message}\n`);
    process.exit(code);
  }

  async destroy(): Promise<void> {
    this.#checkOpen('destroyProcessGroup');
    this.#isOpen = false;
  }
}
