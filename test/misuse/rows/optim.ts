/** Optimizers: options, parameters, groups that were changed by hand, state dicts. */
import { optim, type Tensor, zeros } from '../../../src/index.js';
import { sentence } from '../../golden/load.js';
import { bad, type Fixture } from '../fixture.js';
import { argument, type Row, shape, state, typeError } from '../row.js';

const optimizers = ['SGD', 'Adam', 'AdamW'] as const;
const notRates = [Number.NaN, -1, Number.POSITIVE_INFINITY, '0.1', null, [0.1]];
const shown = (value: unknown) =>
  typeof value === 'string' ? `"${value}"` : Array.isArray(value) ? `[${value}]` : String(value);

const make = (name: (typeof optimizers)[number], params: unknown, options?: unknown) =>
  new optim[name](bad(params), bad(options));
/** With the gradients of the fixture in place. */
const group = (optimizer: optim.Optimizer): Record<string, unknown> => bad(optimizer.paramGroups[0]);

/** Sets an option of a group and takes a step; the option is put back, since it is the caller's own change. */
function stepWith(optimizer: optim.Optimizer, key: string, value: unknown): unknown {
  const options = group(optimizer);
  const before = options[key];
  options[key] = value;
  try {
    return optimizer.step();
  } finally {
    options[key] = before;
  }
}

const saved = (
  { optimizer }: Fixture,
  change: (dict: { state: Record<string, unknown>; param_groups: Record<string, unknown>[] }) => void,
): never => {
  const { state: states, param_groups } = optimizer.stateDict();
  const dict = {
    state: Object.fromEntries(Object.entries(states).map(([key, value]) => [key, { ...value }])),
    param_groups: param_groups.map((each) => ({ ...each })),
  };
  change(bad(dict));
  return bad(dict);
};

export const optimRows: readonly Row[] = [
  ...optimizers.flatMap((name) => [
    ...notRates.map((lr) =>
      argument(
        `${name}: lr ${shown(lr)}`,
        ({ model }) => make(name, model.parameters(), { lr }),
        `${name}: ${sentence(`${name}: lr -1`).replace('-1', shown(lr))}`,
      ),
    ),
    argument(
      `${name}: weightDecay -1`,
      ({ model }) => make(name, model.parameters(), { weightDecay: -1 }),
      `${name}: ${sentence('SGD: weight decay -1')}`,
    ),
    argument(
      `${name}: weightDecay NaN`,
      ({ model }) => make(name, model.parameters(), { weightDecay: Number.NaN }),
      'Invalid weight_decay value: NaN',
    ),
    argument(`${name}: no parameters`, () => make(name, []), `${name}: ${sentence('SGD: no parameters')}`),
    argument(
      `${name}: a tensor`,
      ({ leaf }) => make(name, leaf),
      'should be an iterable of Tensors or groups, but got a value of type Tensor',
    ),
    argument(`${name}: a model`, ({ model }) => make(name, model), 'got a module; pass its parameters()'),
    ...[undefined, null].map((params) =>
      argument(
        `${name}: ${params}`,
        () => make(name, params),
        `should be an iterable of Tensors or groups, but got ${params}`,
      ),
    ),
    argument(
      `${name}: numbers`,
      () => make(name, [1, 2]),
      `${name}: optimizer can only optimize Tensors, but one of the params is 1`,
    ),
    argument(`${name}: a tensor and a number`, ({ leaf }) => make(name, [leaf, 2]), 'one of the params is 2'),
    argument(
      `${name}: a result`,
      ({ leaf }) => make(name, [leaf.mul(2)]),
      `${name}: ${sentence('SGD: a result as parameter')}`,
    ),
    argument(`${name}: int32`, ({ integers }) => make(name, [integers]), "can't optimize an int32 Tensor"),
    argument(
      `${name}: a parameter twice`,
      ({ leaf }) => make(name, [leaf, leaf]),
      'a parameter group with duplicate parameters',
    ),
    argument(
      `${name}: a parameter in two groups`,
      ({ leaf }) => make(name, [{ params: [leaf] }, { params: [leaf] }]),
      sentence('SGD: one parameter twice in two groups'),
    ),
    argument(
      `${name}: a group without params`,
      () => make(name, [{ lr: 1 }]),
      'a parameter group is an object with params, got an object',
    ),
    argument(
      `${name}: params only on the prototype`,
      ({ leaf }) => make(name, [Object.create({ params: [leaf] })]),
      'a parameter group is an object with params',
    ),
    argument(
      `${name}: a group with an option in Python's spelling`,
      ({ leaf }) => make(name, [{ params: [leaf], weight_decay: 1 }]),
      `${name}: unknown option "weight_decay": it is called weightDecay`,
    ),
    argument(
      `${name}: a group with a bad rate`,
      ({ leaf, matrix }) => make(name, [{ params: [matrix] }, { params: [leaf], lr: -2 }]),
      `${name}: Invalid learning rate: -2`,
    ),
  ]),
  argument('SGD: momentum -1', ({ leaf }) => make('SGD', [leaf], { momentum: -1 }), sentence('SGD: momentum -1')),
  argument(
    'SGD: momentum NaN',
    ({ leaf }) => make('SGD', [leaf], { momentum: Number.NaN }),
    'Invalid momentum value: NaN',
  ),
  argument(
    'SGD: dampening infinite',
    ({ leaf }) => make('SGD', [leaf], { dampening: Number.POSITIVE_INFINITY }),
    'Invalid dampening value: Infinity',
  ),
  argument(
    'SGD: nesterov without momentum',
    ({ leaf }) => make('SGD', [leaf], { nesterov: true }),
    sentence('SGD: nesterov without momentum'),
  ),
  argument(
    'SGD: nesterov with dampening',
    ({ leaf }) => make('SGD', [leaf], { nesterov: true, momentum: 0.9, dampening: 0.1 }),
    sentence('SGD: nesterov with dampening'),
  ),
  argument(
    'SGD: nesterov 1',
    ({ leaf }) => make('SGD', [leaf], { nesterov: 1, momentum: 0.9 }),
    'SGD: nesterov must be a boolean, got 1',
  ),
  ...(['Adam', 'AdamW'] as const).flatMap((name) => [
    argument(`${name}: eps -1`, ({ leaf }) => make(name, [leaf], { eps: -1 }), `${name}: ${sentence('Adam: eps -1')}`),
    argument(
      `${name}: beta 0 of 1`,
      ({ leaf }) => make(name, [leaf], { betas: [1, 0.9] }),
      `${name}: Invalid beta parameter at index 0: 1`,
    ),
    argument(
      `${name}: beta 1 of NaN`,
      ({ leaf }) => make(name, [leaf], { betas: [0.9, Number.NaN] }),
      'Invalid beta parameter at index 1: NaN',
    ),
    argument(
      `${name}: one beta`,
      ({ leaf }) => make(name, [leaf], { betas: [0.9] }),
      `${name}: betas must be two numbers, got [0.9]`,
    ),
    argument(`${name}: betas with holes`, ({ leaf }) => make(name, [leaf], { betas: new Array(2) }), /beta/),
    argument(
      `${name}: betas 0.9`,
      ({ leaf }) => make(name, [leaf], { betas: 0.9 }),
      `${name}: betas must be two numbers, got 0.9`,
    ),
    argument(
      `${name}: amsgrad 1`,
      ({ leaf }) => make(name, [leaf], { amsgrad: 1 }),
      `${name}: amsgrad must be a boolean, got 1`,
    ),
  ]),

  ...notRates.map((lr) =>
    argument(
      `Adam.step with lr set to ${shown(lr)}`,
      ({ optimizer }) => stepWith(optimizer, 'lr', lr),
      `Adam: Invalid learning rate: ${shown(lr)}`,
    ),
  ),
  ...notRates.map((lr) =>
    argument(
      `SGD.step with lr set to ${shown(lr)}`,
      ({ momentum }) => stepWith(momentum, 'lr', lr),
      `SGD: Invalid learning rate: ${shown(lr)}`,
    ),
  ),
  argument(
    'Adam.step with betas set to [2, 0]',
    ({ optimizer }) => stepWith(optimizer, 'betas', [2, 0]),
    'Invalid beta parameter at index 0: 2',
  ),
  argument(
    'Adam.step with lr set to undefined',
    ({ optimizer }) => stepWith(optimizer, 'lr', undefined),
    'Invalid learning rate: undefined',
  ),
  argument(
    'Adam.step with params set to null',
    ({ optimizer }) => stepWith(optimizer, 'params', null),
    'params of a group is an array, got null',
  ),
  argument(
    'Adam.step with a number among params',
    ({ optimizer, model }) => stepWith(optimizer, 'params', [...model.parameters(), 5]),
    'one of the params is 5',
  ),
  argument('Adam.step(5)', ({ optimizer }) => optimizer.step(bad(5)), 'Adam.step: expected a function, got 5'),
  argument(
    'Adam.step: the second of two groups is bad',
    ({ leaf, matrix }) => {
      const params = [leaf, matrix].map((each) => withGradient(each.detach().clone()));
      const optimizer = new optim.Adam(params.map((each) => ({ params: [each] })));
      const before = params.map(String);
      Reflect.set(optimizer.paramGroups[1] ?? {}, 'lr', Number.NaN);
      try {
        return optimizer.step();
      } catch (error) {
        if (params.map(String).join() !== before.join()) throw new Error('a parameter has moved');
        throw error;
      }
    },
    'Invalid learning rate: NaN',
  ),
  state(
    'paramGroups replaced',
    ({ optimizer }) => {
      const groups = optimizer.paramGroups as unknown[];
      const [first] = groups.splice(0, 1, { ...group(optimizer) });
      try {
        return optimizer.step();
      } finally {
        groups.splice(0, 1, first);
      }
    },
    'paramGroups has been replaced',
  ),
  argument(
    'addParamGroup: the same parameters',
    ({ optimizer, model }) => optimizer.addParamGroup({ params: model.parameters() }),
    'appear in more than one parameter group',
  ),
  argument(
    'addParamGroup: a bad rate',
    ({ optimizer }) => optimizer.addParamGroup({ params: [zeros([2])], lr: -1 }),
    'Invalid learning rate: -1',
  ),
  argument(
    'addParamGroup: a tensor',
    ({ optimizer }) => optimizer.addParamGroup(bad(zeros([2]))),
    'a parameter group is an object with params',
  ),
  argument(
    'addParamGroup: null',
    ({ optimizer }) => optimizer.addParamGroup(bad(null)),
    'a parameter group is an object with params, got null',
  ),
  argument(
    'Optimizer.zeroGrad({ setToNone: "no" })',
    ({ optimizer }) => optimizer.zeroGrad({ setToNone: bad('no') }),
    'Adam.zeroGrad: setToNone must be a boolean, got "no"',
  ),

  argument(
    'Optimizer.loadStateDict(null)',
    ({ optimizer }) => optimizer.loadStateDict(bad(null)),
    'Adam.loadStateDict: a state dict is an object of state and param_groups, got null',
  ),
  argument('Optimizer.loadStateDict({})', ({ optimizer }) => optimizer.loadStateDict(bad({})), 'Adam.loadStateDict'),
  argument(
    'Optimizer.loadStateDict: no groups',
    (fixture) => fixture.optimizer.loadStateDict(saved(fixture, (dict) => (dict.param_groups = []))),
    'a different number of parameter groups: 0, expected 1',
  ),
  argument(
    'Optimizer.loadStateDict: fewer parameters',
    (fixture) =>
      fixture.optimizer.loadStateDict(
        saved(fixture, (dict) => Object.assign(dict.param_groups[0] ?? {}, { params: [0] })),
      ),
    'Adam.loadStateDict',
  ),
  argument(
    'Optimizer.loadStateDict: a bad rate',
    (fixture) =>
      fixture.optimizer.loadStateDict(
        saved(fixture, (dict) => Object.assign(dict.param_groups[0] ?? {}, { lr: Number.NaN })),
      ),
    'Adam.loadStateDict: Invalid learning rate: NaN',
  ),
  shape(
    'Optimizer.loadStateDict: a shape',
    (fixture) =>
      fixture.optimizer.loadStateDict(
        saved(fixture, (dict) => Object.assign(dict.state['3'] ?? {}, { exp_avg: zeros([7]) })),
      ),
    'exp_avg has shape [7], its parameter [3]',
  ),
  argument(
    'Optimizer.loadStateDict: a buffer missing',
    (fixture) =>
      fixture.optimizer.loadStateDict(
        saved(fixture, (dict) => Object.assign(dict.state['3'] ?? {}, { exp_avg_sq: undefined })),
      ),
    'the state of a parameter lacks exp_avg_sq',
  ),
  argument(
    'Optimizer.loadStateDict: another optimizer',
    ({ momentum, optimizer }) => optimizer.loadStateDict(bad(momentum.stateDict())),
    'Adam.loadStateDict',
  ),
  argument(
    'Optimizer.loadStateDict: step -1',
    (fixture) =>
      fixture.optimizer.loadStateDict(saved(fixture, (dict) => Object.assign(dict.state['0'] ?? {}, { step: -1 }))),
    'step must be a whole number, got -1',
  ),
  argument(
    'Optimizer.loadStateDict: state of no parameter',
    (fixture) => fixture.optimizer.loadStateDict(saved(fixture, (dict) => Object.assign(dict.state, { 17: {} }))),
    'state for a parameter 17, which no group has',
  ),
  typeError(
    'step of what is no optimizer',
    () => Reflect.apply(optim.SGD.prototype.step, {}, []),
    /private|member|Receiver|undefined/,
  ),
];

function withGradient(leaf: Tensor): Tensor {
  leaf.requiresGrad_();
  leaf.mul(2).sum().backward();
  return leaf;
}
