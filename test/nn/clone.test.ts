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
  parent: Tied | null = null;
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
  it('gives the same model with numbers of its own', () => {
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
    model.parent = model;
    const copy = model.clone();
    expect(copy.b.weight).toBe(copy.a.weight);
    expect(copy.a.weight).not.toBe(model.a.weight);
    expect(copy.a.weight.storage).not.toBe(model.a.weight.storage);
    expect(copy.again).toBe(copy.a);
    expect(copy.layers[0]).toBe(copy.a);
    expect(copy.parent).toBe(copy);
    // A module that contains itself can be copied, but not walked through.
    model.parent = null;
    copy.parent = null;
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

  it('copies gradients, and trains apart from the first', () => {
    const model = new nn.Linear(2, 2);
    functional.mseLoss(model.forward(ones([3, 2])), zeros([3, 2])).backward();
    const copy = model.clone();
    expect(copy.weight.grad!.toArray()).toEqual(model.weight.grad!.toArray());
    expect(copy.weight.grad).not.toBe(model.weight.grad);
    const optimizer = new optim.SGD(copy.parameters(), { lr: 0.5 });
    const before = numbers(model);
    optimizer.step();
    optimizer.zeroGrad();
    expect(numbers(model)).toEqual(before);
    expect(model.weight.grad).not.toBeNull();
    expect(numbers(copy)).not.toEqual(before);
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
  it('containers', () => {
    const list = new nn.ModuleList([new nn.Linear(1, 2), new nn.ReLU()]).clone();
    expect([list.length, list.at(0).constructor]).toEqual([2, nn.Linear]);
    list.insert(0, new nn.Identity());
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

  it('classes with a clone of their own, where they stand in others', () => {
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

  it('a model is not part of a recorded function', () => {
    const model = new nn.Linear(1, 1);
    expect(() => compile((x: Tensor) => model.clone().forward(x))(ones([1, 1]))).toThrow(
      'Linear.clone() is not possible while compile records a function',
    );
  });
});
