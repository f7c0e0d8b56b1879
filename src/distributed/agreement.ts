/** What has to be the same on every rank: compared by hashes, so that a difference is an error that names the rank and no wrong number. */
import { createHash } from 'node:crypto';
import { StateError } from '../errors.js';
import type { ProcessGroup } from './group.js';

const hashBytes = 32;

/**
 * Compares texts that all ranks are to have alike, and others that follow from them. A collective.
 * @param texts by what they are, in words: `{ 'another model': ... }`. @throws StateError, on every rank, that names the first rank with another one.
 */
export async function assertSame(
  group: ProcessGroup,
  caller: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  if (group.size === 1) return;
  const names = Object.keys(texts);
  const own = new Uint8Array(hashBytes * names.length);
  for (const [i, text] of Object.values(texts).entries())
    own.set(createHash('sha256').update(text).digest(), i * hashBytes);
  const all = new Uint8Array(own.length * group.size);
  await group.allGather(own, all);
  for (const [i, name] of names.entries()) {
    const hashOf = (rank: number) => {
      const start = rank * own.length + i * hashBytes;
      return Buffer.from(all.subarray(start, start + hashBytes)).toString('hex');
    };
    const other = Array.from({ length: group.size }, (_, rank) => rank).find((rank) => hashOf(rank) !== hashOf(0));
    if (other !== undefined)
      throw new StateError(
        `${caller}: rank ${other} has ${name} than rank 0${group.rank === 0 || group.rank === other ? '' : ` (this is rank ${group.rank})`}; ` +
          'every rank has to run the same program on the same data',
      );
  }
}
