import { describe, expect, it } from 'vitest';
import { nn, ones, StateError, type Tensor, tensor, zeros } from '../../src/index.js';
import { bits, mlp, Residual, snapshot } from './models.js';

const names = (entries: readonly (readonly [string, unknown])[]) => entries.map(([name]) => name);
const key = (module: nn.Module, name: string): unknown => Reflect.get(module, name);

describe('what a module finds', () => {
  it('finds modules and parameters in fields, in order, with PyTorch names', () => {
    const model = new nn.Sequential(new nn.Linear(3, 5), new Residual(5));
    expect(names(model.namedParameters())).toEqual(['0.weight', '0.bias', '1.inner.0.weight', '1.inner.0.bias']);
    expect(names(model.namedModules())).toEqual(['', '0', '1', '1.inner', '1.inner.0', '1.inner.1', '1.dropout']);
    expect(names(model.namedChildren())).toEqual(['0', '1']);
    expect(names(model.namedParameters('net'))[0]).toBe('net.0.weight');
    expect(names(model.namedModules('net')).slice(0, 2)).toEqual(['net', 'net.0']);
    expect(model.parameters().every((parameter) => parameter instanceof nn.Parameter)).toBe(true);
    expect(model.modules()).toHaveLength(7);
    expect(model.children()).toEqual([model.at(0), model.at(1)]);
  });

  it('finds fields that are set, replaced and removed later', () => {
    class Late extends nn.Module {
      layer: nn.Linear | null = null;
      scale: nn.Parameter | Tensor = ones([1]);
    }
    const model = new Late();
    expect(model.parameters()).toEqual([]);
    model.layer = new nn.Linear(2, 2);
    model.scale = new nn.Parameter(ones([1]));
    expect(names(model.namedParameters())).toEqual(['scale', 'layer.weight', 'layer.bias']);
    const replaced = new nn.Linear(2, 2, { bias: false });
    model.layer = replaced;
    expect(model.parameters()).toEqual([model.scale, replaced.weight]);
    model.layer = null;
    expect(model.children()).toEqual([]);
  });

  it('does not find arrays, plain tensors or inherited properties', () => {
    class Hidden extends nn.Module {
      list = [new nn.Linear(1, 1)];
      plain = ones([2]);
    }
    Object.defineProperty(Hidden.prototype, 'shared', { value: new nn.ReLU(), enumerable: true });
    const model = new Hidden();
    expect(model.parameters()).toEqual([]);
    expect(model.children()).toEqual([]);
    expect(Object.keys(model.stateDict())).toEqual([]);
  });

  it('counts what is shared once, but for the state dict', () => {
    const layer = new nn.Linear(2, 2);
    const model = new nn.Sequential(layer, new nn.ReLU(), layer);
    expect(names(model.namedParameters())).toEqual(['0.weight', '0.bias']);
    expect(model.modules()).toHaveLength(3);
    expect(model.children()).toHaveLength(2);
    expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    const tied = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    (tied.at(1) as nn.Linear).weight = (tied.at(0) as nn.Linear).weight;
    expect(names(tied.namedParameters())).toEqual(['0.weight', '0.bias', '1.bias']);
  });

  it('is safe with names that mean something to JavaScript', () => {
    const model = new nn.Module();
    for (const name of ['__proto__', 'constructor', 'toString', 'forward', 'training'])
      expect(() => model.registerModule(name, new nn.ReLU())).toThrow(`attribute '${name}' already exists`);
    Object.defineProperty(model, '__proto__', {
      value: new nn.Linear(1, 1),
      enumerable: true,
      configurable: true,
    });
    expect(Object.keys(model.stateDict())).toEqual(['__proto__.weight', '__proto__.bias']);
    Object.defineProperty(model, '__proto__', { value: new nn.Parameter(ones([1])), enumerable: true });
    const state = model.stateDict();
    expect(Object.keys(state)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(state)).toBe(null);
    expect(() => new nn.Module().loadStateDict(JSON.parse('{"__proto__": 1}'))).toThrow('"__proto__"');
  });

  it.each(['a.b', ''])('refuses a field called %j', (name) => {
    const model = new nn.Module();
    Reflect.set(model, name, new nn.ReLU());
    expect(() => model.modules()).toThrow('module name can');
  });

  it('refuses a module that contains itself, before anything is changed', () => {
    class Child extends nn.Module {
      parent: nn.Module | null = null;
    }
    const [child, top] = [new Child(), new nn.Sequential()];
    top.append(new nn.ReLU()).append(child);
    child.parent = top;
    for (const act of [
      () => top.eval(),
      () => top.modules(),
      () => top.stateDict(),
      () => String(top),
      () => top.apply(() => {}),
    ])
      expect(act).toThrow(StateError);
    expect(() => top.parameters()).toThrow("Sequential: a module cannot contain itself, but '1.parent' does");
    expect([top.training, top.at(0).training]).toEqual([true, true]);
  });
});

describe('modes', () => {
  it('recurse, and return the module', () => {
    const model = mlp();
    expect(model.training).toBe(true);
    expect(model.eval()).toBe(model);
    expect(model.modules().map((module) => module.training)).not.toContain(true);
    expect(model.train()).toBe(model);
    expect(model.modules().map((module) => module.training)).not.toContain(false);
    model.train(false);
    model.at(2).train();
    expect(model.modules().filter((module) => module.training)).toEqual([model.at(2)]);
  });

  it('reach children through their own train(), so that a layer can stay as it is', () => {
    class Frozen extends nn.Dropout {
      override train(_mode = true): this {
        return super.train(false);
      }
    }
    const model = new nn.Sequential(new nn.Dropout(), new Frozen()).train();
    expect([...model].map((module) => module.training)).toEqual([true, false]);
  });

  it.each([1, 0, 'yes', null, {}])('refuse %j', (mode) => {
    const model = mlp();
    const before = snapshot(model);
    expect(() => model.train(mode as never)).toThrow('training mode is expected to be boolean');
    expect(() => {
      model.training = mode as never;
    }).toThrow('training mode is expected to be boolean');
    expect(snapshot(model)).toBe(before);
  });
});

describe('buffers', () => {
  class Norm extends nn.Module {
    declare runningMean: Tensor;
    constructor() {
      super();
      this.registerBuffer('runningMean', zeros([2]));
      this.registerBuffer('scratch', ones([3]), { persistent: false });
      this.registerBuffer('none', null);
    }
  }

  it('are found by name, kept in the state dict unless told otherwise, and not learnt', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new Norm());
    expect(names(model.namedBuffers())).toEqual(['1.runningMean', '1.scratch']);
    expect(model.buffers()).toHaveLength(2);
    expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '1.runningMean']);
    expect(names(model.namedParameters())).toEqual(['0.weight', '0.bias']);
  });

  it('may be replaced by assignment or registered again', () => {
    const norm = new Norm();
    norm.runningMean = ones([2]);
    expect(norm.buffers()[0]).toBe(norm.runningMean);
    norm.registerBuffer('none', ones([4]));
    expect(names(norm.namedBuffers())).toEqual(['runningMean', 'scratch', 'none']);
    norm.registerBuffer('runningMean', zeros([2]), { persistent: false });
    expect(Object.keys(norm.stateDict())).toEqual(['none']);
  });
});

describe('registering', () => {
  it('sets fields, also where one is only declared', () => {
    class Declared extends nn.Module {
      weight: nn.Parameter | undefined;
    }
    const model = new Declared();
    const parameter = new nn.Parameter(ones([1]));
    model.registerParameter('weight', parameter);
    model.registerParameter('absent', null);
    model.addModule('act', new nn.ReLU());
    model.addModule('act', new nn.Tanh());
    expect(model.weight).toBe(parameter);
    expect(names(model.namedParameters())).toEqual(['weight']);
    expect(String(model)).toBe('Declared(\n  (act): Tanh()\n)');
    expect(() => model.registerModule('weight', new nn.ReLU())).toThrow("attribute 'weight' already exists");
    expect(() => model.registerBuffer('act', ones([1]))).toThrow("attribute 'act' already exists");
    expect(key(model, 'weight')).toBe(parameter);
  });
});

describe('the rest', () => {
  it('applies a function to children before parents', () => {
    const model = new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Tanh());
    const seen: string[] = [];
    expect(model.apply((module) => seen.push(module.constructor.name))).toBe(model);
    expect(seen).toEqual(['ReLU', 'Sequential', 'Tanh', 'Sequential']);
  });

  it('forgets or zeroes gradients', () => {
    const model = new nn.Linear(2, 1);
    model.zeroGrad({ setToNone: false });
    expect(model.weight.grad).toBe(null);
    model
      .forward(ones([3, 2]))
      .sum()
      .backward();
    const { grad } = model.weight;
    model.zeroGrad({ setToNone: false });
    expect(model.weight.grad).toBe(grad);
    expect(model.weight.grad?.toArray()).toEqual([[0, 0]]);
    model.zeroGrad();
    expect([model.weight.grad, model.bias?.grad]).toEqual([null, null]);
  });

  it('freezes parameters', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
    expect((model.at(0) as nn.Linear).requiresGrad_(false)).toBe(model.at(0));
    model
      .forward(ones([1, 2]))
      .sum()
      .backward();
    expect(model.parameters().map(({ grad }) => grad !== null)).toEqual([false, false, true, true]);
    expect(
      model
        .requiresGrad_()
        .parameters()
        .every(({ requiresGrad }) => requiresGrad),
    ).toBe(true);
  });

  it('says which class lacks a forward', () => {
    class Silent extends nn.Module {}
    expect(() => new Silent().forward(ones([1]))).toThrow(StateError);
    expect(() => new Silent().forward(ones([1]))).toThrow('Module [Silent] is missing the required "forward" function');
    expect(() => (new nn.ModuleList() as nn.Module).forward(ones([1]))).toThrow('Module [ModuleList] is missing');
  });

  it('makes parameters that share memory and require gradients', () => {
    const source = tensor([1, 2]);
    const parameter = new nn.Parameter(source);
    expect([parameter.requiresGrad, parameter.isLeaf]).toEqual([true, true]);
    source.copy_(tensor([3, 4]));
    expect(parameter.toArray()).toEqual([3, 4]);
    expect(new nn.Parameter(source, false).requiresGrad).toBe(false);
    const result = parameter.mul(2);
    expect(new nn.Parameter(result).isLeaf).toBe(true);
    expect(bits(new nn.Parameter(result))).toBe(bits(result));
    expect(() => new nn.Parameter(tensor([1], { dtype: 'int32' }))).toThrow(StateError);
    expect(new nn.Parameter(tensor([1], { dtype: 'int32' }), false).requiresGrad).toBe(false);
  });
});

describe('a module that is null', () => {
  class Block extends nn.Module {
    override forward(x: Tensor): Tensor {
      return x;
    }
  }

  it('is registered, printed and replaced as in PyTorch', () => {
    const block = new Block();
    block.addModule('skip', null);
    block.addModule('act', new nn.ReLU());
    expect(key(block, 'skip')).toBeNull();
    expect(String(block)).toBe('Block(\n  (skip): None\n  (act): ReLU()\n)');
    expect(block.children()).toHaveLength(1);
    expect(Object.keys(block.stateDict())).toEqual([]);
    block.addModule('skip', new nn.Linear(1, 1));
    expect(Object.keys(block.stateDict())).toEqual(['skip.weight', 'skip.bias']);
    expect(String(block)).toContain('(skip): Linear(in_features=1, out_features=1, bias=True)\n  (act): ReLU()');
  });
});

it('requiresGrad_ leaves parameters alone when only some could be changed', () => {
  const module = new nn.Module();
  module.registerParameter('a', new nn.Parameter(ones([1]), false));
  module.registerParameter('b', new nn.Parameter(tensor([1], { dtype: 'int32' }), false));
  expect(() => module.requiresGrad_()).toThrow(StateError);
  expect(() => module.requiresGrad_()).toThrow('only Tensors of floating point dtype');
  expect(module.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual([false, false]);
});
