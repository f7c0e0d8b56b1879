/** Programs as fit uses them: many runs of one submission, counters, keys, and what an early stop gives back. */
import { expect, it } from 'vitest';
import { Program } from '../../src/compile/program.js';
import {
  ArgumentError,
  functional as F,
  Generator,
  noGrad,
  ones,
  optim,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { currentOps } from '../../src/ops/backend.js';
import { Storage } from '../../src/tensor/storage.js';
import { Tensor as TensorClass } from '../../src/tensor/tensor.js';
import { describeEachBackend } from '../helpers/backends.js';
import { programOf } from './passes/tape.js';

const doubled = programOf(1, ([x]) => x!.add(x!));

const room = (shape: number[]) =>
  new TensorClass(
    Storage.uninitialized(
      'float32',
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
  );

/** total += row number `step` of data, in the order given. */
function makeGather() {
  const total = zeros([2]);
  const data = tensor([
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
  ]);
  const order = tensor([3, 0, 2, 1], { dtype: 'int32' });
  const counter = { value: 0 };
  const program = Program.trace(
    () => {
      const row = room([1, 2]);
      const gather = { x: data.storage, index: order.storage, out: row.storage, rows: 4, width: 2, count: 1 };
      currentOps().gatherRows({ ...gather, step: counter });
      noGrad(() => total.copy_(total.add(row.reshape([2]))));
      return [row.select(1, 0).reshape([1]), total.clone()];
    },
    [],
    { name: 'fit' },
  );
  return { total, counter, program };
}

/** A mask of 2,000 ones, with p = 0.5, from a separate generator. */
function makeMask(masks: 'counter' | 'mt19937') {
  const generator = new Generator(3, { masks });
  const sum = zeros([1]);
  const fn = (x: Tensor) => {
    const kept = F.dropout(F.dropout(x, 0.5, true, generator), 0.25, true, generator);
    noGrad(() => sum.copy_(sum.add(kept.sum())));
    return kept.sum();
  };
  const x = ones([20, 100]);
  return { generator, sum, fn, x, program: Program.trace(fn, [x]) };
}

describeEachBackend('a program', () => {
  it('makes many runs of one submission, its counter one up after each', async () => {
    const { total, counter, program } = makeGather();
    const runs = program.submit([], { times: 3, counter });
    expect(() => total.copy_(zeros([2]))).toThrow('is being trained by fit');
    expect(() => runs.result()).toThrow(StateError);
    expect(await runs.done).toBe(3);
    expect(runs.progress().runs).toBe(3);
    // 4 + 1 + 3; outputs of several elements are not added up.
    expect([...runs.progress().sums]).toEqual([8, 0]);
    expect(runs.result().map((each) => each.toArray())).toEqual([[3], [8, 80]]);
    expect(counter.value).toBe(0);
    counter.value = 3;
    expect(program.run([])[1]!.toArray()).toEqual([10, 100]);
    program.release();
    expect(total.toArray()).toEqual([10, 100]);
  });

  it('refuses a counter that nothing reads, and runs after its release', () => {
    const { program } = makeGather();
    expect(() => program.submit([], { counter: { value: 0 } })).toThrow(ArgumentError);
    expect(() => program.submit([], { counter: { value: 0 } })).toThrow(
      'no op reads the dynamic scalar that is to count the runs',
    );
    program.release();
    program.release();
    expect(() => program.run([])).toThrow('it has been disposed');
    expect(program.isUsable()).toBe(false);
  });

  it.each(['counter', 'mt19937'] as const)('draws as eager calls do, masks %s', async (masks) => {
    const { generator, sum, x, program } = makeMask(masks);
    const eager = makeMask(masks);
    const expected = [0, 1, 2, 3].map(() => eager.fn(eager.x).item());
    expect(program.run([x]).item()).toBe(expected[0]);
    const runs = program.submit([x], { times: 3 });
    expect(await runs.done).toBe(3);
    expect(runs.result().item()).toBe(expected[3]);
    expect(runs.progress().runs).toBe(3);
    expect(runs.progress().sums[0]).toBeCloseTo(expected[1]! + expected[2]! + expected[3]!, 1);
    expect(sum.item()).toBe(eager.sum.item());
    expect(generator.getState()).toEqual(eager.generator.getState());
  });

  it('counts its counter up also where runs are submitted one by one', async () => {
    const generator = new Generator(3, { masks: 'mt19937' });
    const data = tensor([1, 2, 3, 4], { shape: [4, 1] });
    const order = tensor([3, 0, 2, 1], { dtype: 'int32' });
    const counter = { value: 1 };
    const total = zeros([1]);
    const program = Program.trace(() => {
      const row = room([1]);
      const gather = { x: data.storage, index: order.storage, out: row.storage, rows: 4, width: 1, count: 1 };
      currentOps().gatherRows({ ...gather, step: counter });
      const kept = F.dropout(row.mul(0), 0.5, true, generator);
      noGrad(() => total.copy_(total.mul(10).add(row).add(kept)));
      return total.clone();
    }, []);
    expect(await program.submit([], { times: 3, counter }).done).toBe(3);
    expect(total.item()).toBe(132);
  });

  it('keeps the layout of an op as it was', () => {
    const program = Program.trace(
      (x: Tensor) => {
        const out = room([2]);
        const layout = Float64Array.of(2, 1);
        const given = { program: doubled, inputs: [x.storage], keys: [], scalars: [], outputs: [out.storage] };
        currentOps().pointwise({ ...given, step: null, layout, columns: 1, rowOffset: 0 });
        layout.fill(0);
        return out;
      },
      [ones([2])],
    );
    expect(program.run([tensor([1, 2])]).toArray()).toEqual([2, 4]);
  });

  it.each(['counter', 'mt19937'] as const)('gives back what an early stop has not drawn, masks %s', async (masks) => {
    const { generator, sum, x, program } = makeMask(masks);
    const runs = program.submit([x], { times: 100_000 });
    while (runs.progress().runs === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    runs.stop();
    const made = await runs.done;
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(100_000);
    const eager = makeMask(masks);
    let last = 0;
    for (let i = 0; i < made; i++) last = eager.fn(eager.x).item();
    expect(runs.result().item()).toBe(last);
    expect(sum.item()).toBe(eager.sum.item());
    expect(generator.getState()).toEqual(eager.generator.getState());
  });

  it('gives back nothing when somebody has drawn or seeded meanwhile', async () => {
    for (const meddle of [(g: Generator) => g.nextKey(), (g: Generator) => g.manualSeed(3)]) {
      const { generator, x, program } = makeMask('counter');
      const runs = program.submit([x], { times: 50_000 });
      meddle(generator);
      const { counterLow } = generator.getState();
      runs.stop();
      await runs.done;
      expect(generator.getState().counterLow).toBe(counterLow);
    }
  });

  it('leaves everything as it was when it is stopped before its first run', async () => {
    const w = tensor([1, 1], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 1 });
    const program = Program.trace(
      (x: Tensor) => {
        optimizer.zeroGrad();
        const loss = w.mul(x).sum();
        loss.backward();
        optimizer.step();
        return loss;
      },
      [ones([2])],
    );
    const busy = makeGather();
    const first = busy.program.submit([], { times: 3 });
    const runs = program.submit([ones([2])], { times: 5 });
    runs.stop();
    const made = await runs.done;
    await first.done;
    if (made === 0) {
      expect(() => runs.result()).toThrow('there is no result: no run is over');
      expect(w.grad).toBe(null);
    }
    expect(w.toArray()).toEqual([1 - made, 1 - made]);
  });

  it('uploads its states in turns, and sees them when it runs', async () => {
    const table = ones([1200, 1200]);
    const program = Program.trace((x: Tensor) => table.mul(x).sum(), [ones([1])]);
    await program.upload();
    expect(program.run([tensor([2])]).item()).toBe(2 * 1200 * 1200);
    noGrad(() => table.copy_(zeros([1])));
    expect(program.run([tensor([2])]).item()).toBe(0);
  });

  it('can be released while it runs: it ends first', async () => {
    const { total, program } = makeGather();
    const runs = program.submit([], { times: 2 });
    program.release();
    expect(await runs.done).toBe(2);
    expect(total.toArray()).toEqual([8, 80]);
    expect(total.storage.side).toBe(null);
  });
});
