import { describe, expect, it } from 'vitest';
import { ArgumentError, BackendError, nn, ones, ShapeError, StateError, type Tensor } from '../../src/index.js';
import { locate } from '../../src/nn/locate.js';
import { snapshot } from './models.js';

const keys = (model: nn.AnyModule) => model.namedChildren().map(([name]) => name);
const three = () => new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Linear(3, 2));

describe('Sequential', () => {
  it('runs modules one behind the other, and returns its input itself without any', () => {
    const model = three();
    const x = ones([5, 4]);
    const [first, act, last] = [...model] as [nn.Linear, nn.ReLU, nn.Linear];
    expect(model.forward(x).toArray()).toEqual(last.forward(act.forward(first.forward(x))).toArray());
    expect(new nn.Sequential().forward(x)).toBe(x);
  });

  it('is made of named modules, by an object or a Map', () => {
    const [a, b] = [new nn.Linear(2, 2), new nn.ReLU()];
    expect(keys(new nn.Sequential({ first: a, second: b }))).toEqual(['first', 'second']);
    const map = new Map<string, nn.Module>([
      ['10', a],
      ['2', b],
    ]);
    expect(keys(new nn.Sequential(map))).toEqual(['10', '2']);
    expect(Object.keys(new nn.Sequential({ first: a }).stateDict())).toEqual(['first.weight', 'first.bias']);
    expect(keys(new nn.Sequential({}))).toEqual([]);
  });

  it('is read by index, from the end too', () => {
    const model = three();
    expect(model.length).toBe(3);
    expect([model.at(0), model.at(-1), model.at(-3)]).toEqual([[...model][0], [...model][2], [...model][0]]);
    for (const index of [3, -4]) expect(() => model.at(index)).toThrow(`index ${index} is out of range`);
    for (const index of [0.5, Number.NaN, '1', undefined])
      expect(() => model.at(index as never)).toThrow('Sequential.at: index must be an integer');
  });

  it('is sliced with the names that the modules had', () => {
    const model = three();
    const rest = model.slice(1);
    expect(keys(rest)).toEqual(['1', '2']);
    expect(Object.keys(rest.stateDict())).toEqual(['2.weight', '2.bias']);
    expect(rest.at(1)).toBe(model.at(2));
    expect(keys(model.slice(-2, -1))).toEqual(['1']);
    expect(keys(model.slice())).toEqual(['0', '1', '2']);
    // PyTorch would replace the module called 2.
    expect(keys(model.slice(1).append(new nn.Tanh()))).toEqual(['1', '2', '3']);
    expect(keys(model.slice(2).append(new nn.Tanh()).append(new nn.Tanh()))).toEqual(['2', '1', '3']);
  });

  it('grows at the end, without touching modes', () => {
    const model = three().eval();
    expect(model.append(new nn.Dropout())).toBe(model);
    expect(model.at(-1).training).toBe(true);
    expect(keys(model.extend([new nn.ReLU(), new nn.Linear(2, 2)]))).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(model.extend(model)).toHaveLength(12);
    expect(keys(new nn.Sequential({ a: new nn.ReLU() }).append(new nn.Tanh()))).toEqual(['a', '1']);
  });

  it('lets modules in, and numbers them again', () => {
    const model = three();
    const added = new nn.Tanh();
    expect(model.insert(1, added)).toBe(model);
    expect(keys(model)).toEqual(['0', '1', '2', '3']);
    expect(model.at(1)).toBe(added);
    expect(String(model.insert(-1, new nn.Sigmoid()).at(3))).toBe('Sigmoid()');
    expect(String(model.insert(5, new nn.Identity()).at(-1))).toBe('Identity()');
    expect(String(model.insert(-6, new nn.Identity()).at(0))).toBe('Identity()');
  });

  it('lets modules out, and numbers the rest, named ones too', () => {
    const model = new nn.Sequential({ a: new nn.ReLU(), b: new nn.Tanh(), c: new nn.Sigmoid() });
    const [a, b, c] = [...model];
    expect(model.pop(0)).toBe(a);
    expect(model.namedChildren()).toEqual([
      ['0', b],
      ['1', c],
    ]);
    expect(model.pop()).toBe(c);
    expect(model.length).toBe(1);
  });

  it('replaces a module under its name', () => {
    const model = new nn.Sequential({ a: new nn.ReLU(), b: new nn.Tanh() });
    expect(model.set(-1, new nn.Sigmoid())).toBe(model);
    expect(keys(model)).toEqual(['a', 'b']);
    expect(String(model.at(1))).toBe('Sigmoid()');
  });

  it('finds the fields of a subclass too', () => {
    class Net extends nn.Sequential {
      readonly head = new nn.Linear(2, 1);
      constructor() {
        super(new nn.Linear(3, 2), new nn.ReLU());
      }
      override forward(x: Tensor): Tensor {
        return this.head.forward(super.forward(x));
      }
    }
    const net = new Net();
    expect(keys(net)).toEqual(['0', '1', 'head']);
    expect(net.length).toBe(2);
    expect(net.forward(ones([4, 3])).shape).toEqual([4, 1]);
    expect(() => net.forward(ones([4, 1]))).toThrow('Net[0] Linear: expected 3 features');
  });

  const refused: readonly (readonly [string, (model: nn.Sequential) => unknown, string])[] = [
    [
      'a list',
      () => new nn.Sequential([new nn.ReLU()] as never),
      'an array (pass the modules one by one) is not a Module',
    ],
    [
      'a class',
      () => new nn.Sequential(nn.ReLU as never),
      'the class ReLU (make one with new) is not a Module subclass',
    ],
    ['null', () => new nn.Sequential(null as never), 'Sequential: null is not a Module subclass'],
    ['a function', () => new nn.Sequential((() => 1) as never), 'Sequential: a function is not a Module subclass'],
    ['a function behind a module', () => new nn.Sequential(new nn.ReLU(), 3 as never), '3 is not a Module subclass'],
    [
      'a name with a dot',
      () => new nn.Sequential({ 'a.b': new nn.ReLU() }),
      'module name can\'t contain ".", got: a.b',
    ],
    ['an empty name', () => new nn.Sequential({ '': new nn.ReLU() }), 'module name can\'t be empty string ""'],
    ['a name that is taken', () => new nn.Sequential({ forward: new nn.ReLU() }), "attribute 'forward' already exists"],
    [
      'the name __proto__',
      () => new nn.Sequential(new Map([['__proto__', new nn.ReLU()]])),
      "'__proto__' already exists",
    ],
    [
      'a key that is no string',
      () => new nn.Sequential(new Map([[1 as never, new nn.ReLU()]])),
      'name should be a string. Got 1',
    ],
    ['append of no module', (model) => model.append(3 as never), 'Sequential.extend: 3 is not a Module subclass'],
    [
      'extend by one module too few',
      (model) => model.extend([new nn.ReLU(), null as never]),
      'null is not a Module subclass',
    ],
    ['extend by no iterable', (model) => model.extend(3 as never), 'expected an iterable of modules, got 3'],
    ['extend by no modules', (model) => model.extend('ab' as never), 'expected an iterable of modules, got "ab"'],
    ['insert too far', (model) => model.insert(9, new nn.ReLU()), 'Index out of range: 9'],
    ['insert too far in front', (model) => model.insert(-4, new nn.ReLU()), 'Index out of range: -4'],
    ['insert of no module', (model) => model.insert(0, 3 as never), 'module should be of type: Module, got 3'],
    ['pop too far', (model) => model.pop(5), 'Sequential.pop: index 5 is out of range'],
    ['pop of nothing', () => new nn.Sequential().pop(), 'index -1 is out of range'],
    ['set too far', (model) => model.set(3, new nn.ReLU()), 'Sequential.set: index 3 is out of range'],
    ['set to no module', (model) => model.set(0, {} as never), 'an object is not a Module subclass'],
    ['a module under a bad name', (model) => model.addModule('a.b', new nn.ReLU()), 'module name can\'t contain "."'],
  ];

  it.each(refused)('refuses %s, and stays as it was', (_name, act, message) => {
    const model = three();
    const before = snapshot(model);
    expect(() => act(model)).toThrow(ArgumentError);
    expect(() => act(model)).toThrow(message);
    expect(snapshot(model)).toBe(before);
    expect(keys(model)).toEqual(['0', '1', '2']);
  });

  it('does not insert among names that are not numbers', () => {
    const named = new nn.Sequential({ a: new nn.ReLU() });
    expect(() => named.insert(0, new nn.ReLU())).toThrow("cannot be renumbered, and one is called 'a'");
    expect(keys(named)).toEqual(['a']);
  });
});

describe('the place of an error', () => {
  const thrown = (act: () => unknown): Error => {
    try {
      act();
    } catch (error) {
      return error as Error;
    }
    return expect.fail('nothing was thrown');
  };

  it('names the layers on the way, and keeps class and code', () => {
    const model = new nn.Sequential(new nn.ReLU(), new nn.Sequential({ hidden: new nn.Linear(784 as number, 3) }));
    const error = thrown(() => model.forward(ones([32, 100])));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({ code: 'ERR_LANEWISE_SHAPE', name: 'ShapeError' });
    expect(error.message).toBe(
      'Sequential[1] Sequential[hidden] Linear: expected 784 features in the last dimension, got shape [32, 100]',
    );
    expect((error.cause as Error).message).toMatch(/^Sequential\[hidden\]/);
  });

  it.each([ShapeError, ArgumentError, StateError, BackendError])('keeps each class', (Kind) => {
    const located = locate('here', new Kind('what')) as Error;
    expect(located).toBeInstanceOf(Kind);
    expect(located.message).toBe('here what');
  });

  it('leaves foreign errors alone', () => {
    const own = new RangeError('mine');
    class Faulty extends nn.Module {
      override forward(): Tensor {
        throw own;
      }
    }
    expect(thrown(() => new nn.Sequential(new Faulty()).forward(ones([1])))).toBe(own);
  });
});

describe('ModuleList and ModuleDict', () => {
  it('are found where arrays are not', () => {
    class Model extends nn.Module {
      layers = new nn.ModuleList([new nn.Linear(1, 2), new nn.Linear(2, 3)]);
      heads = new nn.ModuleDict({ a: new nn.Linear(3, 1) });
    }
    const model = new Model();
    expect(Object.keys(model.stateDict())).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
      'heads.a.weight',
      'heads.a.bias',
    ]);
    expect(model.layers.at(-1).outFeatures).toBe(3);
  });

  it('a dict works as a Map does', () => {
    const [a, b] = [new nn.ReLU(), new nn.Tanh()];
    const dict = new nn.ModuleDict<nn.Module>({ a });
    expect(dict.set('b', b)).toBe(dict);
    expect([dict.get('a'), dict.get('c'), dict.has('b'), dict.length]).toEqual([a, undefined, true, 2]);
    expect([...dict.keys()]).toEqual(['a', 'b']);
    expect([...dict.entries()]).toEqual([
      ['a', a],
      ['b', b],
    ]);
    expect([...dict]).toEqual([a, b]);
    dict.set('a', b);
    expect([...dict.keys()]).toEqual(['a', 'b']);
    expect([dict.delete('a'), dict.delete('a'), dict.length]).toEqual([true, false, 1]);
    for (const [name, module] of [
      ['get', a],
      ['a.b', a],
      ['c', 3],
    ])
      expect(() => dict.set(name as string, module as nn.Module)).toThrow(ArgumentError);
    expect([...dict.keys()]).toEqual(['b']);
    expect(() => new nn.ModuleDict([a] as never)).toThrow('is not a Module subclass');
  });

  it('a list refuses what is no module', () => {
    expect(() => new nn.ModuleList([3 as never])).toThrow('3 is not a Module subclass');
    expect(() => new nn.ModuleList(3 as never)).toThrow('expected an iterable of modules, got 3');
  });
});
