import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ArgumentError, functional as F, io, nn, type Tensor, tensor } from '../../src/index.js';
import { golden, type TfjsModel } from '../golden/load.js';
import { temporaryFolder } from './files.js';

const folder = temporaryFolder();
let models = 0;

/** Writes a model in a new folder, its weights in files of `shard` bytes. */
function write(manifest: object | string, files: Readonly<Record<string, Uint8Array>>): string {
  const own = join(folder, `model-${++models}`);
  mkdirSync(join(own, 'below'), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(own, name), bytes);
  const path = join(own, 'model.json');
  writeFileSync(path, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  return path;
}

function writeModel({ modelTopology, weights, base64 }: TfjsModel, shard = 50): string {
  const bytes = Buffer.from(base64, 'base64');
  const files: Record<string, Uint8Array> = {};
  for (let at = 0; at < bytes.length; at += shard) files[`group1-shard${at}.bin`] = bytes.subarray(at, at + shard);
  return write({ modelTopology, weightsManifest: [{ paths: Object.keys(files), weights }] }, files);
}

const { mlp, others } = golden('tfjs');
/** What the weight has at these places of the file's own layout. */
const numbers = (model: TfjsModel, name: string): number[] => {
  let at = 0;
  for (const weight of model.weights) {
    const numel = weight.shape.reduce((a, b) => a * b, 1);
    if (weight.name === name) {
      const bytes = Buffer.from(model.base64, 'base64').subarray(at, at + 4 * numel);
      return Array.from({ length: numel }, (_, i) => bytes.readFloatLE(4 * i));
    }
    at += 4 * numel;
  }
  throw new Error(name);
};

describe('loadTfjs', () => {
  it('gives a network that answers as the one of TensorFlow.js', async () => {
    const path = writeModel(mlp);
    const model = new nn.Sequential(new nn.Linear(3, 5), new nn.ReLU(), new nn.Linear(5, 2));
    for (const source of [path, pathToFileURL(path)]) {
      model.loadStateDict(await io.loadTfjs(source, { mapping: { first: '0', second: '2' } }));
      const outputs = model.forward(tensor(mlp.inputs)).toArray() as number[][];
      for (const [i, row] of mlp.outputs.entries())
        for (const [j, value] of row.entries()) expect(outputs[i]![j]!).toBeCloseTo(value, 6);
    }
  });

  it('keeps names and layouts without a mapping', async () => {
    const state = await io.loadTfjs(writeModel(mlp, 7));
    expect(Object.keys(state)).toEqual(mlp.weights.map(({ name }) => name));
    expect(state['first/kernel']!.shape).toEqual([3, 5]);
    expect([...state['first/kernel']!.toTypedArray()]).toEqual(numbers(mlp, 'first/kernel'));
    expect(io.fileInfo(state)).toMatchObject({ format: 'tfjs', converted: [] });
  });

  it('turns kernels and names of normalisations', async () => {
    const mapping = { conv: 'net.conv', bn: 'net.bn', line: '' };
    const state = await io.loadTfjs(writeModel(others, 1000), { mapping });
    expect(Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, shape]))).toEqual({
      'net.conv.weight': [2, 3, 2, 3],
      'net.conv.bias': [2],
      'net.bn.weight': [2],
      'net.bn.bias': [2],
      weight: [2, 2, 2],
      'net.bn.running_mean': [2],
      'net.bn.running_var': [2],
    });
    const kernel = numbers(others, 'conv/kernel');
    const weight = state['net.conv.weight']!.toArray() as number[][][][];
    for (const [h, w, i, o] of [
      [0, 0, 0, 0],
      [1, 2, 2, 1],
      [0, 1, 2, 0],
      [1, 0, 1, 1],
    ] as const)
      expect(weight[o]![i]![h]![w]).toBe(kernel[((h * 3 + w) * 3 + i) * 2 + o]);
    const line = numbers(others, 'line/kernel');
    expect((state.weight!.toArray() as number[][][])[1]![0]![1]).toBe(line[(1 * 2 + 0) * 2 + 1]);
    expect([...state['net.bn.running_var']!.toTypedArray()]).toEqual(numbers(others, 'bn/moving_variance'));
  });

  it('leaves out what the mapping says, and takes names of a function', async () => {
    const path = writeModel(mlp);
    expect(Object.keys(await io.loadTfjs(path, { mapping: { first: null, second: 'x' } }))).toEqual([
      'x.weight',
      'x.bias',
    ]);
    const seen: unknown[] = [];
    const state = await io.loadTfjs(path, {
      mapping: (weight) => {
        seen.push(weight);
        return weight.parameter === 'kernel' ? `${weight.layer}!` : null;
      },
    });
    expect(Object.keys(state)).toEqual(['first!', 'second!']);
    expect(state['first!']!.shape).toEqual([3, 5]);
    expect(seen[0]).toEqual({
      name: 'first/kernel',
      layer: 'first',
      className: 'Dense',
      parameter: 'kernel',
      shape: [3, 5],
    });
  });

  it('makes quantised numbers what they were', async () => {
    const weights = [
      {
        name: 'a',
        shape: [3],
        dtype: 'float32',
        quantization: { dtype: 'uint8', scale: 0.1, min: -1, original_dtype: 'float32' },
      },
      { name: 'b', shape: [2], dtype: 'float32', quantization: { dtype: 'uint16', scale: 0.25, min: 3 } },
      { name: 'c', shape: [1, 2], dtype: 'float32', quantization: { dtype: 'float16' } },
      { name: 'd', shape: [2], dtype: 'int32', quantization: { dtype: 'uint8', scale: 1.4, min: -7 } },
      { name: 'e', shape: [2], dtype: 'bool' },
      { name: 'f', shape: [], dtype: 'int32' },
    ];
    const bytes = Buffer.from('00' + '0aff' + '0100ffff' + '003c00c2' + '0005' + '0001' + 'feffffff', 'hex');
    const state = await io.loadTfjs(
      write({ weightsManifest: [{ paths: ['below/x.bin'], weights }] }, { 'below/x.bin': bytes }),
    );
    const expected: Record<string, Tensor> = {
      a: tensor([-1, 0, 24.5]),
      b: tensor([3.25, 16386.75]),
      c: tensor([[1, -3]]),
      d: tensor([-7, 0], { dtype: 'int32' }),
      e: tensor([0, 1], { dtype: 'int32' }),
      f: tensor(-2, { dtype: 'int32' }),
    };
    expect(Object.keys(state)).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected)) expect(F.equal(state[name]!, value), name).toBe(true);
    expect(io.fileInfo(state).converted.map(({ name, from, to }) => `${name} ${from} ${to}`)).toEqual([
      'a U8 float32',
      'b U16 float32',
      'c F16 float32',
      'd U8 int32',
      'e BOOL int32',
    ]);
  });

  const one = { name: 'w', shape: [2], dtype: 'float32' };
  const manifest = (weight: object, ...more: object[]) => ({
    weightsManifest: [{ paths: ['w.bin'], weights: [weight, ...more] }],
  });
  const laws: [what: string, manifest: object | string, message: string][] = [
    ['no JSON', '{', 'model.json: is not JSON'],
    ['no object', '5', 'it must be an object'],
    ['no manifest', {}, 'it has no weightsManifest'],
    ['a group without paths', { weightsManifest: [{ weights: [] }] }, 'weightsManifest[0] must have paths and weights'],
    [
      'a path above',
      { weightsManifest: [{ paths: ['../w.bin'], weights: [] }] },
      'paths are names of files next to the model, got "../w.bin"',
    ],
    ['an absolute path', { weightsManifest: [{ paths: ['/etc/passwd'], weights: [] }] }, 'got "/etc/passwd"'],
    ['a URL', { weightsManifest: [{ paths: ['http://x'], weights: [] }] }, 'got "http://x"'],
    ['a path of Windows', { weightsManifest: [{ paths: ['..\\w.bin'], weights: [] }] }, 'paths are names of files'],
    ['a file that is missing', { weightsManifest: [{ paths: ['none.bin'], weights: [one] }] }, 'none.bin: not found'],
    [
      'a weight without a name',
      manifest({ shape: [2], dtype: 'float32' }),
      'weightsManifest[0].weights[0] must have a name',
    ],
    ['a name twice', manifest({ ...one, shape: [1] }, { ...one, shape: [1] }), 'the weight "w" stands in it twice'],
    [
      'a wrong shape',
      manifest({ ...one, shape: [-2] }),
      'weight "w" (weightsManifest[0].weights[0]): shape must be an array of integers',
    ],
    ['too many dimensions', manifest({ ...one, shape: new Array(17).fill(1) }), 'has 17 dimensions, at most 16'],
    ['a huge shape', manifest({ ...one, shape: [2 ** 33] }), 'has too many elements'],
    ['texts', manifest({ ...one, dtype: 'string' }), 'dtype must be float32, int32 or bool, got "string"'],
    ['complex numbers', manifest({ ...one, dtype: 'complex64' }), 'got "complex64"'],
    [
      'an unknown quantization',
      manifest({ ...one, quantization: { dtype: 'uint4' } }),
      'quantization is uint8, uint16 or float16, got "uint4"',
    ],
    [
      'a quantization without a scale',
      manifest({ ...one, quantization: { dtype: 'uint8', min: 0 } }),
      'must have the numbers scale and min',
    ],
    [
      'integers as float16',
      manifest({ ...one, dtype: 'int32', quantization: { dtype: 'float16' } }),
      'only float32 is stored as float16',
    ],
    ['more weights than bytes', manifest({ ...one, shape: [3] }), 'w.bin: 8 bytes, the weights in them take 12'],
    ['more bytes than weights', manifest({ ...one, shape: [1] }), 'w.bin: 8 bytes, the weights in them take 4'],
  ];

  it.each(laws)('refuses %s', async (_what, content, message) => {
    const path = write(content, { 'w.bin': Buffer.alloc(8) });
    await expect(io.loadTfjs(path)).rejects.toThrow(message);
    await expect(io.loadTfjs(path)).rejects.toThrow(ArgumentError);
  });

  it('refuses mappings that do not fit', async () => {
    const path = writeModel(mlp);
    const says = (mapping: unknown, message: string) =>
      expect(io.loadTfjs(path, { mapping: mapping as never })).rejects.toThrow(`io.loadTfjs: ${message}`);
    await says(5, 'mapping must be an object of names or a function, got 5');
    await says({ first: '0' }, 'mapping has no name for the layer "second" ("second/kernel"); null leaves it out');
    await says(
      { first: '0', second: '2', third: '4' },
      'mapping names "third"; the layers with weights are "first", "second"',
    );
    await says({ first: 0, second: '2' }, 'mapping must give a string or null for "first/kernel", got 0');
    await expect(io.loadTfjs(path, { mapping: { first: '0', second: '0' } })).rejects.toThrow(
      'two weights are called "0.weight", one of them "second/kernel"',
    );
    await expect(io.loadTfjs(path, { mapping: () => 'x' })).rejects.toThrow('two weights are called "x"');
    const bare = write(
      { weightsManifest: [{ paths: ['w.bin'], weights: [{ ...one, name: 'layer/w' }] }] },
      { 'w.bin': Buffer.alloc(8) },
    );
    await expect(io.loadTfjs(bare, { mapping: { layer: '0' } })).rejects.toThrow(
      'there is no rule for "w" of a layer of unknown class ("layer/w")',
    );
    await expect(io.loadTfjs(join(folder, 'none.json'))).rejects.toThrow('none.json: not found');
  });
});

describe('fromBrain', () => {
  const layers = [
    { weights: [], biases: [] },
    {
      weights: [
        [0.1, 0.2],
        [0.3, 0.4],
        [0.5, 0.6],
      ],
      biases: [1, 2, 3],
    },
    { weights: [[7, 8, 9]], biases: [-0.5] },
  ];
  const old = [
    { a: {}, b: {} },
    {
      0: { bias: 1, weights: { a: 0.1, b: 0.2 } },
      1: { bias: 2, weights: { a: 0.3, b: 0.4 } },
      2: { bias: 3, weights: { a: 0.5, b: 0.6 } },
    },
    { y: { bias: -0.5, weights: { 0: 7, 1: 8, 2: 9 } } },
  ];

  it.each([
    ['version 2', layers],
    ['version 1', old],
  ])('gives the weights of a Sequential: %s', (_version, given) => {
    const state = io.fromBrain(JSON.parse(JSON.stringify({ type: 'NeuralNetwork', sizes: [2, 3, 1], layers: given })));
    expect(Object.keys(state)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    expect(state['0.weight']!.toArray()).toEqual([
      [0.1, 0.2],
      [0.3, 0.4],
      [0.5, 0.6],
    ]);
    expect(state['2.weight']!.toArray()).toEqual([[7, 8, 9]]);
    const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Sigmoid(), new nn.Linear(3, 1), new nn.Sigmoid());
    model.loadStateDict(state);
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const hidden = [0.1 * 2 - 0.2 + 1, 0.3 * 2 - 0.4 + 2, 0.5 * 2 - 0.6 + 3].map(sigmoid);
    expect(model.forward(tensor([2, -1])).item()).toBeCloseTo(
      sigmoid(7 * hidden[0]! + 8 * hidden[1]! + 9 * hidden[2]! - 0.5),
      6,
    );
  });

  it.each([
    [5, 'expected toJSON() of a NeuralNetwork'],
    [{ layers: [] }, 'expected toJSON() of a NeuralNetwork'],
    [{ layers: [{}, {}] }, 'layer 1 has neither weights and biases nor nodes'],
    [
      { layers: [{}, { weights: [[1], [1, 2]], biases: [1, 2] }] },
      'layer 1 must have a row of numbers and a bias for each node',
    ],
    [{ layers: [{}, { weights: [['x']], biases: [1] }] }, 'layer 1 must have a row of numbers'],
    [{ layers: [{}, { weights: [[1]], biases: [] }] }, 'layer 1 must have a row of numbers'],
  ])('refuses %j', (json, message) => {
    expect(() => io.fromBrain(json)).toThrow(`io.fromBrain: ${message}`);
    expect(() => io.fromBrain(json)).toThrow(ArgumentError);
  });
});
