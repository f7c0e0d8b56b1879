/** Datasets, loaders, IDX files. */
import { gzipSync } from 'node:zlib';
import { data, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, ownError, type Row, shape } from '../row.js';

/** The bytes of an IDX file: its magic number, sizes, and elements. */
function idx(magic: number, sizes: readonly number[], elements: number): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + elements);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  sizes.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  return bytes;
}

const images = idx(0x00000803, [2, 3, 4], 24);
const detached = () => {
  const bytes = images.slice();
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};

const next = <T>(loader: Iterable<T>) => loader[Symbol.iterator]().next();
const loading = (dataset: unknown) => new data.DataLoader(bad(dataset), { batchSize: 2 });

export const dataRows: readonly Row[] = [
  argument('TensorDataset()', () => new data.TensorDataset(), 'TensorDataset: expected at least one tensor'),
  argument(
    'TensorDataset of arrays',
    () => new data.TensorDataset(bad([1, 2])),
    'TensorDataset: argument 0 must be a tensor, or an array or plain object of tensors, but [0] is 1',
  ),
  shape('TensorDataset of a scalar', ({ scalar }) => new data.TensorDataset(scalar), 'a scalar has no rows'),
  shape(
    'TensorDataset of 2 and 3 rows',
    ({ matrix, vector }) => new data.TensorDataset(matrix, vector),
    'Size mismatch between tensors: the first dimensions of shapes [2, 3], [3] must be equal',
  ),
  argument(
    'TensorDataset.get(5)',
    ({ dataset }) => dataset.get(5),
    'index 5 is out of bounds for dimension 0 with size 5',
  ),
  argument('TensorDataset.get(-6)', ({ dataset }) => dataset.get(-6), 'index -6 is out of bounds'),
  argument('TensorDataset.get(0.5)', ({ dataset }) => dataset.get(0.5), 'index must be an integer, got 0.5'),
  argument('TensorDataset.get("0")', ({ dataset }) => dataset.get(bad('0')), 'index must be an integer, got "0"'),
  argument(
    'TensorDataset.getBatch([9])',
    ({ dataset }) => dataset.getBatch(Int32Array.of(0, 9)),
    'index 9 is out of bounds',
  ),
  argument(
    'TensorDataset.getBatch([-1])',
    ({ dataset }) => dataset.getBatch(Int32Array.of(-1)),
    'index -1 is out of bounds',
  ),
  argument('TensorDataset.getBatch of an array', ({ dataset }) => dataset.getBatch(bad([0, 1])), /Int32Array/),

  argument('DataLoader(null)', () => loading(null), 'a dataset has a length and a method get(index)'),
  argument('DataLoader of an array', () => loading([[zeros([1])]]), 'a dataset has a length and a method get(index)'),
  argument('DataLoader: length NaN', () => loading({ length: Number.NaN, get: () => [] }), 'a dataset has a length'),
  argument('DataLoader: length -1', () => loading({ length: -1, get: () => [] }), 'a dataset has a length'),
  argument(
    'DataLoader: shuffle 1',
    ({ dataset }) => new data.DataLoader(dataset, { shuffle: bad(1) }),
    'shuffle must be a boolean, got 1',
  ),
  argument(
    'DataLoader: dropLast "yes"',
    ({ dataset }) => new data.DataLoader(dataset, { dropLast: bad('yes') }),
    'dropLast must be a boolean, got "yes"',
  ),
  argument(
    'DataLoader: collateFn of a name',
    ({ dataset }) => new data.DataLoader(dataset, { collateFn: bad('stack') }),
    'collateFn must be a function, got "stack"',
  ),
  argument('defaultCollate of nothing', () => data.defaultCollate([]), 'expected a list of samples, got []'),
  shape(
    'defaultCollate of a number among tensors',
    ({ x }) => data.defaultCollate<unknown>([x, 1]),
    'each element in list of batch should be of equal size',
  ),
  argument(
    'defaultCollate of null',
    () => data.defaultCollate<unknown>(bad([null])),
    'sample 0 must be a tensor, number, boolean or text',
  ),
  shape(
    'defaultCollate of objects of other names',
    ({ x }) => data.defaultCollate<object>([{ x }, { y: x }]),
    'sample 0 is { x: Tensor [2, 4] }, sample 1 is { y: Tensor [2, 4] }',
  ),
  argument(
    'DataLoader: generator',
    ({ dataset }) => new data.DataLoader(dataset, { generator: bad(() => 1) }),
    'generator must be a Generator, got a function',
  ),
  argument(
    'DataLoader: shuffling nothing',
    ({ empty }) => new data.DataLoader(new data.TensorDataset(empty), { shuffle: true }),
    'num_samples=0',
  ),
  shape(
    'DataLoader: samples of unequal length',
    ({ generator, vector }) => {
      const dataset = { length: 2, get: (i: number) => (i === 0 ? [vector] : [vector, vector]) };
      return next(new data.DataLoader(dataset, { batchSize: 2, generator: generator.clone() }));
    },
    'each element in list of batch should be of equal size: sample 0 is [Tensor [3]], sample 1 is [Tensor [3], Tensor [3]]',
  ),
  shape(
    'DataLoader: samples of unequal shape',
    ({ generator }) => {
      const dataset = { length: 2, get: (i: number) => [zeros([i + 1])] };
      return next(new data.DataLoader(dataset, { batchSize: 2, generator: generator.clone() }));
    },
    'equal size',
  ),
  ownError(
    'DataLoader: a dataset that throws',
    ({ generator }) => {
      const dataset = {
        length: 2,
        get: () => {
          throw new Error('disk on fire');
        },
      };
      return next(new data.DataLoader(bad(dataset), { generator: generator.clone() }));
    },
    'disk on fire',
  ),

  argument('readIdx(5)', () => data.readIdx(bad(5)), 'expected a path, a URL or the bytes of a file, got 5'),
  argument('readIdx: not found', () => data.readIdx('no/such/file'), 'no/such/file: not found'),
  argument('readIdx: a folder', () => data.readIdx('test'), 'test: cannot be read (EISDIR)'),
  argument('readIdx: no bytes', () => data.readIdx(new Uint8Array(0)), 'is empty'),
  argument('readIdx: a detached buffer', () => data.readIdx(detached()), /detached|empty/),
  argument('readIdx: shared bytes', () => data.readIdx(new Uint8Array(new SharedArrayBuffer(28))), 'SharedArrayBuffer'),
  argument('readIdx: three bytes', () => data.readIdx(images.slice(0, 3)), 'truncated'),
  argument(
    'readIdx: no sizes',
    () => data.readIdx(images.slice(0, 10)),
    'truncated: 3 sizes need a header of 16 bytes, it ends after 10',
  ),
  argument(
    'readIdx: truncated by a byte',
    () => data.readIdx(images.slice(0, -1)),
    'truncated: its header says 2 × 3 × 4 ubyte, 40 bytes in all, it ends after 39',
  ),
  argument(
    'readIdx: too long by a byte',
    () => data.readIdx(idx(0x0803, [2, 3, 4], 25)),
    'too long: its header says 2 × 3 × 4 ubyte, 40 bytes in all, it has 41',
  ),
  argument(
    'readIdx: a picture',
    () => data.readIdx(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0)),
    'not an IDX file: it starts with 0x89504e47',
  ),
  argument(
    'readIdx: an unknown type',
    () => data.readIdx(idx(0x0a01, [1], 1)),
    'unknown element type: it starts with 0x00000a01',
  ),
  argument(
    'readIdx: 17 dimensions',
    () => data.readIdx(idx(0x0811, new Array(17).fill(1), 1)),
    'has 17 dimensions, at most 16 are possible',
  ),
  argument(
    'readIdx: sizes of 2^64 elements',
    () => data.readIdx(idx(0x0802, [2 ** 32 - 1, 2 ** 32 - 1], 0)),
    'too large',
  ),
  argument('readIdx: more than it holds', () => data.readIdx(idx(0x0801, [2 ** 31], 1)), /too large|truncated/),
  argument('readIdx: gzip broken off', () => data.readIdx(gzipSync(images).subarray(0, -9)), 'truncated'),
  argument('readIdx: gzip of too much', () => data.readIdx(gzipSync(idx(0x0803, [2, 3, 4], 100000))), 'too long'),
  argument('readIdx: gzip of too little', () => data.readIdx(gzipSync(images.slice(0, 30))), 'truncated'),
  argument(
    'readIdx: no gzip after all',
    () => data.readIdx(Uint8Array.of(0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    'not a valid gzip file',
  ),
  argument(
    'readIdx: dtype',
    () => data.readIdx(images, { dtype: bad('uint8') }),
    'dtype must be one of float32, float64, int32, got "uint8"',
  ),
  argument('readIdx: scale NaN', () => data.readIdx(images, { scale: Number.NaN }), 'scale must be a number, got NaN'),
  argument(
    'readIdx: scale infinite',
    () => data.readIdx(images, { scale: Number.POSITIVE_INFINITY }),
    'scale must be finite',
  ),
  argument(
    'readIdx: int32 scaled',
    () => data.readIdx(images, { dtype: 'int32', scale: 0.5 }),
    'scale needs dtype float32 or float64, got int32',
  ),
  argument(
    'readIdx: floats as int32',
    () => data.readIdx(idx(0x0d01, [1], 4), { dtype: 'int32' }),
    'holds elements of type float, not for dtype int32',
  ),
];
