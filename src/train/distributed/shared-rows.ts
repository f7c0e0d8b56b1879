/** Rows that ranks compute a share of each, and put together. */
import { assertSame } from '../../distributed/agreement.js';
import type { GroupArray, ProcessGroup } from '../../distributed/group.js';
import { StateError } from '../../errors.js';
import { formatShape, numelOf } from '../../tensor/shape.js';
import { Storage } from '../../tensor/storage.js';
import { takeApart } from '../../tensor/structure.js';
import { Tensor } from '../../tensor/tensor.js';
import { takeRows } from './batch-share.js';

/**
 * What `compute` gives for all rows, of which each rank computes neighbouring ones; where `canShare` says no on a rank, or an output there lacks a row for each of those it was given, each rank computes
 * all. A collective.
 * @param compute gives a structure of tensors.
 * @throws StateError that names a rank that has failed or has another input.
 */
export async function shareRows(
  group: ProcessGroup,
  caller: string,
  tensors: readonly Tensor[],
  canShare: () => boolean,
  compute: (own: readonly Tensor[]) => Promise<unknown>,
): Promise<unknown> {
  const described = tensors.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`);
  await assertSame(group, caller, { 'another input': described.join() });
  const { rank, size } = group;
  const asked = await everywhere(
    group,
    caller,
    async () => canShare(),
    (can) => can,
  );
  if (asked === null) return compute(tensors);
  const [rows] = tensors[0]!.shape as [number];
  const startOf = (of: number) => Math.floor((of * rows) / size);
  const own = startOf(rank + 1) - startOf(rank);
  const answered = await everywhere(
    group,
    caller,
    async () =>
      takeApart(`${caller}: the output`, await compute(tensors.map((each) => takeRows(each, startOf(rank), own)))),
    (output) => output.tensors.every(({ shape }) => shape[0] === own),
  );
  if (answered === null) return compute(tensors);
  const most = Math.ceil(rows / size);
  const whole: Tensor[] = [];
  for (const { dtype, shape, storage } of answered.tensors) {
    const width = numelOf(shape.slice(1));
    const sent = Storage.allocate(dtype, most * width).write();
    sent.set(storage.read());
    const all = Storage.allocate(dtype, size * most * width).write();
    await group.allGather(sent as GroupArray, all as GroupArray);
    const result = Storage.allocate(dtype, rows * width);
    const numbers = result.write();
    for (let of = 0; of < size; of++) {
      const count = startOf(of + 1) - startOf(of);
      numbers.set(all.subarray(of * most * width, (of * most + count) * width), startOf(of) * width);
    }
    whole.push(new Tensor(result, [rows, ...shape.slice(1)]));
  }
  return answered.rebuild(whole);
}

/** What `run` gives on this rank, once it has succeeded on all; null where it is not `right` on one of them. */
async function everywhere<T>(
  group: ProcessGroup,
  caller: string,
  run: () => Promise<T>,
  right: (value: T) => boolean,
): Promise<T | null> {
  const flags = new Float64Array(group.size);
  let done: { readonly value: T } | null = null;
  let failure: { readonly error: unknown } | null = null;
  try {
    done = { value: await run() };
    if (!right(done.value)) flags[group.rank] = codes.wrong;
  } catch (error) {
    failure = { error };
    flags[group.rank] = codes.failed;
  }
  try {
    await group.allReduce([flags]);
  } catch (error) {
    throw failure === null ? error : failure.error;
  }
  if (failure !== null) throw failure.error;
  const rank = flags.indexOf(codes.failed);
  if (rank >= 0) throw new StateError(`${caller}: rank ${rank} has failed; its own error says why`);
  return flags.includes(codes.wrong) ? null : done!.value;
}

/** What a rank says: nothing, that it has failed, or that what it has is not right. */
const codes = { failed: 1, wrong: 2 } as const;
