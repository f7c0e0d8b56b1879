import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { nn, zeros } from '../../src/index.js';
import { pythonRepr } from '../../src/tensor/python-repr.js';
import { golden } from '../golden/load.js';
import { mlp, Residual } from './models.js';

class Bare extends nn.Module {}

const printed: Readonly<Record<string, () => nn.AnyModule>> = {
  mlp,
  linear: () => new nn.Linear(2, 3),
  'linear without bias': () => new nn.Linear(2, 3, { bias: false }),
  relu: () => new nn.ReLU(),
  'relu in place': () => new nn.ReLU({ inplace: true }),
  'dropout p=0.5': () => new nn.Dropout(),
  'dropout p=1': () => new nn.Dropout(1),
  'dropout p=0.00001': () => new nn.Dropout(0.00001),
  'dropout p=0.1': () => new nn.Dropout(0.1),
  dropout2d: () => new nn.Dropout2d(0.2),
  'dropout in place': () => new nn.Dropout(0.25, true),
  'dropouts in place': () => {
    const layers = [nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout];
    return new nn.Sequential(...layers.map((Layer) => new Layer(0.5, { inplace: true })));
  },
  flatten: () => new nn.Flatten(),
  'flatten 0 to 2': () => new nn.Flatten(0, 2),
  identity: () => new nn.Identity(),
  'cross entropy': () => new nn.CrossEntropyLoss(),
  mse: () => new nn.MSELoss(),
  'empty sequential': () => new nn.Sequential(),
  nested: () =>
    new nn.Sequential(
      new nn.Flatten(),
      new nn.Sequential(
        new nn.Linear(4, 4),
        new nn.Sequential(new nn.ReLU(), new nn.Dropout(0.3)),
        new nn.Sequential(),
      ),
      new nn.Linear(4, 2, { bias: false }),
    ),
  named: () =>
    new nn.Sequential({
      hidden: new nn.Linear(4, 3),
      act: new nn.ReLU(),
      out: new nn.Sequential(new nn.Linear(3, 1)),
    }),
  residual: () => new nn.Sequential(new nn.Linear(3, 5), new Residual(5), new Residual(5)),
  bare: () => new Bare(),
};

describe('print(model)', () => {
  const { modules } = golden('printing');

  it('is tried for every model of the golden file', () => {
    expect(Object.keys(printed).sort()).toEqual(modules.map(({ name }) => name).sort());
  });

  it.each(modules)('equals PyTorch for $name', ({ name, text }) => {
    const model = printed[name]!();
    expect(String(model)).toBe(text);
    expect(inspect(model)).toBe(text);
  });

  it('lays out extra lines as PyTorch does', () => {
    class Extra extends nn.Module {
      layer = new nn.ReLU();
      override extraRepr(): string {
        return 'a=1\nb=2';
      }
    }
    expect(String(new Extra())).toBe('Extra(\n  a=1\n  b=2\n  (layer): ReLU()\n)');
    expect(String(new (class extends nn.Module {})())).toBe('Module()');
  });

  it('prints the other layers and lists', () => {
    expect([new nn.Softmax(1), new nn.LogSoftmax(-1), new nn.Sigmoid(), new nn.Tanh()].map(String)).toEqual([
      'Softmax(dim=1)',
      'LogSoftmax(dim=-1)',
      'Sigmoid()',
      'Tanh()',
    ]);
    const relus = [new nn.ReLU(), new nn.ReLU(), new nn.ReLU()];
    expect(String(new nn.ModuleList(relus))).toBe('ModuleList(\n  (0-2): 3 x ReLU()\n)');
    expect(String(new nn.ModuleList([...relus, new nn.Tanh()]))).toBe(
      'ModuleList(\n  (0-2): 3 x ReLU()\n  (3): Tanh()\n)',
    );
    expect(String(new nn.ModuleDict({ a: new nn.ReLU() }))).toBe('ModuleDict(\n  (a): ReLU()\n)');
    expect(String(new nn.Parameter(zeros([1, 1])))).toBe('Parameter containing:\ntensor([[0.]], requires_grad=True)');
  });
});

it.each([
  [1, '1'],
  [0, '0'],
  [-0.25, '-0.25'],
  [1e-4, '0.0001'],
  [0.00012, '0.00012'],
  [1e-5, '1e-05'],
  [1.5e-7, '1.5e-07'],
  [1e-10, '1e-10'],
  [-2.5e-5, '-2.5e-05'],
  [1e15, '1000000000000000'],
  [1e16, '1e+16'],
  [1e21, '1e+21'],
  [1e100, '1e+100'],
  [Number.NaN, 'nan'],
  [Number.POSITIVE_INFINITY, 'inf'],
  [Number.NEGATIVE_INFINITY, '-inf'],
  [true, 'True'],
  [false, 'False'],
  [null, 'None'],
  [undefined, 'None'],
  ['mean', "'mean'"],
  [[3, 3], '(3, 3)'],
  [[4], '(4,)'],
  [[], '()'],
])('spells %j as Python does', (value, text) => {
  expect(pythonRepr(value)).toBe(text);
});
