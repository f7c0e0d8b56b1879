/** Bad input to layers and modules: the right error in the right words, and everything as it was. */
import { expect, it } from 'vitest';
import {
  ArgumentError,
  defaultGenerator,
  Generator,
  LanewiseError,
  manualSeed,
  nn,
  ones,
  ShapeError,
  StateError,
  tensor,
  zeros,
} from '../../src/index.js';
import { sentence } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { snapshot } from './models.js';

const model = () => new nn.Sequential(new nn.Linear(4, 3), new nn.Dropout(0.5), new nn.Linear(3, 2));
type Model = ReturnType<typeof model>;
type Row = readonly [
  name: string,
  act: (model: Model) => unknown,
  error: new (message: string) => LanewiseError,
  message: string,
];

const bad = (value: unknown): never => value as never;
const int32 = (shape: number[]) => zeros(shape, { dtype: 'int32' });

const rows: readonly Row[] = [
  ['Linear: -1 features', () => new nn.Linear(-1, 2), ArgumentError, 'Linear: inFeatures must not be negative, got -1'],
  [
    'Linear: 1.5 features',
    () => new nn.Linear(2, 1.5),
    ArgumentError,
    'Linear: outFeatures must be an integer, got 1.5',
  ],
  ...[0, -1, Number.NEGATIVE_INFINITY].map(
    (delta): Row => [
      `HuberLoss: a delta of ${delta}`,
      () => new nn.HuberLoss({ delta }),
      ArgumentError,
      'HuberLoss: huber_loss does not support non-positive values for delta.',
    ],
  ),
  ['Linear: a string', () => new nn.Linear(bad('2'), 2), ArgumentError, 'inFeatures must be an integer, got "2"'],
  ['Linear: NaN', () => new nn.Linear(2, Number.NaN), ArgumentError, 'outFeatures must be an integer, got NaN'],
  ['Linear: huge', () => new nn.Linear(2 ** 20, 2 ** 20), ShapeError, 'has too many elements'],
  ['Linear: beyond any size', () => new nn.Linear(2 ** 40, 1), ArgumentError, 'Linear: inFeatures is too large'],
  [
    'Linear: no sizes',
    () => new nn.Linear(bad(undefined), 1),
    ArgumentError,
    'inFeatures must be an integer, got undefined',
  ],
  [
    'Linear: bias of 1',
    () => new nn.Linear(2, 2, { bias: bad(1) }),
    ArgumentError,
    'Linear: bias must be a boolean, got 1',
  ],
  [
    'Linear: bias in its place in Python',
    () => new nn.Linear(2, 2, bad(false)),
    ArgumentError,
    'options must be an object, got false',
  ],
  [
    'Linear: unknown option',
    () => new nn.Linear(2, 2, bad({ biass: true })),
    ArgumentError,
    'Linear: unknown option "biass"',
  ],
  [
    'Linear: dtype',
    () => new nn.Linear(2, 2, { dtype: bad('int32') }),
    ArgumentError,
    'dtype must be one of float32, float64, got "int32"',
  ],
  [
    'Linear: generator',
    () => new nn.Linear(2, 2, { generator: bad(3) }),
    ArgumentError,
    'generator must be a Generator, got 3',
  ],
  [
    'Linear: features',
    (m) => m.forward(ones([32, 100])),
    ShapeError,
    'Sequential[0] Linear: expected 4 features in the last dimension, got shape [32, 100]',
  ],
  [
    'Linear: a scalar',
    (m) => m.at(0).forward(tensor(1)),
    ShapeError,
    'Linear: expected 4 features in the last dimension, got shape []',
  ],
  [
    'Linear: integers',
    (m) => m.at(0).forward(int32([2, 4])),
    ArgumentError,
    'linear: expected a float32 or float64 tensor, got int32',
  ],
  [
    'Linear: no tensor',
    (m) => m.forward(bad([1, 2, 3, 4])),
    ArgumentError,
    'Sequential[0] linear: expected a Tensor, got [1, 2, 3, 4]',
  ],
  ['Linear: nothing', (m) => m.at(0).forward(bad(undefined)), ArgumentError, 'expected a Tensor, got undefined'],
  ['Dropout: p -0.1', () => new nn.Dropout(-0.1), ArgumentError, `Dropout: ${sentence('Dropout: p -0.1')}`],
  ['Dropout: p 1.5', () => new nn.Dropout(1.5), ArgumentError, sentence('Dropout: p 1.5')],
  ['Dropout2d: p 2', () => new nn.Dropout2d(2), ArgumentError, `Dropout2d: ${sentence('Dropout2d: p 2')}`],
  ['Dropout: p NaN', () => new nn.Dropout(Number.NaN), ArgumentError, 'has to be between 0 and 1, but got NaN'],
  ['Dropout: p infinite', () => new nn.Dropout(Number.POSITIVE_INFINITY), ArgumentError, 'but got Infinity'],
  ['Dropout: p a string', () => new nn.Dropout(bad('0.5')), ArgumentError, 'Dropout: p must be a number, got "0.5"'],
  ['Dropout: p null', () => new nn.Dropout(bad(null)), ArgumentError, 'Dropout: p must be a number, got null'],
  [
    'Dropout: inplace',
    () => new nn.Dropout(0.5, bad({ inplace: true })),
    ArgumentError,
    'Dropout: unknown option "inplace"',
  ],
  [
    'Dropout: inplace in its place in Python',
    () => new nn.Dropout(0.5, bad(true)),
    ArgumentError,
    'options must be an object, got true',
  ],
  [
    'Dropout: generator',
    () => new nn.Dropout(0.5, { generator: bad({}) }),
    ArgumentError,
    'generator must be a Generator, got an object',
  ],
  [
    'Dropout: integers',
    (m) => m.at(1).forward(int32([2])),
    ArgumentError,
    'expected a float32 or float64 tensor, got int32',
  ],
  [
    'Dropout2d: one dimension',
    () => new nn.Dropout2d(0.5).forward(ones([4])),
    ShapeError,
    sentence('Dropout2d: one dimension'),
  ],
  ['ReLU: inplace', () => new nn.ReLU(bad({ inplace: true })), ArgumentError, 'ReLU: unknown option "inplace"'],
  [
    'ReLU: inplace in its place in Python',
    () => new nn.ReLU(bad(true)),
    ArgumentError,
    'ReLU: options must be an object, got true',
  ],
  [
    'Softmax: integers',
    () => new nn.Softmax(0).forward(int32([2])),
    ArgumentError,
    'softmax: expected a float32 or float64 tensor',
  ],
  ['Flatten: 1.5', () => new nn.Flatten(1.5), ArgumentError, 'Flatten: startDim must be an integer, got 1.5'],
  [
    'Flatten: a string',
    () => new nn.Flatten(1, bad('2')),
    ArgumentError,
    'Flatten: endDim must be an integer, got "2"',
  ],
  ['Flatten: dim out of range', () => new nn.Flatten().forward(ones([3])), ArgumentError, 'Dimension out of range'],
  ['Softmax: text', () => new nn.Softmax(bad('1')), ArgumentError, 'Softmax: dim must be a number, got "1"'],
  ['LogSoftmax: dim 0.5', () => new nn.LogSoftmax(0.5), ArgumentError, 'LogSoftmax: dim must be an integer, got 0.5'],
  [
    'CrossEntropyLoss: smoothing',
    () => new nn.CrossEntropyLoss({ labelSmoothing: 1.5 }),
    ArgumentError,
    sentence('CrossEntropyLoss: smoothing 1.5'),
  ],
  [
    'CrossEntropyLoss: reduction',
    () => new nn.CrossEntropyLoss({ reduction: bad('avg') }),
    ArgumentError,
    'CrossEntropyLoss: reduction must be one of',
  ],
  [
    'CrossEntropyLoss: weight',
    () => new nn.CrossEntropyLoss({ weight: ones([2, 2]) }),
    ShapeError,
    'CrossEntropyLoss: expected a weight of shape [classes], got [2, 2]',
  ],
  [
    'CrossEntropyLoss: option',
    () => new nn.CrossEntropyLoss(bad({ ignore_index: 1 })),
    ArgumentError,
    'unknown option "ignore_index"',
  ],
  [
    'CrossEntropyLoss: target 3 of 3',
    () => new nn.CrossEntropyLoss().forward(ones([2, 3]), tensor([0, 3], { dtype: 'int32' })),
    ArgumentError,
    sentence('CrossEntropyLoss: target 3 of 3'),
  ],
  [
    'CrossEntropyLoss: rows',
    () => new nn.CrossEntropyLoss().forward(ones([2, 3]), int32([3])),
    ShapeError,
    sentence('CrossEntropyLoss: rows'),
  ],
  [
    'CrossEntropyLoss: float labels',
    () => new nn.CrossEntropyLoss().forward(ones([2, 3]), zeros([2])),
    ArgumentError,
    'labels are int32, got float32',
  ],
  [
    'MSELoss: reduction',
    () => new nn.MSELoss({ reduction: bad('avg') }),
    ArgumentError,
    'MSELoss: reduction must be one of',
  ],
  ['MSELoss: option', () => new nn.MSELoss(bad({ reduce: true })), ArgumentError, 'MSELoss: unknown option "reduce"'],
  [
    'MSELoss: shapes',
    () => new nn.MSELoss().forward(ones([2]), ones([2, 1])),
    ShapeError,
    'that is different to the input size ([2])',
  ],
  ['Parameter: no tensor', () => new nn.Parameter(bad([1])), ArgumentError, 'Parameter: expected a Tensor, got [1]'],
  [
    'Parameter: requiresGrad',
    () => new nn.Parameter(ones([1]), bad(1)),
    ArgumentError,
    'requiresGrad: expected a boolean, got 1',
  ],
  ['train', (m) => m.train(bad(1)), ArgumentError, sentence('train: not a boolean')],
  ['training', (m) => Reflect.set(m, 'training', 'yes'), ArgumentError, sentence('train: not a boolean')],
  ['apply', (m) => m.apply(bad(3)), ArgumentError, 'Sequential.apply: expected a function, got 3'],
  [
    'zeroGrad',
    (m) => m.zeroGrad({ setToNone: bad(0) }),
    ArgumentError,
    'Sequential.zeroGrad: setToNone must be a boolean, got 0',
  ],
  ['zeroGrad in Python', (m) => m.zeroGrad(bad({ set_to_none: true })), ArgumentError, 'unknown option "set_to_none"'],
  ['requiresGrad_', (m) => m.requiresGrad_(bad(1)), ArgumentError, 'requiresGrad must be a boolean, got 1'],
  ['prefix', (m) => m.namedParameters(bad(3)), ArgumentError, 'prefix must be a string, got 3'],
  ['requiresGrad_ with integers', () => integers().requiresGrad_(), StateError, 'only Tensors of floating point dtype'],
  [
    'registerBuffer: no tensor',
    (m) => m.registerBuffer('b', bad(3)),
    ArgumentError,
    "cannot assign 3 to buffer 'b' (Tensor or null required)",
  ],
  [
    'registerBuffer: a parameter',
    (m) => m.registerBuffer('b', new nn.Parameter(ones([1]))),
    ArgumentError,
    "to buffer 'b' (Tensor or null",
  ],
  ['registerBuffer: a dot', (m) => m.registerBuffer('a.b', ones([1])), ArgumentError, 'buffer name can\'t contain "."'],
  [
    'registerBuffer: taken',
    (m) => m.registerBuffer('forward', ones([1])),
    ArgumentError,
    "attribute 'forward' already exists",
  ],
  [
    'registerBuffer: option',
    (m) => m.registerBuffer('b', ones([1]), bad({ keep: true })),
    ArgumentError,
    'unknown option "keep"',
  ],
  [
    'registerParameter: a tensor',
    (m) => m.registerParameter('p', bad(ones([1]))),
    ArgumentError,
    "to parameter 'p' (Parameter or null required)",
  ],
  [
    'registerParameter: empty',
    (m) => m.registerParameter('', null),
    ArgumentError,
    'parameter name can\'t be empty string ""',
  ],
  [
    'registerParameter: a symbol',
    (m) => m.registerParameter(bad(Symbol('p')), null),
    ArgumentError,
    'parameter name should be a string. Got a symbol',
  ],
  [
    'registerModule: no module',
    () => new nn.Module().registerModule('m', bad(3)),
    ArgumentError,
    'Module.registerModule: 3 is not a Module subclass',
  ],
  [
    'registerModule: a class',
    () => new nn.Module().registerModule('m', bad(nn.ReLU)),
    ArgumentError,
    'is not a Module subclass',
  ],
];

function integers(): nn.Module {
  const module = new nn.Module();
  module.registerParameter('a', new nn.Parameter(ones([1]), false));
  module.registerParameter('b', new nn.Parameter(tensor([1], { dtype: 'int32' }), false));
  return module;
}

describeEachBackend('bad input to nn', () => {
  it.each(rows)('%s', (_name, act, error, message) => {
    manualSeed(3);
    const m = model();
    m.forward(ones([2, 4]))
      .sum()
      .backward();
    const before = [snapshot(m), JSON.stringify(defaultGenerator.getState()), String(m), Object.keys(m)];
    expect(() => act(m)).toThrow(error);
    expect(() => act(m)).toThrow(LanewiseError);
    expect(() => act(m)).toThrow(message);
    expect([snapshot(m), JSON.stringify(defaultGenerator.getState()), String(m), Object.keys(m)]).toEqual(before);
  });
});

it('leaves parameters alone when only some could be changed', () => {
  const module = integers();
  expect(() => module.requiresGrad_()).toThrow(StateError);
  expect(module.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual([false, false]);
});

it('draws nothing from a generator for a layer that is refused', () => {
  const generator = new Generator(2);
  const before = generator.getState();
  expect(() => new nn.Linear(2, -1, { generator })).toThrow(ArgumentError);
  expect(() => new nn.Linear(2, 2, bad({ generator, bias: 'no' }))).toThrow(ArgumentError);
  expect(() => new nn.Dropout(2, { generator })).toThrow(ArgumentError);
  expect(generator.getState()).toEqual(before);
});
