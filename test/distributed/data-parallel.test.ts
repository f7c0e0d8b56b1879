/** DistributedDataParallel on ranks in one process: against one process with the whole batch, and against PyTorch's. */
import { describe, expect, it } from 'vitest';
import type { ProcessGroup } from '../../src/distributed/group.js';
import { SingleGroup } from '../../src/distributed/single-group.js';
import {
  ArgumentError,
  compile,
  functional as F,
  Generator,
  manualSeed,
  nn,
  optim,
  rand,
  randint,
  StateError,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { bucketsOf } from '../../src/nn/parallel/gradient-reduction.js';
import { withGenerator } from '../../src/random/generator.js';
import { golden, values } from '../golden/load.js';
import { withFakeRanks } from './fake-group.js';
import { kinds, largest, makeModel, weightsOf } from './training.js';

const { DistributedDataParallel } = nn.parallel;

type Kind = keyof typeof kinds;

const batches = (steps: number, rows: number) => {
  const generator = new Generator(7);
  return Array.from({ length: steps }, () => ({
    x: rand([rows, 6], { generator }),
    y: randint(0, 3, [rows], { generator }),
  }));
};
/** Training with the whole batch in one process. */
function whole(kind: Kind, steps: number, rows = 12) {
  const model = makeModel();
  const optimizer = kinds[kind](model);
  const own = new Generator(9);
  const losses = batches(steps, rows).map(({ x, y }) => {
    optimizer.zeroGrad();
    const loss = withGenerator(own, () => F.crossEntropy(model.forward(x), y));
    loss.backward();
    optimizer.step();
    return loss.item();
  });
  return { losses, weights: weightsOf(model) };
}

interface Options {
  readonly steps: number;
  readonly shards?: number;
  readonly bucketCapMb?: number;
  /** Whether ranks draw their masks from generators of different seeds: what must not equal one process. */
  readonly ownSeeds?: boolean;
}

async function onRank(processGroup: ProcessGroup, kind: Kind, { steps, shards, bucketCapMb, ownSeeds }: Options) {
  const { rank, size } = processGroup;
  // The weights of another rank than 0 are overwritten.
  const model = makeModel(5 + rank);
  const ddp = new DistributedDataParallel(model, {
    processGroup,
    ...(shards !== undefined && { shards }),
    ...(bucketCapMb !== undefined && { bucketCapMb }),
  });
  const optimizer = kinds[kind](model);
  const own = new Generator(ownSeeds === true ? 9 + rank : 9);
  const parts = shards ?? size;
  const each = parts / size;
  await ddp.synchronize();
  const losses: number[] = [];
  for (const { x, y } of batches(steps, 12)) {
    optimizer.zeroGrad();
    let sum = 0;
    for (let i = 0; i < each; i++) {
      const [start, rows] = [((rank * each + i) * 12) / parts, 12 / parts];
      const loss = withGenerator(own, () =>
        F.crossEntropy(ddp.forward(x.narrow(0, start, rows)), y.narrow(0, start, rows)),
      );
      loss.backward();
      sum += loss.item() / each;
    }
    await ddp.synchronize();
    optimizer.step();
    losses.push(sum);
  }
  return { losses, weights: weightsOf(model) };
}

describe.each(['SGD', 'Adam'] as const)('%s', (kind) => {
  it.each([1, 2, 3, 4])('on %d ranks gives what one process gives', async (size) => {
    const one = whole(kind, 50);
    const ranks = await withFakeRanks(size, (group) => onRank(group, kind, { steps: 50, bucketCapMb: 0.0001 }));
    for (const { weights } of ranks) expect(weights).toEqual(ranks[0]!.weights);
    if (size === 1) expect(ranks[0]).toEqual(one);
    expect(largest(ranks[0]!.weights, one.weights)).toBeLessThan(1e-6);
    const losses = one.losses.map((_, step) => ranks.reduce((sum, each) => sum + each.losses[step]!, 0) / size);
    expect(largest([losses], [one.losses])).toBeLessThan(1e-6);
  });

  it('4 shards on 1, 2 and 4 ranks: equal bits', async () => {
    const runs = await Promise.all(
      [1, 2, 4].map((size) => withFakeRanks(size, (group) => onRank(group, kind, { steps: 100, shards: 4 }))),
    );
    for (const ranks of runs) for (const { weights } of ranks) expect(weights).toEqual(runs[0]![0]!.weights);
    expect(largest(runs[0]![0]!.weights, whole(kind, 100).weights)).toBeLessThan(1e-4);
  });
});

it('masks of each rank by itself are not those of one process: what the tests above see', async () => {
  const ranks = await withFakeRanks(2, (group) => onRank(group, 'SGD', { steps: 50, ownSeeds: true }));
  expect(largest(ranks[0]!.weights, whole('SGD', 50).weights)).toBeGreaterThan(1e-3);
});

it.each(golden('distributed').runs.map((row) => [row.optimizer, row] as const))(
  'as PyTorch on gloo: %s',
  async (_n, row) => {
    const file = golden('distributed');
    const read = (from: (typeof file)['inputs']) => tensor(values(from)).reshape([...from.shape]);
    const [inputs, targets] = [read(file.inputs), read(file.targets)];
    const [steps, rows] = file.inputs.shape as [number, number];
    const found = await withFakeRanks(2, async (processGroup) => {
      const model = new nn.Sequential(
        new nn.Linear(20, 16),
        new nn.ReLU(),
        new nn.Linear(16, 8),
        new nn.ReLU(),
        new nn.Linear(8, 4),
      );
      model.loadStateDict(Object.fromEntries(Object.entries(file.initial).map(([name, each]) => [name, read(each)])));
      const optimizer = new optim[row.optimizer](model.parameters(), row.options);
      const ddp = new DistributedDataParallel(model, { processGroup });
      await ddp.synchronize();
      const half = rows / 2;
      const losses: number[] = [];
      for (let step = 0; step < steps; step++) {
        const part = (from: Tensor) => from.select(0, step).narrow(0, processGroup.rank * half, half);
        optimizer.zeroGrad();
        const loss = F.crossEntropy(ddp.forward(part(inputs)), part(targets));
        loss.backward();
        await ddp.synchronize();
        optimizer.step();
        losses.push(loss.item());
      }
      return { losses, weights: weightsOf(model) };
    });
    const wanted = Object.values(row.parameters).map(values);
    for (const [rank, { losses, weights }] of found.entries()) {
      expect(largest([losses], [values(row.losses[rank]!)])).toBeLessThan(1e-5);
      expect(largest(weights, wanted)).toBeLessThan(1e-5);
    }
  },
);

it('two calls in one step draw two masks', async () => {
  await withFakeRanks(2, async (processGroup) => {
    manualSeed(1);
    const ddp = new DistributedDataParallel(new nn.Sequential(new nn.Linear(6, 40), new nn.Dropout(0.5)), {
      processGroup,
    });
    await ddp.synchronize();
    const own = new Generator(9);
    const [x] = batches(1, 4).map((batch) => batch.x) as [Tensor];
    const [first, second] = [1, 2].map(() => withGenerator(own, () => ddp.forward(x).toArray()));
    expect(first).not.toEqual(second);
  });
});

describe('shards in a compiled step', () => {
  const parts = 4;
  const setUp = async () => {
    const model = makeModel();
    const optimizer = kinds.SGD(model);
    const ddp = new DistributedDataParallel(model, { processGroup: new SingleGroup(), shards: parts });
    await ddp.synchronize();
    const backward = (x: Tensor, y: Tensor, i: number) =>
      F.crossEntropy(ddp.forward(x.narrow(0, 3 * i, 3)), y.narrow(0, 3 * i, 3)).backward();
    return { model, optimizer, ddp, backward };
  };

  it('are those of the loop by hand: gradients of each part by itself, masks of the whole batch', async () => {
    const own = () => new Generator(9);
    const [eager, compiled] = [await setUp(), await setUp()];
    const [drawn, traced] = [own(), own()];
    const step = compile((x: Tensor, y: Tensor) => {
      // Two steps in one function.
      for (let twice = 0; twice < 2; twice++) {
        compiled.optimizer.zeroGrad();
        for (let i = 0; i < parts; i++) compiled.backward(x, y, i);
        compiled.optimizer.step();
      }
      return x.sum();
    });
    for (const { x, y } of batches(20, 12)) {
      withGenerator(traced, () => step(x, y));
      for (let twice = 0; twice < 2; twice++) {
        eager.optimizer.zeroGrad();
        withGenerator(drawn, () => {
          for (let i = 0; i < parts; i++) eager.backward(x, y, i);
        });
        await eager.ddp.synchronize();
        eager.optimizer.step();
      }
    }
    expect(largest(weightsOf(compiled.model), weightsOf(eager.model))).toBeLessThan(1e-6);
    expect(largest(weightsOf(compiled.model), weightsOf(makeModel()))).toBeGreaterThan(1e-2);
  });

  it('are all of a step, or it is not made', async () => {
    const { model, optimizer, backward } = await setUp();
    const before = weightsOf(model).map((each) => each.slice());
    const step = compile((x: Tensor, y: Tensor) => {
      for (let i = 0; i < parts - 1; i++) backward(x, y, i);
      optimizer.step();
      return x.sum();
    });
    const [{ x, y }] = batches(1, 12) as [{ x: Tensor; y: Tensor }];
    expect(() => step(x, y)).toThrow(
      'the compiled function: 3 of the 4 shards of this rank have been through backward()',
    );
    expect(weightsOf(model)).toEqual(before);
  });
});

describe('noSync', () => {
  it('adds up, and sends the sum', async () => {
    const all = batches(3, 4);
    const gradients = await withFakeRanks(2, async (processGroup) => {
      const model = makeModel();
      model.eval();
      const ddp = new DistributedDataParallel(model, { processGroup });
      await ddp.synchronize();
      const step = ({ x, y }: (typeof all)[number]) => {
        const start = 2 * processGroup.rank;
        F.crossEntropy(ddp.forward(x.narrow(0, start, 2)), y.narrow(0, start, 2)).backward();
      };
      const { log } = processGroup.world;
      const before = log.length;
      ddp.noSync(() => step(all[0]!));
      expect(log.length).toBe(before);
      expect(
        model
          .parameters()[0]!
          .grad!.toTypedArray()
          .some((value) => value !== 0),
      ).toBe(true);
      ddp.noSync(() => step(all[1]!));
      step(all[2]!);
      await ddp.synchronize();
      return model.parameters().map(({ grad }) => grad!.toTypedArray());
    });
    const model = makeModel();
    model.eval();
    for (const { x, y } of all) F.crossEntropy(model.forward(x), y).backward();
    const wanted = model.parameters().map(({ grad }) => grad!.toTypedArray());
    for (const each of gradients) expect(largest(each, wanted)).toBeLessThan(1e-6);
  });
});

describe('what is not waited for', () => {
  it('is an error, not a wrong number', async () => {
    await withFakeRanks(2, async (processGroup) => {
      const model = makeModel();
      const optimizer = kinds.SGD(model);
      const ddp = new DistributedDataParallel(model, { processGroup });
      const [{ x, y }] = batches(1, 4) as [{ x: Tensor; y: Tensor }];
      expect(() => ddp.forward(x)).toThrow("rank 0's parameters have not arrived");
      await ddp.synchronize();
      const before = weightsOf(model);
      F.crossEntropy(ddp.forward(x), y).backward();
      expect(() => optimizer.step()).toThrow('await ddp.synchronize()');
      expect(() => model.parameters()[0]!.grad!.toTypedArray()).toThrow(StateError);
      expect(() => ddp.forward(x)).toThrow('gradients are under way');
      expect(weightsOf(model)).toEqual(before);
      await ddp.synchronize();
      optimizer.step();
      expect(weightsOf(model)).not.toEqual(before);
    });
  });

  it('a gradient that only one rank has goes to all; one that none has is null', async () => {
    await withFakeRanks(2, async (processGroup) => {
      class Two extends nn.Module {
        a = new nn.Linear(2, 1);
        b = new nn.Linear(2, 1);
        c = new nn.Linear(2, 1);
        override forward(x: Tensor): Tensor {
          return processGroup.rank === 0 ? this.a.forward(x) : this.b.forward(x);
        }
      }
      const model = new Two();
      const ddp = new DistributedDataParallel(model as nn.Module<[Tensor], Tensor>, { processGroup });
      await ddp.synchronize();
      ddp
        .forward(tensor([[1, 2]]))
        .sum()
        .backward();
      await ddp.synchronize();
      expect(model.a.weight.grad!.toArray()).toEqual([[0.5, 1]]);
      expect(model.b.weight.grad!.toArray()).toEqual([[0.5, 1]]);
      expect(model.c.weight.grad).toBeNull();
    });
  });
});

it('buffers are those of rank 0 after a step', async () => {
  const found = await withFakeRanks(2, async (processGroup) => {
    const model = new nn.Sequential(new nn.Linear(2, 4), new nn.BatchNorm1d(4));
    const ddp = new DistributedDataParallel(model, { processGroup });
    await ddp.synchronize();
    ddp
      .forward(rand([4, 2], { generator: new Generator(processGroup.rank) }))
      .sum()
      .backward();
    await ddp.synchronize();
    return model.buffers().map((each) => each.toArray());
  });
  expect(found[1]).toEqual(found[0]);
});

describe('models that differ', () => {
  it('are an error on every rank that names the one', async () => {
    await withFakeRanks(3, async (processGroup) => {
      const model = new nn.Linear(2, processGroup.rank === 2 ? 3 : 1);
      const ddp = new DistributedDataParallel(model, { processGroup });
      await expect(ddp.synchronize()).rejects.toThrow('rank 2 has another model than rank 0');
      expect(() => ddp.forward(tensor([[1, 2]]))).toThrow(StateError);
    });
  });
});

it('refuses what cannot be distributed', async () => {
  await withFakeRanks(2, async (processGroup) => {
    const model = makeModel();
    const make = (options: object, module: unknown = model) =>
      new DistributedDataParallel(module as typeof model, { processGroup, ...options });
    expect(() => make({}, {})).toThrow(ArgumentError);
    expect(() => make({}, new nn.ReLU())).toThrow("doesn't have any parameter that requires a gradient");
    expect(() => make({ bucketCapMb: 0 })).toThrow(ArgumentError);
    expect(() => make({ shards: 3 })).toThrow('shards must be a multiple of the number of ranks');
    expect(() => make({ shards: 6 })).toThrow('both powers of 2');
    expect(() => make({ commHook: 'fp16Compress' })).toThrow('commHook must be one of');
    expect(() => make({ commHook: true })).toThrow(ArgumentError);
    expect(() => make({ commHook: 'bf16Compress', shards: 2 })).toThrow('commHook and shards');
    const wide = new nn.Linear(2, 1).to('float64');
    expect(() => make({ commHook: 'bf16Compress' }, wide)).toThrow('float32 parameters');
    expect(() => make({ findUnusedParameters: true })).toThrow(ArgumentError);
    expect(() => new DistributedDataParallel(model)).toThrow('Default process group has not been initialized');
    expect(processGroup.world.log).toEqual([]);
  });
});

it('buckets: from the last parameter to the first, the first bucket of 1 MB', () => {
  const of = (numel: number, dtype: 'float32' | 'float64' = 'float32') => ({ numel, dtype });
  const mega = 2 ** 18;
  expect(bucketsOf([of(1), of(2), of(3)], 25 * 2 ** 20)).toEqual([[2, 1, 0]]);
  expect(bucketsOf([of(mega), of(mega), of(mega), of(1)], 2 * 2 ** 20)).toEqual([[3], [2, 1], [0]]);
  expect(bucketsOf([of(1), of(1, 'float64'), of(1)], 2 ** 20)).toEqual([[2], [1], [0]]);
  expect(bucketsOf([of(10), of(10)], 1)).toEqual([[1], [0]]);
});
