import type { HostArray } from '../ops/ops.js';
import type { ProcessGroup } from './group.js';

/** A world of one: what a program has that no launcher has started. */
export class SingleGroup implements ProcessGroup {
  readonly rank = 0;
  readonly size = 1;
  readonly localRank = 0;
  readonly localSize = 1;

  async allReduce(): Promise<void> {}

  async reduceScatter(input: HostArray, output: HostArray): Promise<void> {
    output.set(input);
  }

  async allGather(input: HostArray, output: HostArray): Promise<void> {
    output.set(input);
  }

  async broadcast(): Promise<void> {}

  async barrier(): Promise<void> {}

  abort(message: string): void {
    process.stderr.write(`lanewise: ${message}\n`);
    process.exit(1);
  }

  async destroy(): Promise<void> {}
}
