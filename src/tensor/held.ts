/** Memory that a training holds from its beginning to its end, also between its steps. */
import type { Storage } from './storage.js';

const held = new WeakSet<Storage>();

/** Marks memory as being trained. Returns what ends that. */
export function hold(storages: readonly Storage[]): () => void {
  for (const storage of storages) held.add(storage);
  return () => {
    for (const storage of storages) held.delete(storage);
  };
}

/** Whether a training holds the memory, or a job is writing it. */
export function isBeingTrained(storage: Storage): boolean {
  return held.has(storage) || (storage.side?.writers.length ?? 0) > 0;
}
