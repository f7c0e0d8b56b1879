/** Modules: constructors, containers, modes, state dicts, inputs that do not fit. */
import { compile, defaultGenerator, nn, type Tensor, zeros } from '../../../src/index.js';
import { sentence } from '../../golden/load.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row, shape, state, typeError } from '../row.js';

/** Modules that take one tensor, in training mode. */
const layers: readonly (readonly [name: string, make: () => nn.Module])[] = [
  ['Linear', () => new nn.Linear(3, 2)],
  ['ReLU', () => new nn.ReLU()],
  ['Sigmoid', () => new nn.Sigmoid()],
  ['Tanh', () => new nn.Tanh()],
  ['Softmax', () => new nn.Softmax(1)],
  ['LogSoftmax', () => new nn.LogSoftmax(1)],
  ['Dropout', () => new nn.Dropout(0.5)],
  ['Dropout2d', () => new nn.Dropout2d(0.5)],
  ['Flatten', () => new nn.Flatten()],
  ['Sequential', () => new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU())],
];

const noTensors: readonly (readonly [shown: string, value: unknown])[] = [
  ['3', 3],
  ['null', null],
  ['undefined', undefined],
  ['"x"', 'x'],
  ['[[1, 2, 3]]', [[1, 2, 3]]],
  ['a value of type Float32Array', new Float32Array(3)],
];

/** PyTorch's sentence about a probability. */
const noProbability = (p: number) => sentence('Dropout: p 1.5').replace('1.5', String(p));

/** The state of the model with one entry changed. */
const stateWith = ({ model }: Fixture, change: (entries: Record<string, unknown>) => void): never => {
  const entries: Record<string, unknown> = { ...model.stateDict() };
  change(entries);
  return bad(entries);
};

class Silent extends nn.Module {}

export const nnRows: readonly Row[] = [
  ...layers.flatMap(([name, make]) =>
    noTensors.map(([shown, value]) =>
      argument(
        `${name}.forward(${shown})`,
        () => outside(make, (layer) => layer.forward(bad(value))),
        `expected a Tensor, got ${shown}`,
      ),
    ),
  ),
  ...layers
    .filter(([name]) => !['Flatten', 'ReLU', 'Sigmoid', 'Tanh'].includes(name))
    .map(([name, make]) =>
      argument(
        `${name}.forward of int32`,
        ({ integers }) => outside(make, (layer) => layer.forward(integers)),
        'expected a float32 or float64 tensor, got int32',
      ),
    ),
  argument(
    'Linear.forward of float64',
    ({ doubles }) =>
      outside(
        () => new nn.Linear(3, 2),
        (layer) => layer.forward(doubles),
      ),
    'same dtype, got float64 and float32',
  ),

  shape(
    'Linear.forward: features',
    ({ model, matrix }) => model.at(0).forward(matrix),
    'Linear: expected 4 features in the last dimension, got shape [2, 3]',
  ),
  shape(
    'Linear.forward: a scalar',
    ({ model, scalar }) => model.at(0).forward(scalar),
    'Linear: expected 4 features in the last dimension, got shape []',
  ),
  shape(
    'Sequential.forward names the layer',
    ({ model, matrix }) => model.forward(matrix),
    'Sequential[0] Linear: expected 4 features in the last dimension, got shape [2, 3]',
  ),
  shape(
    'Sequential.forward names the layer deep inside',
    ({ x }) =>
      outside(
        () => new nn.Sequential(new nn.Linear(4, 3), new nn.Sequential(new nn.ReLU(), bad(new nn.Linear(7, 1)))),
        (model) => model.forward(x),
      ),
    /1.*Linear: expected 7 features in the last dimension, got shape \[2, 3\]/,
  ),
  shape(
    'Dropout2d.forward: one dimension',
    ({ vector }) => new nn.Dropout2d().forward(vector),
    `${sentence('Dropout2d: one dimension')}, got shape [3]`,
  ),
  argument('Softmax.forward: dim', ({ vector }) => new nn.Softmax(1).forward(vector), 'but got 1'),

  ...(['Dropout', 'Dropout2d'] as const).flatMap((name) => [
    ...[-0.1, 1.5, 2, Number.NaN, Number.POSITIVE_INFINITY].map((p) =>
      argument(`new ${name}(${p})`, () => new nn[name](p), `${name}: ${noProbability(p)}`),
    ),
    argument(`new ${name}("0.5")`, () => new nn[name](bad('0.5')), `${name}: p must be a number, got "0.5"`),
    argument(`new ${name}(null)`, () => new nn[name](bad(null)), `${name}: p must be a number, got null`),
    argument(`new ${name}({ p })`, () => new nn[name](bad({ p: 0.5 })), `${name}: p must be a number, got an object`),
    argument(
      `new ${name}, generator`,
      () => new nn[name](0.5, { generator: bad('mt') }),
      `${name}: generator must be a Generator, got "mt"`,
    ),
    argument(
      `new ${name}, inplace`,
      () => new nn[name](0.5, bad({ inplace: 1 })),
      `${name}: inplace must be a boolean, got 1`,
    ),
  ]),
  argument(
    'Dropout: p set to 2 later',
    ({ model, x }) => {
      const layer = new nn.Dropout();
      layer.p = 2;
      return layer.forward(model.at(0).forward(x));
    },
    'between 0 and 1, but got 2',
  ),
  argument('new Linear: bias 1', () => new nn.Linear(2, 2, { bias: bad(1) }), 'Linear: bias must be a boolean, got 1'),
  argument(
    'new Linear: int32',
    () => new nn.Linear(2, 2, { dtype: bad('int32') }),
    'Linear: dtype must be one of float32, float64, got "int32"',
  ),
  ...[true, false].map((bias) =>
    argument(
      `new Linear: bias ${bias} in its place in Python`,
      () => new nn.Linear(2, 2, bad(bias)),
      `Linear: options must be an object, got ${bias}`,
    ),
  ),
  argument(
    'new Linear: generator',
    () => new nn.Linear(2, 2, { generator: bad({}) }),
    'Linear: generator must be a Generator, got an object',
  ),
  argument('new Softmax("1")', () => new nn.Softmax(bad('1')), 'Softmax: dim must be a number, got "1"'),
  argument('new LogSoftmax(0.5)', () => new nn.LogSoftmax(0.5), 'LogSoftmax: dim must be an integer, got 0.5'),
  argument('new Flatten("1")', () => new nn.Flatten(bad('1')), 'Flatten: startDim must be an integer, got "1"'),
  argument(
    'new CrossEntropyLoss: reduction',
    () => new nn.CrossEntropyLoss({ reduction: bad('avg') }),
    'CrossEntropyLoss: reduction must be one of',
  ),
  argument(
    'new CrossEntropyLoss: weight',
    () => new nn.CrossEntropyLoss({ weight: bad([1, 2]) }),
    'CrossEntropyLoss: weight: expected a Tensor, got [1, 2]',
  ),
  argument(
    'new CrossEntropyLoss: smoothing',
    () => new nn.CrossEntropyLoss({ labelSmoothing: -1 }),
    'between 0.0 and 1.0. Got: -1',
  ),
  ...[null, 'avg'].map((reduction) =>
    argument(
      `new MSELoss: reduction ${reduction}`,
      () => new nn.MSELoss({ reduction: bad(reduction) }),
      'MSELoss: reduction must be one of',
    ),
  ),
  argument(
    'CrossEntropyLoss.forward: labels missing',
    ({ criterion, matrix }) => criterion.forward(matrix, bad(undefined)),
    'expected a Tensor of targets, got undefined',
  ),
  shape(
    'CrossEntropyLoss.forward: rows',
    ({ criterion, matrix }) => criterion.forward(matrix, zeros([3], { dtype: 'int32' })),
    sentence('CrossEntropyLoss: rows'),
  ),
  argument('new Parameter([1])', () => new nn.Parameter(bad([1])), 'Parameter: expected a Tensor, got [1]'),
  state('new Parameter(int32)', ({ integers }) => new nn.Parameter(integers), 'floating point dtype'),

  ...['yes', 1, 0, null, {}].map((mode) =>
    argument(
      `train(${JSON.stringify(mode)})`,
      ({ model }) => model.train(bad(mode)),
      `${sentence('train: not a boolean')}, got`,
    ),
  ),
  ...[1, 'yes'].map((mode) =>
    argument(
      `training = ${mode}`,
      ({ model }) => Reflect.set(model, 'training', mode),
      `${sentence('train: not a boolean')}, got`,
    ),
  ),
  argument('apply(5)', ({ model }) => model.apply(bad(5)), 'Sequential.apply: expected a function, got 5'),
  argument(
    'requiresGrad_("no")',
    ({ model }) => model.requiresGrad_(bad('no')),
    'requiresGrad must be a boolean, got "no"',
  ),
  argument(
    'zeroGrad({ setToNone: 0 })',
    ({ model }) => model.zeroGrad({ setToNone: bad(0) }),
    'Sequential.zeroGrad: setToNone must be a boolean, got 0',
  ),
  argument('namedParameters(5)', ({ model }) => model.namedParameters(bad(5)), 'prefix must be a string, got 5'),
  argument(
    'registerBuffer: a parameter',
    ({ model }) => model.registerBuffer('mean', bad(model.parameters()[0])),
    "to buffer 'mean' (Tensor or null required)",
  ),
  argument(
    'registerBuffer: an array',
    ({ model }) => model.registerBuffer('mean', bad([1])),
    "cannot assign [1] to buffer 'mean' (Tensor or null required)",
  ),
  argument(
    'registerBuffer: forward',
    ({ model, vector }) => model.registerBuffer('forward', vector),
    "attribute 'forward' already exists",
  ),
  argument(
    'registerBuffer: a.b',
    ({ model, vector }) => model.registerBuffer('a.b', vector),
    'buffer name can\'t contain "."',
  ),
  argument(
    'registerParameter: a tensor',
    ({ model, vector }) => model.registerParameter('scale', bad(vector)),
    "to parameter 'scale' (Parameter or null required)",
  ),
  argument(
    'registerParameter: 5',
    ({ model }) => model.registerParameter(bad(5), null),
    'parameter name should be a string. Got 5',
  ),
  ...(['registerForwardPreHook', 'registerForwardHook', 'registerFullBackwardHook'] as const).flatMap((kind) => [
    ...[undefined, null, 5, 'hook', {}].map((hook) =>
      argument(
        `${kind}(${typeof hook} ${String(hook)})`,
        ({ model }) => model[kind](bad(hook)),
        `Sequential.${kind}: expected a function, got `,
      ),
    ),
    argument(`${kind}: options 5`, ({ model }) => model[kind](() => null, bad(5)), 'options must be an object, got 5'),
    argument(
      `${kind}: prepend 1`,
      ({ model }) => model[kind](() => null, { prepend: bad(1) }),
      `Sequential.${kind}: prepend must be a boolean, got 1`,
    ),
    argument(
      `${kind}: withKwargs`,
      ({ model }) => model[kind](() => null, bad({ withKwargs: true })),
      `Sequential.${kind}: unknown option "withKwargs"; it takes prepend`,
    ),
    state(
      `${kind} while a function is traced`,
      ({ model, x }) => compile((input: Tensor) => (model[kind](() => null) as never) ?? model.forward(input))(x),
      `Sequential.${kind}() is not possible while compile traces a function`,
    ),
  ]),
  argument(
    'an async hook',
    ({ model, x }) => {
      const handle = model.registerForwardPreHook(bad(async () => undefined));
      try {
        model.forward(x);
      } finally {
        handle.remove();
      }
    },
    'Sequential.registerForwardPreHook: a hook must not be async',
  ),
  state(
    'a module without forward',
    ({ x }) => new Silent().forward(x),
    'Module [Silent] is missing the required "forward" function',
  ),

  argument(
    'loadStateDict: a key missing',
    (fixture) => fixture.model.loadStateDict(stateWith(fixture, (s) => delete s['0.bias'])),
    'Missing key(s) in state_dict: "0.bias". ',
  ),
  argument(
    'loadStateDict: a key too many',
    (fixture) => fixture.model.loadStateDict(stateWith(fixture, (s) => (s['9.weight'] = zeros([1])))),
    'Unexpected key(s) in state_dict: "9.weight". ',
  ),
  argument(
    'loadStateDict: a key __proto__',
    (fixture) => {
      const entries = new Map<string, Tensor>(Object.entries(fixture.model.stateDict())).set('__proto__', zeros([1]));
      return fixture.model.loadStateDict(entries);
    },
    'Unexpected key(s) in state_dict: "__proto__". ',
  ),
  shape(
    'loadStateDict: a size, the last key',
    (fixture) => fixture.model.loadStateDict(stateWith(fixture, (s) => (s['3.bias'] = zeros([4])))),
    'size mismatch for 3.bias: copying a param with shape torch.Size([4]) from checkpoint, the shape in current model is torch.Size([3]).',
  ),
  shape(
    'loadStateDict: a size, not strict',
    (fixture) =>
      fixture.model.loadStateDict(
        stateWith(fixture, (s) => (s['3.bias'] = zeros([4]))),
        { strict: false },
      ),
    'size mismatch for 3.bias',
  ),
  argument(
    'loadStateDict: an array for a tensor',
    (fixture) => fixture.model.loadStateDict(stateWith(fixture, (s) => (s['0.bias'] = [1, 2]))),
    'expected a Tensor from checkpoint but received [1, 2]',
  ),
  argument(
    'loadStateDict: null',
    ({ model }) => model.loadStateDict(bad(null)),
    'Expected state_dict to be dict-like, got null',
  ),
  argument(
    'loadStateDict: an array',
    ({ model }) => model.loadStateDict(bad([zeros([1])])),
    'Expected state_dict to be dict-like',
  ),
  argument(
    'loadStateDict: strict 1',
    ({ model }) => model.loadStateDict(model.stateDict(), { strict: bad(1) }),
    'strict must be a boolean, got 1',
  ),
  typeError('train of what is no module', () => nn.Module.prototype.train.call(bad({})), /private|member|modules/),
];

/** Does something with a layer that draws no initial weights from the fixture's generator. */
function outside<T>(make: () => T, act: (layer: T) => unknown): unknown {
  return act(withoutDrawing(make));
}

function withoutDrawing<T>(make: () => T): T {
  const before = defaultGenerator.getState();
  try {
    return make();
  } finally {
    defaultGenerator.setState(before);
  }
}
