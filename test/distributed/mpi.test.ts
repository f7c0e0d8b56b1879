/** Collectives between processes of a real MPI job. */
import { describe, expect, it, vi } from 'vitest';
import { reduceLeaves } from '../../src/distributed/tree.js';
import { launchers, runRanks } from './ranks.js';

// A job is killed after a minute (ranks.ts); a test has up to two, on a machine that may be busy.
vi.setConfig({ testTimeout: 150_000 });

const open = `const { openGroup } = await src('distributed/open-group.ts');
  const group = await openGroup({ timeout: 50 });
  const { rank, size } = group;\n`;

/** Numbers of a leaf, as the ranks make them too: of many sizes, so that another order of adding gives other sums. */
const leafCode = `{
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++)
    out[i] = (((leaf * 7919 + i * 104_729) % 2003) - 1001) * (1 << (((leaf * 3 + i) % 7) * 4)) * 1.1;
  return out;
}`;
const leafOf = new Function('leaf', 'n', leafCode) as (leaf: number, n: number) => Float32Array;

const lengths = [0, 1, 7, 1000, 4096, 100_003, 300_001];

function treeOf(leaves: number, n: number): Float32Array {
  const all = Array.from({ length: leaves }, (_, leaf) => leafOf(leaf, n));
  reduceLeaves(all, 'sum', 1);
  return all[0]!;
}

const hash = (array: Float32Array): number =>
  new Int32Array(array.buffer).reduce((sum, word) => (Math.imul(sum, 31) + word) | 0, 7);

it.skipIf(launchers.length > 0)('no launcher of MPI is installed: apt-get install openmpi-bin', () => {
  expect(launchers).toEqual([]);
});

describe.each(launchers.map((launcher) => [launcher.name, launcher] as const))('%s', (_, launcher) => {
  it.each([1, 2, 3, 4])('adds along the tree on %d ranks, with and without parts', async (size) => {
    const code = `${open}
      const leafOf = (leaf, n) => ${leafCode};
      const hash = ${hash.toString()};
      for (const parts of [1, 2, 3]) {
        for (const n of ${JSON.stringify(lengths)}) {
          const own = Array.from({ length: parts }, (_, part) => [leafOf(rank * parts + part, n)]);
          await group.allReduce(own[0], { parts: own.slice(1) });
          report({ rank, parts, n, hash: hash(own[0][0]) });
        }
      }
      await group.destroy();`;
    const { end, stderr, reported, left } = await runRanks(launcher, size, code);
    expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
    const expected = Array.from({ length: size }, (_, rank) =>
      [1, 2, 3].flatMap((parts) => lengths.map((n) => ({ rank, parts, n, hash: hash(treeOf(size * parts, n)) }))),
    ).flat();
    const inOrder = (list: unknown[]): string[] => list.map((each) => JSON.stringify(each)).sort();
    expect(inOrder(reported)).toEqual(inOrder(expected));
  });

  it('reduces every dtype, gathers, scatters, broadcasts; a process whose work is done leaves', async () => {
    const code = `${open}
      const integers = Int32Array.of(rank, 2 ** 31 - 1), doubles = Float64Array.of(0.1 * rank, 1), small = Float32Array.of(rank === 1 ? NaN : 1);
      const gathered = new Uint8Array(2 * size), scattered = new Float64Array(2), sent = [Int32Array.of(rank), Int32Array.of(rank, 5)];
      await Promise.all([
        group.allReduce([integers], { op: 'sum' }),
        group.allReduce([doubles], { op: 'product', divisor: 2 }),
        group.allReduce([small], { op: 'max' }),
        group.allGather(Uint8Array.of(rank, 200), gathered),
        group.reduceScatter(Float64Array.from({ length: 2 * size }, (_, i) => i), scattered, { op: 'min' }),
        group.broadcast(sent, 2),
        group.barrier(),
      ]);
      report({ rank, size, local: [group.localRank, group.localSize], integers: [...integers], doubles: [...doubles], small: String(small),
        gathered: [...gathered], scattered: [...scattered], sent: sent.map((array) => [...array]), engine: group.engine });`;
    const { end, stderr, reported, left } = await runRanks(launcher, 3, code);
    expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
    expect(reported).toHaveLength(3);
    for (const each of reported as { rank: number; engine: string }[]) {
      const { rank, engine, ...rest } = each;
      expect(engine).toMatch(/MPI/);
      expect(rest).toEqual({
        size: 3,
        local: [rank, 3],
        integers: [3, (3 * (2 ** 31 - 1)) | 0],
        doubles: [0, 0.5],
        small: 'NaN',
        gathered: [0, 200, 1, 200, 2, 200],
        scattered: [2 * rank, 2 * rank + 1],
        sent: [[2], [2, 5]],
      });
    }
  });

  it('adds bfloat16 as the tree does', async () => {
    const code = `${open}
      const halves = (leaf, n) => Uint16Array.from({ length: n }, (_, i) => 0x3f80 + ((i * 37 + leaf * 101) % 512) + (i % 3 === leaf ? 0x8000 : 0));
      for (const n of [1, 5, 3000, 300_001]) {
        const own = halves(rank, n);
        await group.allReduce([own], { divisor: size });
        report({ rank, n, sums: Buffer.from(own.buffer).toString('base64') });
      }
      await group.destroy();`;
    const { end, stderr, reported, left } = await runRanks(launcher, 3, code);
    expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
    const halves = (leaf: number, n: number) =>
      Uint16Array.from({ length: n }, (_, i) => 0x3f80 + ((i * 37 + leaf * 101) % 512) + (i % 3 === leaf ? 0x8000 : 0));
    expect(reported).toHaveLength(12);
    for (const { n, sums } of reported as { n: number; sums: string }[]) {
      const leaves = [0, 1, 2].map((leaf) => halves(leaf, n));
      reduceLeaves(leaves, 'sum', 3);
      expect(sums === Buffer.from(leaves[0]!.buffer).toString('base64')).toBe(true);
    }
  });

  it('tells every rank which one calls something else, and ends the job', async () => {
    const code = `${open}
      await group.barrier();
      await (rank === 1 ? group.allReduce([new Float32Array(5)]) : group.allReduce([new Float32Array(6)])).catch((error) => {
        report({ code: error.code, message: error.message });
        throw error;
      });`;
    const { end, reported, left } = await runRanks(launcher, 3, code);
    expect(left).toEqual([]);
    expect(end).not.toBe(0);
    // A rank may be ended by another one before it has told.
    expect(reported.length).toBeGreaterThan(0);
    for (const each of reported) {
      expect(each).toEqual({
        code: 'ERR_LANEWISE_STATE',
        message: expect.stringContaining('rank 1 calls allReduce of 5 float32 (sum) where rank 0 calls allReduce of 6'),
      });
    }
  });

  it('refuses a second group, and a library that is none', async () => {
    const code = `${open}
      await openGroup().catch((error) => report({ again: error.message }));
      await group.destroy();
      await group.barrier().catch((error) => report({ after: error.message }));`;
    const { end, stderr, reported } = await runRanks(launcher, 1, code);
    expect(end, stderr).toBe(0);
    expect(reported).toEqual([
      { again: expect.stringContaining('only once') },
      { after: expect.stringContaining('destroyed') },
    ]);
    const wrong = `const { openGroup } = await src('distributed/open-group.ts');
      for (const library of ['libno-such-mpi.so', 'libm.so.6']) await openGroup({ library }).catch((error) => report({ message: error.message }));`;
    const second = await runRanks(launcher, 1, wrong);
    expect(second.end, second.stderr).toBe(0);
    expect(second.reported).toEqual([
      { message: expect.stringMatching(/libno-such-mpi\.so.*apt-get install/) },
      { message: expect.stringMatching(/libm\.so\.6 is no MPI library.*apt-get install/) },
    ]);
  });
});
