/** Bad input to optimizers that test/misuse/rows/optim.ts does not have: the right error in the right words, and everything as it was. */
import { expect, it } from 'vitest';
import { ArgumentError, type LanewiseError, nn, ones, optim, ShapeError, StateError } from '../../src/index.js';
import { sentence } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { Own } from '../helpers/own-optimizer.js';
import { bits } from '../nn/models.js';

const bad = (value: unknown): never => value as never;

/** Two optimizers in the middle of their work. */
function makeFixture() {
  const params = [ones([2, 3]), ones([4])].map((each) => new nn.Parameter(each));
  const [a, b] = params as [nn.Parameter, nn.Parameter];
  for (const param of params) param.grad = ones(param.shape);
  const sgd = new optim.SGD([{ params: [a] }, { params: [b], lr: 0.5 }], { lr: 0.1, momentum: 0.9 });
  const adam = new optim.Adam([a], { amsgrad: true });
  sgd.step();
  adam.step();
  return { a, b, p: params, sgd, adam };
}

type Fixture = ReturnType<typeof makeFixture>;

function picture({ p, sgd, adam }: Fixture): unknown {
  const states = [sgd, adam].map((each) => {
    const { state, param_groups } = each.stateDict();
    const tensors = Object.values(state).map((own) => Object.entries(own).map(([name, value]) => [name, bits(value)]));
    return { tensors, param_groups };
  });
  return { states, params: p.map((each) => [bits(each), bits(each.grad!)]) };
}

type ErrorClass = new (message: string) => LanewiseError;
type Row = readonly [name: string, act: (fixture: Fixture) => unknown, message: string, error?: ErrorClass];

const rows: readonly Row[] = [
  ['SGD: lr in its place in Python', ({ p }) => new optim.SGD(p, bad(0.1)), 'SGD: options must be an object, got 0.1'],
  ['SGD: dampening NaN', ({ p }) => new optim.SGD(p, { dampening: Number.NaN }), 'Invalid dampening value: NaN'],
  [
    'SGD: unknown option',
    ({ p }) => new optim.SGD(p, bad({ weight_decay: 1 })),
    'SGD: unknown option "weight_decay"; it takes lr, momentum',
  ],
  ['SGD: option of Adam', ({ p }) => new optim.SGD(p, bad({ betas: [0.9, 0.99] })), 'SGD: unknown option "betas"'],
  ['SGD: the method as parameters', () => new optim.SGD(bad(new nn.Linear(1, 1).parameters)), 'but got a function'],
  ['SGD: a module as parameters', () => new optim.SGD(bad(new nn.Linear(1, 1))), 'got a module; pass its parameters()'],
  [
    'SGD: named parameters',
    () => new optim.SGD(bad(new nn.Linear(1, 1).namedParameters())),
    'a parameter group is an object with params',
  ],
  ['SGD: one tensor missing', ({ a }) => new optim.SGD(bad([a, undefined])), 'one of the params is undefined'],
  [
    'SGD: a group and a tensor',
    ({ a, b }) => new optim.SGD(bad([{ params: [a] }, b])),
    'a parameter group is an object with params',
  ],
  [
    'SGD: a group of null',
    () => new optim.SGD(bad([{ params: null }])),
    'params of a group should be an iterable of Tensors, but got null',
  ],
  ['Adam: eps NaN', ({ p }) => new optim.Adam(p, { eps: Number.NaN }), 'Invalid epsilon value: NaN'],
  ['Adam: beta 1 of -0.5', ({ p }) => new optim.Adam(p, { betas: [0.9, -0.5] }), sentence('Adam: beta 1 of -0.5')],
  [
    'Adam: beta 0 of NaN',
    ({ p }) => new optim.Adam(p, { betas: [Number.NaN, 0.9] }),
    'Invalid beta parameter at index 0: NaN',
  ],
  ['RMSprop: alpha -1', ({ p }) => new optim.RMSprop(p, { alpha: -1 }), 'RMSprop: Invalid alpha value: -1'],
  [
    'addParamGroup: a bad option',
    ({ sgd }) => sgd.addParamGroup({ params: [ones([1])], momentum: -1 }),
    'Invalid momentum value: -1',
  ],
  [
    'addParamGroup: a list',
    ({ sgd }) => sgd.addParamGroup(bad([ones([1])])),
    'a parameter group is an object with params',
  ],
  [
    'step: no groups left',
    ({ sgd }) => Object.assign(sgd, { paramGroups: [] }).step(),
    'paramGroups has been replaced',
    StateError,
  ],
  [
    'loadStateDict: no state',
    ({ sgd }) => sgd.loadStateDict(bad({ param_groups: [] })),
    'a state dict is an object of state',
  ],
  [
    'loadStateDict: sizes',
    ({ adam }) => adam.loadStateDict({ state: {}, param_groups: [{ params: [0, 1] }] }),
    "doesn't match the size of optimizer's group: 2 parameters, expected 1",
  ],
  [
    'loadStateDict: no params',
    ({ adam }) => adam.loadStateDict({ state: {}, param_groups: [{ lr: 1 }] }),
    'is an object with numbers in params',
  ],
  [
    'loadStateDict: a parameter twice',
    ({ sgd }) => sgd.loadStateDict({ state: {}, param_groups: [{ params: [0] }, { params: [0] }] }),
    'names a parameter twice',
  ],
  [
    'loadStateDict: maximize',
    ({ a }) => new Own([a]).loadStateDict({ state: {}, param_groups: [{ params: [0], maximize: true }] }),
    'maximize is not supported',
  ],
  [
    'loadStateDict: name',
    ({ sgd }) => sgd.loadStateDict(saved({ exp_avg: ones([2, 3]) }, 2)),
    'SGD.loadStateDict: unknown state "exp_avg"',
  ],
  [
    'loadStateDict: shape',
    ({ sgd }) => sgd.loadStateDict(saved({ momentum_buffer: ones([3, 2]) }, 2)),
    'momentum_buffer has shape [3, 2], its parameter [2, 3]',
    ShapeError,
  ],
  [
    'loadStateDict: no tensor',
    ({ sgd }) => sgd.loadStateDict(saved({ momentum_buffer: bad(3) }, 2)),
    'momentum_buffer must be a Tensor, got 3',
  ],
  [
    'loadStateDict: no step',
    ({ adam }) => adam.loadStateDict(saved({ exp_avg: ones([2, 3]) }, 1)),
    'step must be a whole number, got undefined',
  ],
  [
    'loadStateDict: half a step',
    ({ adam }) => adam.loadStateDict(saved({ step: bad(1.5) }, 1)),
    'step must be a whole number, got 1.5',
  ],
];

/** A state dict with this state for parameter 0, in groups of one parameter each. */
function saved(state: Record<string, ReturnType<typeof ones>>, groups: number): optim.OptimizerStateDict {
  return { state: { 0: state }, param_groups: Array.from({ length: groups }, (_, i) => ({ lr: 0.7, params: [i] })) };
}

describeEachBackend('bad input to optim', () => {
  const table = rows.map(([name, act, message, error = ArgumentError]) => ({ name, act, message, error }));
  it.each(table)('$name', ({ act, message, error }) => {
    const fixture = makeFixture();
    const before = picture(fixture);
    expect(() => act(fixture)).toThrow(message);
    expect(() => act(fixture)).toThrow(error);
    expect(picture(fixture)).toEqual(before);
    expect([fixture.a.grad, fixture.b.grad]).not.toContain(null);
  });

  it.each([
    ['lr', Number.NaN, 'SGD: Invalid learning rate: NaN'],
    ['lr', '0.1', 'SGD: Invalid learning rate: "0.1"'],
    ['momentum', -1, 'SGD: Invalid momentum value: -1'],
    ['weightDecay', Number.NaN, 'SGD: Invalid weight_decay value: NaN'],
    ['nesterov', 'yes', 'SGD: nesterov must be a boolean'],
    ['params', null, 'SGD: params of a group is an array, got null'],
    ['params', [3], 'one of the params is 3'],
  ])('%s set to %j in the second group stops the step before the first moves', (option, value, message) => {
    const fixture = makeFixture();
    const params = fixture.p.map(bits);
    Reflect.set(fixture.sgd.paramGroups[1]!, option, value);
    expect(() => fixture.sgd.step()).toThrow(message);
    let called = false;
    expect(() =>
      fixture.sgd.step(() => {
        called = true;
      }),
    ).toThrow(message);
    expect(called).toBe(false);
    expect(fixture.p.map(bits)).toEqual(params);
  });

  it('an option that the closure spoils stops the step too', () => {
    const fixture = makeFixture();
    const before = fixture.p.map(bits);
    expect(() =>
      fixture.sgd.step(() => {
        fixture.sgd.paramGroups[0]!.lr = Number.NaN;
      }),
    ).toThrow('Invalid learning rate: NaN');
    expect(fixture.p.map(bits)).toEqual(before);
  });

  it('a parameter put into a second group by hand is found before a step', () => {
    const fixture = makeFixture();
    fixture.sgd.paramGroups[0]!.params.push(fixture.b);
    expect(() => fixture.sgd.step()).toThrow('appear in more than one parameter group');
  });

  it('inherited options do not count', () => {
    const options = Object.create({ lr: 5 });
    expect(new optim.SGD([ones([1])], options).paramGroups[0]!.lr).toBe(1e-3);
    const group = Object.assign(Object.create({ lr: 5 }), { params: [ones([1])] });
    expect(new optim.SGD([group]).paramGroups[0]!.lr).toBe(1e-3);
  });
});
