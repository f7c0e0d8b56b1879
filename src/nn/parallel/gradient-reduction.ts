/** Gradients of parameters on their way between the ranks. */
import { compressWithFeedback, fromBfloat16 } from '../../distributed/bfloat16.js';
import type { GroupArray, ProcessGroup } from '../../distributed/group.js';
import { MpiGroup } from '../../distributed/mpi-group.js';
import { defaultGroup, isInitialized } from '../../distributed/process-group.js';
import { SingleGroup } from '../../distributed/single-group.js';
import { add } from '../../functional/arithmetic.js';
import { sumOverRanks } from '../../functional/sum-over-ranks.js';
import type { HostArray } from '../../ops/ops.js';
import { currentTrace, type Trace } from '../../ops/trace.js';
import { Storage } from '../../tensor/storage.js';
import { noGrad } from '../../tensor/tape.js';
import { Tensor } from '../../tensor/tensor.js';

const underWay =
  'the gradient is on its way to the other ranks: await ddp.synchronize() before it is read, and before optimizer.step()';

/** PyTorch's size of the first bucket, which is to be on its way early. */
const firstBytes = 2 ** 20;

export interface ReductionOptions {
  /** How much travels together. */
  readonly bytes: number;
  /** What is to be that of rank 0 afterwards. */
  readonly buffers: readonly Tensor[];
  /** Whether gradients travel as bfloat16, with what rounding leaves added to the next ones. */
  readonly compresses: boolean;
}

/** Parameters of one bucket, by their numbers. */
type Bucket = readonly number[];

export class GradientReduction {
  /** In the order in which they travel: parameters used last first. */
  readonly buckets: readonly Bucket[];
  readonly #group: ProcessGroup;
  readonly #parts: number;
  readonly #parameters: readonly Tensor[];
  readonly #buffers: readonly Tensor[];
  /** Gradients of the parts before, by parameter; null where there was none. */
  #kept: (HostArray | null)[][] = [];
  /** The same in functions that are being compiled. */
  readonly #traced = new WeakMap<Trace, (Tensor | null)[][]>();
  /** What rounding has left of the gradients that have been sent, by parameter; null: nothing is rounded. */
  readonly #errors: readonly Float32Array[] | null;
  #isWaiting = false;

  /** @param parts how many gradients of each parameter a rank has in a step. */
  constructor(
    group: ProcessGroup,
    parts: number,
    parameters: readonly Tensor[],
    { bytes, buffers, compresses }: ReductionOptions,
  ) {
    this.#group = group;
    this.#parts = parts;
    this.#parameters = parameters;
    this.#buffers = buffers;
    this.buckets = bucketsOf(parameters, bytes);
    this.#errors = compresses ? parameters.map(({ numel }) => new Float32Array(numel)) : null;
  }

  /** Whether gradients are under way. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Takes the gradients of a part away, so that the next part's do not add up with them. */
  keepPart(): void {
    const now = currentTrace();
    if (now === null) this.#kept.push(this.#takeAll());
    else this.#traced.set(now, [...(this.#traced.get(now) ?? []), this.#parameters.map(takeGradient)]);
  }

  /** Makes the gradients the means over all parts of all ranks. Until it settles they have no numbers. */
  run(): Promise<void> {
    const lists = [...this.#kept, this.#takeAll()];
    this.#kept = [];
    for (const [i, parameter] of this.#parameters.entries()) {
      // A gradient of another rank may come where this one has none.
      const storage = new Storage(parameter.dtype, lists.at(-1)![i] ?? parameter.numel);
      storage.refuse(underWay);
      parameter.grad = new Tensor(storage, parameter.shape);
    }
    this.#isWaiting = true;
    return this.#travel(lists).finally(() => {
      this.#isWaiting = false;
    });
  }

  /** The same in the program that is being traced, where the gradients travel while the backward pass goes on. */
  trace(): void {
    const now = currentTrace()!;
    const parts = [...(this.#traced.get(now) ?? []), this.#parameters.map(takeGradient)];
    this.#traced.delete(now);
    const divisor = this.#group.size * this.#parts;
    for (const [i, parameter] of this.#parameters.entries()) {
      const leaves = parts.flatMap((part) => part[i] ?? []);
      // The parts of a rank are neighbours in the tree over the parts of all.
      if (leaves.length > 0)
        parameter.grad = sumOverRanks(
          noGrad(() => addInPairs(leaves)),
          divisor,
        );
    }
  }

  /** Why a program cannot do it, with what to do instead; or null. */
  get traceObstacle(): [what: string, instead: string] | null {
    const what = 'backward() through DistributedDataParallel';
    if (this.#errors !== null) return [`${what} with a commHook`, 'compile the forward pass alone'];
    const isAlone = this.#group instanceof SingleGroup && !(isInitialized() && defaultGroup() instanceof MpiGroup);
    const isOwn = this.#group instanceof MpiGroup || isAlone;
    if (!isOwn) return [`${what} of another group than the process's own`, 'use that one'];
    if (this.#buffers.length > 0) return [`${what} with buffers that ranks share`, 'pass broadcastBuffers: false'];
    const isFloat32 = this.#parameters.every(({ dtype }) => dtype === 'float32');
    return isFloat32 ? null : [`${what} of float64 parameters`, 'compile the forward pass alone'];
  }

  /** Gives all ranks the numbers of rank 0. */
  async broadcast(tensors: readonly Tensor[]): Promise<void> {
    for (const alike of byDtype(tensors)) {
      const numbers = alike.map(({ storage }) => storage.read().slice());
      await this.#group.broadcast(numbers, 0);
      if (this.#group.rank > 0)
        noGrad(() => {
          for (const [i, { storage }] of alike.entries()) storage.write().set(numbers[i]!);
        });
    }
  }

  async #travel(lists: readonly (readonly (HostArray | null)[])[]): Promise<void> {
    const parameters = this.#parameters;
    const divisor = this.#group.size * this.#parts;
    const sent = lists.map((list) => list.map((numbers, i) => numbers ?? emptyFor(parameters[i]!)));
    const there = lists.map((list) => Float32Array.from(list, (numbers) => (numbers === null ? 0 : 1)));
    const errors = this.#errors;
    // With errors there is one part: of each parameter what travels in place of its gradient.
    const halves = errors?.map((each, i) =>
      lists[0]![i] ? compressWithFeedback(sent[0]![i] as Float32Array, each) : new Uint16Array(each.length),
    );
    const arrays = (bucket: Bucket, part: number): GroupArray[] => bucket.map((i) => halves?.[i] ?? sent[part]![i]!);
    const later = lists.slice(1).map((_, part) => part + 1);
    await Promise.all([
      ...this.buckets.map((bucket) =>
        this.#group.allReduce(arrays(bucket, 0), { divisor, parts: later.map((part) => arrays(bucket, part)) }),
      ),
      this.#group.allReduce([there[0]!], { parts: later.map((part) => [there[part]!]) }),
    ]);
    halves?.forEach((each, i) => {
      fromBfloat16(each, sent[0]![i] as Float32Array);
    });
    for (const [i, parameter] of parameters.entries())
      parameter.grad =
        there[0]![i] === 0 ? null : new Tensor(new Storage(parameter.dtype, sent[0]![i]!), parameter.shape);
    if (this.#buffers.length > 0) await this.broadcast(this.#buffers);
  }

  #takeAll(): (HostArray | null)[] {
    return this.#parameters.map((parameter) => {
      const { grad } = parameter;
      parameter.grad = null;
      return grad === null ? null : grad.storage.read().slice();
    });
  }
}

/** Parameters from the last to the first, those of one dtype together until a bucket is full. @internal */
export function bucketsOf(parameters: readonly Pick<Tensor, 'dtype' | 'numel'>[], bytes: number): Bucket[] {
  const buckets: number[][] = [];
  let left = 0;
  let dtype: string | null = null;
  for (const i of [...parameters.keys()].reverse()) {
    const { numel, dtype: own } = parameters[i]!;
    const size = numel * (own === 'float64' ? 8 : 4);
    if (own !== dtype || size > left) {
      left = buckets.length === 0 ? Math.min(firstBytes, bytes) : bytes;
      buckets.push([]);
    }
    dtype = own;
    left -= size;
    buckets.at(-1)!.push(i);
  }
  return buckets;
}

function takeGradient(parameter: Tensor): Tensor | null {
  const { grad } = parameter;
  parameter.grad = null;
  return grad;
}

/** The sum by the tree that reduces the parts of all ranks: neighbours first. */
function addInPairs(leaves: readonly Tensor[]): Tensor {
  const [first, second] = leaves;
  if (second === undefined) return first!;
  const pairs = Array.from({ length: Math.ceil(leaves.length / 2) }, (_, i) => leaves.slice(2 * i, 2 * i + 2));
  return addInPairs(pairs.map(([a, b]) => (b === undefined ? a! : add(a!, b))));
}

const emptyFor = ({ dtype, numel }: Tensor): HostArray =>
  dtype === 'float64' ? new Float64Array(numel) : new Float32Array(numel);

function byDtype(tensors: readonly Tensor[]): Tensor[][] {
  const groups = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const alike = groups.get(tensor.dtype);
    if (alike === undefined) groups.set(tensor.dtype, [tensor]);
    else alike.push(tensor);
  }
  return [...groups.values()];
}
