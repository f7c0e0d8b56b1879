/** What makes a compiled function trace again, and what does not: counted by the calls of the function. */
import { describe, expect, it } from 'vitest';
import {
  backend,
  compile,
  Generator,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { runOn } from '../helpers/backends.js';

/** A model in training, whose steps are counted when they are traced. */
function makeFixture() {
  manualSeed(1);
  const generator = new Generator(4);
  const model = new nn.Sequential(
    new nn.Linear(3, 4),
    new nn.ReLU(),
    new nn.Dropout(0.5, { generator }),
    new nn.Linear(4, 2),
  );
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const counts = { retraced: 0 };
  const step = compile((x: Tensor, y: Tensor) => {
    counts.retraced++;
    model.zeroGrad();
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const x = randn([4, 3]);
  const y = tensor([0, 1, 1, 0], { dtype: 'int32' });
  return { generator, model, criterion, optimizer, counts, step, x, y, call: () => step(x, y) };
}

type Fixture = ReturnType<typeof makeFixture>;

const first = (model: nn.Sequential): nn.Linear => model.at(0) as nn.Linear;

/** Changes after which a traced program would be wrong. */
const changes: Readonly<Record<string, (fixture: Fixture) => unknown>> = {
  'eval()': ({ model }) => model.eval(),
  'the mode of one module': ({ model }) => {
    model.at(2).training = false;
  },
  'requiresGrad of a parameter': ({ model }) => first(model).weight.requiresGrad_(false),
  'p of a dropout': ({ model }) => {
    (model.at(2) as nn.Dropout).p = 0.25;
  },
  "the generator's masks": ({ generator }) => generator.manualSeed(4, { masks: 'mt19937' }),
  'a module appended': ({ model }) => model.append(new nn.Tanh()),
  'a module replaced': ({ model }) => model.set(1, new nn.Sigmoid()),
  'a module taken out': ({ model }) => model.pop(1),
  'a weight replaced': ({ model }) => {
    first(model).weight = new nn.Parameter(ones([4, 3]));
  },
  'a bias dropped': ({ model }) => {
    first(model).bias = null;
  },
  'another weight of the loss': ({ criterion }) => {
    criterion.weight = tensor([1, 3]);
  },
  'momentum switched off': ({ optimizer }) => {
    optimizer.paramGroups[0]!.momentum = 0;
  },
  nesterov: ({ optimizer }) => {
    optimizer.paramGroups[0]!.nesterov = true;
  },
  'a parameter taken from the optimizer': ({ optimizer }) => optimizer.paramGroups[0]!.params.pop(),
  'a group added': ({ optimizer }) => optimizer.addParamGroup({ params: [ones([1])] }),
};

/** Changes that the same program sees when it runs. */
const readings: Readonly<Record<string, (fixture: Fixture) => unknown>> = {
  'the learning rate': ({ optimizer }) => {
    optimizer.paramGroups[0]!.lr = 0.5;
  },
  'the size of the momentum': ({ optimizer }) => {
    optimizer.paramGroups[0]!.momentum = 0.5;
  },
  'the seed': ({ generator }) => generator.manualSeed(9),
  'the numbers of a weight': ({ model }) => noGrad(() => first(model).weight.copy_(ones([4, 3]))),
  'a state dict loaded': ({ model }) => model.loadStateDict(makeFixture().model.stateDict()),
  "the optimizer's state loaded": ({ optimizer }) => optimizer.loadStateDict(makeFixture().optimizer.stateDict()),
  'gradients dropped': ({ model }) => model.zeroGrad(),
  'a call with other numbers': ({ step, y }) => step(ones([4, 3]), y),
};

describe('a compiled step', () => {
  runOn('reference');

  it.each(Object.entries(changes))('traces again after a change: %s', (_name, change) => {
    const fixture = makeFixture();
    fixture.call();
    fixture.call();
    expect(fixture.counts.retraced).toBe(1);
    change(fixture);
    fixture.call();
    expect(fixture.counts.retraced).toBe(2);
    fixture.call();
    expect(fixture.counts.retraced).toBe(2);
  });

  it.each(Object.entries(readings))('does not trace again, but does something else, after: %s', (_name, change) => {
    const [fixture, twin] = [makeFixture(), makeFixture()];
    for (const each of [fixture, twin]) each.call();
    change(fixture);
    const [changed, unchanged] = [fixture, twin].map((each) => {
      const loss = each.call().item();
      return [loss, ...first(each.model).weight.toTypedArray()];
    });
    expect(fixture.counts.retraced).toBe(1);
    if (_name === 'gradients dropped') expect(changed).toEqual(unchanged);
    else expect(changed).not.toEqual(unchanged);
  });

  it('remembers the programs of both modes, of each shape and of each mode of gradients', () => {
    const { counts, model, call, step, x, y } = makeFixture();
    const evaluate = compile((input: Tensor) => {
      counts.retraced++;
      return model.forward(input);
    });
    for (let round = 0; round < 3; round++) {
      call();
      step(x.narrow(0, 0, 2), y.narrow(0, 0, 2));
      model.eval();
      call();
      evaluate(x);
      noGrad(() => evaluate(x));
      model.train();
    }
    expect(counts.retraced).toBe(5);
  });

  const weight = tensor([1, 2]);
  const parameter = tensor([1, 2]).requiresGrad_();
  const own: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
    [
      'a copy of an argument',
      (x) => {
        const leaf = x.detach().requiresGrad_();
        leaf.mul(leaf).sum().backward();
        return leaf.grad!;
      },
    ],
    [
      'a view of memory from outside',
      (x) => {
        const leaf = weight.detach().requiresGrad_();
        leaf.mul(x).sum().backward();
        return leaf.grad!;
      },
    ],
    [
      'a view that retains its gradient',
      (x) => {
        const view = parameter.reshape([2, 1]);
        view.retainGrad();
        parameter.grad = null;
        view.mul(x).sum().backward();
        return view.grad!;
      },
    ],
    [
      'a leaf with a hook',
      (x) => {
        const leaf = weight.detach().requiresGrad_();
        leaf.registerHook((grad) => grad.mul(2));
        leaf.mul(x).sum().backward();
        return leaf.grad!.div(2);
      },
    ],
  ];

  it.each(own)('does not look at the gradient of a tensor that it has made itself: %s', (name, fn) => {
    let retraced = 0;
    const step = compile((x: Tensor) => {
      retraced++;
      return fn(x);
    });
    for (const value of [1, 2, 3])
      expect(step(tensor([value])).toTypedArray()[0]).toBe(name === 'a copy of an argument' ? 2 * value : value);
    expect(retraced).toBe(1);
  });

  it('is not traced again because another function puts hooks on its own tensors', () => {
    let retraced = 0;
    const make = () =>
      compile((x: Tensor) => {
        retraced++;
        const leaf = x.detach().requiresGrad_();
        leaf.registerHook((grad) => grad.mul(2));
        leaf.sum().backward();
        return leaf.grad!;
      });
    const [a, b] = [make(), make()];
    for (let i = 0; i < 3; i++) for (const step of [a, b]) expect(step(tensor([1])).item()).toBe(2);
    expect(retraced).toBe(2);
  });

  it('keeps the programs of the last 16 shapes', () => {
    let retraced = 0;
    const double = compile((x: Tensor) => {
      retraced++;
      return x.mul(2);
    });
    for (let n = 1; n <= 17; n++) expect(double(ones([n])).shape).toEqual([n]);
    for (let n = 2; n <= 17; n++) double(ones([n]));
    expect(retraced).toBe(17);
    double(ones([1]));
    expect(retraced).toBe(18);
  });

  it('tells dtypes and numbers of arguments apart', () => {
    let retraced = 0;
    const sum = compile((...tensors: Tensor[]) => {
      retraced++;
      return tensors.reduce((a, b) => a.add(b));
    });
    const [a, b] = [tensor([1, 2]), tensor(Float64Array.of(3, 4))];
    expect(sum(a, a).toArray()).toEqual([2, 4]);
    expect(sum(b, b).dtype).toBe('float64');
    expect(sum(a, a, a).toArray()).toEqual([3, 6]);
    expect(retraced).toBe(3);
  });

  it('does not see what a caller keeps outside of tensors and modules: JavaScript runs while it is traced only', () => {
    let factor = 2;
    const scale = compile((x: Tensor) => x.mul(factor));
    scale(ones([1]));
    factor = 3;
    expect(scale(ones([1])).item()).toBe(2);
  });
});

describe('a change of backend', () => {
  runOn('reference');

  it.runIf(backend.available.length > 1)('is noticed also when only another function ran there', () => {
    const fixture = makeFixture();
    const evaluate = compile((x: Tensor) => fixture.model.forward(x));
    fixture.call();
    backend.use(backend.available.at(-1)!);
    evaluate(fixture.x);
    backend.use('reference');
    noGrad(() => first(fixture.model).weight.copy_(ones([4, 3])));
    fixture.call();
    expect(fixture.counts.retraced).toBe(2);
    expect(first(fixture.model).weight.toArray()).not.toEqual(ones([4, 3]).toArray());
  });

  it.runIf(backend.available.length > 1)('moves everything over, there and back', () => {
    const fixture = makeFixture();
    const twin = makeFixture();
    const losses: number[] = [];
    const expected: number[] = [];
    for (const name of ['reference', backend.available.at(-1)!, 'reference']) {
      backend.use(name);
      for (let i = 0; i < 2; i++) losses.push(fixture.call().item());
    }
    backend.use('reference');
    for (let i = 0; i < 6; i++) expected.push(twin.call().item());
    expect(fixture.counts.retraced).toBe(3);
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(expected[i]!, 5);
    });
  });
});
