/** Members by their names; lists and dicts of modules and parameters. */
import { expect, it } from 'vitest';
import { ArgumentError, nn, ones, optim, zeros } from '../../src/index.js';

const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Sequential(new nn.ReLU(), new nn.Linear(3, 1)));
const shared = new nn.Linear(2, 2);
const twice = new nn.Sequential(shared, shared);

it('are found by their full names', () => {
  expect(model.getSubmodule('')).toBe(model);
  expect(model.getSubmodule('1.1')).toBe((model.at(1) as nn.Sequential).at(1));
  expect(model.getParameter('1.1.weight').shape).toEqual([1, 3]);
  expect(twice.getSubmodule('1')).toBe(shared);
  expect(twice.getParameter('1.bias')).toBe(shared.bias);
  const holder = new (class extends nn.Module {})();
  holder.registerBuffer('seen', zeros([2]));
  expect(holder.getBuffer('seen').shape).toEqual([2]);
  expect(() => holder.getBuffer('unseen')).toThrow('has no attribute `unseen`');
});

const refused: readonly (readonly [string, () => unknown, string])[] = [
  ['no module', () => model.getSubmodule('5'), 'Sequential has no attribute `5`'],
  ['a parameter as module', () => model.getSubmodule('0.weight'), '`weight` is not an nn.Module'],
  ['no parameter', () => model.getParameter('0.x'), 'Linear has no attribute `x`'],
  ['a number as parameter', () => model.getParameter('0.inFeatures'), '`inFeatures` is not an nn.Parameter'],
  ['a parameter as buffer', () => model.getBuffer('0.weight'), '`weight` is not a buffer'],
  ['a number as name', () => model.getSubmodule(5 as never), 'target must be a string, got 5'],
  ['a step of 0', () => model.slice(0, 2, 0), 'slice step cannot be zero'],
  ['half a step', () => model.slice(0, 2, 0.5), 'step must be a whole number, got 0.5'],
  ['zero times', () => model.repeat(0), 'Non-positive multiplication factor 0'],
  ['a number to concat', () => model.concat(3 as never), 'expected modules, got 3'],
  [
    'ParameterList of a number',
    () => new nn.ParameterList(3 as never),
    'ParameterList.extend should be called with an iterable, but got 3',
  ],
  ['ParameterList of texts', () => new nn.ParameterList(['a'] as never), 'expected a Tensor or Parameter, got "a"'],
  ['ParameterList.at', () => new nn.ParameterList([zeros([1])]).at(5), 'index 5 is out of range'],
  [
    'ParameterDict of a name of its class',
    () => new nn.ParameterDict({ get: zeros([1]) }),
    "attribute 'get' already exists",
  ],
  ['ParameterDict.pop', () => new nn.ParameterDict().pop('a'), 'there is no parameter "a"'],
  ['ModuleDict.pop', () => new nn.ModuleDict().pop('a'), 'there is no module "a"'],
];

it.each(refused)('%s is refused', (_name, act, message) => {
  expect(act).toThrow(ArgumentError);
  expect(act).toThrow(message);
});

const layers = () => [new nn.Linear(1, 1), new nn.ReLU(), new nn.Linear(1, 2), new nn.Tanh(), new nn.Linear(2, 1)];
const names = (module: nn.Module<never, unknown>) => module.namedChildren().map(([name]) => name);

it('Sequential: slices keep names, sums and products do not, deletion renumbers', () => {
  const all = new nn.Sequential(...(layers() as nn.Module[]));
  expect(names(all.slice(0, 5, 2))).toEqual(['0', '2', '4']);
  expect(names(all.slice(undefined, undefined, -2))).toEqual(['4', '2', '0']);
  expect(names(all.slice(-2))).toEqual(['3', '4']);
  expect(names(all.slice(3, 0, -1))).toEqual(['3', '2', '1']);
  expect([...all.slice(1, 9)]).toEqual([...all].slice(1));
  const sum = all.slice(3).concat(all.slice(0, 1));
  expect(names(sum)).toEqual(['0', '1', '2']);
  expect(sum.at(2)).toBe(all.at(0));
  expect(all.slice(0, 1).repeat(3).parameters()).toHaveLength(2);
  expect(names(all.delete(1))).toEqual(['0', '1', '2', '3']);
  expect(() => all.delete(7)).toThrow('index 7 is out of range');
});

it('ModuleList renumbers slices, and folds what prints alike', () => {
  const list = new nn.ModuleList(layers());
  expect(names(list.slice(1, 4, 2))).toEqual(['0', '1']);
  expect(names(list.concat(list.slice(0, 1)))).toHaveLength(5);
  expect(list.concat(list.slice(0, 1))).toHaveLength(6);
  expect(list.delete(-1)).toHaveLength(4);
  expect(String(new nn.ModuleList([new nn.ReLU(), new nn.ReLU(), new nn.Tanh()]))).toBe(
    'ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)',
  );
});

it('ModuleDict has what a Map has', () => {
  const dict = new nn.ModuleDict({ a: new nn.ReLU() as nn.Module }).update({ b: new nn.Tanh() });
  expect([...dict.keys()]).toEqual(['a', 'b']);
  expect(() => dict.update({ c: new nn.ReLU(), 'd.e': new nn.ReLU() })).toThrow('can\'t contain "."');
  expect(dict).toHaveLength(2);
  expect([...dict.values()].map(String)).toEqual(['ReLU()', 'Tanh()']);
  expect(String(dict.pop('a'))).toBe('ReLU()');
  dict.clear();
  expect(dict).toHaveLength(0);
});

it('ParameterList', () => {
  const list = new nn.ParameterList([zeros([2, 3]), ones([])]);
  expect(String(list)).toBe(
    'ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n' +
      '    (1): Parameter containing: [torch.float32 of size ]\n)',
  );
  expect(Object.keys(list.stateDict())).toEqual(['0', '1']);
  expect(list.at(-1)).toBe(list.parameters()[1]);
  list.append(ones([1])).set(0, ones([4]));
  expect(Array.from(list, ({ shape }) => shape)).toEqual([[4], [], [1]]);
  const holder = new (class extends nn.Module {
    scales = list;
    override forward(x: ReturnType<typeof ones>) {
      return x.mul(this.scales.at(1));
    }
  })();
  expect(holder.parameters()).toHaveLength(3);
  const optimizer = new optim.SGD(holder.parameters(), { lr: 1 });
  holder
    .forward(ones([3]))
    .sum()
    .backward();
  optimizer.step();
  expect(list.at(1).item()).toBe(-2);
  const copy = holder.clone();
  expect(copy.scales.at(1).item()).toBe(-2);
  expect(copy.scales).toHaveLength(3);
  expect(Array.from(list.slice(undefined, undefined, -2))).toEqual([list.at(2), list.at(0)]);
  expect([...list.slice(1)].every((each, i) => each === list.at(i + 1))).toBe(true);
  expect(Object.keys(list.slice(1).stateDict())).toEqual(['0', '1']);
  expect(() => list.slice(0, 2, 0)).toThrow('ParameterList.slice: slice step cannot be zero');
});

it('ParameterDict', () => {
  const dict = new nn.ParameterDict({ a: zeros([2]), b: zeros([1, 2]) });
  expect(String(dict)).toBe(
    'ParameterDict(\n    (a): Parameter containing: [torch.FloatTensor of size 2]\n' +
      '    (b): Parameter containing: [torch.FloatTensor of size 1x2]\n)',
  );
  expect(Object.keys(dict.stateDict())).toEqual(['a', 'b']);
  expect(dict.set('a', ones([3])).get('a')!.shape).toEqual([3]);
  expect(dict.has('c')).toBe(false);
  expect(dict.pop('a').shape).toEqual([3]);
  expect([...dict.keys()]).toEqual(['b']);
  expect(dict.parameters()).toHaveLength(1);
  dict.clear();
  expect(String(dict)).toBe('ParameterDict()');
  expect(dict.delete('b')).toBe(false);
});
