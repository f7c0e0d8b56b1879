/** Bad input to optimizers: the right error in the right words, and everything as it was. */
import { expect, it } from 'vitest';
import { ArgumentError, type LanewiseError, nn, ones, optim, ShapeError, StateError, zeros } from '../../src/index.js';
import { sentence } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
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
  ['SGD: no parameters', () => new optim.SGD([]), `SGD: ${sentence('SGD: no parameters')}`],
  ['SGD: lr -1', ({ p }) => new optim.SGD(p, { lr: -1 }), `SGD: ${sentence('SGD: lr -1')}`],
  ['SGD: lr NaN', ({ p }) => new optim.SGD(p, { lr: Number.NaN }), 'SGD: Invalid learning rate: NaN'],
  [
    'SGD: lr infinite',
    ({ p }) => new optim.SGD(p, { lr: Number.POSITIVE_INFINITY }),
    'Invalid learning rate: Infinity',
  ],
  ['SGD: lr a string', ({ p }) => new optim.SGD(p, { lr: bad('0.1') }), 'SGD: Invalid learning rate: "0.1"'],
  ['SGD: lr null', ({ p }) => new optim.SGD(p, { lr: bad(null) }), 'SGD: Invalid learning rate: null'],
  ['SGD: lr in its place in Python', ({ p }) => new optim.SGD(p, bad(0.1)), 'SGD: options must be an object, got 0.1'],
  ['SGD: momentum -1', ({ p }) => new optim.SGD(p, { momentum: -1 }), sentence('SGD: momentum -1')],
  ['SGD: dampening NaN', ({ p }) => new optim.SGD(p, { dampening: Number.NaN }), 'Invalid dampening value: NaN'],
  ['SGD: weight decay -1', ({ p }) => new optim.SGD(p, { weightDecay: -1 }), sentence('SGD: weight decay -1')],
  ['SGD: nesterov of 1', ({ p }) => new optim.SGD(p, { nesterov: bad(1) }), 'SGD: nesterov must be a boolean, got 1'],
  [
    'SGD: nesterov without momentum',
    ({ p }) => new optim.SGD(p, { nesterov: true }),
    sentence('SGD: nesterov without momentum'),
  ],
  [
    'SGD: nesterov with dampening',
    ({ p }) => new optim.SGD(p, { momentum: 0.9, dampening: 0.1, nesterov: true }),
    sentence('SGD: nesterov with dampening'),
  ],
  [
    'SGD: unknown option',
    ({ p }) => new optim.SGD(p, bad({ weight_decay: 1 })),
    'SGD: unknown option "weight_decay"; it takes lr, momentum',
  ],
  ['SGD: option of Adam', ({ p }) => new optim.SGD(p, bad({ betas: [0.9, 0.99] })), 'SGD: unknown option "betas"'],
  [
    'SGD: __proto__ as option',
    ({ p }) => new optim.SGD(p, JSON.parse('{"__proto__": {"lr": 1}}')),
    'SGD: unknown option "__proto__"',
  ],
  [
    'SGD: a tensor as parameters',
    ({ a }) => new optim.SGD(bad(a)),
    'should be an iterable of Tensors or groups, but got a value of type Parameter',
  ],
  ['SGD: the method as parameters', () => new optim.SGD(bad(new nn.Linear(1, 1).parameters)), 'but got a function'],
  ['SGD: a module as parameters', () => new optim.SGD(bad(new nn.Linear(1, 1))), 'got a module; pass its parameters()'],
  ['SGD: an iterable module', () => new optim.SGD(bad(new nn.Sequential())), 'got a module; pass its parameters()'],
  ['SGD: null as parameters', () => new optim.SGD(bad(null)), 'but got null'],
  [
    'SGD: no tensors',
    () => new optim.SGD(bad([1])),
    'SGD: optimizer can only optimize Tensors, but one of the params is 1',
  ],
  [
    'SGD: named parameters',
    () => new optim.SGD(bad(new nn.Linear(1, 1).namedParameters())),
    'a parameter group is an object with params',
  ],
  ['SGD: one tensor missing', ({ a }) => new optim.SGD(bad([a, undefined])), 'one of the params is undefined'],
  [
    'SGD: a result as parameter',
    ({ a }) => new optim.SGD([a.mul(2)]),
    `SGD: ${sentence('SGD: a result as parameter')}`,
  ],
  ['SGD: integers', () => new optim.SGD([zeros([2], { dtype: 'int32' })]), "can't optimize an int32 Tensor"],
  ['SGD: one parameter twice', ({ a }) => new optim.SGD([a, a]), 'a parameter group with duplicate parameters'],
  [
    'SGD: one parameter twice in two groups',
    ({ a }) => new optim.SGD([{ params: [a] }, { params: [a] }]),
    sentence('SGD: one parameter twice in two groups'),
  ],
  [
    'SGD: a group without params',
    () => new optim.SGD(bad([{ lr: 1 }])),
    'a parameter group is an object with params, got an object',
  ],
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
  [
    'SGD: a bad option in a group',
    ({ a }) => new optim.SGD([{ params: [a], lr: -2 }]),
    'SGD: Invalid learning rate: -2',
  ],
  [
    "SGD: an option in Python's spelling in a group",
    ({ a }) => new optim.SGD([{ params: [a], weight_decay: 1 }]),
    'SGD: unknown option "weight_decay": it is called weightDecay',
  ],
  ['Adam: lr -1', ({ p }) => new optim.Adam(p, { lr: -1 }), `Adam: ${sentence('Adam: lr -1')}`],
  ['Adam: eps -1', ({ p }) => new optim.Adam(p, { eps: -1 }), sentence('Adam: eps -1')],
  ['Adam: eps NaN', ({ p }) => new optim.Adam(p, { eps: Number.NaN }), 'Invalid epsilon value: NaN'],
  [
    'Adam: beta 0 of 1',
    ({ p }) => new optim.Adam(p, { betas: [1, 0.9] }),
    'Adam: Invalid beta parameter at index 0: 1',
  ],
  ['Adam: beta 1 of -0.5', ({ p }) => new optim.Adam(p, { betas: [0.9, -0.5] }), sentence('Adam: beta 1 of -0.5')],
  [
    'Adam: beta 0 of NaN',
    ({ p }) => new optim.Adam(p, { betas: [Number.NaN, 0.9] }),
    'Invalid beta parameter at index 0: NaN',
  ],
  [
    'Adam: a missing beta',
    ({ p }) => new optim.Adam(p, { betas: bad([0.9]) }),
    'Adam: betas must be two numbers, got [0.9]',
  ],
  [
    'Adam: betas of one number',
    ({ p }) => new optim.Adam(p, { betas: bad(0.9) }),
    'Adam: betas must be two numbers, got 0.9',
  ],
  ['Adam: weight decay -1', ({ p }) => new optim.Adam(p, { weightDecay: -1 }), sentence('Adam: weight decay -1')],
  [
    'Adam: amsgrad',
    ({ p }) => new optim.Adam(p, { amsgrad: bad('yes') }),
    'Adam: amsgrad must be a boolean, got "yes"',
  ],
  ['RMSprop: alpha -1', ({ p }) => new optim.RMSprop(p, { alpha: -1 }), 'RMSprop: Invalid alpha value: -1'],
  ['AdamW: lr -1', ({ p }) => new optim.AdamW(p, { lr: -1 }), `AdamW: ${sentence('AdamW: lr -1')}`],
  [
    'addParamGroup: a parameter it has',
    ({ sgd, b }) => sgd.addParamGroup({ params: [b] }),
    'appear in more than one parameter group',
  ],
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
    'zeroGrad: option',
    ({ sgd }) => sgd.zeroGrad(bad({ set_to_none: false })),
    'SGD.zeroGrad: unknown option "set_to_none"',
  ],
  ['step: no function', ({ sgd }) => sgd.step(bad(3)), 'SGD.step: expected a function, got 3'],
  [
    'step: no groups left',
    ({ sgd }) => Object.assign(sgd, { paramGroups: [] }).step(),
    'paramGroups has been replaced',
    StateError,
  ],
  [
    'loadStateDict: null',
    ({ sgd }) => sgd.loadStateDict(bad(null)),
    'SGD.loadStateDict: a state dict is an object of state and param_groups, got null',
  ],
  [
    'loadStateDict: no state',
    ({ sgd }) => sgd.loadStateDict(bad({ param_groups: [] })),
    'a state dict is an object of state',
  ],
  [
    'loadStateDict: groups',
    ({ sgd }) => sgd.loadStateDict({ state: {}, param_groups: [] }),
    'a different number of parameter groups: 0, expected 2',
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
    ({ adam }) => adam.loadStateDict({ state: {}, param_groups: [{ params: [0], maximize: true }] }),
    'maximize is not supported',
  ],
  [
    'loadStateDict: lr',
    ({ adam }) => adam.loadStateDict({ state: {}, param_groups: [{ params: [0], lr: Number.NaN }] }),
    'Adam.loadStateDict: Invalid learning rate: NaN',
  ],
  [
    'loadStateDict: no such parameter',
    ({ adam }) => adam.loadStateDict({ state: bad({ 3: {} }), param_groups: [{ params: [0] }] }),
    'state for a parameter 3, which no group has',
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
  [
    'loadStateDict: half a state',
    ({ adam }) => adam.loadStateDict(saved({ step: ones([]), exp_avg: ones([2, 3]) }, 1)),
    'the state of a parameter lacks exp_avg_sq',
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
