/** Deep copies of modules. */
import { describe, expect, it } from 'vitest';
import {
  compile,
  defaultGenerator,
  functional,
  Generator,
  nn,
  ones,
  optim,
  rand,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const numbers = (module: nn.AnyModule) =>
  Object.entries(module.stateDict()).map(([name, each]) => [name, [...each.toTypedArray()]]);

/** Adds 1 to every parameter. */
const move = (module: nn.AnyModule) => {
  for (const parameter of module.parameters()) parameter.detach().copy_(parameter.detach().add(1));
};

class Tied extends nn.Module {
  readonly a = new nn.Linear(3, 3);
  readonly b = new nn.Linear(3, 3);
  readonly again: nn.Linear;
  readonly settings = { sizes: [3, 3], nested: { depth: 2 }, table: new Map([['x', [1]]]) };
  readonly mask = Float32Array.of(1, 0, 1);
  readonly act = (x: Tensor) => x.relu();
  layers: nn.Module[] = [];
  readonly above: { model: Tied | null } = { model: null };
  constructor() {
    super();
    this.b.weight = this.a.weight;
    this.again = this.a;
    this.layers = [this.a, new nn.ReLU()];
    this.registerBuffer('scale', tensor([2, 2, 2]));
    this.registerBuffer('temporary', zeros([3]), { persistent: false });
  }
  override forward(x: Tensor): Tensor {
    const scale = this.buffers()[0]!;
    return this.act(this.b.forward(this.again.forward(this.a.forward(x)))).mul(scale);
  }
}

describeEachBackend('clone', () => {
  it('gives the same model with separate numbers', () => {
    const model = new nn.Sequential(
      new nn.Linear(4, 5),
      new nn.Dropout(0.25),
      new nn.Sequential(new nn.Linear(5, 2), new nn.Softmax(1)),
    );
    model.at(1).eval();
    model.at(0).requiresGrad_(false);
    const copy = model.clone();
    expect(copy).toBeInstanceOf(nn.Sequential);
    expect(String(copy)).toBe(String(model));
    expect(numbers(copy)).toEqual(numbers(model));
    expect(copy.modules().map(({ training }) => training)).toEqual(model.modules().map(({ training }) => training));
    expect(copy.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual([false, false, true, true]);
    const own = new Set<object>(model.modules());
    expect(copy.modules().filter((module) => own.has(module))).toEqual([]);
    const before = numbers(model);
    move(copy);
    expect(numbers(model)).toEqual(before);
    expect(numbers(copy)).not.toEqual(before);
    copy.append(new nn.ReLU());
    copy.at(0).training = false;
    expect([copy.length, model.length, model.at(0).training]).toEqual([4, 3, true]);
  });

  it('keeps tied what is tied, and copies fields', () => {
    const model = new Tied();
    model.above.model = model;
    const copy = model.clone();
    expect(copy.b.weight).toBe(copy.a.weight);
    expect(copy.a.weight).not.toBe(model.a.weight);
    expect(copy.a.weight.storage).not.toBe(model.a.weight.storage);
    expect(copy.again).toBe(copy.a);
    expect(copy.layers[0]).toBe(copy.a);
    expect(copy.above.model).toBe(copy);
    expect(copy.settings).toEqual(model.settings);
    expect(copy.settings.nested).not.toBe(model.settings.nested);
    expect(copy.settings.table.get('x')).not.toBe(model.settings.table.get('x'));
    expect([...copy.mask]).toEqual([1, 0, 1]);
    expect(copy.mask).not.toBe(model.mask);
    expect(copy.act).toBe(model.act);
    expect(copy.namedBuffers().map(([name]) => name)).toEqual(['scale', 'temporary']);
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
    const x = rand([2, 3]);
    expect(copy.forward(x).toArray()).toEqual(model.forward(x).toArray());
  });

  it('leaves gradients behind, and trains apart from the first', () => {
    const model = new nn.Linear(2, 2);
    const learn = (module: nn.Module) => functional.mseLoss(module.forward(ones([3, 2])), zeros([3, 2])).backward();
    learn(model);
    const copy = model.clone();
    expect(copy.weight.grad).toBeNull();
    const first = new optim.SGD(model.parameters(), { lr: 0.5 });
    const optimizer = new optim.SGD(copy.parameters(), { lr: 0.5 });
    const before = numbers(model);
    learn(copy);
    expect(copy.weight.grad!.toArray()).toEqual(model.weight.grad!.toArray());
    optimizer.step();
    optimizer.zeroGrad();
    expect(numbers(model)).toEqual(before);
    expect(model.weight.grad).not.toBeNull();
    const moved = numbers(copy);
    expect(moved).not.toEqual(before);
    first.step();
    expect(numbers(model)).toEqual(moved);
    expect(numbers(copy)).toEqual(moved);
  });

  it('may be made of a model that a compiled step trains', () => {
    const model = new nn.Linear(2, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = model.forward(x).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    step(ones([4, 2]));
    const copy = model.clone();
    const then = numbers(copy);
    expect(then).toEqual(numbers(model));
    step(ones([4, 2]));
    expect(numbers(copy)).toEqual(then);
    expect(numbers(model)).not.toEqual(then);
    step.dispose();
  });
});

describe('clone of', () => {
  it('fields that a walk has put accessors in, and that the copy guards in turn', () => {
    class Optional extends nn.Module {
      readonly fc = new nn.Linear(2, 2);
      bias: nn.Parameter | null = null;
      state: Tensor | null = null;
      child: nn.Module | null = null;
    }
    const model = new Optional();
    Reflect.deleteProperty(model, 'bias');
    model.registerParameter('bias', null);
    Reflect.deleteProperty(model, 'child');
    model.registerModule('child', null);
    Reflect.deleteProperty(model, 'state');
    model.registerBuffer('state', zeros([2]));
    model.state = null;
    model.parameters();
    const copy = model.clone();
    copy.fc.weight = new nn.Parameter(zeros([2, 2]));
    expect(model.fc.weight).not.toBe(copy.fc.weight);
    expect(String(copy)).toBe(String(model));
    expect(Object.keys(copy)).toEqual(Object.keys(model));
    for (const [name, value] of [
      ['bias', zeros([2])],
      ['child', zeros([2])],
      ['state', 1],
    ] as const)
      expect(() => Reflect.set(copy, name, value)).toThrow(`Optional: cannot assign '`);
    copy.state = ones([2]);
    expect(Object.keys(copy.stateDict())).toContain('state');
    expect(model.state).toBeNull();
    expect(() => structuredClone(copy)).toThrow('could not be cloned');
  });

  it('accessors takes their values', () => {
    const model = new nn.Identity();
    let secret = [1];
    const accessor = { get: () => secret, set: (to: number[]) => (secret = to), enumerable: true };
    Object.defineProperty(model, 'secret', accessor);
    const copy: { secret?: number[] } = model.clone() as object;
    expect(copy.secret).toEqual([1]);
    expect(copy.secret).not.toBe(secret);
    copy.secret = [2];
    expect(secret).toEqual([1]);
  });

  it('values of each kind', () => {
    const own: unique symbol = Symbol('own');
    class Values extends nn.Module {
      readonly list = Object.assign(new (class Names extends Array<string> {})(), ['a', 'b']);
      readonly set = new Set([[1]]);
      readonly bytes = Buffer.from('text');
      readonly view = new DataView(Uint8Array.of(1, 2).buffer);
      readonly when = new Date(5);
      readonly pattern = /x/;
      readonly bare = Object.assign(Object.create(null) as object, { a: [1] });
      readonly sparse: number[] = [];
      readonly [own] = { a: 1 };
    }
    const model = new Values();
    model.sparse[2] = 1;
    const copy = model.clone();
    expect(copy.list).toEqual(model.list);
    expect(copy.list.constructor).toBe(model.list.constructor);
    expect([...copy.set]).toEqual([[1]]);
    expect([...copy.set][0]).not.toBe([...model.set][0]);
    expect(copy.bytes.toString()).toBe('text');
    copy.bytes[0] = 0;
    expect(model.bytes.toString()).toBe('text');
    copy.view.setUint8(0, 9);
    expect(model.view.getUint8(0)).toBe(1);
    copy.when.setTime(6);
    expect(model.when.getTime()).toBe(5);
    expect(copy.pattern).toBe(model.pattern);
    expect(Object.getPrototypeOf(copy.bare)).toBeNull();
    expect(copy.bare).toEqual(model.bare);
    expect(0 in copy.sparse).toBe(false);
    expect(copy.sparse).toHaveLength(3);
    expect(copy[own]).toEqual({ a: 1 });
    expect(copy[own]).not.toBe(model[own]);
  });

  it('tensors in fields: leaves keep their gradients and what they share, parameters get separate memory', () => {
    const plain = ones([2, 2]);
    class Sharing extends nn.Module {
      readonly a = new nn.Parameter(plain);
      readonly b = new nn.Parameter(plain);
      readonly leaf = tensor([1, 2]).requiresGrad_();
      readonly all = plain;
      readonly flat = plain.reshape([4]);
    }
    const model = new Sharing();
    model.leaf.mul(3).sum().backward();
    const copy = model.clone();
    expect(copy.leaf.requiresGrad).toBe(true);
    expect(copy.leaf.grad!.toArray()).toEqual([3, 3]);
    expect(copy.leaf.grad).not.toBe(model.leaf.grad);
    copy.flat.fill_(7);
    expect(copy.all.toArray()).toEqual([
      [7, 7],
      [7, 7],
    ]);
    const ofOnes = [
      [1, 1],
      [1, 1],
    ];
    expect([plain, copy.a, copy.b].map((each) => each.toArray())).toEqual([ofOnes, ofOnes, ofOnes]);
    copy.a.detach().fill_(2);
    expect(copy.b.toArray()).toEqual(ofOnes);
  });

  it('a frozen module can be changed', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2));
    for (const module of model.modules()) Object.freeze(module);
    const copy = model.clone();
    copy.append(new nn.ReLU());
    copy.set(0, new nn.Identity());
    copy.eval();
    expect(String(copy)).toBe('Sequential(\n  (0): Identity()\n  (1): ReLU()\n)');
    const list = Object.assign(new nn.Identity(), { sizes: Object.freeze([1, 2]) }).clone().sizes as number[];
    list.push(3);
    expect(list).toEqual([1, 2, 3]);
    expect([model.length, model.training, model.at(0).training]).toEqual([1, true, true]);
  });

  it('a model with an optimizer in a field: it stays with the first', () => {
    const fc = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(fc.parameters(), { lr: 1 });
    const model = Object.assign(new nn.Sequential(fc), { optimizer });
    expect(model.clone().optimizer).toBe(optimizer);
  });

  it('containers', () => {
    const list = new nn.ModuleList([new nn.Linear(1, 2), new nn.ReLU()]).clone();
    expect([list.length, list.at(0).constructor]).toEqual([2, nn.Linear]);
    list.insert(0, new nn.ReLU());
    expect(list.length).toBe(3);
    const shared = new nn.ReLU();
    const dict = new nn.ModuleDict({ a: shared, b: shared }).clone();
    expect([...dict.keys()]).toEqual(['a', 'b']);
    expect(dict.get('a')).toBe(dict.get('b'));
    expect(dict.get('a')).not.toBe(shared);
  });

  it('generators: their state, but the default one is shared', () => {
    const generator = new Generator(3);
    const own = new nn.Dropout(0.5, { generator }).clone();
    expect(own.generator).not.toBe(generator);
    expect(own.generator.getState()).toEqual(generator.getState());
    expect(new nn.Dropout(0.5).clone().generator).toBe(defaultGenerator);
  });

  it('classes with their own clone, where they stand in others', () => {
    class Private extends nn.Module {
      #factor: number;
      fc = new nn.Linear(1, 1);
      constructor(factor: number) {
        super();
        this.#factor = factor;
      }
      override forward(x: Tensor): Tensor {
        return this.fc.forward(x).mul(this.#factor);
      }
      override clone(): this {
        const copy = new Private(this.#factor) as this;
        copy.loadStateDict(this.stateDict());
        return copy.train(this.training);
      }
    }
    const inner = new Private(3);
    const model = new nn.Sequential(inner, inner);
    const copy = model.clone();
    expect(copy.at(0)).toBe(copy.at(1));
    expect(copy.at(0)).not.toBe(inner);
    const x = ones([2, 1]);
    expect(copy.forward(x).toArray()).toEqual(model.forward(x).toArray());
  });

  it('a result in a field is refused as in PyTorch, and nothing is left behind', () => {
    class Keeping extends nn.Module {
      fc = new nn.Linear(1, 1);
      last: Tensor | null = null;
      override forward(x: Tensor): Tensor {
        return (this.last = this.fc.forward(x));
      }
    }
    const model = new Keeping();
    model.forward(ones([1, 1]));
    expect(() => model.clone()).toThrow(StateError);
    expect(() => model.clone()).toThrow(
      'Only Tensors created explicitly by the user (graph leaves) support the deepcopy',
    );
    model.last = model.last!.detach();
    expect(model.clone().last!.item()).toBe(model.last.item());
  });

  it('a model is not part of a traced function', () => {
    const model = new nn.Linear(1, 1);
    expect(() => compile((x: Tensor) => model.clone().forward(x))(ones([1, 1]))).toThrow(
      'Linear.clone() is not possible while compile traces a function',
    );
  });
});
