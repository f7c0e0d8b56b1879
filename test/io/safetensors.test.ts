import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ArgumentError, io, nn, tensor } from '../../src/index.js';
import { golden } from '../golden/load.js';
import { allBits, allGoldenBits, bits, safetensorsFile, temporaryFolder } from './files.js';

const folder = temporaryFolder();
const cases = golden('files').safetensors;
const bytesOf = (name: string) => Buffer.from(cases.find((row) => row.name === name)!.base64, 'base64');

describe("files that Python's safetensors wrote", () => {
  it.each(cases)('$name: every bit is read', async ({ base64, tensors, metadata }) => {
    const path = join(folder, 'python.safetensors');
    writeFileSync(path, Buffer.from(base64, 'base64'));
    const expected = allGoldenBits(tensors);
    const state = await io.load(path);
    expect(allBits(state)).toEqual(expected);
    expect({ ...io.fileInfo(state).metadata }).toEqual(metadata);
    expect(io.fileInfo(state).format).toBe('safetensors');
    expect(allBits(io.loadSync(path))).toEqual(expected);
    expect(allBits(io.loadSync(pathToFileURL(path)))).toEqual(expected);
    expect(allBits(io.deserialize(readFileSync(path)))).toEqual(expected);
  });

  it('are written again as the same bytes', () => {
    for (const name of ['network', 'shapes', 'names', 'nothing']) {
      const bytes = bytesOf(name);
      const state = io.deserialize(bytes);
      expect(Buffer.from(io.serialize(state, { metadata: io.fileInfo(state).metadata })).equals(bytes), name).toBe(
        true,
      );
    }
  });

  it('say what was converted', () => {
    const state = io.deserialize(bytesOf('dtypes'));
    const { converted } = io.fileInfo(state);
    const found = Object.fromEntries(converted.map(({ from, to }) => [from, to]));
    expect(found).toEqual({
      ...{ F16: 'float32', BF16: 'float32', F8_E4M3: 'float32', F8_E5M2: 'float32' },
      ...{
        BOOL: 'int32',
        U8: 'int32',
        I8: 'int32',
        I16: 'int32',
        U16: 'int32',
        U32: 'int32',
        I64: 'int32',
        U64: 'int32',
      },
    });
    expect(converted.every(({ name, from, rounded }) => name === from && !rounded)).toBe(true);
    const wide = io.fileInfo(io.deserialize(bytesOf('wide'))).converted;
    expect(wide.map(({ name, rounded }) => [name, rounded])).toEqual([
      ['U64', true],
      ['I64', true],
      ['U32', false],
    ]);
  });
});

describe('saving', () => {
  const model = () => new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2));

  it('gives a model its numbers back, by path, URL, stream and bytes', async () => {
    const source = model();
    const expected = allBits(source.stateDict());
    const metadata = { author: 'me', __proto__: 'x' };
    const path = join(folder, 'model.safetensors');
    const bytes = io.serialize(source, { metadata });
    const check = (state: Awaited<ReturnType<typeof io.load>>) => {
      expect(allBits(state)).toEqual(expected);
      expect({ ...io.fileInfo(state).metadata }).toEqual({ author: 'me' });
      const target = model();
      expect(String(target.loadStateDict(state))).toBe('<All keys matched successfully>');
      expect(allBits(target.stateDict())).toEqual(expected);
    };
    for (const target of [path, pathToFileURL(path)]) {
      await io.save(target, source, { metadata });
      check(await io.load(target));
      io.saveSync(target, source.stateDict(), { metadata });
      check(io.loadSync(target));
    }
    await io.save(createWriteStream(path), new Map(Object.entries(source.stateDict())), { metadata });
    check(await io.load(createReadStream(path, { highWaterMark: 7 })));
    check(await io.load(Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>));
    const parts: Uint8Array[] = [];
    await io.save(new WritableStream({ write: (part) => void parts.push(part) }), source, { metadata });
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    check(io.deserialize(bytes));
    check(io.deserialize(bytes.buffer));
    check(io.loadSync(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)));
    check(await io.load(path));
  });

  it('keeps every dtype, special number and empty size', () => {
    const state = {
      f64: tensor(new Float64Array([0.1, -0, Number.NaN])),
      f32: tensor([Number.POSITIVE_INFINITY, 1e-45]),
      i32: tensor([-(2 ** 31), 2 ** 31 - 1], { dtype: 'int32' }),
      empty: tensor([], { shape: [0, 3] }),
      scalar: tensor(2),
    };
    const back = io.deserialize(io.serialize(state));
    expect(allBits(back)).toEqual(allBits(state));
    expect(io.fileInfo(back).converted).toEqual([]);
    expect(Object.keys(back)).toEqual(['f64', 'empty', 'f32', 'scalar', 'i32']);
  });

  it('writes the counter of a BatchNorm as PyTorch does', () => {
    const state = { 'bn.num_batches_tracked': tensor(-7, { dtype: 'int32' }), other: tensor(7, { dtype: 'int32' }) };
    const bytes = io.serialize(state);
    expect(Buffer.from(bytes).toString('latin1')).toContain(
      '"bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]}',
    );
    expect(allBits(io.deserialize(bytes))).toEqual(allBits(state));
  });

  it('writes the numbers of the moment of the call', async () => {
    const weight = tensor([1, 2, 3]);
    const path = join(folder, 'moment.safetensors');
    const written = io.save(path, { weight });
    weight.fill_(9);
    await written;
    expect((await io.load(path)).weight!.toArray()).toEqual([1, 2, 3]);
  });

  it('takes what JSON and clones make of tensors', () => {
    const state = { a: tensor([[1, 2]]), b: tensor([-0]) };
    expect(allBits(io.deserialize(io.serialize(JSON.parse(JSON.stringify(state)))))).toEqual(allBits(state));
    expect(allBits(io.deserialize(io.serialize(structuredClone(state) as never)))).toEqual(allBits(state));
  });

  it.each([
    [5, {}, 'expected a module or a state dict, got 5'],
    [{ a: 5 }, {}, '"a" must be a Tensor, got 5'],
    [new Map([[1, tensor(1)]]), {}, 'names of tensors are strings, got 1'],
    [{ __metadata__: tensor(1) }, {}, 'a tensor cannot be called "__metadata__"'],
    [{ '\ud800': tensor(1) }, {}, 'the name "\\ud800" has half a character'],
    [{}, { metadata: { a: 1 } }, 'metadata are strings by name, got 1 as "a"'],
    [{}, { metadata: 'x' }, 'metadata must be an object of strings, got "x"'],
    [{}, { mode: 1 }, 'unknown option "mode"'],
  ])('refuses %j', async (source, options, message) => {
    expect(() => io.serialize(source as never, options as never)).toThrow(`io.serialize: ${message}`);
    expect(() => io.serialize(source as never, options as never)).toThrow(ArgumentError);
    await expect(io.save(join(folder, 'none'), source as never, options as never)).rejects.toThrow(ArgumentError);
  });

  it('names the way for PyTorch files and what is no path', async () => {
    await expect(io.save(join(folder, 'a.pth'), {})).rejects.toThrow('writes safetensors, not PyTorch');
    await expect(io.save(5 as never, {})).rejects.toThrow('io.save: expected a path, a file: URL or a stream, got 5');
    expect(() => io.saveSync('' as never, {})).toThrow(ArgumentError);
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space')) });
    await expect(io.save(broken, { a: tensor(1) })).rejects.toThrow('no space');
  });
});

describe('loading', () => {
  it('names the file that is not there, and what is no file', async () => {
    await expect(io.load(join(folder, 'none'))).rejects.toThrow(/^io\.load: .*none: not found$/);
    expect(() => io.loadSync(folder)).toThrow(/is no regular file|EISDIR/);
    await expect(io.load(folder)).rejects.toThrow(ArgumentError);
    expect(() => io.loadSync(5 as never)).toThrow('io.loadSync: expected a path, a URL or the bytes of a file, got 5');
    expect(() => io.deserialize('path' as never)).toThrow('io.deserialize: expected the bytes of a file, got "path"');
    expect(() => io.deserialize(new Uint8Array(new SharedArrayBuffer(8)) as never)).toThrow('SharedArrayBuffer');
    expect(() => io.fileInfo({})).toThrow('expected a state dict as io.load gave it');
  });

  it('ends a stream that is too long', async () => {
    const bytes = io.serialize({ a: tensor([1, 2]) });
    const stream = () => Readable.from([bytes.slice(0, 5), bytes.slice(5)]);
    expect((await io.load(stream(), { maxBytes: bytes.length })).a!.toArray()).toEqual([1, 2]);
    await expect(io.load(stream(), { maxBytes: bytes.length - 1 })).rejects.toThrow(
      'the stream has more than maxBytes',
    );
    await expect(io.load(Readable.from(['text']))).rejects.toThrow('the stream must give bytes, got "text"');
    await expect(io.load(stream(), { maxBytes: -1 })).rejects.toThrow('maxBytes must not be negative');
  });

  const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });
  const a = f32([2], 0, 8);
  const laws: [what: string, file: Uint8Array, message: string | RegExp][] = [
    ['an empty file', Buffer.alloc(0), 'truncated: a safetensors file begins with 8 bytes of length, it ends after 0'],
    [
      'a length beyond the law',
      Buffer.from('ffffffffffffffff', 'hex'),
      'a header of 18446744073709552000 bytes, at most 100000000',
    ],
    [
      'a length beyond the file',
      safetensorsFile({}).subarray(0, 9),
      'truncated: its header ends at byte 10, it ends after 9 bytes',
    ],
    ['no brace', safetensorsFile(' {}'), "the header does not begin with '{' (byte 8)"],
    ['no header', safetensorsFile(''), "the header does not begin with '{' (byte 8)"],
    [
      'no UTF-8',
      Buffer.concat([Buffer.from('0300000000000000', 'hex'), Buffer.from('{"\xff', 'latin1')]),
      'is not UTF-8',
    ],
    ['no JSON', safetensorsFile('{"a":}'), 'the header (from byte 8 on) is not JSON'],
    [
      'a name twice',
      safetensorsFile(`{"a":${JSON.stringify(a)},"a":${JSON.stringify(a)}}`, 8),
      'the name "a" stands in the header twice, again at byte 62',
    ],
    [
      'an escaped name twice',
      safetensorsFile(`{"a":${JSON.stringify(a)},"\\u0061":${JSON.stringify(a)}}`, 8),
      'the name "a" stands in the header twice',
    ],
    [
      'a key twice',
      safetensorsFile('{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
      'the name "dtype" stands in the header twice',
    ],
    [
      '__metadata__ twice',
      safetensorsFile('{"__metadata__":{},"__metadata__":{}}'),
      'the name "__metadata__" stands in the header twice',
    ],
    [
      'a __proto__ that is no tensor',
      safetensorsFile('{"__proto__":1}'),
      'tensor "__proto__" (header, byte 9): must be an object, got 1',
    ],
    [
      'metadata of numbers',
      safetensorsFile({ __metadata__: { x: 1 } }),
      '__metadata__ (header, byte 9): "x" must be a string, got 1',
    ],
    [
      'metadata that are no object',
      safetensorsFile({ __metadata__: ['x'] }),
      '__metadata__ (header, byte 9): must be an object of strings',
    ],
    [
      'an unknown type',
      safetensorsFile({ a: { ...a, dtype: 'C64' } }, 8),
      'tensor "a" (header, byte 9): unknown dtype "C64"',
    ],
    ['an inherited type', safetensorsFile({ a: { ...a, dtype: 'toString' } }, 8), 'unknown dtype "toString"'],
    [
      'no type',
      safetensorsFile({ a: { shape: [], data_offsets: [0, 4] } }, 4),
      'tensor "a" (header, byte 9): has no dtype',
    ],
    ['no shape', safetensorsFile({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), 'has no shape'],
    ['no place', safetensorsFile({ a: { dtype: 'F32', shape: [] } }), 'has no data_offsets'],
    [
      'a shape of fractions',
      safetensorsFile({ a: f32([1.5], 0, 6) }, 6),
      'shape must be an array of integers that are not negative',
    ],
    ['a negative size', safetensorsFile({ a: f32([-1], 0, 4) }, 4), 'shape must be an array of integers'],
    [
      'a size of -0',
      safetensorsFile('{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}'),
      'shape must be an array of integers',
    ],
    ['a size that is huge', safetensorsFile({ a: f32([2 ** 40, 0], 0, 0) }), 'a size of 1099511627776 is too large'],
    [
      'sizes whose product overflows',
      safetensorsFile({ a: f32([2 ** 32, 2 ** 32, 2 ** 32], 0, 0) }),
      'has too many elements',
    ],
    [
      'too many dimensions',
      safetensorsFile({ a: f32(new Array(17).fill(1), 0, 4) }, 4),
      'has 17 dimensions, at most 16',
    ],
    [
      'three offsets',
      safetensorsFile({ a: { ...a, data_offsets: [0, 4, 8] } }, 8),
      'data_offsets must be two integers',
    ],
    [
      'an offset that is no safe integer',
      safetensorsFile({ a: { ...a, data_offsets: [0, 2 ** 53] } }, 8),
      'data_offsets must be two integers',
    ],
    [
      'an end in front of the beginning',
      safetensorsFile({ a: f32([2], 8, 0) }, 8),
      'data_offsets [8, 0] end before they begin',
    ],
    [
      'a place of another size',
      safetensorsFile({ a: f32([3], 0, 8) }, 8),
      'data_offsets [0, 8] hold 8 bytes, shape [3] of F32 takes 12',
    ],
    [
      'a hole in front',
      safetensorsFile({ a: f32([2], 4, 12) }, 12),
      /tensor "a" begins at byte 67 of the file \(4 of the data\), after a hole: .* ends at 63/,
    ],
    [
      'a hole between',
      safetensorsFile({ a, b: f32([1], 12, 16) }, 16),
      /tensor "b" begins at byte \d+ of the file \(12 of the data\), after a hole/,
    ],
    [
      'an overlap',
      safetensorsFile({ a, b: f32([1], 4, 8) }, 8),
      /tensor "b" begins at byte \d+ of the file \(4 of the data\), within another one/,
    ],
    [
      'the same place twice',
      safetensorsFile({ a, b: a }, 8),
      /tensor "b" begins at byte \d+ of the file \(0 of the data\), within another one/,
    ],
    [
      'a cut tensor',
      safetensorsFile({ a }, 7),
      'truncated: tensor "a" ends at byte 70 of the file, which has 69 bytes',
    ],
    [
      'bytes behind the end',
      safetensorsFile({ a }, 9),
      'too long: the last tensor ends at byte 70 of the file, which has 71 bytes',
    ],
    [
      'data without tensors',
      safetensorsFile({}, 1),
      'too long: the last tensor ends at byte 10 of the file, which has 11 bytes',
    ],
  ];

  it.each(laws)('refuses %s', async (what, file, message) => {
    const path = join(folder, 'broken.safetensors');
    writeFileSync(path, file);
    expect(() => io.deserialize(file)).toThrow(message);
    expect(() => io.deserialize(file)).toThrow(ArgumentError);
    await expect(io.load(path), what).rejects.toThrow(message);
    expect(() => io.loadSync(path)).toThrow(message);
    expect(() => io.loadSync(path)).toThrow(path);
  });

  it('keeps the fractions of NaN', () => {
    const header = {
      a: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
      b: { dtype: 'BF16', shape: [2], data_offsets: [6, 10] },
    };
    const state = io.deserialize(
      safetensorsFile(header, Buffer.from(new Uint16Array([0x7c01, 0xfe00, 0x7fff, 0x7f81, 0xffc1]).buffer)),
    );
    expect(bits(state.a!)).toBe('float32 [3] 0020c07f0000c0ff00e0ff7f');
    expect(bits(state.b!)).toBe('float32 [2] 0000817f0000c1ff');
  });

  it('takes what is odd but lawful', () => {
    expect(
      bits(
        io.deserialize(safetensorsFile('{"a":{"extra":1,"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   ', 8)).a!,
      ),
    ).toContain('[2]');
    const state = io.deserialize(safetensorsFile({ z: f32([0, 5], 8, 8), a, y: f32([0], 0, 0) }, 8));
    expect(Object.keys(state)).toEqual(['y', 'a', 'z']);
    expect(Object.getPrototypeOf(state)).toBeNull();
  });

  it('notices a file cut at every byte', () => {
    const whole = bytesOf('network');
    for (let length = 0; length < whole.length; length++)
      expect(() => io.deserialize(whole.subarray(0, length))).toThrow(ArgumentError);
  });
});
