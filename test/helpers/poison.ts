import { afterAll, beforeAll, vi } from 'vitest';
import { Storage } from '../../src/tensor/storage.js';

/**
 * Fills memory that functions take uncleared with NaN (int32: a number that is no index), so that an element that no op
 * writes shows, also in small tensors, whose memory V8 would have cleared.
 */
export function poisonUnclearedMemory(): void {
  beforeAll(() => {
    vi.spyOn(Storage, 'uninitialized').mockImplementation((dtype, length) => {
      const storage = Storage.allocate(dtype, length);
      storage.write().fill(dtype === 'int32' ? -0x70000000 : Number.NaN);
      return storage;
    });
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });
}
