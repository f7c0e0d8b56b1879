/** How CPUs are divided among the ranks of a host. */
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { cpuMaskOf, cpuShare, maskBytes, ownCpuMask } from '../../src/distributed/cpu-share.js';

const maskOf = (list: string): Uint8Array => cpuMaskOf(`Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\n`);
const sharesOf = (...lists: string[]): number[] => lists.map((_, own) => cpuShare(lists.map(maskOf), own));

describe('the CPUs of a rank', () => {
  it('are its own where the launcher has bound it, and a share of those of all where it has not', () => {
    expect(sharesOf('0-3', '0-3')).toEqual([2, 2]);
    expect(sharesOf('0', '1')).toEqual([1, 1]);
    expect(sharesOf('0-3', '4-7')).toEqual([4, 4]);
    expect(sharesOf('0-7', '0-7', '0-7')).toEqual([2, 2, 2]);
    expect(sharesOf('0-2', '0-2', '0-2')).toEqual([1, 1, 1]);
    expect(sharesOf('0', '0')).toEqual([0, 0]);
    expect(sharesOf('0-1,8,1020-1030', '8')).toEqual([6, 0]);
  });

  it('are a share of what the process may use where the system does not tell', () => {
    const unknown = [new Uint8Array(maskBytes), new Uint8Array(maskBytes)];
    expect(cpuShare(unknown, 0)).toBe(Math.floor(availableParallelism() / 2));
    expect(cpuMaskOf('Name: node')).toEqual(new Uint8Array(maskBytes));
  });

  it.skipIf(process.platform !== 'linux')('are read of this process', () => {
    const bits = ownCpuMask().reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(bits).toBeGreaterThanOrEqual(availableParallelism());
  });
});
