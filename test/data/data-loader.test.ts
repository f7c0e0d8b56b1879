import { beforeAll, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  arange,
  data,
  Generator,
  manualSeed,
  rand,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { type GoldenTensor, golden, sentence, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';

const { DataLoader, TensorDataset } = data;

function expectNext(generator: Generator, after: GoldenTensor): void {
  expect(rand([2], { generator }).toTypedArray()).toEqual(values(after));
}

const indices = (n: number) => new TensorDataset(arange(n, { dtype: 'int32' }));
const listed = (batches: Iterable<readonly Tensor[]>) => Array.from(batches, ([batch]) => batch!.toArray());

describe('DataLoader draws the orders that PyTorch draws', () => {
  const { cases, leftEarly, twoAtOnce } = golden('loader');

  it.each(cases)(
    'n $n, batchSize $batchSize, shuffle $shuffle, dropLast $dropLast, generator $generatorSeed',
    (row) => {
      const seeded = manualSeed(row.defaultSeed);
      const generator = row.generatorSeed === null ? null : new Generator(row.generatorSeed);
      const { batchSize, shuffle, dropLast } = row;
      const options = { batchSize, shuffle, dropLast, ...(generator && { generator }) };
      const loader = new DataLoader(indices(row.n), options);
      expect(loader.length).toBe(row.length);
      for (const epoch of row.epochs) expect(listed(loader)).toEqual(epoch);
      expectNext(seeded, row.defaultAfter);
      if (generator !== null) expectNext(generator, row.generatorAfter!);
    },
  );

  it.each(leftEarly)('when an epoch is left after $first', ({ first, second, after }) => {
    const generator = new Generator(23);
    const loader = new DataLoader(indices(10), { batchSize: 3, shuffle: true, generator });
    const taken: unknown[] = [];
    for (const [batch] of loader) {
      taken.push(batch.toArray());
      if (taken.length === first.length) break;
    }
    expect(taken).toEqual(first);
    expect(listed(loader)).toEqual(second);
    expectNext(generator, after);
  });

  it('when two epochs are taken in turns', () => {
    const seeded = manualSeed(11);
    const loader = new DataLoader(indices(7), { batchSize: 2, shuffle: true });
    const [a, b] = [loader[Symbol.iterator](), loader[Symbol.iterator]()];
    const batches: unknown[] = [];
    for (let x = a.next(), y = b.next(); !x.done && !y.done; x = a.next(), y = b.next())
      batches.push(x.value[0].toArray(), y.value[0].toArray());
    expect(batches).toEqual(twoAtOnce.batches);
    expectNext(seeded, twoAtOnce.after);
  });
});

describeEachBackend('DataLoader', () => {
  let inputs: Tensor;
  let labels: Tensor;
  beforeAll(() => {
    inputs = rand([7, 2, 3], { generator: new Generator(1) });
    labels = arange(7, { dtype: 'int32' });
  });

  it('keeps the rows of all tensors together', () => {
    const loader = new DataLoader(new TensorDataset(inputs, labels), { batchSize: 3, shuffle: true });
    const rows = inputs.toArray() as number[][][];
    let seen = 0;
    for (const [input, label] of loader) {
      expect(input.shape).toEqual([label.numel, 2, 3]);
      expect(input.dtype).toBe('float32');
      expect(label.dtype).toBe('int32');
      expect(input.toArray()).toEqual((label.toArray() as number[]).map((i) => rows[i]));
      seen += label.numel;
    }
    expect(seen).toBe(7);
  });

  it('stacks the samples of a dataset that has no getBatch', () => {
    const squares: data.Dataset<[Tensor, Tensor]> = {
      length: 5,
      get: (i) => [tensor([i, i * i]), tensor(i, { dtype: 'int32' })],
    };
    const batches = Array.from(new DataLoader(squares, { batchSize: 2 }), (batch) =>
      batch.map((part) => part.toArray()),
    );
    expect(batches).toEqual([
      [
        [
          [0, 0],
          [1, 1],
        ],
        [0, 1],
      ],
      [
        [
          [2, 4],
          [3, 9],
        ],
        [2, 3],
      ],
      [[[4, 16]], [4]],
    ]);
  });

  it('hands out copies: writing to a batch leaves the dataset alone', () => {
    const dataset = new TensorDataset(inputs);
    const before = inputs.toTypedArray();
    for (const [batch] of new DataLoader(dataset, { batchSize: 7 })) batch.copy_(zeros([7, 2, 3]));
    expect(inputs.toTypedArray()).toEqual(before);
  });
});

describe('TensorDataset', () => {
  const dataset = new TensorDataset(
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    tensor([7, 8, 9]),
  );

  it('gives one sample without the first dimension', () => {
    expect(dataset.length).toBe(3);
    const [input, target] = dataset.get(1);
    expect([input.shape, input.toArray()]).toEqual([[2], [3, 4]]);
    expect([target.shape, target.toArray()]).toEqual([[], 8]);
    expect(dataset.get(-1)[1].item()).toBe(9);
  });

  it('gives many in any order, with repeats, and none', () => {
    const [input, target] = dataset.getBatch(Int32Array.of(2, 0, 2));
    expect(input.toArray()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
    expect(target.toArray()).toEqual([9, 7, 9]);
    expect(dataset.getBatch(new Int32Array(0))[0].shape).toEqual([0, 2]);
  });

  it('may be empty, as long as nothing is shuffled', () => {
    const empty = new TensorDataset(zeros([0, 4]), zeros([0]));
    expect(empty.length).toBe(0);
    const loader = new DataLoader(empty, { batchSize: 3 });
    expect(loader.length).toBe(0);
    expect([...loader]).toEqual([]);
  });

  it.each([
    ['sizes', () => new TensorDataset(zeros([3]), zeros([4, 2])), ShapeError, sentence('TensorDataset: sizes')],
    ['sizes', () => new TensorDataset(zeros([3]), zeros([4, 2])), ShapeError, 'shapes [3], [4, 2] must be equal'],
    ['none', () => new TensorDataset(), ArgumentError, 'expected at least one tensor'],
    ['a scalar', () => new TensorDataset(tensor(1)), ShapeError, 'a scalar has no rows'],
    [
      'an array',
      () => new TensorDataset([1] as unknown as Tensor),
      ArgumentError,
      'argument 0 must be a tensor, or an array or plain object of tensors, but [0] is 1',
    ],
    ['index 3', () => dataset.get(3), ArgumentError, 'index 3 is out of bounds for dimension 0 with size 3'],
    ['index -4', () => dataset.get(-4), ArgumentError, 'index -4 is out of bounds'],
    ['index 0.5', () => dataset.get(0.5), ArgumentError, 'index must be an integer, got 0.5'],
    ['batch 3', () => dataset.getBatch(Int32Array.of(3)), ArgumentError, 'out of bounds'],
  ])('refuses %s', (_what, act, type, message) => {
    expect(act).toThrow(type);
    expect(act).toThrow(message);
  });
});

describe('DataLoader refuses, and draws nothing:', () => {
  const three = indices(3);
  const sample = (get: (i: number) => readonly Tensor[]) => ({ length: 3, get });
  const rows: readonly (readonly [what: string, act: () => unknown, message: string])[] = [
    ['shuffling nothing', () => new DataLoader(indices(0), { shuffle: true }), sentence('DataLoader: shuffle nothing')],
    ['batchSize 0', () => new DataLoader(three, { batchSize: 0 }), sentence('DataLoader: batch size 0')],
    ['batchSize 1.5', () => new DataLoader(three, { batchSize: 1.5 }), sentence('DataLoader: batch size 1.5')],
    ['batchSize NaN', () => new DataLoader(three, { batchSize: Number.NaN }), 'got batch_size=NaN'],
    ['batchSize "4"', () => new DataLoader(three, { batchSize: '4' as unknown as number }), 'got batch_size="4"'],
    [
      'shuffle 1',
      () => new DataLoader(three, { shuffle: 1 as unknown as boolean }),
      'shuffle must be a boolean, got 1',
    ],
    ['dropLast null', () => new DataLoader(three, { dropLast: null as unknown as boolean }), 'DataLoader: '],
    [
      'a seed as generator',
      () => new DataLoader(three, { generator: 5 as unknown as Generator }),
      'generator must be a Generator, got 5',
    ],
    [
      'an unknown option',
      () => new DataLoader(three, { batch_size: 2 } as data.DataLoaderOptions),
      'unknown option "batch_size"',
    ],
    [
      'no dataset',
      () => new DataLoader(undefined as unknown as data.Dataset),
      'a dataset has a length and a method get(index)',
    ],
    [
      'an array as dataset',
      () => new DataLoader([1, 2] as unknown as data.Dataset),
      'a dataset has a length and a method get',
    ],
    ['a tensor as dataset', () => new DataLoader(zeros([3]) as unknown as data.Dataset), 'got a value of type Tensor'],
    ['a negative length', () => new DataLoader({ ...sample(() => []), length: -1 }), 'a dataset has a length'],
  ];
  it.each(rows)('%s', (_what, act, message) => {
    const generator = manualSeed(1);
    const before = generator.getState();
    expect(act).toThrow(ArgumentError);
    expect(act).toThrow(message);
    expect(generator.getState()).toEqual(before);
  });

  it.each([
    [
      'a sample of nothing',
      () => [null] as unknown as Tensor[],
      ArgumentError,
      'sample 0 must be a tensor, number, boolean or text, or an array or plain object of them, got [null]',
    ],
    [
      'samples of unlike lengths',
      (i: number) => Array(i + 1).fill(zeros([2])),
      ShapeError,
      'DataLoader: each element in list of batch should be of equal size: sample 0 is [Tensor [2]], sample 1 is [Tensor [2], Tensor [2]]',
    ],
    ['samples of unlike shapes', (i: number) => [zeros([i + 1])], ShapeError, 'equal size'],
  ])('%s', (_what, get, type, message) => {
    const take = () => [...new DataLoader(sample(get), { batchSize: 3 })];
    expect(take).toThrow(type);
    expect(take).toThrow(message);
  });
});

describe('samples of other forms than tuples', () => {
  const dataset = {
    length: 5,
    get: (i: number) => ({ id: tensor(i, { dtype: 'int32' }), views: [zeros([2]), tensor([i, i + 1])] as const }),
  };

  it('are stacked member by member', () => {
    const [first, second] = [...new DataLoader(dataset, { batchSize: 3 })];
    expect(Object.keys(first!)).toEqual(['id', 'views']);
    expect(first!.id.toArray()).toEqual([0, 1, 2]);
    expect(first!.views[0].shape).toEqual([3, 2]);
    expect(second!.views[1].toArray()).toEqual([
      [3, 4],
      [4, 5],
    ]);
    const same = data.defaultCollate([3, 4].map(dataset.get));
    expect(same.views[1].toArray()).toEqual(second!.views[1].toArray());
  });

  it('are tensors by themselves', () => {
    const loader = new DataLoader({ length: 3, get: (i: number) => tensor([i, 1]) }, { batchSize: 2 });
    expect([...loader].map((batch) => batch.toArray())).toEqual([
      [
        [0, 1],
        [1, 1],
      ],
      [[2, 1]],
    ]);
  });

  it('are what a collateFn makes of them', () => {
    const loader = new DataLoader(dataset, {
      batchSize: 2,
      collateFn: (samples) => samples.map(({ id }) => id.item()),
    });
    expect([...loader]).toEqual([[0, 1], [2, 3], [4]]);
    const rows = new TensorDataset({ x: arange(3) }, arange(3, { dtype: 'int32' }));
    const [sample] = [...new DataLoader(rows, { collateFn: ([only]) => only! })];
    expect(sample![0].x.item()).toBe(0);
    expect(rows.getBatch(Int32Array.of(2, 0))[0].x.toArray()).toEqual([2, 0]);
  });

  it('print what they are', () => {
    const rows = new TensorDataset({ x: zeros([3, 2]) }, arange(3));
    expect(String(rows)).toBe('TensorDataset(length=3, tensors=[{ x: Tensor [3, 2] }, Tensor [3]])');
    expect(String(new DataLoader(rows, { batchSize: 2 }))).toBe(
      `DataLoader(${rows}, batchSize=2, shuffle=false, dropLast=false, length=2)`,
    );
  });
});
