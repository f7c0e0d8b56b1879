/** How many CPUs a rank has, where the launcher may have bound it to some of them. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** A bit for each of the first 1,024 CPUs. */
export const maskBytes = 128;

/** Which CPUs this process may run on; all zeros where the system does not tell. */
export function ownCpuMask(): Uint8Array {
  const mask = new Uint8Array(maskBytes);
  if (process.platform !== 'linux') return mask;
  try {
    return cpuMaskOf(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    return mask;
  }
}

/** From the text of /proc/self/status. @internal */
export function cpuMaskOf(status: string): Uint8Array {
  const mask = new Uint8Array(maskBytes);
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(status)?.[1] ?? '';
  for (const range of list.split(',').filter(Boolean)) {
    const [first = 0, last = first] = range.split('-').map(Number);
    for (let cpu = first; cpu <= Math.min(last, 8 * maskBytes - 1); cpu++) mask[cpu >> 3]! |= 1 << (cpu & 7);
  }
  return mask;
}

/**
 * CPUs for each rank of a host: those that a rank shares with others are divided among them.
 * @param masks of the ranks of this host @param own which of them asks
 */
export function cpuShare(masks: readonly Uint8Array[], own: number): number {
  const has = (mask: Uint8Array, cpu: number): boolean => ((mask[cpu >> 3]! >> (cpu & 7)) & 1) === 1;
  let share = 0;
  for (let cpu = 0; cpu < 8 * maskBytes; cpu++)
    if (has(masks[own]!, cpu)) share += 1 / masks.filter((mask) => has(mask, cpu)).length;
  // Thirds may add up to a little less than 1.
  return share === 0 ? Math.floor(availableParallelism() / masks.length) : Math.floor(share + 1e-6);
}
