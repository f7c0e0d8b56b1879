/** Samplers and splits draw what PyTorch draws; parts of datasets; records in batches. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  arange,
  data,
  Generator,
  manualSeed,
  rand,
  ShapeError,
  tensor,
  zeros,
} from '../../src/index.js';
import { type GoldenTensor, golden, values } from '../golden/load.js';

const { weights, size, cases, loaders, splits } = golden('samplers');
const { BatchSampler, ConcatDataset, DataLoader, RandomSampler, SequentialSampler, Subset, TensorDataset } = data;
const dataset = new TensorDataset(arange(size, { dtype: 'int32' }));

type Case = (typeof cases)[number] | (typeof loaders)[number];

function make({ sampler, options: { indices, numSamples, replacement } }: Case, generator: Generator | undefined) {
  const given = { ...(generator && { generator }), ...(replacement !== undefined && { replacement }) };
  if (sampler === 'RandomSampler')
    return new RandomSampler(dataset, { ...given, ...(numSamples !== undefined && { numSamples }) });
  if (sampler === 'WeightedRandomSampler') return new data.WeightedRandomSampler(weights, numSamples!, given);
  return new data.SubsetRandomSampler(indices!, given);
}

/** Runs something between the seeds and the numbers that come after it. */
function expectDraws(
  row: { readonly own: boolean; readonly after: GoldenTensor; readonly ownAfter: GoldenTensor | null },
  act: (generator: Generator | undefined) => void,
): void {
  manualSeed(31);
  const generator = row.own ? new Generator(47) : undefined;
  act(generator);
  expect(rand([2]).toTypedArray()).toEqual(values(row.after));
  if (generator !== undefined) expect(rand([2], { generator }).toTypedArray()).toEqual(values(row.ownAfter!));
}

const title = (row: Case) => `${row.sampler} ${JSON.stringify(row.options)}, own generator: ${row.own}`;

describe('as PyTorch', () => {
  it.each(cases.map((row) => [title(row), row] as const))('%s', (_title, row) => {
    expectDraws(row, (generator) => {
      const sampler = make(row, generator);
      expect(sampler.length).toBe(row.length);
      expect([[...sampler], [...sampler]]).toEqual(row.orders);
    });
  });

  it.each(loaders.map((row) => [`${title(row)}, in batches of ${row.batchSize}`, row] as const))(
    'a loader with %s',
    (_title, row) => {
      expectDraws(row, (generator) => {
        const sampler = make(row, generator);
        const loader =
          row.batchSize === null
            ? new DataLoader(dataset, { batchSampler: new BatchSampler(sampler, 2, true) })
            : new DataLoader(dataset, { sampler, batchSize: row.batchSize });
        expect(loader.length).toBe(row.length);
        const epoch = () => Array.from(loader, ([batch]) => batch!.toArray());
        expect([epoch(), epoch()]).toEqual(row.epochs);
      });
    },
  );

  it.each(splits.map((row) => [`${row.size} as ${row.lengths}, own generator: ${row.own}`, row] as const))(
    'randomSplit of %s',
    (_title, row) => {
      expectDraws(row, (generator) => {
        const whole = new TensorDataset(arange(row.size, { dtype: 'int32' }));
        const parts = data.randomSplit(whole, row.lengths, generator && { generator });
        expect(parts.map(({ indices }) => indices)).toEqual(row.parts);
      });
    },
  );
});

describe('parts of datasets', () => {
  const rows = new TensorDataset(tensor([10, 11, 12, 13]), tensor([0, 1, 2, 3], { dtype: 'int32' }));

  it('Subset gives samples by their numbers, in batches too', () => {
    const part = new Subset(rows, [3, 1]);
    expect(part).toHaveLength(2);
    expect(part.get(0).map((each) => each.item())).toEqual([13, 3]);
    const [batch] = new DataLoader(part, { batchSize: 2 });
    expect(batch!.map((each) => each.toArray())).toEqual([
      [13, 11],
      [3, 1],
    ]);
    const inner = new Subset(part, [1]);
    expect(inner.get(0)[0]!.item()).toBe(11);
    expect(new Subset({ length: 2, get: (i) => i }, [1]).getBatch).toBeUndefined();
  });

  it('ConcatDataset counts through, and from the end', () => {
    const both = new ConcatDataset([rows, new Subset(rows, [2])]);
    expect(both).toHaveLength(5);
    expect([0, 4, -1, -5].map((i) => both.get(i)[0]!.item())).toEqual([10, 12, 12, 10]);
    const [batch] = new DataLoader(both, { batchSize: 5 });
    expect(batch![0]!.toArray()).toEqual([10, 11, 12, 13, 12]);
  });

  it('SequentialSampler and BatchSampler of anything', () => {
    expect([...new SequentialSampler(rows)]).toEqual([0, 1, 2, 3]);
    const letters = new BatchSampler(['a', 'b', 'c', 'd', 'e'], 2, false);
    expect([...letters]).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(letters).toHaveLength(3);
    expect([...new BatchSampler(new Set([1, 2, 3]), 2, true)]).toEqual([[1, 2]]);
  });
});

it('defaultCollate makes batches of records', () => {
  const batch = data.defaultCollate([
    { x: 1.5, label: true, name: 'a', pair: [zeros([2]), Float32Array.of(1, 2)] as const },
    { x: -2, label: false, name: 'b', pair: [zeros([2]), Float32Array.of(3, 4)] as const },
  ]);
  expect(batch.x.toArray()).toEqual([1.5, -2]);
  expect(batch.label.toArray()).toEqual([1, 0]);
  expect(batch.label.dtype).toBe('int32');
  expect(batch.name).toEqual(['a', 'b']);
  expect(batch.pair[0].shape).toEqual([2, 2]);
  expect(batch.pair[1].toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  const records = Array.from({ length: 3 }, (_, i) => ({ id: `r${i}`, value: i }));
  const loader = new DataLoader({ length: 3, get: (i) => records[i]! }, { batchSize: 2 });
  expect(Array.from(loader, ({ id, value }) => [id, value.toArray()])).toEqual([
    [
      ['r0', 'r1'],
      [0, 1],
    ],
    [['r2'], [2]],
  ]);
});

const refused: readonly (readonly [string, () => unknown, string])[] = [
  [
    'RandomSampler: numSamples',
    () => new RandomSampler(dataset, { numSamples: 0 }),
    'num_samples should be a positive integer value, but got num_samples=0',
  ],
  [
    'RandomSampler: empty',
    () => new RandomSampler([]),
    'num_samples should be a positive integer value, but got num_samples=0',
  ],
  [
    'RandomSampler: replacement',
    () => new RandomSampler(dataset, { replacement: 1 as never }),
    'replacement must be a boolean',
  ],
  [
    'WeightedRandomSampler: shape',
    () => new data.WeightedRandomSampler(tensor([[1, 2]]), 1),
    'weights should be a 1d sequence but given weights have shape (1, 2)',
  ],
  [
    'WeightedRandomSampler: negative',
    () => new data.WeightedRandomSampler([1, -1], 1),
    'invalid multinomial distribution (encountering probability entry < 0)',
  ],
  [
    'WeightedRandomSampler: NaN',
    () => new data.WeightedRandomSampler([1, Number.NaN], 1),
    'invalid multinomial distribution (encountering probability entry = infinity or NaN)',
  ],
  [
    'WeightedRandomSampler: zeros',
    () => new data.WeightedRandomSampler([0, 0], 1),
    'invalid multinomial distribution (sum of probabilities <= 0)',
  ],
  [
    'WeightedRandomSampler: too many',
    () => new data.WeightedRandomSampler([1, 1], 3, { replacement: false }),
    'cannot sample n_sample > prob_dist.size(-1) samples without replacement',
  ],
  [
    'SubsetRandomSampler: -1',
    () => new data.SubsetRandomSampler([-1]),
    'an index must be a whole number of at least 0, got -1',
  ],
  [
    'BatchSampler: size',
    () => new BatchSampler([1], 0, false),
    'batch_size should be a positive integer value, but got batch_size=0',
  ],
  [
    'BatchSampler: dropLast',
    () => new BatchSampler([1], 1, 1 as never),
    'drop_last should be a boolean value, but got drop_last=1',
  ],
  ['Subset: out of range', () => new Subset(dataset, [size]), 'index 7 is out of range for a dataset of 7 samples'],
  ['ConcatDataset: none', () => new ConcatDataset([]), 'datasets should not be an empty iterable'],
  [
    'ConcatDataset: -9',
    () => new ConcatDataset([dataset]).get(-9),
    'absolute value of index should not exceed dataset length',
  ],
  [
    'randomSplit: sum',
    () => data.randomSplit(dataset, [3, 3]),
    'Sum of input lengths does not equal the length of the input dataset!',
  ],
  ['randomSplit: share', () => data.randomSplit(dataset, [1.5, -0.5]), 'Fraction at index 0 is not between 0 and 1'],
  [
    'DataLoader: sampler and shuffle',
    () => new DataLoader(dataset, { sampler: [0], shuffle: true }),
    'sampler option is mutually exclusive with shuffle',
  ],
  [
    'DataLoader: batchSampler and batchSize',
    () => new DataLoader(dataset, { batchSampler: [[0]], batchSize: 2 }),
    'batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last',
  ],
  [
    'DataLoader: a sampler that leaves the dataset',
    () => [...new DataLoader(dataset, { sampler: [0, 9] })],
    'the sampler gives 9, and the dataset has 7 samples',
  ],
  ['defaultCollate: null', () => data.defaultCollate([null]), 'must be a tensor, number, boolean or text'],
];

it.each(refused)('%s is refused', (_name, act, message) => {
  expect(act).toThrow(ArgumentError);
  expect(act).toThrow(message);
});

it('samples of unlike kinds are refused', () => {
  expect(() => data.defaultCollate<unknown>([1, 'a'])).toThrow(ShapeError);
  expect(() => data.defaultCollate([Float32Array.of(1), Float32Array.of(1, 2)])).toThrow(
    'each element in list of batch should be of equal size',
  );
});
