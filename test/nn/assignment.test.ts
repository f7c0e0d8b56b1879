// What may be assigned to a field that holds a parameter, a module or a buffer: what PyTorch takes, with its sentences.
import { describe, expect, it } from 'vitest';
import { ArgumentError, nn, ones, optim, type Tensor, tensor } from '../../src/index.js';

class Model extends nn.Module {
  scale = new nn.Parameter(ones([1]));
  head: unknown = new nn.Linear(1, 1);
  note: unknown = 'anything';

  constructor() {
    super();
    this.registerBuffer('mean', ones([1]));
  }
}
const fields = (module: nn.Module) => module as unknown as Record<string, unknown>;
const parameter = 'torch.nn.Parameter or None expected';
const module = 'torch.nn.Module or None expected';

/** A model that has been walked through, as every optimizer does. */
function known() {
  const model = new Model();
  new optim.SGD(model.parameters());
  return model;
}

describe('an assignment', () => {
  it.each([
    ['scale', tensor([2]), `cannot assign 'Tensor' as parameter 'scale' (${parameter})`],
    ['scale', 3, `cannot assign 'number' as parameter 'scale' (${parameter})`],
    ['scale', new nn.ReLU(), `cannot assign 'ReLU' as parameter 'scale' (${parameter})`],
    ['head', tensor([2]), `cannot assign 'Tensor' as child module 'head' (${module})`],
    ['head', 'none', `cannot assign 'string' as child module 'head' (${module})`],
    ['mean', 3, "cannot assign 'number' as buffer 'mean' (torch.nn.Buffer, torch.Tensor or None expected)"],
  ])('to %s of %o is refused', (name, value, message) => {
    const model = known();
    const before = JSON.stringify(model);
    const assign = () => {
      fields(model)[name] = value;
    };
    expect(assign).toThrow(ArgumentError);
    expect(assign).toThrow(message);
    expect(JSON.stringify(model)).toBe(before);
  });

  it('to a parameter of a layer is refused from the beginning', () => {
    const layer = new nn.Linear(2, 1);
    expect(() => {
      layer.weight = ones([1, 2]) as nn.Parameter;
    }).toThrow("Linear: cannot assign 'Tensor' as parameter 'weight'");
    expect(() => {
      new nn.Linear(2, 1, { bias: false }).bias = ones([1]) as nn.Parameter;
    }).toThrow("as parameter 'bias'");
  });

  it('of what belongs there is taken', () => {
    const model = known();
    const [scale, head, mean] = [new nn.Parameter(ones([2])), new nn.ReLU(), ones([3])];
    Object.assign(fields(model), { scale, head, mean, note: 4 });
    expect([model.scale, model.head, fields(model).mean, model.note]).toEqual([scale, head, mean, 4]);
    expect(model.parameters()).toEqual([scale]);
    expect(model.children()).toEqual([head]);
    expect(model.buffers()).toEqual([mean]);
  });

  it('of null leaves the place, which still takes a parameter only', () => {
    const model = known();
    fields(model).scale = null;
    expect(model.namedParameters().map(([name]) => name)).toEqual(['head.weight', 'head.bias']);
    expect(() => {
      fields(model).scale = ones([1]);
    }).toThrow(parameter);
    fields(model).scale = new nn.Parameter(ones([1]));
    expect(model.namedParameters()[0]?.[0]).toBe('scale');
  });

  it('of a parameter or a module changes what the place is', () => {
    const model = known();
    fields(model).head = new nn.Parameter(ones([5]));
    fields(model).mean = new nn.ReLU();
    expect(model.namedParameters().map(([name]) => name)).toEqual(['scale', 'head']);
    expect(model.namedChildren().map(([name]) => name)).toEqual(['mean']);
    expect(() => {
      fields(model).head = new nn.ReLU();
    }).toThrow(parameter);
  });
});

it('finds a field that a subclass has defined over a parameter', () => {
  class Fixed extends nn.Linear {
    override weight = ones([1, 2]) as Tensor as nn.Parameter;
  }
  expect(() => new Fixed(2, 1).stateDict()).toThrow("cannot assign 'Tensor' as parameter 'weight'");
});

it('leaves frozen models alone', () => {
  const model = Object.freeze(new Model());
  expect(model.parameters()).toHaveLength(3);
});
