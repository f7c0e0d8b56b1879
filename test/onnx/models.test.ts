/** Whole models: random ones in onnxruntime, and what stands in a file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  cat,
  type DType,
  functional as F,
  manualSeed,
  nn,
  noGrad,
  randn,
  Slice,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { Graph } from '../../src/onnx/graph.js';
import { exportOnnx, saveOnnx } from '../../src/onnx/index.js';
import { Names } from '../../src/onnx/names.js';
import { encodeModel } from '../../src/onnx/proto.js';
import { Batches } from '../../src/onnx/quantity.js';
import { FunctionModule, namedOutputs } from './cases.js';
import { expectSame, openSession, runSession } from './runtime.js';

/** One layer on hidden [rows, ..., width], with the names of its weights; `side` is what an earlier layer gave. */
const layers: Readonly<Record<string, (model: Random, hidden: Tensor, side: Tensor) => Tensor>> = {
  linear: (model, h) => model.linear.forward(h),
  residual: (_, h, side) => h.add(side),
  gate: (_, h, side) => h.mul(side.sigmoid()),
  gelu: (_, h) => h.mul(0.5).mul(h.mul(Math.SQRT1_2).erf().add(1)),
  softplus: (_, h) => h.abs().neg().exp().log1p().add(h.relu()),
  relu: (_, h) => h.relu(),
  leaky: (_, h) => F.leakyRelu(h, 0.2),
  tanh: (_, h) => h.tanh(),
  softmax: (_, h) => h.softmax(-1),
  dropout: (model, h) => model.dropout.forward(h),
  normalise: (model, h) => {
    const center = h.sub(h.mean({ dim: -1, keepdim: true }));
    return center.div(center.pow(2).mean({ dim: -1, keepdim: true }).add(1e-3).sqrt()).mul(model.scale);
  },
  join: (_, h, side) => cat([h.narrow(-1, 0, 1), side.narrow(-1, 1, side.shape.at(-1)! - 1)], -1),
  turn: (_, h) => h.transpose(0, -1).mul(2).transpose(0, -1),
  split: (_, h) => cat(h.split(2, -1).toReversed(), -1),
  extremum: (_, h) => h.max({ dim: h.ndim - 1, keepdim: true }).values.sub(h),
  one: (_, h) =>
    h
      .select(-1, 0)
      .unsqueeze(-1)
      .expand(...h.shape)
      .add(h),
  flat: (_, h) =>
    h
      .reshape(-1, h.shape.at(-1)!)
      .cumsum(1)
      .reshape(...h.shape),
  product: (model, h) => h.matmul(model.linear.weight.softmax(1)),
};

class Random extends nn.Module {
  readonly linear: nn.Linear;
  readonly dropout = new nn.Dropout(0.5);
  readonly scale: nn.Parameter;
  readonly #names: readonly string[];
  readonly #back: readonly number[];

  constructor(width: number, names: readonly string[], back: readonly number[]) {
    super();
    this.linear = new nn.Linear(width, width);
    this.scale = new nn.Parameter(randn([width]));
    this.#names = names;
    this.#back = back;
  }

  override forward(input: Tensor): Tensor {
    const hidden = [input];
    for (const [i, name] of this.#names.entries()) {
      const side = hidden.at(-1 - (this.#back[i]! % hidden.length))!;
      hidden.push(layers[name]!(this, hidden.at(-1)!, side));
    }
    return hidden.at(-1)!;
  }
}

const random = fc.record({
  middle: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  width: fc.integer({ min: 2, max: 6 }),
  names: fc.array(fc.constantFrom(...Object.keys(layers)), { minLength: 1, maxLength: 7 }),
  back: fc.array(fc.nat(3), { minLength: 7, maxLength: 7 }),
  seed: fc.nat(1000),
});

describe('random models', () => {
  it('give in onnxruntime what they give here, at any batch', async () => {
    await fc.assert(
      fc.asyncProperty(random, async ({ middle, width, names, back, seed }) => {
        manualSeed(seed);
        const model = new Random(width, names, back);
        const session = await openSession(exportOnnx(model, [2, ...middle, width]));
        model.eval();
        for (const batch of [1, 2, 7]) {
          const x = randn([batch, ...middle, width]);
          expectSame(await runSession(session, [x]), namedOutputs(noGrad(() => model.forward(x))));
        }
        await session.release();
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  it('are exported when they are called by hooks, share weights, or are nested', async () => {
    manualSeed(2);
    const shared = new nn.Linear(4, 4);
    const model = new nn.Sequential(shared, new nn.Sequential(new nn.Tanh(), shared), new nn.Linear(4, 2));
    model.registerForwardHook((_module, _inputs, output) => output.mul(3));
    const bytes = exportOnnx(model, [1, 4]);
    const { graph } = fromBinary(ModelProtoSchema, bytes);
    expect(graph!.initializer.map(({ name }) => name)).toEqual(expect.arrayContaining(['0.weight', '2.weight']));
    expect(graph!.initializer.filter(({ dims }) => dims.length === 2)).toHaveLength(2);
    const session = await openSession(bytes);
    const x = randn([3, 4]);
    expectSame(await runSession(session, [x]), { output: noGrad(() => model.forward(x)) });
  });

  it.each<DType>(['float32', 'float64'])('of %s', async (dtype) => {
    const weight = new nn.Parameter(randn([3, 3]).to(dtype));
    const model = new (class extends nn.Module {
      readonly weight = weight;
      override forward(x: Tensor): Tensor {
        return x.matmul(this.weight).sigmoid().mul(2).sub(x);
      }
    })();
    const session = await openSession(exportOnnx(model, { shape: [1, 3], dtype }));
    const x = randn([4, 3]).to(dtype);
    expectSame(await runSession(session, [x]), { output: noGrad(() => model.forward(x)) });
  });
});

/** Checked by Python's onnx: `relu(input · [0.5, -1]ᵀ + 0.25)`. */
const golden =
  '080812086c616e65776973651a05302e312e303aef010a490a05696e7075740a08302e7765696768740a06302e6269617312' +
  '102f302f47656d6d5f6f75747075745f301a072f302f47656d6d220447656d6d2a0d0a067472616e73421801a001020a290a' +
  '102f302f47656d6d5f6f75747075745f3012066f75747075741a072f312f52656c75220452656c75120a53657175656e7469' +
  '616c2a1a0801080210014208302e7765696768744a080000003f000080bf2a12080110014206302e626961734a040000803e' +
  '5a1c0a05696e70757412130a110801120d0a07120562617463680a020802621d0a066f757470757412130a110801120d0a07' +
  '120562617463680a02080142040a001011';

describe('a file', () => {
  const make = () => {
    const model = new nn.Sequential(new nn.Linear(2, 1), new nn.ReLU());
    model.loadStateDict({ '0.weight': tensor([[0.5, -1]]), '0.bias': tensor([0.25]) });
    return model;
  };

  it('has these bytes', () => {
    expect(Buffer.from(exportOnnx(make(), [1, 2])).toString('hex')).toBe(golden);
  });

  it('has names, open sizes and metadata', () => {
    const bytes = exportOnnx(make(), [1, 2], {
      inputNames: ['features'],
      outputNames: ['price'],
      metadata: { columns: 'a,b' },
      opset: 18,
    });
    const { graph, opsetImport, metadataProps, irVersion, producerName, producerVersion } = fromBinary(
      ModelProtoSchema,
      bytes,
    );
    expect([irVersion, opsetImport[0]!.version, producerName, producerVersion]).toEqual([8n, 18n, 'lanewise', '0.1.0']);
    expect(metadataProps.map(({ key, value }) => [key, value])).toEqual([['columns', 'a,b']]);
    expect(graph!.name).toBe('Sequential');
    const sizes = (list: NonNullable<typeof graph>['input']) =>
      list.map(({ name, type }) => [
        name,
        ...(type!.value.case === 'tensorType' ? type!.value.value.shape!.dim.map(({ value }) => value.value) : []),
      ]);
    expect(sizes(graph!.input)).toEqual([['features', 'batch', 2n]]);
    expect(sizes(graph!.output)).toEqual([['price', 'batch', 1n]]);
    expect(graph!.initializer.map(({ name }) => name)).toEqual(['0.weight', '0.bias']);
    expect(graph!.node.map(({ name, input, output }) => [name, input, output])).toEqual([
      ['/0/Gemm', ['features', '0.weight', '0.bias'], ['/0/Gemm_output_0']],
      ['/1/Relu', ['/0/Gemm_output_0'], ['price']],
    ]);
  });

  it('has nothing in it that no output needs', () => {
    const model = new (class extends nn.Module {
      readonly used = new nn.Linear(2, 2);
      readonly unused = new nn.Linear(2, 2);
      override forward(x: Tensor): Tensor {
        this.unused.forward(x).tanh();
        return this.used.forward(x).max(1).values;
      }
    })();
    const { graph } = fromBinary(ModelProtoSchema, exportOnnx(model, [1, 2]));
    expect(graph!.node.map(({ opType }) => opType)).toEqual(['Gemm', 'ReduceMax']);
    expect(graph!.initializer.map(({ name }) => name)).toEqual(['used.weight', 'used.bias']);
  });

  it('has a corner of a tensor as slices, and dimensions in another order as a Transpose', () => {
    const opsOf = (run: (x: Tensor) => Tensor) => {
      const model = new FunctionModule((...[x]) => run(x!));
      return fromBinary(ModelProtoSchema, exportOnnx(model, [1, 3, 5])).graph!.node.map(({ opType }) => opType);
    };
    expect(opsOf((x) => x.index('...', new Slice(1, 3), new Slice(1, 4)))).toEqual(['Slice', 'Slice']);
    expect(opsOf((x) => x.permute(0, 2, 1))).toEqual(['Transpose']);
  });

  it('is the same whatever mode the model is in, and changes nothing of it', () => {
    const model = new nn.Sequential(new nn.Linear(2, 1), new nn.Dropout(0.5));
    const [first] = [exportOnnx(model, [1, 2])];
    expect(model.training).toBe(true);
    expect(exportOnnx(model.eval(), [9, 2])).toEqual(first);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it('of more than 2 GiB is refused before it is made', () => {
    const graph = new Graph(new Batches([1]), 17, new Names([]));
    // No array: no machine of a test has the memory for one.
    graph.constants.set('w', { name: 'w', type: 'float32', dims: [2 ** 29], data: { byteLength: 2 ** 31 } as never });
    const encode = () => encodeModel(graph, [], { name: 'Large', version: '0', metadata: {} });
    expect(encode).toThrow(ArgumentError);
    expect(encode).toThrow('the parameters take 2147483648 bytes, and an ONNX file holds at most 2 GiB');
  });

  it('is written whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-onnx-'));
    try {
      const path = join(folder, 'model.onnx');
      await saveOnnx(path, make(), [1, 2]);
      expect(Uint8Array.from(readFileSync(path))).toEqual(exportOnnx(make(), [1, 2]));
      expect(readdirSync(folder)).toEqual(['model.onnx']);
      const nowhere = saveOnnx(join(folder, 'none', 'model.onnx'), make(), [1, 2]);
      await expect(nowhere).rejects.toThrow(ArgumentError);
      await expect(saveOnnx(path, make(), [1, 3])).rejects.toThrow('expected 2 features');
      expect(readdirSync(folder)).toEqual(['model.onnx']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
