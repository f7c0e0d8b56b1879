/** The numbers of several tensors at one moment of a training. */

import type { DeviceBuffer, ProgramFactory } from '../ops/graph.js';
import type { HostArray } from '../ops/ops.js';
import { currentTrace } from '../ops/trace.js';
import { zeros } from './host-memory.js';
import { Storage } from './storage.js';
import { Tensor } from './tensor.js';

/** Whether state dicts share their memory with what is being trained. */
let isSharing = false;

/** Calls `run` with state dicts that share their memory in any case: for a moment at which nothing is being written. */
export function sharingMemory<T>(run: () => T): T {
  const before = isSharing;
  isSharing = true;
  try {
    return run();
  } finally {
    isSharing = before;
  }
}

/**
 * The tensors of a state dict. While any memory of `trained` is being trained they are copies that one step has left, all of them
 * together; else they share their memory.
 */
export function stateTensors(tensors: readonly Tensor[], trained: readonly Tensor[] = tensors): Tensor[] {
  if (currentTrace() !== null || isSharing || !trained.some(({ storage }) => storage.isBeingTrained))
    return tensors.map((tensor) => tensor.detach());
  const copies = copyTogether([...new Set(tensors.map(({ storage }) => storage))]);
  return tensors.map(({ storage, shape }) => new Tensor(copies.get(storage)!, shape));
}

/** Blocks are copied in one call, which waits for the step in progress and lets no other begin. */
function copyTogether(storages: readonly Storage[]): Map<Storage, Storage> {
  const copies = new Map<Storage, Storage>();
  const calls = new Map<ProgramFactory, { buffers: DeviceBuffer[]; arrays: HostArray[] }>();
  for (const storage of storages) {
    const { side, dtype, length } = storage;
    const isInBuffer = side !== null && (side.bufferIsNewer || side.writers.length > 0);
    const array = isInBuffer ? zeros(dtype, length) : storage.read().slice();
    copies.set(storage, new Storage(dtype, array));
    if (!isInBuffer) continue;
    const call = calls.get(side.factory) ?? { buffers: [], arrays: [] };
    calls.set(side.factory, call);
    call.buffers.push(side.buffer);
    call.arrays.push(array);
  }
  for (const [factory, { buffers, arrays }] of calls) factory.copyOut(buffers, arrays);
  return copies;
}
