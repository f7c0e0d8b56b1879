import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArgumentError, data } from '../../src/index.js';

const { readIdx } = data;

type Write = (view: DataView, at: number, value: number) => void;
const types: Record<string, { code: number; bytes: number; dtype: string; values: number[]; write: Write }> = {
  ubyte: {
    code: 0x08,
    bytes: 1,
    dtype: 'int32',
    values: [0, 1, 127, 128, 255, 7],
    write: (v, at, x) => v.setUint8(at, x),
  },
  byte: {
    code: 0x09,
    bytes: 1,
    dtype: 'int32',
    values: [0, 1, 127, -128, -1, 7],
    write: (v, at, x) => v.setInt8(at, x),
  },
  short: {
    code: 0x0b,
    bytes: 2,
    dtype: 'int32',
    values: [0, 258, 32767, -32768, -1, 7],
    write: (v, at, x) => v.setInt16(at, x),
  },
  int: {
    code: 0x0c,
    bytes: 4,
    dtype: 'int32',
    values: [0, 66051, 2147483647, -2147483648, -1, 7],
    write: (v, at, x) => v.setInt32(at, x),
  },
  float: {
    code: 0x0d,
    bytes: 4,
    dtype: 'float32',
    values: [-0, 0.1, Number.NaN, Number.POSITIVE_INFINITY, -1e38, 7],
    write: (v, at, x) => v.setFloat32(at, x),
  },
  double: {
    code: 0x0e,
    bytes: 8,
    dtype: 'float64',
    values: [-0, 0.1, Number.NaN, Number.NEGATIVE_INFINITY, 1e300, 7],
    write: (v, at, x) => v.setFloat64(at, x),
  },
};

/** An IDX file, written from its definition. */
function idx(typeName: string, shape: readonly number[], values: readonly number[]): Uint8Array<ArrayBuffer> {
  const type = types[typeName]!;
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + values.length * type.bytes);
  const view = new DataView(bytes.buffer);
  bytes[2] = type.code;
  bytes[3] = shape.length;
  for (const [dim, size] of shape.entries()) view.setUint32(4 + 4 * dim, size);
  for (const [i, value] of values.entries()) type.write(view, start + i * type.bytes, value);
  return bytes;
}

describe('readIdx', () => {
  it.each(Object.entries(types))('reads %s, plain and gzip', (name, { dtype, values }) => {
    for (const bytes of [idx(name, [2, 3], values), gzipSync(idx(name, [2, 3], values))]) {
      const tensor = readIdx(bytes);
      expect(tensor.shape).toEqual([2, 3]);
      expect(tensor.dtype).toBe(dtype);
      expect(Array.from(tensor.toTypedArray())).toEqual(dtype === 'float32' ? values.map(Math.fround) : values);
    }
  });

  it('reads any shape and any bytes, at any offset of a buffer', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 7 }), fc.infiniteStream(fc.nat(255)), (shape, offset, stream) => {
        const values = [...stream.take(shape.reduce((a, b) => a * b, 1))];
        const file = idx('ubyte', shape, values);
        const within = new Uint8Array(offset + file.length + 3).fill(0xee);
        within.set(file, offset);
        const tensor = readIdx(within.subarray(offset, offset + file.length));
        expect(tensor.shape).toEqual(shape);
        expect(Array.from(tensor.toTypedArray())).toEqual(values);
      }),
      { numRuns: 100 },
    );
  });

  it('scales and converts', () => {
    const file = idx('ubyte', [3], [0, 51, 255]);
    expect(readIdx(file, { scale: 1 / 255 }).dtype).toBe('float32');
    expect(readIdx(file, { scale: 1 / 255 }).toArray()).toEqual([0, Math.fround(0.2), 1]);
    expect(readIdx(file, { scale: 0.5, dtype: 'float64' }).toArray()).toEqual([0, 25.5, 127.5]);
    expect(readIdx(file, { dtype: 'float32' }).dtype).toBe('float32');
    expect(readIdx(idx('double', [1], [0.1]), { dtype: 'float32' }).toArray()).toEqual([Math.fround(0.1)]);
    expect(readIdx(idx('float', [1], [3]), { scale: 2 }).dtype).toBe('float32');
    expect(readIdx(idx('double', [1], [3]), { scale: 2 }).dtype).toBe('float64');
  });

  it('takes as many bytes as it is allowed, of the file and of the tensor, before it takes memory', () => {
    const file = idx('ubyte', [2, 3], [1, 2, 3, 4, 5, 6]);
    for (const bytes of [file, gzipSync(file)]) {
      expect(readIdx(bytes, { maxBytes: 24 }).shape).toEqual([2, 3]);
      expect(() => readIdx(bytes, { maxBytes: 23 })).toThrow(
        'too large: its header says 2 × 3 ubyte, 18 bytes in all; its elements take 24 bytes, and maxBytes is 23',
      );
      expect(() => readIdx(bytes, { dtype: 'float64', maxBytes: 24 })).toThrow('its elements take 48 bytes');
    }
    expect(() => readIdx(idx('double', [1], [1]), { dtype: 'float32', maxBytes: 7 })).toThrow('take 8 bytes');
    expect(readIdx(idx('ubyte', [0], []), { maxBytes: 0 }).shape).toEqual([0]);
    // The header alone promises them; the elements are not there.
    expect(() => readIdx(promising(1, [2 ** 31]), { maxBytes: 1e9 })).toThrow('and maxBytes is 1000000000');
  });

  it('copies: later changes of the bytes do not show', () => {
    const file = idx('ubyte', [2], [1, 2]);
    const tensor = readIdx(file.buffer);
    file.fill(9);
    expect(tensor.toArray()).toEqual([1, 2]);
  });

  it('reads a gzip file whose name is longer than a first look', () => {
    const plain = gzipSync(idx('ubyte', [4], [1, 2, 3, 4]));
    // FNAME (flag 8): a zero-terminated name behind the ten bytes of the header.
    const name = Buffer.alloc(10_000, 'x');
    const named = Buffer.concat([plain.subarray(0, 10), name, Buffer.of(0), plain.subarray(10)]);
    named[3] = 8;
    expect(readIdx(named).toArray()).toEqual([1, 2, 3, 4]);
  });

  describe('from files', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'lanewise-idx-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('takes a path or a URL, and looks at the bytes, not at the name', () => {
      const path = join(folder, 'labels.gz');
      writeFileSync(path, idx('ubyte', [2], [3, 4]));
      expect(readIdx(path).toArray()).toEqual([3, 4]);
      writeFileSync(path, gzipSync(idx('ubyte', [2], [5, 6])));
      expect(readIdx(pathToFileURL(path)).toArray()).toEqual([5, 6]);
    });

    it('names the file in errors', () => {
      const missing = join(folder, 'missing');
      expect(() => readIdx(missing)).toThrow(new ArgumentError(`readIdx: ${missing}: not found`));
      expect(() => readIdx(folder)).toThrow(`readIdx: ${folder}: cannot be read (EISDIR)`);
      const path = join(folder, 'short');
      writeFileSync(path, idx('ubyte', [2], [3]));
      expect(() => readIdx(path)).toThrow(
        `readIdx: ${path}: truncated: its header says 2 ubyte, 10 bytes in all, it ends after 9`,
      );
    });
  });
});

/** Bytes with the head of an IDX file and sizes that promise far more. */
function promising(rank: number, sizes: readonly number[], code = 0x08): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length);
  bytes.set([0, 0, code, rank]);
  const view = new DataView(bytes.buffer);
  for (const [i, size] of sizes.entries()) view.setUint32(4 + 4 * i, size);
  return bytes;
}

const good = idx('ubyte', [2, 3], [1, 2, 3, 4, 5, 6]);
const zipped = gzipSync(good);
const corrupt = gzipSync(good).map((byte, i) => (i === zipped.length - 6 ? byte ^ 1 : byte));
const detached = idx('ubyte', [1], [1]);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const bomb = gzipSync(Buffer.concat([idx('ubyte', [8], [1, 2, 3, 4, 5, 6, 7, 8]), Buffer.alloc(50_000_000)]));

const rows: readonly (readonly [what: string, bytes: unknown, message: string])[] = [
  ['empty', new Uint8Array(0), 'the buffer: is empty'],
  ['three bytes', good.subarray(0, 3), 'truncated: an IDX file has a header of at least 4 bytes, it ends after 3'],
  ['a header cut short', good.subarray(0, 11), 'truncated: 2 sizes need a header of 12 bytes, it ends after 11'],
  ['no elements', good.subarray(0, 12), 'truncated: its header says 2 × 3 ubyte, 18 bytes in all, it ends after 12'],
  [
    'one element short',
    good.subarray(0, 17),
    'truncated: its header says 2 × 3 ubyte, 18 bytes in all, it ends after 17',
  ],
  ['one byte too many', Uint8Array.of(...good, 0), 'too long: its header says 2 × 3 ubyte, 18 bytes in all, it has 19'],
  ['an image', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2), 'not an IDX file: it starts with 0x89504e47'],
  ['little-endian', Uint8Array.of(1, 8, 0, 0, 1, 0, 0, 0, 1), 'not an IDX file: it starts with 0x01080000'],
  ['type 0x0a', promising(1, [1], 0x0a), 'unknown element type: it starts with 0x00000a01'],
  ['type 0', promising(1, [1], 0), 'unknown element type: it starts with 0x00000001'],
  ['17 dimensions', promising(17, []), 'has 17 dimensions, at most 16 are possible'],
  [
    'sizes of 4 G',
    promising(3, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]),
    'too large: its header says 4294967295 × 4294967295',
  ],
  ['16 GB of doubles', promising(1, [2 ** 31], 0x0e), 'too large: its header says 2147483648 double'],
  ['16 sizes of 4 G', promising(16, Array(16).fill(2 ** 32 - 1)), 'too large'],
  [
    'a scalar without its element',
    promising(0, []),
    'truncated: its header says one ubyte, 5 bytes in all, it ends after 4',
  ],
  ['4 GB promised', promising(1, [2 ** 32 - 10]), 'truncated: its header says 4294967286 ubyte'],
  ['gzip: nothing in it', gzipSync(new Uint8Array(0)), 'truncated: an IDX file has a header of at least 4 bytes'],
  [
    'gzip: cut short',
    zipped.subarray(0, zipped.length - 9),
    'truncated: its header says 2 × 3 ubyte, 18 bytes in all, but the compressed data breaks off',
  ],
  [
    'gzip: its head only',
    zipped.subarray(0, 5),
    'truncated: an IDX file has a header of at least 4 bytes, it ends after 0',
  ],
  ['gzip: a wrong checksum', corrupt, 'not a valid gzip file (incorrect data check)'],
  [
    'gzip: no gzip behind the first bytes',
    Uint8Array.of(0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    'not a valid gzip file',
  ],
  [
    'gzip: one element short',
    gzipSync(good.subarray(0, 17)),
    'truncated: its header says 2 × 3 ubyte, 18 bytes in all, it ends after 17',
  ],
  [
    'gzip: one byte too many',
    gzipSync(Uint8Array.of(...good, 0)),
    'too long: its header says 2 × 3 ubyte, 18 bytes in all, it has more',
  ],
  ['gzip: 50 MB too many', bomb, 'too long: its header says 8 ubyte, 16 bytes in all, it has more'],
  ['gzip: 4 GB promised', gzipSync(promising(1, [2 ** 32 - 10])), 'compressed bytes can hold'],
  ['gzip: another file', gzipSync(Buffer.from('hello')), 'not an IDX file: it starts with 0x68656c6c'],
  ['a detached buffer', detached, 'the buffer of the typed array is detached'],
  ['a shared buffer', new Uint8Array(new SharedArrayBuffer(8)), 'a SharedArrayBuffer may change while it is read'],
  ['a number', 5, 'expected a path, a URL or the bytes of a file, got 5'],
  ['an array', [0, 0, 8, 1], 'expected a path, a URL or the bytes of a file, got [0, 0, 8, 1]'],
  ['nothing', undefined, 'expected a path, a URL or the bytes of a file, got undefined'],
  ['a path with a zero byte', 'a\0b', 'cannot be read (ERR_INVALID_ARG_VALUE)'],
  ['a URL of another scheme', new URL('https://example.org/x'), 'https://example.org/x is not the URL of a file'],
];

describe('readIdx refuses', () => {
  it.each(rows)('%s', (_what, source, message) => {
    const read = () => readIdx(source as string);
    expect(read).toThrow(ArgumentError);
    expect(read).toThrow('readIdx: ');
    expect(read).toThrow(message);
  });

  it.each([
    [{ dtype: 'uint8' }, 'dtype must be one of float32, float64, int32, got "uint8"'],
    [{ scale: Number.NaN }, 'scale'],
    [{ scale: Number.POSITIVE_INFINITY }, 'scale must be finite, got Infinity'],
    [{ scale: '2' }, 'scale'],
    [{ dtype: 'int32', scale: 2 }, 'scale needs dtype float32 or float64, got int32'],
    [{ maxBytes: -1 }, 'maxBytes must not be negative, got -1'],
    [{ maxBytes: '1e6' }, 'maxBytes must be a number, got "1e6"'],
    [{ scales: 1 }, 'unknown option "scales"'],
    [null, 'options must be an object, got null'],
  ])('options %o', (options, message) => {
    expect(() => readIdx(good, options as data.ReadIdxOptions)).toThrow(ArgumentError);
    expect(() => readIdx(good, options as data.ReadIdxOptions)).toThrow(message);
  });

  it('floats as int32', () => {
    expect(() => readIdx(idx('float', [1], [1]), { dtype: 'int32' })).toThrow(
      'holds elements of type float, not for dtype int32',
    );
  });

  it('every file that is cut anywhere', () => {
    for (const file of [good, zipped])
      for (let length = 0; length < file.length - (file === zipped ? 8 : 0); length++)
        expect(() => readIdx(file.subarray(0, length)), `${length} bytes`).toThrow(ArgumentError);
  });
});
