/** What cannot be exported is refused with a sentence that names it and its place, and leaves the model as it was. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  arange,
  compile,
  functional as F,
  nn,
  rand,
  ShapeError,
  Slice,
  StateError,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { type ExportOptions, exportOnnx } from '../../src/onnx/index.js';

/** A layer that does what it is told. */
class Told extends nn.Module {
  readonly #run: (input: Tensor) => Tensor;
  constructor(run: (input: Tensor) => Tensor) {
    super();
    this.#run = run;
  }
  override forward(input: Tensor): Tensor {
    return this.#run(input);
  }
}

class Counter extends nn.Module {
  declare count: Tensor;
  constructor() {
    super();
    this.registerBuffer('count', tensor([0]));
  }
  override forward(input: Tensor): Tensor {
    this.count.add_(1);
    return input.mul(this.count);
  }
}

const kept = tensor([1, 2, 3, 4]);

/** Layers that are `outer.1` of a model. */
const rows: readonly (readonly [string, nn.Module, RegExp])[] = [
  [
    'dropout in evaluation mode',
    new Told((x) => F.dropout(x, 0.5, true)),
    /^exportOnnx: drawing random numbers has no ONNX form \(op drawKey\) \(in 'outer\.1'\)$/,
  ],
  [
    'random numbers',
    new Told((x) => x.add(rand([4]))),
    /^exportOnnx: random numbers have no ONNX form \(in 'outer\.1'\)$/,
  ],
  [
    'reading a number',
    new Told((x) => x.mul(x.sum().item())),
    /item\(\) is not possible while a model is exported \(in 'outer\.1'\)/,
  ],
  [
    'label smoothing',
    new Told((x) => F.crossEntropy(x, x.argmax(1), { labelSmoothing: 0.1 })),
    /label smoothing has no ONNX form \(in 'outer\.1'\)$/,
  ],
  [
    'connectionist temporal classification',
    new Told((x) => {
      const each = (length: number) => Array<number>(x.shape[0]!).fill(length);
      const targets = tensor(each(1), { dtype: 'int32' });
      return F.ctcLoss(F.logSoftmax(x.reshape(2, -1, 2), 2), targets, each(2), each(1));
    }),
    /connectionist temporal classification has no ONNX form \(op ctcLoss\) \(in 'outer\.1'\)$/,
  ],
  [
    'rows that JavaScript makes',
    new Told((x) => x.mul(arange(x.shape[0]!).unsqueeze(1))),
    /numbers depend on the batch size from JavaScript .* \(in 'outer\.1'\)$/,
  ],
  [
    'another function at another batch',
    new Told((x) => (x.shape[0]! > 6 ? x.relu() : x.tanh())),
    /does not do the same at every batch size \(they differ in 'outer\.1'\); export with dynamicBatch: false$/,
  ],
  [
    'more ops at a larger batch',
    new Told((x) => (x.shape[0]! > 50 ? x.relu().neg() : x.relu())),
    /does not do the same/,
  ],
  [
    'a bound of the batch',
    new Told((x) => x.narrow(0, 0, Math.min(x.shape[0]!, 50))),
    /a size is 20, 52, 200 for a batch of 5, 13, 101/,
  ],
  [
    'the square of the batch',
    new Told((x) => x.matmul(x.transpose(0, 1)).reshape(-1, 1).expand(-1, 2)),
    /a size is 25, 169, 10201 for a batch of 5, 13, 101/,
  ],
  [
    'one row of the batch with another size',
    new Told((x) => x.add(tensor([[1], [2], [3]]))),
    /takes the example, but not a batch of 5 \(Sequential\[1\] add: shapes \[5, 4\] and \[3, 1\] .*\); export with dynamicBatch: false$/,
  ],
  [
    'a block that is written',
    new Told((x) =>
      x
        .unsqueeze(1)
        .repeat(1, 4, 1)
        .reshape(-1, 4, 2, 2)
        .indexPut_([new Slice(), new Slice(1, 3), 0, 1], 7),
    ),
    /writing into parts of a tensor that do not lie one after the other has no ONNX form/,
  ],
  ['a parameter that is written', new Counter(), /forward writes into 'outer\.1\.count': an ONNX graph keeps nothing/],
  ['a tensor that is written', new Told((x) => x.add(kept.add_(1))), /forward writes into a tensor that it keeps/],
];

describe('exportOnnx refuses', () => {
  it.each(rows)('%s', (_name, layer, message) => {
    class Outer extends nn.Module {
      readonly outer = new nn.Sequential(new nn.Linear(4, 4), layer);
      override forward(input: Tensor): Tensor {
        return this.outer.forward(input);
      }
    }
    const model = new Outer();
    const state = () => Object.entries(model.stateDict()).map(([name, value]) => [name, value.toTypedArray()]);
    const before = state();
    expect(() => exportOnnx(model, [3, 4])).toThrow(StateError);
    expect(() => exportOnnx(model, [3, 4])).toThrow(message);
    expect(model.training).toBe(true);
    expect(state()).toEqual(before);
    expect(kept.toTypedArray()).toEqual(Float32Array.of(1, 2, 3, 4));
  });
});

describe('exportOnnx refuses the argument', () => {
  const linear = new nn.Linear(4, 3);
  const pair = new (class extends nn.Module<[a: Tensor, b: Tensor]> {
    override forward(a: Tensor, b: Tensor): Tensor {
      return a.add(b);
    }
  })();
  const bad = (value: unknown) => value as never;
  const options = (given: unknown) => () => exportOnnx(linear, [1, 4], given as ExportOptions);

  it.each([
    ['no model', () => exportOnnx(bad({}), [1, 4]), ArgumentError, /^exportOnnx: expected a Module, got/],
    [
      'no shape',
      () => exportOnnx(linear, bad('4')),
      ArgumentError,
      /^exportOnnx: input 0 must be a shape, \{ shape, dtype \} or a tensor, got "4"/,
    ],
    ['a size below 0', () => exportOnnx(linear, [1, -4]), ArgumentError, /^exportOnnx: input 0: size of dimension 1/],
    [
      'a scalar',
      () => exportOnnx(linear, []),
      ShapeError,
      /the first size of every input is the batch, but input 0 has the shape \[\]/,
    ],
    [
      'batches that differ',
      () =>
        exportOnnx(pair, [
          [2, 4],
          [3, 4],
        ]),
      ShapeError,
      /input 1 has the shape \[3, 4\], and input 0 \[2, 4\]/,
    ],
    [
      'an unknown dtype',
      () => exportOnnx(linear, { shape: [1, 4], dtype: bad('int8') }),
      ArgumentError,
      /dtype must be one of/,
    ],
    [
      'an unknown key',
      () => exportOnnx(linear, bad({ shape: [1, 4], size: 3 })),
      ArgumentError,
      /unknown option "size"/,
    ],
    [
      'features that do not fit',
      () => exportOnnx(linear, [1, 5]),
      ShapeError,
      /expected 4 features in the last dimension/,
    ],
    ['an unknown option', options({ opsets: 17 }), ArgumentError, /unknown option "opsets"/],
    ['an opset', options({ opset: 16 }), ArgumentError, /opset must be one of 17, 18, 19, 20, got 16/],
    ['dynamicBatch', options({ dynamicBatch: 1 }), ArgumentError, /dynamicBatch must be/],
    ['too many names', options({ inputNames: ['a', 'b'] }), ArgumentError, /inputNames must be an array of 1 names/],
    ['a name that is none', options({ outputNames: [''] }), ArgumentError, /outputNames must hold names, got ""/],
    [
      'a name that is a parameter',
      options({ inputNames: ['weight'] }),
      ArgumentError,
      /the name "weight" stands for two tensors/,
    ],
    [
      'one name for two',
      options({ inputNames: ['y'], outputNames: ['y'] }),
      ArgumentError,
      /the name "y" stands for two tensors/,
    ],
    ['metadata', options({ metadata: { a: 1 } }), ArgumentError, /metadata must be an object of strings/],
  ] as const)('%s', (_name, run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });

  it('while a function is traced', () => {
    const step = compile((x: Tensor) => {
      exportOnnx(linear, [1, 4]);
      return x.relu();
    });
    expect(() => step(tensor([1]))).toThrow('exportOnnx: a model cannot be exported while a function is traced');
  });
});
