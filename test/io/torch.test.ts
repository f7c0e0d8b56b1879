import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArgumentError, io, nn } from '../../src/index.js';
import { golden } from '../golden/load.js';
import { allBits, allGoldenBits, temporaryFolder } from './files.js';
import { changedPickle, pickleFile, zipFile } from './zip.js';

const folder = temporaryFolder();
const { torch, refused } = golden('files');
const bytesOf = (name: string) => Buffer.from(torch.find((row) => row.name === name)!.base64, 'base64');

describe('files of torch.save', () => {
  it.each(torch)('$name: every bit is read', async ({ base64, tensors, key }) => {
    const path = join(folder, 'model.pt');
    writeFileSync(path, Buffer.from(base64, 'base64'));
    const options = key === null ? {} : { key };
    const expected = allGoldenBits(tensors);
    const state = await io.load(path, options);
    expect(allBits(state)).toEqual(expected);
    expect(Object.keys(state)).toEqual(Object.keys(tensors));
    expect(io.fileInfo(state).format).toBe('pytorch');
    expect(allBits(io.loadSync(path, options))).toEqual(expected);
    expect(allBits(io.deserialize(Buffer.from(base64, 'base64'), options))).toEqual(expected);
  });

  it('give a model its numbers', () => {
    const model = new nn.Linear(3, 4);
    const state = io.deserialize(bytesOf('network'));
    model.loadStateDict({ weight: state['0.weight']!, bias: state['0.bias']! });
    expect(allBits(model.stateDict()).weight).toBe(allBits(state)['0.weight']);
  });

  it('say what was converted', () => {
    const { converted, metadata } = io.fileInfo(io.deserialize(bytesOf('network')));
    expect(converted).toEqual([{ name: '2.num_batches_tracked', from: 'I64', to: 'int32', rounded: false }]);
    expect(Object.keys(metadata)).toEqual([]);
  });

  it('keep tensors of the same elements together', () => {
    const state = io.deserialize(bytesOf('parameters'));
    expect(state.a).toBe(state.b);
    expect(state.a).not.toBe(state.c);
  });

  it('are chosen from by keys', () => {
    const file = bytesOf('checkpoint');
    expect(allBits(io.deserialize(file, { key: 'model' }))).toEqual(allBits(io.deserialize(bytesOf('network'))));
    expect(allBits(io.deserialize(bytesOf('nested'), { key: ['net', 'deep', 'y'] }))).toHaveProperty("'y'");
    const says = (options: object | undefined, message: string) =>
      expect(() => io.deserialize(file, options)).toThrow(`io.deserialize: the buffer: ${message}`);
    says(
      undefined,
      '"optimizer.param_groups" is a list, not a tensor; the file has the keys "model", "optimizer", "epoch"',
    );
    says({ key: 'none' }, 'the file has no key "none"; it has "model", "optimizer"');
    says({ key: ['model', 'x'] }, '"model" has no key "x"; it has "0.weight"');
    says({ key: ['epoch', 'x'] }, '"epoch" holds an int, not a dict with the key "x"');
    says({ key: 'name' }, 'holds a str, not a dict of tensors');
    expect(() => io.deserialize(file, { key: 5 as never })).toThrow(
      'io.deserialize: key must be a string or an array of strings, got 5',
    );
    expect(() => io.deserialize(io.serialize({}), { key: 'a' })).toThrow('a safetensors file holds no dicts');
  });

  const reasons: Record<string, string | RegExp> = {
    module:
      'the pickle names torch.nn.modules.linear.Linear (byte 2 of it), which no state dict of tensors needs: nothing of it is run',
    code: /the pickle names (posix|os)\.system/,
    numpy: /the pickle names numpy\..*scalar/,
    sparse: 'the pickle names torch._utils._rebuild_sparse_tensor',
    complex: 'the pickle names torch.ComplexFloatStorage',
    set: /the pickle names (__builtin__|builtins)\.set/,
    expanded: 'is an expanded tensor of 3 elements in a storage of 1: save it as .contiguous()',
    number: '"lr" is a float, not a tensor; the file has the keys "a", "lr"',
    legacy: "a pickle of PyTorch's format before 1.6",
    script: 'a program of TorchScript',
  };

  it.each(refused)('are refused by name: $name', ({ name, base64 }) => {
    const read = () => io.deserialize(Buffer.from(base64, 'base64'));
    expect(read).toThrow(ArgumentError);
    expect(read).toThrow(reasons[name]!);
  });

  it('are noticed when cut at every byte, and when any byte of a storage or the pickle differs', () => {
    const whole = bytesOf('tensor');
    const expected = allBits(io.deserialize(whole));
    for (let length = 0; length < whole.length; length++)
      expect(() => io.deserialize(whole.subarray(0, length)), `${length}`).toThrow(ArgumentError);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x41;
      try {
        expect(allBits(io.deserialize(changed))).toEqual(expected);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(ArgumentError);
      }
    }
  });
});

describe('a pickle', () => {
  const laws: [what: string, pickle: string, message: string][] = [
    ['an unknown instruction', '\x80\x02c__builtin__\neval\n', 'the pickle names __builtin__.eval (byte 2 of it)'],
    [
      'an instruction of classes',
      '\x80\x02(ios\nsystem\n.',
      "the pickle has the instruction 'i', which no state dict needs (byte 3 of it)",
    ],
    ['extensions', '\x80\x02\x82\x01.', 'the pickle has the instruction 0x82'],
    ['a name of pieces', '\x80\x04\x8c\x02os\x8c\x06system\x93.', 'the pickle names os.system'],
    ['a name by numbers', '\x80\x04K\x01K\x02\x93.', 'names something by what is no string'],
    ['a missing end', '\x80\x02}', 'the pickle breaks off'],
    ['a missing line', '\x80\x02ccollections', 'the pickle breaks off'],
    ['a text that is too long', '\x80\x02X\xff\xff\xff\xff', 'the pickle breaks off (byte 2 of it)'],
    ['an empty stack', '\x80\x02.', 'the pickle takes a value that is not there'],
    ['a value below a mark', '\x80\x02}(s.', 'the pickle takes a value that is not there (byte 4 of it)'],
    ['no mark', '\x80\x02}u.', 'the pickle has no mark'],
    ['values left over', '\x80\x02}}.', 'the pickle ends with values left over'],
    ['an item without a value', '\x80\x02}(Nu.', 'sets an item without a value'],
    ['items of no dict', '\x80\x02](NNu.', 'sets items of what is no dict'],
    ['a key that is a dict', '\x80\x02}}Ns.', 'has a key that is neither a string nor a number'],
    ['an element of no list', '\x80\x02}Na.', 'appends to what is no list'],
    ['a memory that is empty', '\x80\x02h\x07.', 'the pickle recalls 7, which it has not kept'],
    ['a call of no name', '\x80\x02})R.', 'the pickle calls what is no name'],
    [
      'a call with what does not fit',
      '\x80\x02ccollections\nOrderedDict\nK\x01\x85R.',
      'the pickle calls collections.OrderedDict with (an int)',
    ],
    ['a call of a type', '\x80\x02ctorch\nFloatStorage\n)R.', 'the pickle calls torch.FloatStorage with ()'],
    ['attributes of no dict', '\x80\x02]Nb.', 'sets attributes of'],
    ['no storage', '\x80\x02NQ.', 'the pickle describes no storage of tensors'],
    ['protocol 1', '\x80\x01}.', 'the pickle is of protocol 1'],
    ['a list', '\x80\x02].', 'holds a list, not a dict of tensors'],
    ['None in a dict', '\x80\x02}X\x01\0\0\0aNs.', '"a" is None, not a tensor'],
    ['a dict of itself', '\x80\x02}q\x00X\x01\0\0\0ah\x00s.', '"a." is a dict that is repeated'],
    [
      'equal names',
      '\x80\x02}(X\x03\0\0\0a.bT1X\x01\0\0\0a}X\x01\0\0\0bT1su.',
      'the name "a.b" stands for two tensors',
    ],
  ];

  it.each(laws)('with %s is refused', (_what, pickle, message) => {
    const file = pickleFile(pickle);
    expect(() => io.deserialize(file)).toThrow(message);
    expect(() => io.deserialize(file)).toThrow(ArgumentError);
  });

  it('makes the values that Python would', () => {
    // Numbers of every form, tuples and lists next to a tensor that is chosen.
    const numbers = 'K\x07M\x01\x02J\xff\xff\xff\xff\x8a\x02\x00\x80\x8a\x00G\x3f\xf8\0\0\0\0\0\0';
    const state = io.deserialize(pickleFile(`\x80\x02}(X\x01\0\0\0x(${numbers}tX\x01\0\0\0y](NeX\x01\0\0\0tT1u.`), {
      key: 't',
    });
    expect(state.t!.toArray()).toEqual([1, 2]);
  });
});

describe('a tensor in a pickle', () => {
  const laws: [what: string, change: Parameters<typeof changedPickle>[0], message: string][] = [
    [
      'negative sizes',
      { size: 'J\xfe\xff\xff\xff\x85' },
      'its offset, size and stride are not integers that fit together',
    ],
    ['fractions', { offset: 'G\x3f\xf8\0\0\0\0\0\0' }, 'its offset, size and stride are not integers'],
    ['no sizes', { size: 'N' }, 'its offset, size and stride are not integers'],
    [
      'more sizes than strides',
      { size: 'K\x01K\x02\x86' },
      'its offset, size and stride are not integers that fit together',
    ],
    [
      'an end behind the storage',
      { offset: 'K\x01' },
      'shape [2] with strides [1] from 1 on ends at element 2 of a storage of 2',
    ],
    ['a stride behind the storage', { stride: 'K\x02\x85' }, 'ends at element 2 of a storage of 2'],
    [
      'huge sizes',
      { size: '\x8a\x05\0\0\0\0\x10\x85', stride: 'K\x00\x85' },
      'shape [68719476736] has too many elements',
    ],
    ['a storage that is missing', { key: 'X\x01\0\0\x005' }, 'its storage data/5 is not in the file'],
    ['a storage of another name', { key: 'X\x0b\0\0\0../data.pkl' }, 'its storage data/../data.pkl is not in the file'],
    ['a storage of another length', { length: 'K\x03' }, 'has 8 bytes, the pickle says 12'],
    ['a negative length', { length: 'J\xff\xff\xff\xff' }, 'the pickle describes no storage of tensors'],
  ];

  it.each(laws)('with %s is refused by name', (_what, change, message) => {
    const file = changedPickle(change);
    expect(() => io.deserialize(file)).toThrow(message);
    expect(() => io.deserialize(file)).toThrow(ArgumentError);
  });

  it('may be read unchanged', () => {
    expect(io.deserialize(changedPickle({})).a!.toArray()).toEqual([1, 2]);
  });

  it('cannot take far more than its storage by views', () => {
    let items = '';
    for (let i = 0; i < 20; i++) items += `X\x02\0\0\0${String.fromCharCode(97 + i)}xT${1 + (i % 2)}`;
    expect(() => io.deserialize(pickleFile(`\x80\x02}(${items}u.`))).not.toThrow();
    const views = Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => [i, j])).flat();
    const wide = views
      .map(([i, j]) => `X\x02\0\0\0${String.fromCharCode(97 + i!)}${String.fromCharCode(97 + j!)}` + `V${i}${j}`)
      .join('');
    expect(() => io.deserialize(pickleFile(`\x80\x02}(${wide}u.`))).toThrow(
      'take more than 8 times the storage that they share',
    );
  });
});

describe('a zip file', () => {
  const entries = { 'a/data.pkl': Buffer.from('\x80\x02}.', 'latin1'), 'a/byteorder': Buffer.from('little') };

  it('of nothing but a pickle is enough', () => {
    expect(Object.keys(io.deserialize(zipFile(entries)))).toEqual([]);
    expect(Object.keys(io.deserialize(zipFile(entries, { comment: 'PK\x05\x06 a comment' })))).toEqual([]);
    expect(Object.keys(io.deserialize(zipFile(entries, { is64: true })))).toEqual([]);
    expect(Object.keys(io.deserialize(zipFile(entries, { deflate: true })))).toEqual([]);
  });

  const laws: [what: string, file: Buffer, message: string | RegExp][] = [
    ['without a pickle', zipFile({ x: Buffer.from('y') }), 'a zip file, but not one of PyTorch'],
    [
      'of big-endian numbers',
      zipFile({ ...entries, 'a/byteorder': Buffer.from('big') }),
      'written on a machine of byte order "big"',
    ],
    ['without a directory', zipFile(entries).subarray(0, -1), 'has no directory at its end'],
    ['with a wrong sum', zipFile(entries, { crc: 1 }), 'do not have the checksum that the zip file names'],
    ['that is encrypted', zipFile(entries, { flags: 1 }), 'is encrypted'],
    ['packed by another method', zipFile(entries, { method: 93 }), 'is packed by method 93'],
    ['with stored sizes that differ', zipFile(entries, { size: 5 }), /is stored, but says \d bytes for 5/],
    ['with a bomb', zipFile(entries, { deflate: true, size: 1 << 30 }), /says that \d+ bytes were 1073741824/],
    [
      'with a deflated size too small',
      zipFile(entries, { deflate: true, size: 1 }),
      'does not have the 1 bytes that the zip file names',
    ],
    ['with a deflated size too large', zipFile(entries, { deflate: true, size: 99 }), 'does not have the 99 bytes'],
    ['with an entry behind the directory', zipFile(entries, { header: 9999 }), 'in what begins at byte'],
    ['with entries in one place', zipFile(entries, { header: 0 }), 'in what begins at byte 0'],
    ['with too many entries', zipFile(entries, { count: 9 }), 'cannot hold 9 entries'],
    ['with too few entries', zipFile(entries, { count: 1 }), /its directory has \d+ bytes, its 1 entries take \d+/],
    ['with a directory elsewhere', zipFile(entries, { start: 1 }), /entry 0 of its directory is missing \(byte 1\)/],
    ['with a directory behind its end', zipFile(entries, { start: 9999 }), 'does not end before byte'],
    ['in several parts', zipFile(entries, { disk: 1 }), 'a zip file in several parts'],
    [
      'with a name twice',
      zipFile({ ...entries, 'A/byteorder': Buffer.from('x') }, { lower: true }),
      '"a/byteorder" is in it twice',
    ],
  ];

  it.each(laws)('%s is refused', (_what, file, message) => {
    expect(() => io.deserialize(file)).toThrow(message);
    expect(() => io.deserialize(file)).toThrow(ArgumentError);
  });
});
