/** Recurrent layers and cells against PyTorch's, and against themselves in other forms. */
import { describe, expect, it } from 'vitest';
import { recurrent } from '../../src/functional/recurrent.js';
import {
  compile,
  functional as F,
  Generator,
  manualSeed,
  nn,
  noGrad,
  optim,
  rand,
  randint,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { golden, values } from '../golden/load.js';
import type { RecurrentCase } from '../golden/recurrent-types.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { expectGradientsMatchDifferences } from '../helpers/gradcheck.js';
import { load } from './models.js';

type Layer = nn.RNN | nn.GRU | nn.LSTM;
const { layers, cells, packing, training } = golden('recurrent');

const make = <T>({ layer, sizes, options }: RecurrentCase): T =>
  new (nn[layer] as new (...args: unknown[]) => T)(...sizes, options);

/** Numbers of tensors one behind the other. */
const flat = (tensors: readonly Tensor[]) =>
  Float32Array.from(tensors.flatMap((each) => Array.from(each.toTypedArray())));

/** A result as a list of tensors: `[output, [h, c]]` as three. */
function listOf(result: unknown): Tensor[] {
  return (Array.isArray(result) ? result.flat() : [result]) as Tensor[];
}

function expectGradients(
  row: RecurrentCase,
  results: readonly Tensor[],
  input: Tensor,
  states: readonly Tensor[],
  layer: nn.AnyModule,
) {
  expect(results).toHaveLength(row.results.length);
  results.forEach((result, i) => {
    expect(result.shape).toEqual(row.results[i]!.shape);
    expectClose(result.toTypedArray(), values(row.results[i]!), { what: `result ${i}` });
  });
  const total = results.map((result, i) => result.mul(load(row.grads[i]!)).sum()).reduce((a, b) => a.add(b));
  total.backward();
  expectClose(input.grad!.toTypedArray(), values(row.inputGrad), { what: 'gradient of the input', tolerance: 5e-6 });
  states.forEach((state, i) => {
    expectClose(state.grad!.toTypedArray(), values(row.stateGrads[i]!), {
      what: `gradient of state ${i}`,
      tolerance: 5e-6,
    });
  });
  expectClose(flat(layer.parameters().map(({ grad }) => grad!)), values(row.weightGrads), {
    what: 'gradient of the weights',
    tolerance: 1e-5,
  });
}

describe('initial weights and printing', () => {
  it.each([...layers, ...cells])('$name', (row) => {
    manualSeed(row.layer.endsWith('Cell') ? 5 : 11);
    const layer = make<nn.AnyModule>(row);
    expect(flat(layer.parameters())).toEqual(values(row.weights));
    if (row.after !== undefined) expect(rand([1]).toTypedArray()).toEqual(values(row.after));
    expect(String(layer)).toBe(row.printed);
    expect(Object.keys(layer.stateDict())).toEqual(row.keys);
  });
});

describeEachBackend('recurrent layers', () => {
  it.each(layers)('$name', (row) => {
    manualSeed(11);
    const layer = make<Layer>(row);
    const input = load(row.input).requiresGrad_();
    const states = row.states.map((each) => load(each).requiresGrad_());
    const state = (states.length === 0 ? null : row.layer === 'LSTM' ? states : states[0]) as never;
    const batchFirst = layer.batchFirst;
    if (!row.lengths) {
      expectGradients(row, listOf((layer as nn.LSTM).forward(input, state)), input, states, layer);
      return;
    }
    const packed = nn.utils.rnn.packPaddedSequence(input, row.lengths, { batchFirst, enforceSorted: false });
    const [output, last] = (layer as nn.LSTM).forward(packed, state);
    const [padded, lengths] = nn.utils.rnn.padPackedSequence(output, { batchFirst });
    expect(lengths.toArray()).toEqual(row.lengths);
    expectGradients(row, [padded, ...listOf(last)], input, states, layer);
  });

  it.each(cells)('$name', (row) => {
    manualSeed(5);
    const cell = make<nn.RNNCell | nn.GRUCell | nn.LSTMCell>(row);
    const input = load(row.input).requiresGrad_();
    const states = row.states.map((each) => load(each).requiresGrad_());
    const result = cell.forward(input, (row.layer === 'LSTMCell' ? states : states[0]) as never);
    expectGradients(row, listOf(result), input, states, cell);
  });

  it.each(packing)('packs and pads lengths $lengths', (row) => {
    const x = tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      { shape: [3, 4, 2] },
    );
    const { batchFirst, enforceSorted } = row;
    const packed = nn.utils.rnn.packPaddedSequence(x, row.lengths, { batchFirst, enforceSorted });
    expect(packed.data.toTypedArray()).toEqual(values(row.data));
    expect(packed.batchSizes.toArray()).toEqual(row.batchSizes);
    expect(packed.sortedIndices?.toArray() ?? null).toEqual(row.sortedIndices);
    expect(packed.unsortedIndices?.toArray() ?? null).toEqual(row.unsortedIndices);
    const [padded, lengths] = nn.utils.rnn.padPackedSequence(packed, { batchFirst, paddingValue: -1, totalLength: 5 });
    expect(padded.shape).toEqual(row.padded.shape);
    expect(padded.toTypedArray()).toEqual(values(row.padded));
    expect(lengths.toArray()).toEqual(row.back);
  });

  it('packs rows in any order of their lengths, compiled', () => {
    const layer = new nn.GRU(2, 3);
    const run = (x: Tensor) => {
      const packed = nn.utils.rnn.packPaddedSequence(x, [2, 3], { enforceSorted: false });
      return nn.utils.rnn.padPackedSequence(layer.forward(packed)[0] as nn.utils.rnn.PackedSequence)[0];
    };
    const x = randn([3, 2, 2]);
    expect(compile(run)(x).toArray()).toEqual(run(x).toArray());
  });

  it('pads and packs lists of sequences', () => {
    const sequences = [tensor([1, 2, 3]), tensor([4])];
    const padded = nn.utils.rnn.padSequence(sequences, { batchFirst: true, paddingValue: -1 });
    expect(padded.toArray()).toEqual([
      [1, 2, 3],
      [4, -1, -1],
    ]);
    expect(nn.utils.rnn.padSequence(sequences).toArray()).toEqual([
      [1, 4],
      [2, 0],
      [3, 0],
    ]);
    expect(nn.utils.rnn.packSequence(sequences).data.toArray()).toEqual([1, 4, 2, 3]);
    const [first, second, third] = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const ofPairs = [tensor([first!, second!]), tensor([third!])];
    expect(nn.utils.rnn.padSequence(ofPairs).toArray()).toEqual([
      [first, third],
      [second, [0, 0]],
    ]);
    expect(nn.utils.rnn.packSequence(ofPairs).data.toArray()).toEqual([first, third, second]);
  });

  /** The model of `training()` in test/golden/makers/recurrent.py. */
  function network() {
    manualSeed(0, { masks: 'mt19937' });
    const gru = new nn.GRU(6, 20, { numLayers: 2, dropout: 0.3, batchFirst: true });
    const lstm = new nn.LSTM(20, 24);
    const head = new nn.Linear(24, 3);
    const optimizer = new optim.Adam([...gru.parameters(), ...lstm.parameters(), ...head.parameters()], { lr: 0.01 });
    const x = randn([7, 5, 6]);
    const target = randint(0, 3, [7]);
    const step = (input: Tensor, labels: Tensor) => {
      optimizer.zeroGrad();
      const [output] = gru.forward(input);
      const [, [hidden]] = lstm.forward(output.transpose(0, 1));
      const loss = F.crossEntropy(head.forward(hidden.select(0, 0)), labels);
      loss.backward();
      optimizer.step();
      return loss;
    };
    return { step, x, target };
  }

  it('trains to the losses of PyTorch', () => {
    const { step, x, target } = network();
    const losses = Float32Array.from({ length: 10 }, () => step(x, target).item());
    expectClose(losses, Float32Array.from(training), { tolerance: 1e-4 });
  });

  it('computes the same bits compiled', () => {
    const eager = network();
    const losses = Array.from({ length: 10 }, () => eager.step(eager.x, eager.target).item());
    const other = network();
    using step = compile(other.step, { passes: { 'linear-weight-update': true } });
    const compiled = Array.from({ length: 10 }, () => step(other.x, other.target).item());
    expect(compiled[0]).toBeCloseTo(losses[0]!, 6);
    expectClose(Float32Array.from(compiled), Float32Array.from(losses), { tolerance: 1e-6 });
  });

  it.each([
    ['layer', new nn.LSTM(3, 4, { numLayers: 2 }), [2, 2, 3]],
    ['cell', new nn.LSTMCell(3, 4), [2, 3]],
  ] as const)('gives the same from a clone: %s', (_, layer, shape) => {
    const x = randn([...shape], { generator: new Generator(3) });
    const [expected, got] = [layer, layer.clone()].map((each) => listOf(each.forward(x)));
    expect(got!.map((each) => each.toArray())).toEqual(expected!.map((each) => each.toArray()));
  });

  it('gives the same in evaluation without keeping anything for gradients', () => {
    const generator = new Generator(3);
    const lstm = new nn.LSTM(7, 33, { numLayers: 2, bidirectional: true, generator });
    const x = randn([4, 9, 7], { generator });
    const [output] = lstm.forward(x);
    const [plain] = noGrad(() => lstm.forward(x));
    expect(plain.toTypedArray()).toEqual(output.toTypedArray());
  });
});

describe('gradients against differences', () => {
  const generator = new Generator(8);
  const numbers = (...shape: number[]) => randn(shape, { generator, dtype: 'float64' }).mul(0.5);
  const kinds = [
    ['RNN_TANH', 1],
    ['RNN_RELU', 1],
    ['GRU', 3],
    ['LSTM', 4],
  ] as const;
  for (const [kind, gates] of kinds)
    for (const [reverse, lengths] of [
      [false, null],
      [true, [3, 1]],
    ] as const)
      it(`${kind}, ${reverse ? 'reverse, with lengths' : 'forward'}`, () => {
        const isLstm = kind === 'LSTM';
        const [inputs, units] = [3, 2];
        const sizes = [
          [3, 2, inputs],
          [2, units],
          [gates * units, inputs],
          [gates * units, units],
          [gates * units],
          [gates * units],
        ];
        if (isLstm) sizes.push([2, units]);
        expectGradientsMatchDifferences({
          name: kind,
          inputs: () => sizes.map((shape) => numbers(...shape)),
          fn: (x, hidden, ih, hh, biasIh, biasHh, cell = null as never) => {
            const of = lengths && tensor([...lengths], { dtype: 'int32' });
            const weights = { ih: ih!, hh: hh!, biasIh: biasIh!, biasHh: biasHh! };
            const result = recurrent(kind, x!, { hidden: hidden!, cell }, weights, reverse, of);
            const parts = [result.output.reshape([-1]), result.hidden.reshape([-1]).mul(2)];
            if (result.cell !== null) parts.push(result.cell.reshape([-1]).mul(3));
            return F.cat(parts);
          },
        });
      });
});

it('flattenParameters does nothing, as weights have one layout', () => {
  for (const layer of [new nn.RNN(2, 3), new nn.GRU(2, 3, { numLayers: 2 }), new nn.LSTM(2, 3)]) {
    const before = layer.parameters();
    expect(layer.flattenParameters()).toBeUndefined();
    expect(layer.parameters()).toEqual(before);
  }
});
