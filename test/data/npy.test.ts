import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ArgumentError, data } from '../../src/index.js';
import { golden } from '../golden/load.js';
import { allBits, allGoldenBits, bits, goldenBits, temporaryFolder } from '../io/files.js';
import { zipFile } from '../io/zip.js';

const { readNpy, readNpz } = data;
const folder = temporaryFolder();
const { npy, npz, refusedArrays } = golden('files');
const decoded = ({ base64 }: { base64: string }) => Buffer.from(base64, 'base64');

/** A file with that header and that number of bytes of data. */
function npyFile(header: string, bytes = 0, version = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(header.length, 0, length.length);
  return Buffer.concat([
    Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1'),
    length,
    Buffer.from(header),
    Buffer.alloc(bytes, 1),
  ]);
}

const headerOf = (parts: { descr?: string; order?: string; shape?: string }) =>
  `{'descr': ${parts.descr ?? "'<f4'"}, 'fortran_order': ${parts.order ?? 'False'}, 'shape': ${parts.shape ?? '(2,)'}, }`;

describe('readNpy', () => {
  it.each(npy)("reads what NumPy wrote to the bit: '$name'", (row) => {
    const expected = goldenBits(row.tensors['']!);
    expect(bits(readNpy(decoded(row)))).toBe(expected);
    const path = join(folder, 'array.npy');
    writeFileSync(path, decoded(row));
    expect(bits(readNpy(path))).toBe(expected);
    expect(bits(readNpy(pathToFileURL(path)))).toBe(expected);
  });

  it.each(refusedArrays)('refuses arrays of other things: $name', (row) => {
    expect(() => readNpy(decoded(row))).toThrow(
      /^readNpy: the buffer: (holds elements of type|its header is not that of an array of numbers)/,
    );
    expect(() => readNpy(decoded(row))).toThrow(ArgumentError);
  });

  const laws: [what: string, file: Uint8Array, message: string][] = [
    ['an empty file', Buffer.alloc(0), 'readNpy: the buffer: is empty'],
    ['another file', Buffer.from('not an array at all'), "not an array of NumPy: it does not begin with '\\x93NUMPY'"],
    ['version 4', npyFile(headerOf({}), 8, 4), 'version 4.0 of the format; 1.0, 2.0 and 3.0 can be read'],
    [
      'a cut header',
      npyFile(headerOf({}), 8).subarray(0, 11),
      'truncated: its header ends at byte 67, it ends after 11',
    ],
    ['a huge header', npyFile('x'.repeat(70_000), 0, 2), 'its header of 70000 bytes is longer'],
    ['cut data', npyFile(headerOf({}), 7), 'truncated: its header says (2) F32, 75 bytes in all, it ends after 74'],
    ['bytes behind the end', npyFile(headerOf({}), 9), 'too long: its header says (2) F32, 75 bytes in all, it has 76'],
    [
      'sizes that are huge',
      npyFile(headerOf({ shape: '(4294967295, 4294967295)' })),
      'too large: shape (4294967295, 4294967295)',
    ],
    ['a size that is huge', npyFile(headerOf({ shape: '(99999999999, 0)' })), 'too large: a size of 99999999999'],
    ['too many dimensions', npyFile(headerOf({ shape: `(${'1, '.repeat(17)})` }), 4), 'has 17 dimensions, at most 16'],
    ['negative sizes', npyFile(headerOf({ shape: '(-2,)' }), 8), 'its header is not that of an array of numbers'],
    ['no order', npyFile(headerOf({ order: '0' }), 8), 'its header is not that of an array of numbers'],
    ['no type', npyFile("{'descr': '<f4', 'fortran_order': False}", 8), 'its header is not that of an array'],
    [
      'names twice',
      npyFile("{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }", 8),
      'its header is not that of an array',
    ],
    ['more than a dict', npyFile(`${headerOf({})}, 5`, 8), 'its header is not that of an array'],
    ['code', npyFile(headerOf({ shape: '__import__("os")' }), 8), 'its header is not that of an array'],
    ['a type that is none', npyFile(headerOf({ descr: "'<f3'" }), 6), 'holds elements of type "<f3"'],
  ];

  it.each(laws)('refuses %s', (_what, file, message) => {
    expect(() => readNpy(file)).toThrow(message);
    expect(() => readNpy(file)).toThrow(ArgumentError);
  });

  it('takes headers in any order and spacing', () => {
    const odd = "{ 'shape' :(2 , ) ,'fortran_order':False, 'descr':'|u1' }   \n";
    expect(readNpy(npyFile(odd, 2)).toArray()).toEqual([1, 1]);
    expect(readNpy(npyFile(headerOf({ shape: '(2L, 1L)' }), 8, 2)).shape).toEqual([2, 1]);
  });

  it('gives up soon on a long header that is none', () => {
    const start = performance.now();
    for (const fill of [' ', '1', '1,', "'a", '(', '\n'])
      expect(() =>
        readNpy(npyFile(`{'descr': '<f4', 'fortran_order': False, 'shape': (2,)${fill.repeat(30_000)}`, 8, 2)),
      ).toThrow(ArgumentError);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('notices a file cut at every byte', () => {
    const whole = decoded(npy[0]!);
    for (let length = 0; length < whole.length; length++)
      expect(() => readNpy(whole.subarray(0, length))).toThrow(ArgumentError);
  });

  it('keeps to maxBytes', () => {
    expect(() => readNpy(decoded(npy[0]!), { maxBytes: 95 })).toThrow(
      'its elements take 96 bytes, of maxBytes 95 are left',
    );
    expect(readNpy(decoded(npy[0]!), { maxBytes: 96 }).shape).toEqual([2, 3, 4]);
    expect(() => readNpy(decoded(npy[0]!), { maxBytes: -1 })).toThrow('readNpy: maxBytes must not be negative, got -1');
  });
});

describe('readNpz', () => {
  it.each(npz)('reads what NumPy wrote to the bit: $name', (row) => {
    const arrays = readNpz(decoded(row));
    expect(allBits(arrays)).toEqual(allGoldenBits(row.tensors));
    expect(Object.getPrototypeOf(arrays)).toBeNull();
  });

  it('names the array that is broken', () => {
    const file = zipFile({ 'a.npy': npyFile(headerOf({}), 8), 'b.npy': npyFile(headerOf({}), 4) });
    expect(() => readNpz(file)).toThrow('readNpz: the buffer: "b.npy": truncated: its header says (2) F32');
    expect(() => readNpz(zipFile({ 'a.txt': Buffer.from('x') }))).toThrow(
      'readNpz: the buffer: "a.txt" in it is not an array',
    );
    expect(() => readNpz(decoded(npy[0]!))).toThrow('is a single array: read it with readNpy');
    expect(() => readNpz(Buffer.from('x'))).toThrow('not a zip file');
    expect(() => readNpz(zipFile({ 'a.npy': npyFile(headerOf({}), 8) }, { crc: 5 }))).toThrow(
      'do not have the checksum',
    );
  });

  it('keeps to maxBytes, also of what is compressed', () => {
    const bomb = zipFile({ 'a.npy': npyFile(headerOf({ shape: '(25000000,)' }), 100_000_000) }, { deflate: true });
    expect(bomb.length).toBeLessThan(200_000);
    expect(() => readNpz(bomb, { maxBytes: 1e6 })).toThrow(
      'too large: "a.npy" takes 100000074 bytes, of maxBytes 1000000 are left',
    );
    const two = zipFile({ 'a.npy': npyFile(headerOf({}), 8), 'b.npy': npyFile(headerOf({}), 8) });
    expect(() => readNpz(two, { maxBytes: 15 })).toThrow('"b.npy": too large');
    expect(Object.keys(readNpz(two, { maxBytes: 16 }))).toEqual(['a', 'b']);
  });
});
