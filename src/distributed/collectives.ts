/** Collectives of tensors, under torch.distributed's names. */
import { checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { reduceOps } from '../ops/group-tasks.js';
import type { HostArray } from '../ops/ops.js';
import { currentTrace } from '../ops/trace.js';
import { isArray } from '../realm.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { ProcessGroup, ReduceOp } from './group.js';
import { groupOf } from './process-group.js';

/** Options of collectives. */
export interface CollectiveOptions {
  /** Default: the group of {@link initProcessGroup}. */
  processGroup?: ProcessGroup;
}

/** Options of collectives that put numbers together. */
export interface ReduceOptions extends CollectiveOptions {
  /** How. Default `'sum'`. */
  op?: ReduceOp;
}

/**
 * Replaces the tensor's numbers by those of all ranks, put together element by element. Sums are made in the order of a binary tree over the ranks: their
 * bits depend on the number of ranks, and on nothing else. Sums of int32 wrap around.
 *
 * Every rank makes the same calls of collectives in the same order, with tensors of one shape and dtype. What is written into the tensor before the promise
 * settles is lost.
 *
 * As {@link https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_reduce | torch.distributed.all_reduce}.
 * @throws ArgumentError for anything but a tensor or an unknown op; StateError before {@link initProcessGroup}, while a function is traced, for a leaf that
 * requires a gradient outside of `noGrad`. As rejections.
 */
export async function allReduce(tensor: Tensor, options?: ReduceOptions): Promise<void> {
  const caller = 'allReduce';
  const { group, op } = readOptions(caller, options);
  checkTarget(caller, tensor);
  const numbers = copyOf(tensor);
  await group.allReduce([numbers], { op });
  write(tensor, numbers);
}

/**
 * Puts the tensors of all ranks together element by element, and gives each rank one of the results: `output` on rank r is made from number r of each rank's
 * list. Otherwise as {@link allReduce}.
 *
 * As {@link https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.reduce_scatter | torch.distributed.reduce_scatter}.
 * @param inputs a tensor for each rank, all of output's shape and dtype.
 * @throws as {@link allReduce}; ArgumentError, ShapeError for a list of another length, shape or dtype.
 */
export async function reduceScatter(output: Tensor, inputs: readonly Tensor[], options?: ReduceOptions): Promise<void> {
  const caller = 'reduceScatter';
  const { group, op } = readOptions(caller, options);
  checkTarget(caller, output);
  checkList(caller, 'inputs', inputs, output, group.size);
  const all = emptyLike(output, group.size);
  for (const [i, input] of inputs.entries()) all.set(input.storage.read(), i * output.numel);
  const result = emptyLike(output);
  await group.reduceScatter(all, result, { op });
  write(output, result);
}

/**
 * Copies each rank's tensor to all ranks: number r of `outputs` becomes the tensor of rank r. Otherwise as {@link allReduce}.
 *
 * As {@link https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_gather | torch.distributed.all_gather}.
 * @param outputs a tensor for each rank, all of the tensor's shape and dtype.
 * @throws as {@link allReduce}; ArgumentError, ShapeError for a list of another length, shape or dtype.
 */
export async function allGather(
  outputs: readonly Tensor[],
  tensor: Tensor,
  options?: CollectiveOptions,
): Promise<void> {
  const caller = 'allGather';
  const { group } = readOptions(caller, options, ['processGroup']);
  checkTensor(caller, tensor);
  checkList(caller, 'outputs', outputs, tensor, group.size);
  for (const output of outputs) checkTarget(caller, output);
  const all = emptyLike(tensor, group.size);
  await group.allGather(copyOf(tensor), all);
  for (const [i, output] of outputs.entries()) write(output, all.subarray(i * tensor.numel, (i + 1) * tensor.numel));
}

/**
 * Replaces the tensor's numbers by those of rank `src`. Otherwise as {@link allReduce}.
 *
 * As {@link https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.broadcast | torch.distributed.broadcast}.
 * @throws as {@link allReduce}; ArgumentError for a rank that there is not.
 */
export async function broadcast(tensor: Tensor, src: number, options?: CollectiveOptions): Promise<void> {
  const caller = 'broadcast';
  const { group } = readOptions(caller, options, ['processGroup']);
  checkTarget(caller, tensor);
  if (checkSize(caller, 'src', src) >= group.size)
    throw new ArgumentError(`${caller}: src must be a rank from 0 to ${group.size - 1}, got ${src}`);
  const numbers = copyOf(tensor);
  await group.broadcast([numbers], src);
  if (group.rank !== src) write(tensor, numbers);
}

/**
 * Settles when every rank has called it. As {@link https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.barrier | torch.distributed.barrier}.
 * @throws StateError before {@link initProcessGroup}, as a rejection.
 */
export async function barrier(options?: CollectiveOptions): Promise<void> {
  await readOptions('barrier', options, ['processGroup']).group.barrier();
}

function readOptions(
  caller: string,
  options: ReduceOptions | undefined,
  known: readonly (keyof ReduceOptions)[] = ['op', 'processGroup'],
): { group: ProcessGroup; op: ReduceOp } {
  const { op = 'sum', processGroup } = checkOptions(caller, options, known);
  checkOneOf(caller, 'op', op, reduceOps);
  return { op, group: groupOf(caller, processGroup) };
}

function checkTensor(caller: string, tensor: unknown): asserts tensor is Tensor {
  if (!(tensor instanceof Tensor)) throw new ArgumentError(`${caller}: expected a Tensor, got ${show(tensor)}`);
  const now = currentTrace();
  if (now !== null) throw now.refuse(caller, 'call it outside of the function');
}

function checkTarget(caller: string, tensor: unknown): void {
  checkTensor(caller, tensor);
  tensor.assertWritable(caller);
  tensor.storage.assertUnpinned();
}

function checkList(caller: string, what: string, list: unknown, like: Tensor, size: number): void {
  if (!isArray(list)) throw new ArgumentError(`${caller}: ${what} must be a list of tensors, got ${show(list)}`);
  if (list.length !== size)
    throw new ArgumentError(`${caller}: ${what} must have a tensor for each of the ${size} ranks, got ${list.length}`);
  for (const [i, each] of Array.from(list).entries()) {
    checkTensor(caller, each);
    if (each.dtype !== like.dtype)
      throw new ArgumentError(`${caller}: ${what}[${i}] has dtype ${each.dtype}, expected ${like.dtype}`);
    if (!sameShape(each.shape, like.shape))
      throw new ShapeError(
        `${caller}: ${what}[${i}] has shape ${formatShape(each.shape)}, expected ${formatShape(like.shape)}`,
      );
  }
}

const copyOf = ({ storage }: Tensor): HostArray => storage.read().slice();

function emptyLike({ dtype, numel }: Tensor, times = 1): HostArray {
  const length = numel * times;
  if (dtype === 'int32') return new Int32Array(length);
  return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
}

function write(tensor: Tensor, numbers: HostArray): void {
  tensor.storage.write().set(numbers);
}
