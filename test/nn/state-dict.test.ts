import { expect, it } from 'vitest';
import { ArgumentError, nn, ones, ShapeError, type Tensor, tensor, zeros } from '../../src/index.js';
import { sentence } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { bits, mlp, snapshot } from './models.js';

const make = () => new nn.Sequential(new nn.Linear(3, 1), new nn.ReLU(), new nn.Linear(1, 1));

describeEachBackend('the state dict', () => {
  it("has PyTorch's keys, shapes and order", () => {
    const shapes = Object.entries(mlp().stateDict()).map(([name, { shape }]) => [name, [...shape]]);
    expect(shapes).toEqual([
      ['0.weight', [256, 784]],
      ['0.bias', [256]],
      ['3.weight', [128, 256]],
      ['3.bias', [128]],
      ['6.weight', [10, 128]],
      ['6.bias', [10]],
    ]);
  });

  it('shares memory and takes no part in gradients', () => {
    const model = make();
    const state = model.stateDict();
    expect(state['0.weight']!.requiresGrad).toBe(false);
    state['0.weight']!.copy_(ones([1, 3]));
    expect((model.at(0) as nn.Linear).weight.toArray()).toEqual([[1, 1, 1]]);
  });

  it.each(['object', 'Map'])('is read from an %s, copying', (kind) => {
    const [from, into] = [make(), make()];
    const state = from.stateDict();
    const result = into.loadStateDict(kind === 'Map' ? new Map(Object.entries(state)) : { ...state });
    expect(String(result)).toBe('<All keys matched successfully>');
    expect(result).toMatchObject({ missingKeys: [], unexpectedKeys: [] });
    expect(snapshot(into)).toBe(snapshot(from));
    expect(into.parameters().every((parameter) => parameter.requiresGrad)).toBe(true);
    from
      .parameters()[0]!
      .requiresGrad_(false)
      .copy_(zeros([1, 3]));
    expect(bits(into.parameters()[0]!)).not.toBe(bits(from.parameters()[0]!));
  });

  it('tells all faults at once, in the words of PyTorch, and changes nothing', () => {
    const model = make();
    const before = snapshot(model);
    const state = {
      '0.weight': ones([2, 2]),
      '2.weight': ones([1, 1]),
      '2.bias': ones([1]),
      '9.weight': ones([1]),
    };
    const act = () => model.loadStateDict(state);
    expect(act).toThrow(ArgumentError);
    expect(act).toThrow(sentence('loadStateDict: keys and sizes'));
    expect(snapshot(model)).toBe(before);
  });

  it('passes names missing and left over when not strict, never sizes', () => {
    const model = make();
    const result = model.loadStateDict({ '0.bias': tensor([7]), a: ones([1]) }, { strict: false });
    expect(result.missingKeys).toEqual(['0.weight', '2.weight', '2.bias']);
    expect(String(result)).toBe(
      "_IncompatibleKeys(missing_keys=['0.weight', '2.weight', '2.bias'], unexpected_keys=['a'])",
    );
    expect((model.at(0) as nn.Linear).bias?.toArray()).toEqual([7]);
    const before = snapshot(model);
    const wrong = { '0.bias': tensor([8]), '2.weight': ones([1, 2]) };
    expect(() => model.loadStateDict(wrong, { strict: false })).toThrow(ShapeError);
    expect(() => model.loadStateDict(wrong, { strict: false })).toThrow(
      'size mismatch for 2.weight: copying a param with shape torch.Size([1, 2]) from checkpoint, ' +
        'the shape in current model is torch.Size([1, 1]).',
    );
    expect(snapshot(model)).toBe(before);
  });

  it('refuses what are no tensors, and no dicts', () => {
    const model = make();
    const before = snapshot(model);
    const wrong = { ...model.stateDict(), '0.bias': [1] as unknown as Tensor };
    expect(() => model.loadStateDict(wrong)).toThrow(
      'While copying the parameter named "0.bias", expected a Tensor from checkpoint but received [1]',
    );
    for (const state of [3, null, undefined, [ones([1])], ones([1]), 'weights'])
      expect(() => model.loadStateDict(state as never)).toThrow('Expected state_dict to be dict-like, got');
    expect(() => model.loadStateDict(model.stateDict(), { strict: 1 } as never)).toThrow(ArgumentError);
    expect(() => model.loadStateDict(model.stateDict(), { Strict: true } as never)).toThrow('unknown option');
    expect(snapshot(model)).toBe(before);
  });

  it('does not count inherited keys', () => {
    const state = make().stateDict();
    const hidden = Object.fromEntries(Object.entries(state).filter(([name]) => name !== '0.bias'));
    Object.defineProperty(Object.prototype, '0.bias', { value: ones([1]), configurable: true });
    try {
      expect(() => make().loadStateDict(hidden)).toThrow('Missing key(s) in state_dict: "0.bias". ');
    } finally {
      Reflect.deleteProperty(Object.prototype, '0.bias');
    }
  });

  it('converts int32 to the dtype of the model', () => {
    const model = new nn.Linear(2, 1, { bias: false });
    model.loadStateDict({ weight: tensor([[3, -4]], { dtype: 'int32' }) });
    expect(model.weight.dtype).toBe('float32');
    expect(model.weight.toArray()).toEqual([[3, -4]]);
  });

  it('loads shape [1] into a scalar, as PyTorch does, and float64 into float32', () => {
    class Scale extends nn.Module {
      factor = new nn.Parameter(tensor(0));
      override forward(x: Tensor): Tensor {
        return x.mul(this.factor);
      }
    }
    const model = new Scale();
    model.loadStateDict({ factor: tensor(Float64Array.of(7)) });
    expect([model.factor.shape, model.factor.item()]).toEqual([[], 7]);
    expect(() => model.loadStateDict({ factor: ones(2) })).toThrow(
      'size mismatch for factor: copying a param with shape torch.Size([2]) from checkpoint, the shape in current model is ' +
        'torch.Size([]).',
    );
    expect(() => model.loadStateDict({ factor: ones(1, 1) })).toThrow(/size mismatch/);
  });
});
