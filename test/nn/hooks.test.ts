/** Hooks around forward and backward: PyTorch's order, arguments and effects, in eager and in compiled code. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ArgumentError,
  compile,
  fit,
  nn,
  noGrad,
  ones,
  optim,
  predict,
  ShapeError,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { golden } from '../golden/load.js';
import { describeEachBackend, runOn } from '../helpers/backends.js';
import { fixtures, Given, leaf, plain, Scale } from './hook-fixtures.js';

const found = golden('hooks');

describeEachBackend('hooks', () => {
  it('are tried in all scenes of PyTorch', () => {
    expect(Object.keys(fixtures)).toEqual(found.scenes.map(({ scene }) => scene));
  });

  it.each(found.scenes)('are called as in PyTorch: $scene', ({ scene, log }) => {
    const own: unknown[] = [];
    fixtures[scene]!(own);
    expect(own).toEqual(log);
  });
});

/** A model with hooks that change what goes in, what comes out and the gradients. */
function hooked() {
  const inner = new Scale(3);
  const model = new nn.Sequential(inner, new nn.Tanh());
  const handles = {
    pre: inner.registerForwardPreHook((_, [x]) => x.add(0.25)),
    forward: model.registerForwardHook((_, _inputs, output) => output.mul(2)),
    backward: model.at(1).registerFullBackwardHook((_, [grad], [gradOutput]) => [grad!.mul(10).add(gradOutput!)]),
  };
  const step = (x: Tensor) => {
    model.zeroGrad();
    const loss = model.forward(x).sum();
    loss.backward();
    return { loss, grad: inner.weight.grad! };
  };
  return { model, inner, handles, step };
}

describeEachBackend('hooks of a compiled function', () => {
  it('do what they do eagerly, and are called once for each trace', () => {
    const { inner, step } = hooked();
    let calls = 0;
    inner.registerForwardHook(() => {
      calls++;
    });
    const compiled = compile(step);
    for (const values of [
      [0.5, -1],
      [2, 0.125],
    ]) {
      const wanted = step(tensor(values));
      const [loss, grad] = [wanted.loss.item(), wanted.grad.toArray() as number[]];
      const own = compiled(tensor(values));
      expect(own.loss.item()).toBeCloseTo(loss, 5);
      (own.grad.toArray() as number[]).forEach((value, i) => {
        expect(value).toBeCloseTo(grad[i]!, 4);
      });
    }
    // Twice eagerly, and once for the program.
    expect(calls).toBe(3);
  });
});

describe('a traced program', () => {
  runOn('reference');

  it.each(['pre', 'forward', 'backward'] as const)('sees that a hook is gone: %s', (kind) => {
    const { step, handles } = hooked();
    const compiled = compile(step);
    const x = tensor([0.5, -1]);
    const before = plain(Object.values(compiled(x)));
    handles[kind].remove();
    const after = plain(Object.values(compiled(x)));
    expect(after).toEqual(plain(Object.values(step(x))));
    expect(after).not.toEqual(before);
  });

  it('sees that a hook has come', () => {
    const { inner, step } = hooked();
    const compiled = compile(step);
    const x = tensor([0.5, -1]);
    const before = plain(Object.values(compiled(x)));
    inner.registerForwardHook((_, _inputs, output) => output.mul(0.5));
    const after = plain(Object.values(compiled(x)));
    expect(after).toEqual(plain(Object.values(step(x))));
    expect(after).not.toEqual(before);
  });

  it('of predict and of fit, too', async () => {
    const model = new Scale(3);
    const x = ones([4, 2]);
    expect((await predict(model, x)).toArray()).toEqual(plain(x.mul(3)));
    const handle = model.registerForwardHook((_, _inputs, output) => output.mul(2));
    expect((await predict(model, x)).toArray()).toEqual(plain(x.mul(6)));
    handle.remove();
    expect((await predict(model, x)).toArray()).toEqual(plain(x.mul(3)));

    const loss = new nn.MSELoss();
    const losses: number[] = [];
    const added = [() => loss.registerForwardHook((_, _inputs, output) => output.add(7)), () => model.train()];
    await fit(model, {
      train: [x, zeros([4, 2])],
      ...{ optimizer: new optim.SGD(model.parameters(), { lr: 0 }), loss, epochs: 3 },
      onEpoch: (result) => {
        losses.push(result.loss);
        added.shift()?.();
      },
    });
    expect(losses).toEqual([9, 16, 16]);
  });
});

describe('a hook', () => {
  it('runs once for a forward that calls that of its base class', () => {
    class More extends Scale {
      override forward(x: Tensor): Tensor {
        return super.forward(x).add(1);
      }
    }
    // So that forward of the base class has hooks, too.
    new Scale(1);
    const log: unknown[] = [];
    const module = new More(3);
    module.registerForwardHook((_, _inputs, output) => {
      log.push(plain(output));
    });
    module.forward(ones([2]));
    expect(log).toEqual([[4, 4]]);
  });

  it('runs for each call of a forward that calls itself', () => {
    class Twice extends nn.Module<[x: Tensor, times: number], Tensor> {
      override forward(x: Tensor, times: number): Tensor {
        return times === 0 ? x : this.forward(x.mul(2), times - 1);
      }
    }
    const log: unknown[] = [];
    const module = new Twice();
    module.registerForwardPreHook((_, [x, times]) => {
      log.push([plain(x), times]);
    });
    expect(module.forward(ones([1]), 2).toArray()).toEqual([4]);
    expect(log).toEqual([
      [[1], 2],
      [[2], 1],
      [[4], 0],
    ]);
  });

  it('runs around a forward that is kept in a field', () => {
    const log: unknown[] = [];
    const hook = (_: unknown, inputs: readonly unknown[]) => {
      log.push(plain(inputs));
    };
    const module = new nn.Module();
    Object.assign(module, { forward: (x: Tensor) => x.mul(2) });
    module.registerForwardPreHook(hook);
    expect(module.forward(ones([1])).toArray()).toEqual([2]);
    const replaced = new Scale(3);
    const before = replaced.forward.bind(replaced);
    replaced.forward = (x) => before(x).add(1);
    replaced.registerForwardPreHook(hook);
    expect(replaced.forward(ones([2])).toArray()).toEqual([4, 4]);
    expect(log).toEqual([[[1]], [[1, 1]]]);
  });

  it('of a backward that is over does not run for a gradient that reaches the input in another way', () => {
    const kept: Tensor[] = [];
    const module = new Given((x: Tensor) => {
      kept.push(x);
      return x.mul(2);
    });
    let fired = 0;
    module.registerFullBackwardHook(() => {
      fired++;
    });
    const output = module.forward(leaf(1, 2)) as Tensor;
    output.sum().backward();
    kept[0]!.sum().backward();
    expect(fired).toBe(1);
  });

  it('leaves the function what it was to those who look at it', () => {
    class Named extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const { forward } = Named.prototype;
    const spy = vi.spyOn(Named.prototype, 'forward');
    const module = new Named();
    module.registerForwardHook(() => undefined);
    module.forward(ones([1]));
    expect(spy).toHaveBeenCalledTimes(1);
    expect(module.forward).toHaveBeenCalledTimes(1);
    spy.mockRestore();
    expect(Named.prototype.forward).toBe(forward);
    expect([new Named().forward.name, new Named().forward.length]).toEqual(['forward', 1]);
    expect(Object.keys(module)).not.toContain('forward');
  });

  it('that throws ends the call, and leaves gradients alone', () => {
    const module = new Scale(3);
    const handle = module.registerFullBackwardHook(() => {
      throw new RangeError('mine');
    });
    const a = leaf(1, 2);
    expect(() => module.forward(a).sum().backward()).toThrow(new RangeError('mine'));
    expect([a.grad, module.weight.grad]).toEqual([null, null]);
    handle.remove();
    module.registerForwardPreHook(() => {
      throw new RangeError('yours');
    });
    expect(() => module.forward(a)).toThrow(new RangeError('yours'));
  });
});

const kinds = ['registerForwardPreHook', 'registerForwardHook', 'registerFullBackwardHook'] as const;

describe('misuse of hooks', () => {
  const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  afterEach(() => emitted.mockClear());

  const returns: Readonly<Record<string, (grad: Tensor) => unknown>> = {
    'too many gradients': (grad) => [grad, grad],
    'no tensor': () => [1],
    'another size': () => [zeros([3])],
    'another dtype': (grad) => [grad.to('float64')],
  };

  it.each(Object.keys(returns))('a backward hook returns %s', (name) => {
    const module = new Scale(3);
    const hook = { hook: (_: unknown, [grad]: readonly (Tensor | null)[]) => returns[name]!(grad!) as Tensor[] }.hook;
    module.registerFullBackwardHook(hook);
    const { message } = found.errors.find(({ returned }) => returned === name)!;
    const own = message
      .replace("Variable, but hook returned 'float'", 'a Tensor, but hook returned 1')
      .replace('(was torch.FloatTensor got torch.DoubleTensor)', '(was float32 got float64)');
    const run = () => module.forward(leaf(1, 2)).sum().backward();
    expect(run).toThrow(own);
    expect(run).toThrow(name === 'another size' ? ShapeError : ArgumentError);
    expect(module.weight.grad).toBeNull();
  });

  it('a backward hook of the first layer returns a gradient', () => {
    const module = new Scale(3);
    const { message } = found.errors.find(({ returned }) => returned === 'a gradient of the first layer')!;
    module.registerFullBackwardHook(() => [zeros([2])]);
    expect(() =>
      module
        .forward(ones([2]))
        .sum()
        .backward(),
    ).toThrow(`Scale: ${message}`);
  });

  it('a backward hook returns no array', () => {
    const module = new Scale(3);
    module.registerFullBackwardHook((_, [grad]) => grad as never);
    expect(() => module.forward(leaf(1, 2)).sum().backward()).toThrow(
      'Scale: a full backward hook must return an array with a gradient for each input, or nothing, got',
    );
  });

  it.each(kinds)('%s refuses what is no function, and unknown options', (kind) => {
    const module = new Scale(3);
    const register = (...args: unknown[]) => Reflect.apply(module[kind] as () => unknown, module, args);
    expect(() => register(5)).toThrow(new ArgumentError(`Scale.${kind}: expected a function, got 5`));
    expect(() => register(() => {}, { first: true })).toThrow(`Scale.${kind}: unknown option`);
    expect(() => register(() => {}, { prepend: 1 })).toThrow(`Scale.${kind}: prepend must be a boolean, got 1`);
    expect(() => compile(() => register(() => {}) as Tensor)()).toThrow(StateError);
    // None of them is there.
    expect(module.forward(leaf(1, 2)).toArray()).toEqual([3, 6]);
  });

  it.each(kinds)('%s refuses a promise', async (kind) => {
    const module = new Scale(3);
    const hook = () => Promise.reject(new Error('never heard of'));
    Reflect.apply(module[kind] as () => unknown, module, [hook]);
    expect(() => module.forward(leaf(1, 2)).sum().backward()).toThrow(
      new ArgumentError(`Scale.${kind}: a hook must not be async: forward and backward do not wait for it`),
    );
    await new Promise(setImmediate);
  });

  it('outputs that no backward hook sees are warned of once', () => {
    const module = new Given((a: Tensor) => ({ a: a.mul(2) }));
    module.registerFullBackwardHook(() => expect.unreachable());
    for (let i = 0; i < 2; i++) (module.forward(leaf(1, 2)) as { a: Tensor }).a.sum().backward();
    expect(emitted).toHaveBeenCalledTimes(1);
    expect(String(emitted.mock.calls[0]![0])).toBe(
      'Given: For backward hooks to be called, module output should be a Tensor or an array of Tensors but received an object',
    );
  });

  it('a hook that reads numbers while a function is traced', () => {
    const module = new Scale(3);
    module.registerForwardHook((_, _inputs, output) => output.mul(output.sum().item()));
    expect(() => compile((x: Tensor) => module.forward(x))(ones([2]))).toThrow('item() is not possible while compile');
    expect(noGrad(() => module.forward(ones([2]))).toArray()).toEqual([18, 18]);
  });
});
