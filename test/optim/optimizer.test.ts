import { describe, expect, it } from 'vitest';
import { ArgumentError, nn, noGrad, ones, optim, pointwise, type Tensor, zeros } from '../../src/index.js';
import { getBackend, withOps } from '../../src/ops/backend.js';
import type { DynamicScalar, OpArgs, Ops } from '../../src/ops/ops.js';
import { describeEachBackend } from '../helpers/backends.js';
import { Own } from '../helpers/own-optimizer.js';

/** A parameter of ones with a gradient of ones. */
function parameter(size = 2, grad: number | null = 1): nn.Parameter {
  const result = new nn.Parameter(ones([size]));
  if (grad !== null) result.grad = ones([size]).mul(grad).detach();
  return result;
}

const list = (value: Tensor) => value.toArray() as number[];

describeEachBackend('step', () => {
  it('skips parameters without a gradient, which get no state', () => {
    const [a, b] = [parameter(2, null), parameter(2)];
    const optimizer = new optim.SGD([a, b], { lr: 0.5, momentum: 0.9 });
    optimizer.step();
    expect([list(a), list(b)]).toEqual([
      [1, 1],
      [0.5, 0.5],
    ]);
    expect(Object.keys(optimizer.stateDict().state)).toEqual(['1']);
  });

  it('takes groups with separate options', () => {
    const [a, b, c] = [parameter(), parameter(), parameter()];
    const optimizer = new optim.SGD([{ params: [a] }, { params: b, lr: 0.25 }], { lr: 0.5 });
    optimizer.addParamGroup({ params: new Set([c]), lr: 1, weightDecay: 1 });
    optimizer.step();
    expect([a, b, c].map((each) => list(each)[0])).toEqual([0.5, 0.75, -1]);
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.5, 0.25, 1]);
  });

  it('reads what has been changed in a group', () => {
    const a = parameter();
    const optimizer = new optim.SGD([a], { lr: 0.5 });
    optimizer.step();
    optimizer.paramGroups[0]!.lr = 0.25;
    optimizer.step();
    expect(list(a)).toEqual([0.25, 0.25]);
    optimizer.paramGroups[0]!.momentum = 0.5;
    optimizer.step();
    expect(list(a)).toEqual([0, 0]);
    optimizer.step();
    expect(list(a)).toEqual([-0.375, -0.375]);
    optimizer.paramGroups[0]!.momentum = 0;
    optimizer.step();
    expect(list(a)).toEqual([-0.625, -0.625]);
  });

  it('calls a closure with gradients enabled, and returns the loss', () => {
    const a = parameter(1, null);
    const optimizer = new optim.SGD([a], { lr: 0.5 });
    const loss = noGrad(() =>
      optimizer.step(() => {
        const result = a.mul(3).sum();
        result.backward();
        return result.item();
      }),
    );
    expect(loss).toBe(3);
    expect(list(a)).toEqual([-0.5]);
    expect(optimizer.step()).toBe(undefined);
  });

  it('works on parameters without elements', () => {
    for (const kind of [optim.SGD, optim.Adam, optim.AdamW]) {
      const a = new nn.Parameter(zeros([0, 3]));
      a.grad = zeros([0, 3]);
      new kind([a], { lr: 0.1 }).step();
      expect(a.shape).toEqual([0, 3]);
    }
  });

  it('leaves gradients where they are, and forgets or zeroes them', () => {
    const [a, b] = [parameter(), parameter(2, null)];
    const optimizer = new optim.Adam([a, b]);
    const { grad } = a;
    optimizer.step();
    expect(list(grad!)).toEqual([1, 1]);
    optimizer.zeroGrad({ setToNone: false });
    expect([a.grad, b.grad]).toEqual([grad, null]);
    expect(list(grad!)).toEqual([0, 0]);
    optimizer.zeroGrad();
    expect(a.grad).toBe(null);
  });

  it('is refused for a graph that still needs the parameters', () => {
    const a = parameter(1);
    const loss = a.mul(a).sum();
    new optim.SGD([a]).step();
    expect(() => loss.backward()).toThrow('modified by an inplace operation');
  });
});

describeEachBackend('the state dict', () => {
  const kinds = [
    ['SGD', () => (params: Tensor[]) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, weightDecay: 0.01 })],
    ['Adam', () => (params: Tensor[]) => new optim.Adam(params, { lr: 0.1, amsgrad: true, betas: [0.8, 0.9] })],
    ['AdamW', () => (params: Tensor[]) => new optim.AdamW(params, { lr: 0.1 })],
    ['RMSprop', () => (params: Tensor[]) => new optim.RMSprop(params, { momentum: 0.9, centered: true })],
    ['Adadelta', () => (params: Tensor[]) => new optim.Adadelta(params)],
    ['Adamax', () => (params: Tensor[]) => new optim.Adamax(params)],
    ['NAdam', () => (params: Tensor[]) => new optim.NAdam(params, { weightDecay: 0.1, decoupledWeightDecay: true })],
    ['RAdam', () => (params: Tensor[]) => new optim.RAdam(params)],
    ['Rprop', () => (params: Tensor[]) => new optim.Rprop(params, { lr: 0.1 })],
    ['ASGD', () => (params: Tensor[]) => new optim.ASGD(params, { lr: 0.1, t0: 1 })],
    ['Lion', () => (params: Tensor[]) => new optim.Lion(params, { lr: 0.1 })],
  ] as const;

  it("has PyTorch's structure and names", () => {
    const optimizer = new optim.Adam([
      { params: [parameter(), parameter(3)] },
      { params: [parameter(1, null)], lr: 1 },
    ]);
    optimizer.step();
    const { state, param_groups } = optimizer.stateDict();
    expect(Object.keys(state)).toEqual(['0', '1']);
    expect(Object.keys(state[1]!)).toEqual(['step', 'exp_avg', 'exp_avg_sq']);
    expect(state[1]!.step!.item()).toBe(1);
    expect(state[1]!.exp_avg!.shape).toEqual([3]);
    const flags = { amsgrad: false, maximize: false, decoupled_weight_decay: false };
    const options = { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, ...flags };
    expect(param_groups).toEqual([
      { lr: 1e-3, ...options, params: [0, 1] },
      { lr: 1, ...options, params: [2] },
    ]);
  });

  it.each(kinds)('%s goes on from it exactly', (_name, kind) => {
    const make = kind();
    const [a, b] = [
      [parameter(3), parameter(1)],
      [parameter(3), parameter(1)],
    ];
    const [first, second] = [make(a), make(b)];
    first.step();
    first.step();
    noGrad(() => b.forEach((each, i) => void each.copy_(a[i]!)));
    second.loadStateDict(first.stateDict());
    first.step();
    second.step();
    expect(b.map(list)).toEqual(a.map(list));
    expect(second.stateDict().param_groups).toEqual(first.stateDict().param_groups);
  });

  it.each(kinds)('%s starts again from an empty state, in the memory it had', (_name, kind) => {
    const make = kind();
    const params = [parameter(3)];
    const optimizer = make(params);
    const fresh = optimizer.stateDict();
    optimizer.step();
    const [buffer] = Object.values(optimizer.stateDict().state[0]!).slice(-1);
    const once = list(params[0]!);
    noGrad(() => params[0]!.copy_(ones([3])));
    optimizer.loadStateDict(fresh);
    expect(optimizer.stateDict().state).toEqual({});
    optimizer.step();
    expect(list(params[0]!)).toEqual(once);
    expect(Object.values(optimizer.stateDict().state[0]!).at(-1)!.storage).toBe(buffer!.storage);
  });

  it('keeps options apart from those it was read from', () => {
    const optimizer = new optim.Adam([parameter()], { lr: 0.5 });
    const saved = optimizer.stateDict();
    const other = new optim.Adam([parameter()]);
    const group = other.paramGroups[0];
    other.loadStateDict(saved);
    expect(other.paramGroups[0]).toBe(group);
    (saved.param_groups[0]!.betas as number[])[0] = 0.1;
    saved.param_groups[0]!.lr = 9;
    expect([other.paramGroups[0]!.lr, ...other.paramGroups[0]!.betas]).toEqual([0.5, 0.9, 0.999]);
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.9, 0.999]);
  });

  it('reads the options that only PyTorch has, and an absent momentum buffer', () => {
    const a = parameter(1);
    const optimizer = new optim.SGD([a]);
    const group = { lr: 0.5, momentum: 0.5, dampening: 0.5, maximize: false, foreach: null, fused: null, params: [7] };
    const state = { 7: { momentum_buffer: null } } as never;
    optimizer.loadStateDict({ state, param_groups: [group] });
    expect(optimizer.paramGroups[0]).toMatchObject({ lr: 0.5, momentum: 0.5, weightDecay: 0, nesterov: false });
    optimizer.step();
    // As at a first step: the buffer is the gradient, undampened.
    expect(list(a)).toEqual([0.5]);
  });
});

describe('what ops are given', () => {
  /** The calls of `pointwise` that two steps make. */
  function callsOf(optimizer: optim.Optimizer): OpArgs<'pointwise'>[] {
    const seen: OpArgs<'pointwise'>[] = [];
    const ops: Ops = { ...getBackend('reference').ops, pointwise: (args) => void seen.push(args) };
    withOps(ops, () => {
      optimizer.step();
      optimizer.step();
    });
    return seen;
  }

  it('numbers are read when the op runs, from dynamic scalars made once', () => {
    const [a, b] = [parameter(), parameter()];
    const optimizer = new optim.AdamW([a, b], { lr: 0.5 });
    const seen = callsOf(optimizer);
    expect(seen).toHaveLength(4);
    expect(new Set(seen.map(({ scalars }) => scalars[0])).size).toBe(1);
    expect(new Set(seen.map(({ program }) => program)).size).toBe(1);
    expect(seen[2]!.step).toBe(seen[0]!.step);
    expect(seen[2]!.outputs).toEqual(seen[0]!.outputs);
    for (const [i, output] of seen[1]!.outputs.entries()) expect(output).not.toBe(seen[0]!.outputs[i]);
    optimizer.paramGroups[0]!.lr = 0.125;
    optimizer.paramGroups[0]!.betas = [0.25, 0.75];
    const values = seen[0]!.scalars.map((scalar) => (scalar as DynamicScalar).value);
    expect(values).toEqual([0.125, 0.25, 0.75, 1e-8, 0.01]);
  });

  it('one program over the gradient, the parameter and its state, in place', () => {
    const a = parameter(3);
    const optimizer = new Own([a], { centered: true });
    const [{ inputs, outputs, step, keys, layout }] = callsOf(optimizer) as [OpArgs<'pointwise'>];
    optimizer.step();
    const state = optimizer.stateDict().state[0]!;
    const changed = [a.storage, state.square_avg!.storage, state.grad_avg!.storage];
    expect(inputs).toEqual([a.grad!.storage, ...changed]);
    expect(outputs).toEqual(changed);
    expect(step).toBe(state.step!.storage);
    expect(keys).toEqual([]);
    expect([...layout]).toEqual([3, 1, 1, 1, 1]);
  });
});

describe("a kind of the caller's own", () => {
  const run = (optimizer: optim.Optimizer, a: Tensor, gradients: readonly number[]) =>
    gradients.map((value) => {
      a.grad = ones([2]).mul(value).detach();
      optimizer.step();
      return list(a)[0]!;
    });

  describeEachBackend('is stepped by its update', () => {
    it.each([false, true])('in each of its forms: centered %s', (centered) => {
      const a = parameter(2, null);
      const optimizer = new Own([a], { lr: 0.1, alpha: 0.9, eps: 0.01, centered });
      const gradients = [1, -0.5, 2, 0.25];
      let [p, squares, mean] = [1, 0, 0];
      const expected = gradients.map((g) => {
        squares = 0.9 * squares + 0.1 * g * g;
        mean = 0.9 * mean + 0.1 * g;
        p -= (0.1 * g) / (Math.sqrt(squares - (centered ? mean * mean : 0)) + 0.01);
        return p;
      });
      run(optimizer, a, gradients).forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6);
      });
      const { state, param_groups } = optimizer.stateDict();
      const names = ['step', 'square_avg', ...(centered ? ['grad_avg'] : [])];
      expect(Object.keys(state[0]!)).toEqual(names);
      expect(state[0]!.step!.item()).toBe(4);
      expect(param_groups).toEqual([{ lr: 0.1, alpha: 0.9, eps: 0.01, centered, params: [0] }]);
    });
  });

  it('goes on from its state dict exactly, and in the other form from nothing', () => {
    const [a, b] = [parameter(2, null), parameter(2, null)];
    const [first, second] = [new Own([a]), new Own([b])];
    run(first, a, [1, 2]);
    noGrad(() => b.copy_(a));
    second.loadStateDict(first.stateDict());
    expect(run(second, b, [3, -1])).toEqual(run(first, a, [3, -1]));
    first.paramGroups[0]!.centered = true;
    run(first, a, [1]);
    expect(Object.keys(first.stateDict().state[0]!)).toContain('grad_avg');
  });

  it('is checked, and refused before a number moves', () => {
    const a = parameter();
    const optimizer = new Own([a]);
    optimizer.paramGroups[0]!.alpha = -1;
    expect(() => optimizer.step()).toThrow('-1 is not valid');
    expect(list(a)).toEqual([1, 1]);
    expect(() => new Own([a], { momentum: 1 } as never)).toThrow('momentum');
  });

  /** An optimizer without options, of an update. */
  function kindOf(update: optim.OptimizerKind<optim.BaseOptions, 'lr', 'm'>['update'], required: readonly 'm'[] = []) {
    const kind: optim.OptimizerKind<optim.BaseOptions, 'lr', 'm'> = {
      name: 'Own',
      defaults: { lr: 1 },
      check: () => {},
      numbers: { lr: ({ lr }) => lr },
      state: { required, optional: [], countsSteps: false },
      update,
    };
    return class extends optim.Optimizer {
      constructor(params: Tensor[]) {
        super(kind, params, undefined);
      }
    };
  }

  it('keeps state that its update does not give back, and a parameter that it leaves alone', () => {
    const Own = kindOf(({ param, m }) => ({ param: param.add(m) }), ['m']);
    const a = parameter();
    const optimizer = new Own([a]);
    run(optimizer, a, [5]);
    expect(list(a)).toEqual([1, 1]);
    noGrad(() => optimizer.stateDict().state[0]!.m!.fill_(2));
    expect(run(optimizer, a, [5])).toEqual([3]);
    expect(list(optimizer.stateDict().state[0]!.m!)).toEqual([2, 2]);
  });

  it.each([
    ['gives what is no expression', () => ({ param: 'x' as never }), 'expected an expression or a number, got "x"'],
    [
      'branches on a value',
      (values: never) => ({ param: `${(values as { grad: unknown }).grad}` as never }),
      'has no value yet',
    ],
    ['uses an expression of another function', () => ({ param: another() }), 'an expression of another function'],
  ] as const)('is refused where its update %s, before a number moves', (_what, update, message) => {
    const a = parameter();
    const optimizer = new (kindOf(update as never))([a]);
    expect(() => optimizer.step()).toThrow(message);
    expect(() => optimizer.step()).toThrow(ArgumentError);
    expect(list(a)).toEqual([1, 1]);
  });

  /** An expression that belongs to another graph. */
  function another(): never {
    let leaked: unknown;
    pointwise((x) => {
      leaked = x;
      return x;
    });
    return leaked as never;
  }
});
