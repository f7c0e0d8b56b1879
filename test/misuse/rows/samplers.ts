/** Samplers, parts of datasets, datasets of modules and of files. */
import { data } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, state } from '../row.js';

const {
  BatchSampler,
  ConcatDataset,
  DataLoader,
  DistributedSampler,
  RandomSampler,
  SequentialSampler,
  Subset,
  SubsetRandomSampler,
  WeightedRandomSampler,
} = data;

export const samplerRows: readonly Row[] = [
  argument('SequentialSampler(5)', () => new SequentialSampler(bad(5)), 'SequentialSampler: expected a dataset'),
  argument('RandomSampler(null)', () => new RandomSampler(bad(null)), 'RandomSampler: expected a dataset'),
  argument(
    'RandomSampler: numSamples 0',
    ({ dataset }) => new RandomSampler(dataset, { numSamples: 0 }),
    'num_samples should be a positive integer value, but got num_samples=0',
  ),
  argument(
    'RandomSampler of nothing',
    ({ empty }) => new RandomSampler(new data.TensorDataset(empty)),
    'num_samples should be a positive integer value, but got num_samples=0',
  ),
  argument(
    'RandomSampler: replacement 1',
    ({ dataset }) => new RandomSampler(dataset, { replacement: bad(1) }),
    'RandomSampler: replacement must be a boolean, got 1',
  ),
  argument(
    'RandomSampler: generator 3',
    ({ dataset }) => new RandomSampler(dataset, { generator: bad(3) }),
    'RandomSampler: generator must be a Generator, got 3',
  ),
  argument(
    'RandomSampler: an unknown option',
    ({ dataset }) => new RandomSampler(dataset, bad({ num_samples: 3 })),
    'RandomSampler: unknown option "num_samples"; it takes replacement, numSamples, generator',
  ),
  argument('SubsetRandomSampler(5)', () => new SubsetRandomSampler(bad(5)), 'SubsetRandomSampler: expected indices'),
  argument(
    'SubsetRandomSampler([-1])',
    () => new SubsetRandomSampler([-1]),
    'SubsetRandomSampler: an index must be a whole number of at least 0, got -1',
  ),
  argument(
    'WeightedRandomSampler: a weight below 0',
    () => new WeightedRandomSampler([0.5, -1], 1),
    'invalid multinomial distribution (encountering probability entry < 0)',
  ),
  argument(
    'WeightedRandomSampler: weights of 0',
    () => new WeightedRandomSampler([0, 0], 1),
    'invalid multinomial distribution (sum of probabilities <= 0)',
  ),
  argument(
    'WeightedRandomSampler: NaN',
    () => new WeightedRandomSampler([1, Number.NaN], 1),
    'invalid multinomial distribution (encountering probability entry = infinity or NaN)',
  ),
  argument(
    'WeightedRandomSampler: a matrix',
    ({ matrix }) => new WeightedRandomSampler(matrix, 1),
    'weights should be a 1d sequence but given weights have shape (2, 3)',
  ),
  argument(
    'WeightedRandomSampler: three of two',
    () => new WeightedRandomSampler([1, 1], 3, { replacement: false }),
    'cannot sample n_sample > prob_dist.size(-1) samples without replacement',
  ),
  argument(
    'WeightedRandomSampler: numSamples 1.5',
    () => new WeightedRandomSampler([1, 1], 1.5),
    'num_samples should be a positive integer value, but got num_samples=1.5',
  ),
  argument('BatchSampler(5)', () => new BatchSampler(bad(5), 2, false), 'BatchSampler: expected a sampler, got 5'),
  argument(
    'BatchSampler: batchSize 0',
    () => new BatchSampler([1, 2], 0, false),
    'batch_size should be a positive integer value, but got batch_size=0',
  ),
  argument(
    'BatchSampler: dropLast 1',
    () => new BatchSampler([1, 2], 2, bad(1)),
    'drop_last should be a boolean value, but got drop_last=1',
  ),
  argument(
    'DistributedSampler: rank 2 of 2',
    ({ dataset }) => new DistributedSampler(dataset, { numReplicas: 2, rank: 2 }),
    'Invalid rank 2, rank should be in the interval [0, 1]',
  ),
  state('DistributedSampler without a group', ({ dataset }) => new DistributedSampler(dataset), 'process group'),
  argument(
    'DataLoader: sampler and shuffle',
    ({ dataset }) => new DataLoader(dataset, { sampler: [0], shuffle: true }),
    'sampler option is mutually exclusive with shuffle',
  ),
  argument(
    'DataLoader: batchSampler and batchSize',
    ({ dataset }) => new DataLoader(dataset, { batchSampler: [[0]], batchSize: 2 }),
    'batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last',
  ),
  argument(
    'DataLoader: a sampler beyond the end',
    ({ dataset, generator }) => [...new DataLoader(dataset, { sampler: [9], generator: generator.clone() })],
    'DataLoader: the sampler gives 9, and the dataset has 5 samples',
  ),
  argument(
    'DataLoader: timeout -1',
    ({ dataset }) => new DataLoader(dataset, { numWorkers: 1, timeout: -1 }),
    'DataLoader: timeout option should be non-negative',
  ),
  argument('Subset(5)', () => new Subset(bad(5), [0]), 'Subset: expected a dataset, got 5'),
  argument('Subset of index 9', ({ dataset }) => new Subset(dataset, [9]), 'Subset: index 9 is out of range for a'),
  argument('Subset.get(3)', ({ dataset }) => new Subset(dataset, [1]).get(3), 'Subset: index 3 is out of range'),
  argument(
    'ConcatDataset of nothing',
    () => new ConcatDataset([]),
    'ConcatDataset: datasets should not be an empty iterable',
  ),
  argument('ConcatDataset of numbers', () => new ConcatDataset(bad([1])), 'ConcatDataset: expected a dataset, got 1'),
  argument(
    'ConcatDataset.get(-6)',
    ({ dataset }) => new ConcatDataset([dataset]).get(-6),
    'absolute value of index should not exceed dataset length',
  ),
  argument(
    'randomSplit: lengths that do not add up',
    ({ dataset }) => data.randomSplit(dataset, [1, 2]),
    'randomSplit: Sum of input lengths does not equal the length of the input dataset!',
  ),
  argument(
    'randomSplit: a share above 1',
    ({ dataset }) => data.randomSplit(dataset, [-0.5, 1.5]),
    'randomSplit: Fraction at index 0 is not between 0 and 1',
  ),
  argument('randomSplit of text', ({ dataset }) => data.randomSplit(dataset, bad('ab')), 'expected a list of lengths'),
  argument('readNpz(5)', () => data.readNpz(bad(5)), 'readNpz: expected a path, a URL or the bytes of a file, got 5'),
  argument('readNpz of no zip', () => data.readNpz(new Uint8Array(40)), 'readNpz: the buffer: not a zip file'),
  argument(
    'TableDataset.get(2)',
    () =>
      data
        .fromColumns(
          [
            { a: 1, b: 1 },
            { a: 2, b: 2 },
          ],
          { features: ['a'], target: 'b' },
        )
        .get(2),
    'index 2 is out of bounds',
  ),
];
