/** Initialisers of ONNX files that Python's onnx has written (`make_files.py`), of our own, and of broken ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type TensorProtoSchema } from 'onnx-buf';
import { afterAll, describe, expect, it } from 'vitest';
import { ArgumentError, manualSeed, nn, randn } from '../../src/index.js';
import { exportOnnx, type ImportOptions, importOnnxWeights } from '../../src/onnx/index.js';
import { uniform } from '../helpers/values.js';

const files = fileURLToPath(new URL('files/', import.meta.url));
const allTypes = join(files, 'all-types.onnx');
const folder = mkdtempSync(join(tmpdir(), 'lanewise-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Initializer = MessageInitShape<typeof TensorProtoSchema>;

/** A file with these initialisers. */
const fileWith = (...initializer: Initializer[]): Uint8Array =>
  toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: { initializer } }));

describe('importOnnxWeights', () => {
  it('reads every element type, as raw bytes and as numbers', async () => {
    const state = await importOnnxWeights(allTypes);
    const expected: Record<string, (number | string)[]> = JSON.parse(
      readFileSync(join(files, 'expected.json'), 'utf8'),
    );
    expect(Object.keys(expected)).toHaveLength(40);
    for (const [name, numbers] of Object.entries(expected)) {
      const tensor = state[name]!;
      expect([name, ...tensor.to('float64').toTypedArray()]).toEqual([name, ...numbers.map(Number)]);
      const type = name.split('.')[0]!;
      expect([name, tensor.dtype]).toEqual([
        name,
        type === 'double' ? 'float64' : type.includes('float') ? 'float32' : 'int32',
      ]);
    }
    expect(state['layer.weight']!.toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect([state.scalar!.shape, state.scalar!.item(), state.empty!.shape]).toEqual([[], 7.5, [0, 3]]);
  });

  it('makes float64 of whole numbers that are no int32', async () => {
    const wide = { name: 'w', dataType: 7, dims: [2n], int64Data: [2n ** 40n, -1n] };
    const unsigned = { name: 'u', dataType: 12, dims: [1n], rawData: new Uint8Array(4).fill(255) };
    const { w, u } = await importOnnxWeights(fileWith(wide, unsigned));
    expect([w!.dtype, ...w!.toTypedArray()]).toEqual(['float64', 2 ** 40, -1]);
    expect([u!.dtype, ...u!.toTypedArray()]).toEqual(['float64', 2 ** 32 - 1]);
  });

  it('takes paths, URLs and bytes', async () => {
    const bytes = readFileSync(allTypes);
    const copy = new ArrayBuffer(bytes.length);
    new Uint8Array(copy).set(bytes);
    for (const source of [pathToFileURL(allTypes), bytes, copy])
      expect((await importOnnxWeights(source)).scalar!.item()).toBe(7.5);
  });

  it('reads external data from the folder of the model, or from the one that is given', async () => {
    const wanted = Array.from({ length: 600 }, (_, i) => i);
    const state = await importOnnxWeights(join(files, 'external.onnx'));
    expect(Array.from(state.large!.toTypedArray())).toEqual(wanted);
    expect(Array.from(state.second!.toTypedArray())).toEqual(wanted.slice(0, 300));
    const bytes = readFileSync(join(files, 'external.onnx'));
    const other = await importOnnxWeights(bytes, { directory: files });
    expect(other.large!.shape).toEqual([20, 30]);
    await expect(importOnnxWeights(bytes)).rejects.toThrow(
      "importOnnxWeights: the buffer: initializer 'large' has external data in 'external.bin': give the path of the model, or the option directory",
    );
  });

  it('gives back the weights of an exported model, to the bit', async () => {
    manualSeed(3);
    const make = () => new nn.Sequential(new nn.Linear(7, 5), new nn.Tanh(), new nn.Linear(5, 2));
    const [model, other] = [make(), make()];
    expect(other.loadStateDict(await importOnnxWeights(exportOnnx(model, [1, 7]))).missingKeys).toEqual([]);
    const x = randn([3, 7]);
    expect(other.forward(x).toTypedArray()).toEqual(model.forward(x).toTypedArray());
  });

  it('renames and leaves out', async () => {
    const linear = new nn.Linear(3, 2, { bias: false });
    const names = { 'layer.weight': 'weight', ...without(['layer.weight'], await importOnnxWeights(allTypes)) };
    linear.loadStateDict(await importOnnxWeights(allTypes, { map: names }));
    expect(linear.weight.toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    const state = await importOnnxWeights(allTypes, {
      map: (name, tensor) => (tensor.ndim === 2 && tensor.numel > 0 ? name.replace('layer.', '') : null),
    });
    expect(Object.keys(state)).toEqual(['weight']);
    expect(Object.keys(await importOnnxWeights(allTypes, { map: { scalar: 'renamed' } }))).toContain('layer.weight');
  });
});

/** Null for all names but some. */
const without = (kept: readonly string[], state: object): Record<string, null> =>
  Object.fromEntries(Object.keys(state).flatMap((name) => (kept.includes(name) ? [] : [[name, null]])));

describe('importOnnxWeights refuses', () => {
  const float = (rest: Initializer): Initializer => ({ name: 'w', dataType: 1, ...rest });
  const external = (location: string, rest: Record<string, string> = {}): Initializer =>
    float({
      dims: [2n],
      dataLocation: 1,
      externalData: Object.entries({ location, ...rest }).map(([key, value]) => ({ key, value })),
    });
  const eight = new Uint8Array(8);
  writeFileSync(join(folder, 'short.bin'), new Uint8Array(7));

  it.each([
    [
      'strings',
      { name: 'w', dataType: 8, dims: [1n] },
      "initializer 'w' has elements of the type STRING, which lanewise does not have",
    ],
    ['complex numbers', { name: 'w', dataType: 14, dims: [1n] }, 'of the type COMPLEX64'],
    ['a type that is not known', { name: 'w', dataType: 99, dims: [1n] }, 'of the type number 99'],
    [
      'too few bytes',
      float({ dims: [3n], rawData: eight }),
      'of the type FLOAT and the sizes [3] must have 12 bytes, and has 8',
    ],
    ['too many bytes', float({ dims: [1n], rawData: eight }), 'must have 4 bytes, and has 8'],
    ['too few numbers', float({ dims: [2n, 2n], floatData: [1, 2, 3] }), 'must have 4 numbers, and has 3'],
    ['numbers in another field', float({ dims: [1n], int32Data: [1] }), 'must have 4 bytes, and has 0'],
    ['a size below 0', float({ dims: [-1n], rawData: eight }), 'has the sizes [-1], which no tensor has'],
    ['sizes that no machine has', float({ dims: [2n ** 40n, 2n ** 20n] }), 'which no tensor has'],
    ['many dimensions', float({ dims: new Array<bigint>(17).fill(1n) }), 'has 17 dimensions, more than 16'],
    [
      'data outside of the folder',
      external('../short.bin'),
      "has external data at '../short.bin', which is not in the folder of the model",
    ],
    ['data outside by a detour', external('a/../../short.bin'), 'which is not in the folder of the model'],
    ['data at an absolute path', external(join(folder, 'short.bin')), 'which is not in the folder of the model'],
    ['data in a file that is not there', external('missing.bin'), /initializer 'w': .*missing\.bin: not found/],
    [
      'data in a file that is too short',
      external('short.bin'),
      /initializer 'w': .*short\.bin: has 7 bytes, and 8 are needed/,
    ],
    [
      'data of another length',
      external('short.bin', { length: '4' }),
      'external data of 4 bytes at 0, and its sizes [2] take 8',
    ],
    ['data at a negative offset', external('short.bin', { offset: '-8' }), 'external data of 8 bytes at -8'],
  ] satisfies [string, Initializer, string | RegExp][])('%s', async (_name, initializer, message) => {
    const run = importOnnxWeights(fileWith(initializer), { directory: folder });
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(importOnnxWeights(fileWith(initializer), { directory: folder })).rejects.toThrow(message);
  });

  const one = float({ dims: [1n], floatData: [1] });
  const bad = (value: unknown) => value as never;
  it.each([
    ['no source', () => importOnnxWeights(bad(3)), /expected a path, a .*URL or the bytes of a file, got 3/],
    ['a missing file', () => importOnnxWeights(join(folder, 'none.onnx')), 'none.onnx: not found'],
    ['a folder', () => importOnnxWeights(folder), 'is no regular file'],
    ['another protocol', () => importOnnxWeights(new URL('https://example.com/m.onnx')), 'is not the URL of a file'],
    ['nothing', () => importOnnxWeights(new Uint8Array(0)), 'the buffer: is no ONNX model: there is no graph in it'],
    ['text', () => importOnnxWeights(Buffer.from('hello, this is no model')), 'is no ONNX model'],
    ['one name twice', () => importOnnxWeights(fileWith(one, one)), "two initializers have the name 'w'"],
    [
      'two mapped to one',
      () => importOnnxWeights(fileWith(one, { ...one, name: 'v' }), { map: { v: 'w' } }),
      "two initializers have the name 'w'",
    ],
    [
      'a mapped name that is missing',
      () => importOnnxWeights(fileWith(one), { map: { v: 'x' } }),
      "that are not there: 'v'; there are 'w'",
    ],
    [
      'a mapping to no name',
      () => importOnnxWeights(fileWith(one), { map: bad(() => 3) }),
      "map gives 3 for 'w', not a name",
    ],
    [
      'a mapping that is none',
      () => importOnnxWeights(fileWith(one), { map: bad(3) }),
      'map must be an object of names or a function',
    ],
    [
      'an unknown option',
      () => importOnnxWeights(fileWith(one), bad({ mapping: {} }) as ImportOptions),
      'unknown option "mapping"',
    ],
    [
      'a folder that is none',
      () => importOnnxWeights(fileWith(one), { directory: bad(3) }),
      'expected a path or a file: URL, got 3',
    ],
  ] as const)('%s', async (_name, run, message) => {
    await expect(run()).rejects.toThrow(ArgumentError);
    await expect(run()).rejects.toThrow(message);
  });

  it('every cut and most changes of a file with an ArgumentError, or reads tensors', async () => {
    const whole = readFileSync(allTypes);
    const draw = uniform(5);
    let refused = 0;
    for (let i = 0; i < 600; i++) {
      const bytes = Uint8Array.from(i < 200 ? whole.subarray(0, Math.floor(draw() * whole.length)) : whole);
      if (i >= 200) for (let k = 0; k < 3; k++) bytes[Math.floor(draw() * bytes.length)] = Math.floor(draw() * 256);
      try {
        for (const tensor of Object.values(await importOnnxWeights(bytes))) tensor.toTypedArray();
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
  });

  it('keeps no name special', async () => {
    const state = await importOnnxWeights(fileWith({ ...one, name: '__proto__' }));
    expect(Object.keys(state)).toEqual(['__proto__']);
  });
});
