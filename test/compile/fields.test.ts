/** Fields of modules that a traced function has used: a change of any is seen by compile, predict and fit, and costs one trace. */
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compile, epochs, nn, noGrad, ones, optim, predict, type Tensor, tensor, zeros } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';
import { counter, rows, Using } from './field-changes.js';

const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
beforeEach(() => emitted.mockClear());
afterAll(() => emitted.mockRestore());

beforeEach(() => {
  counter.calls = 0;
});

const x = tensor([
  [1, 2],
  [3, 5],
]);
const run = (model: nn.Module) => noGrad(() => model.forward(x).toArray());

describe('a compiled function sees the change of', () => {
  runOn('reference');

  it.each(Object.keys(rows))('%s', (name) => {
    const { model, change } = rows[name]!.make();
    const compiled = compile((input: Tensor) => model.forward(input));
    const before = run(model);
    expect(compiled(x).toArray()).toEqual(before);
    expect(compiled(x).toArray()).toEqual(before);
    change();
    const after = run(model);
    // Both mask, or neither.
    if (name !== 'startDim of Flatten') expect(after).not.toEqual(before);
    counter.calls = 0;
    expect(compiled(x).toArray()).toEqual(after);
    expect(compiled(x).toArray()).toEqual(after);
    expect(counter.calls).toBe(1);
    expect(emitted).not.toHaveBeenCalled();
  });
});

describe('predict and fit see the change of', () => {
  runOn('reference');

  it.each(Object.keys(rows).filter((name) => !/^(the mode|p of)/.test(name)))('%s', async (name) => {
    const { model, change } = rows[name]!.make();
    const twin = rows[name]!.make();
    expect((await predict(model, x)).toArray()).toEqual(run(model));
    change();
    counter.calls = 0;
    expect((await predict(model, x)).toArray()).toEqual(run(model));
    expect(counter.calls).toBe(2);

    const optimizer = new optim.SGD(twin.model.parameters(), { lr: 0 });
    const loss = (output: Tensor) => output.sum();
    const losses: [number, number][] = [];
    const wanted = () => noGrad(() => loss(twin.model.forward(x)).item());
    for await (const result of epochs(twin.model, { train: [[x, x]], optimizer, loss, epochs: 3 })) {
      losses.push([result.loss, wanted()]);
      if (losses.length === 1) {
        twin.change();
        counter.calls = 0;
      }
    }
    for (const [own, eager] of losses) if (!Object.is(own, eager)) expect(own).toBeCloseTo(eager, 4);
    // Once for the program, and twice eagerly.
    expect(counter.calls).toBe(3);
  });
});

describe('a traced function', () => {
  runOn('reference');
  let model: Using<unknown>;
  afterEach(() => expect(emitted).not.toHaveBeenCalled());

  /** How often `run` traces. */
  function traces(
    use: (compiled: (x: Tensor) => Tensor) => void,
    fn = (input: Tensor) => model.forward(input),
  ): number {
    const compiled = compile(fn);
    compiled(x);
    counter.calls = 0;
    use(compiled);
    return counter.calls;
  }

  it('is not traced again for values that are the same', () => {
    model = new Using<unknown>(
      { list: [1, { nested: Number.NaN }], map: new Map([[1, new Set(['a'])]]) },
      (input) => input,
    );
    const use = (compiled: (x: Tensor) => Tensor) => {
      model.field = { list: [1, { nested: Number.NaN }], map: new Map([[1, new Set(['a'])]]) };
      compiled(x);
      (model.field as { list: unknown[] }).list[1] = { nested: Number.NaN };
      compiled(x);
    };
    expect(traces(use)).toBe(0);
  });

  it('compares a thousand values of a field and eight levels; beyond them it goes by identity', () => {
    const numbers = (length: number) => Array.from({ length }, (_, i) => i);
    const nest = (levels: number): unknown[] => (levels === 1 ? [0] : [nest(levels - 1)]);
    const last = (list: unknown[]): unknown[] => (Array.isArray(list[0]) ? last(list[0] as unknown[]) : list);
    for (const [field, isSeen] of [
      [numbers(1000), true],
      [numbers(1001), false],
      [[numbers(600), numbers(600)], false],
      [nest(8), true],
      [nest(9), false],
    ] as const) {
      model = new Using<unknown>(field, (input) => input);
      const use = (compiled: (x: Tensor) => Tensor) => {
        const list = field.length === 2 ? (field[1] as unknown[]) : last(field as unknown[]);
        list[0] = -1;
        compiled(x);
      };
      expect(traces(use)).toBe(isSeen ? 1 : 0);
      expect(
        traces((compiled) => {
          model.field = structuredClone(field);
          compiled(x);
        }),
      ).toBe(isSeen ? 0 : 1);
    }
  });

  it('stands what contains itself', () => {
    const field: { self?: unknown; scale: number } = { scale: 2 };
    field.self = field;
    model = new Using<unknown>(field, (input) => input.mul(field.scale));
    expect(
      traces((compiled) => {
        compiled(x);
        field.scale = 3;
        expect(compiled(x).toArray()).toEqual(run(model));
      }),
    ).toBe(2);
  });

  it('is not traced again and again for results that forward keeps in a field', () => {
    class Keeping extends nn.Module {
      last: Tensor | null = null;
      override forward(input: Tensor): Tensor {
        counter.calls++;
        this.last = input.mul(2);
        return this.last;
      }
    }
    const keeping = new Keeping();
    const compiled = compile((input: Tensor) => keeping.forward(input));
    for (let i = 0; i < 6; i++) for (const rows of [1, 2, 3]) compiled(ones([rows, 2]));
    // For three shapes, and once more for the first, when there was nothing in the field.
    expect(counter.calls).toBe(4);
  });

  it('says so when forward goes on from what it has kept', () => {
    class Remembering extends Using<Tensor> {
      override forward(input: Tensor): Tensor {
        this.field = super.forward(input).add(this.field);
        return this.field;
      }
    }
    const remembering = new Remembering(zeros([2, 2]), (input) => input);
    const compiled = compile((input: Tensor) => remembering.forward(input));
    compiled(x);
    expect(() => compiled(x)).toThrow('was made while a function was being traced for compile');
  });

  it('says so when forward goes on from what it has kept, also where another shape made it begin again', () => {
    class Resetting extends nn.Module {
      last: Tensor | null = null;
      override forward(input: Tensor): Tensor {
        const { last } = this;
        this.last = last !== null && last.shape[0] === input.shape[0] ? last.add(input) : input.mul(1);
        return this.last;
      }
    }
    const resetting = new Resetting();
    const compiled = compile((input: Tensor) => resetting.forward(input));
    compiled(ones([1, 2]));
    compiled(ones([2, 2]));
    expect(() => compiled(ones([2, 2]))).toThrow('was made while a function was being traced for compile');
  });

  it('sees what a custom method reads of a module whose parameters have been looked at', () => {
    class Coder extends Using<number> {
      readonly inner = new nn.Identity();
      readonly extra = { shift: 1 };
      encode(input: Tensor): Tensor {
        counter.calls++;
        return this.inner.forward(input.mul(this.field)).add(this.extra.shift);
      }
    }
    const coder = new Coder(2, (input) => input);
    coder.parameters();
    const use = (compiled: (x: Tensor) => Tensor) => {
      for (const change of [
        () => {
          coder.field = 3;
        },
        () => {
          coder.extra.shift = 5;
        },
      ]) {
        change();
        expect(compiled(x).toArray()).toEqual(coder.encode(x).toArray());
      }
    };
    expect(traces(use, (input) => coder.encode(input))).toBe(4);
  });

  it('sees a field that has gone while another has come', () => {
    class Either extends nn.Module {
      declare first?: number;
      override forward(input: Tensor): Tensor {
        return input.mul(Object.keys(this).includes('first') ? 2 : 3);
      }
    }
    const either = new Either();
    Object.assign(either, { first: undefined });
    const compiled = compile((input: Tensor) => either.forward(input));
    expect(compiled(x).toArray()).toEqual(run(either));
    Reflect.deleteProperty(either, 'first');
    Object.assign(either, { second: undefined });
    expect(compiled(x).toArray()).toEqual(run(either));
  });

  it('sees the fields behind a forward that is kept in a field, once the module has been walked over', () => {
    const scaling = new nn.Module();
    const fields: { scale: number; forward?: (input: Tensor) => Tensor } = Object.assign(scaling, { scale: 2 });
    fields.forward = (input) => input.mul(fields.scale);
    scaling.eval();
    const compiled = compile((input: Tensor) => scaling.forward(input));
    expect(compiled(x).toArray()).toEqual(run(scaling));
    fields.scale = 3;
    expect(compiled(x).toArray()).toEqual(run(scaling));
    fields.forward = (input) => input.add(fields.scale);
    expect(compiled(x).toArray()).toEqual(run(scaling));
    fields.scale = 4;
    expect(compiled(x).toArray()).toEqual(run(scaling));
  });

  it('sees a parameter or buffer that it reads itself', () => {
    const linear = new nn.Linear(2, 2, { bias: false });
    const compiled = compile((input: Tensor) => input.matmul(linear.weight));
    compiled(x);
    linear.weight = new nn.Parameter(tensor([2, 0, 0, 2], { shape: [2, 2] }));
    expect(compiled(x).toArray()).toEqual([
      [2, 4],
      [6, 10],
    ]);
  });
});

it('predict sees the fields behind a forward that is kept in a field', async () => {
  const fields: { scale: number; forward?: (input: Tensor) => Tensor } = { scale: 2 };
  const scaling = Object.assign(new nn.Module(), fields);
  Object.assign(scaling, { forward: (input: Tensor) => input.mul(scaling.scale) });
  expect((await predict(scaling, x)).toArray()).toEqual(run(scaling));
  scaling.scale = 3;
  expect((await predict(scaling, x)).toArray()).toEqual(run(scaling));
});

it('is traced again for a number that forward itself changes', () => {
  class Warming extends Using<number> {
    override forward(input: Tensor): Tensor {
      this.field++;
      return super.forward(input).mul(this.field);
    }
  }
  const [warming, twin] = [0, 1].map(() => new Warming(0, (input) => input)) as [Warming, Warming];
  const compiled = compile((input: Tensor) => warming.forward(input));
  for (let i = 0; i < 4; i++) expect(compiled(x).toArray()).toEqual(run(twin));
  expect(emitted).toHaveBeenCalledTimes(1);
  expect(emitted.mock.calls[0]![0]).toMatch(
    /^compile: 'field' of a value of type Warming is changed while the function is traced\. .* the next call traces the function again\./,
  );
});

it('says once that forward changes what is in a field, and does not go by it any more', () => {
  class Counting extends nn.Module {
    readonly counts = { calls: 0 };
    override forward(input: Tensor): Tensor {
      this.counts.calls++;
      return input.mul(2);
    }
  }
  const counting = new Counting();
  const compiled = compile((input: Tensor) => counting.forward(input));
  for (let i = 0; i < 3; i++) for (const rows of [1, 2]) compiled(ones([rows]));
  expect(counting.counts.calls).toBe(2);
  expect(emitted).toHaveBeenCalledTimes(1);
  const [text, options] = emitted.mock.calls[0]!;
  expect(text).toMatch(
    /^compile: what is in 'counts' of a value of type Counting is changed while the function is traced\./,
  );
  expect(options).toEqual({ type: 'LanewiseWarning', code: 'LANEWISE_CHANGED_WHILE_RECORDED' });
});

describe('the warning about tracing again and again names', () => {
  const changes: Readonly<
    Record<string, readonly [start: () => unknown, change: (model: Using<unknown>, i: number) => void, says: string]>
  > = {
    'a number': [() => 0, (model, i) => (model.field = i), "'field' of a value of type Using is 11, and was 10"],
    'an array': [
      () => [0],
      (model, i) => (model.field = [i]),
      "'field' of a value of type Using is not what it was, or not in all",
    ],
    'a tensor': [
      () => ones([1]),
      (model, i) => (model.field = ones([i])),
      "'field' of a value of type Using is another than before",
    ],
    'a field that comes': [
      () => 0,
      (model, i) => Object.assign(model, { [`f${i}`]: 0 }),
      "'f11' of a value of type Using is there, and was not",
    ],
  };

  it.each(Object.entries(changes))('%s', (_name, [start, change, says]) => {
    const model = new Using(start(), (input) => input);
    const compiled = compile((input: Tensor) => model.forward(input), { maxPrograms: 4 });
    for (let i = 0; i < 12; i++) {
      if (i > 0) change(model, i);
      compiled(x);
    }
    expect(emitted).toHaveBeenCalledTimes(1);
    expect(String(emitted.mock.calls[0]![0])).toContain(says);
  });
});
