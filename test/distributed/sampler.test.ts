/** DistributedSampler gives what PyTorch's gives. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, arange, data, StateError } from '../../src/index.js';
import { golden } from '../golden/load.js';

const { DataLoader, DistributedSampler, TensorDataset } = data;

describe('as PyTorch', () => {
  it.each(golden('distributed').samplers.map((row) => [`${row.size} ${JSON.stringify(row.options)}`, row] as const))(
    '%s',
    (_title, { size, options, ranks }) => {
      for (const [rank, { length, totalSize, epochs }] of ranks.entries()) {
        const sampler = new DistributedSampler({ length: size }, { ...options, rank });
        expect(sampler.length).toBe(length);
        expect(sampler.totalSize).toBe(totalSize);
        for (const [i, epoch] of [0, 1, 5].entries()) {
          sampler.setEpoch(epoch);
          expect([...sampler]).toEqual(epochs[i]);
        }
      }
    },
  );
});

describe('DistributedSampler', () => {
  it('gives a DataLoader the batches of a rank', () => {
    const dataset = new TensorDataset(arange(7, { dtype: 'int32' }));
    const sampler = new DistributedSampler(dataset, { numReplicas: 2, rank: 1, shuffle: false });
    const batches = [...new DataLoader(dataset, { sampler, batchSize: 3 })].map(([batch]) => batch!.toArray());
    expect(batches).toEqual([[1, 3, 5], [0]]);
  });

  it('refuses what makes no share, and needs a process group otherwise', () => {
    const dataset = { length: 4 };
    expect(() => new DistributedSampler(dataset, { numReplicas: 2, rank: 2 })).toThrow(
      new ArgumentError('DistributedSampler: Invalid rank 2, rank should be in the interval [0, 1]'),
    );
    expect(() => new DistributedSampler(dataset, { numReplicas: 2, rank: -1 })).toThrow(ArgumentError);
    expect(() => new DistributedSampler(dataset, { numReplicas: 0, rank: 0 })).toThrow(ArgumentError);
    expect(() => new DistributedSampler(dataset, { numReplicas: 2, rank: 0, seed: 0.5 })).toThrow(ArgumentError);
    expect(() => new DistributedSampler(dataset)).toThrow(StateError);
    const sampler = new DistributedSampler(dataset, { numReplicas: 2, rank: 0 });
    expect(() => sampler.setEpoch(-1)).toThrow(ArgumentError);
    expect(sampler.epoch).toBe(0);
  });
});
