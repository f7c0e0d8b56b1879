/** SyncBatchNorm without an engine: its arithmetic on several ranks against one batch norm, the layer, what it refuses. */
import { describe, expect, it } from 'vitest';
import { batchNorm } from '../../src/functional/batch-norm.js';
import { gradcheck } from '../../src/functional/gradcheck.js';
import { normalizeOverRanks, type RankSums } from '../../src/functional/sync-batch-norm.js';
import {
  ArgumentError,
  cat,
  compile,
  functional as F,
  fit,
  Generator,
  nn,
  optim,
  rand,
  randn,
  ShapeError,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { withFakeRanks } from './fake-group.js';
import { inputs, labels, largest } from './training.js';

/** Runs each rank by itself, again and again, with one more sum known each time. */
function inTurns<T>(size: number, run: (ranks: RankSums) => T): T[] {
  const known: Tensor[] = [];
  for (;;) {
    const given: Tensor[] = [];
    const results = Array.from({ length: size }, (_, rank) => {
      let at = 0;
      const sum = (own: Tensor) => {
        const number = at++;
        if (number === known.length) given.push(own.detach());
        return known[number] ?? own;
      };
      return run({ rank, size, sum });
    });
    if (given.length === 0) return results;
    expect(given).toHaveLength(size);
    known.push(given.reduce((sum, each) => F.add(sum, each)));
  }
}

const channels = 3;
const numbers = (tensor: Tensor | null) => tensor!.toTypedArray();

describeEachBackend('on several ranks', () => {
  it.each([
    ['two dimensions', [4, 4], [], true],
    ['rows that differ', [5, 1, 7], [], true],
    ['a rank without rows', [3, 0], [2], true],
    ['images', [2, 3, 2, 1], [5, 3], true],
    ['without weights', [2, 2], [4], false],
  ] as const)('%s: outputs, gradients and statistics are those of the whole batch', (_, rows, space, affine) => {
    const generator = new Generator(3);
    const total = rows.reduce((sum: number, each) => sum + each, 0);
    const draw = () => randn([total, channels, ...space] as number[], { generator });
    // A mean far from 0 would show sums of squares that cancel out.
    const [all, gradients] = [draw().mul(3).add(100), draw()];
    const affines = [rand([channels], { generator }), randn([channels], { generator })] as const;
    const settings = () => {
      const [weight, bias] = affine ? affines.map((each) => each.clone().requiresGrad_()) : [null, null];
      const running = { mean: tensor([1, 2, 3]), variance: tensor([2, 1, 1]), count: null, momentum: 0.3 };
      return { weight: weight!, bias: bias!, eps: 1e-5, training: true, running };
    };

    const { weight, bias, eps, running, training } = settings();
    const x = all.clone().requiresGrad_();
    const y = batchNorm(x, running.mean, running.variance, { weight, bias, eps, training, momentum: 0.3 });
    y.backward(gradients);

    const found = inTurns(rows.length, (ranks) => {
      const first = rows.slice(0, ranks.rank).reduce((sum: number, each) => sum + each, 0);
      const own = settings();
      const part = all.narrow(0, first, rows[ranks.rank]!).requiresGrad_();
      const output = normalizeOverRanks('test', part, own, ranks);
      output.backward(gradients.narrow(0, first, rows[ranks.rank]!));
      return { ...own, output, grad: part.grad! };
    });
    // float32 of numbers near 100.
    const near = (a: Tensor, b: Tensor) => expect(largest([numbers(a)], [numbers(b)])).toBeLessThan(1e-4);
    near(cat(found.map(({ output }) => output)).detach(), y.detach());
    near(cat(found.map(({ grad }) => grad)), x.grad!);
    for (const each of found) {
      expect(numbers(each.running.mean)).toEqual(numbers(found[0]!.running.mean));
      expect(numbers(each.running.variance)).toEqual(numbers(found[0]!.running.variance));
      near(each.running.mean, running.mean);
      near(each.running.variance, running.variance);
    }
    if (!affine) return;
    const sum = (of: (each: (typeof found)[number]) => Tensor) => found.map(of).reduce((a, b) => F.add(a, b));
    near(
      sum((each) => each.weight.grad!),
      weight.grad!,
    );
    near(
      sum((each) => each.bias.grad!),
      bias.grad!,
    );
  });
});

it('gradients by finite differences', () => {
  const generator = new Generator(1);
  const [x, weight, bias] = [[4, channels, 2], [channels], [channels]].map((shape) =>
    randn(shape, { generator, dtype: 'float64' }).requiresGrad_(),
  ) as [Tensor, Tensor, Tensor];
  const running = { mean: null, variance: null, count: null, momentum: 0.1 };
  const alone = { rank: 0, size: 1, sum: (own: Tensor) => own };
  const fn = (input: Tensor, w: Tensor, b: Tensor) =>
    normalizeOverRanks('test', input, { weight: w, bias: b, eps: 1e-3, training: true, running }, alone);
  expect(gradcheck(fn, [x, weight, bias])).toBe(true);
});

describe('the layer', () => {
  it('alone is a BatchNorm: outputs, gradients, statistics, text and state', () => {
    const [sync, plain] = [new nn.SyncBatchNorm(channels), new nn.BatchNorm1d(channels)];
    const x = rand([5, channels], { generator: new Generator(2) });
    for (const layer of [sync, plain]) layer.forward(x).pow(2).sum().backward();
    expect(sync.forward(x).toArray()).toEqual(plain.forward(x).toArray());
    expect(numbers(sync.weight!.grad)).toEqual(numbers(plain.weight!.grad));
    expect(Object.keys(sync.stateDict())).toEqual(Object.keys(plain.stateDict()));
    expect(sync.running_var!.toArray()).toEqual(plain.running_var!.toArray());
    expect(String(sync)).toBe(
      'SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)',
    );
    sync.eval();
    plain.eval();
    expect(sync.forward(x).toArray()).toEqual(plain.forward(x).toArray());
    const compiled = compile((input: Tensor) => sync.forward(input));
    expect(largest([numbers(compiled(x))], [numbers(plain.forward(x))])).toBeLessThan(1e-6);
  });

  it('refuses what PyTorch does', () => {
    const layer = new nn.SyncBatchNorm(channels);
    expect(() => layer.forward(zeros([3]))).toThrow(ShapeError);
    expect(() => layer.forward(zeros([3]))).toThrow('expected at least 2D input (got 1D input)');
    expect(() => layer.forward(zeros([3, 0]))).toThrow('number of input channels should be non-zero');
    expect(() => layer.forward(zeros([1, 3]))).toThrow('Expected more than 1 value per channel when training');
    expect(() => new nn.SyncBatchNorm(3, { processGroup: 1 as never })).toThrow(ArgumentError);
    expect(() => new nn.SyncBatchNorm(3, { sync: true } as never)).toThrow(ArgumentError);
    expect(() => nn.SyncBatchNorm.convertSyncBatchnorm({} as never)).toThrow(ArgumentError);
  });

  it('stands where BatchNorm stood, with its parameters, statistics and mode', () => {
    const shared = new nn.BatchNorm1d(4, { momentum: null, eps: 0.01 });
    const frozen = new nn.BatchNorm2d(2, { affine: false });
    frozen.eval();
    class Net extends nn.Module<[Tensor], Tensor> {
      body = new nn.Sequential(new nn.Linear(2, 4), shared, new nn.ReLU(), shared);
      other = new nn.BatchNorm1d(2, { trackRunningStats: false, bias: false });
      frozen = frozen;
      instance = new nn.InstanceNorm1d(3);
      override forward(x: Tensor): Tensor {
        return this.body.forward(this.other.forward(x));
      }
    }
    const net = new Net();
    const names = net.namedParameters().map(([name]) => name);
    const [parameters, buffers] = [net.parameters(), net.buffers()];
    expect(nn.SyncBatchNorm.convertSyncBatchnorm(net)).toBe(net);
    expect(net.namedParameters().map(([name]) => name)).toEqual(names);
    for (const [i, parameter] of net.parameters().entries()) expect(parameter).toBe(parameters[i]);
    for (const [i, buffer] of net.buffers().entries()) expect(buffer).toBe(buffers[i]);
    const layers = [...net.body] as unknown as nn.SyncBatchNorm[];
    expect(layers[1]).toBeInstanceOf(nn.SyncBatchNorm);
    expect(layers[3]).toBe(layers[1]);
    expect([layers[1]!.momentum, layers[1]!.eps]).toEqual([null, 0.01]);
    expect(net.other).toBeInstanceOf(nn.SyncBatchNorm);
    expect([net.other.bias, net.other.running_mean]).toEqual([null, null]);
    expect([net.frozen.training, net.frozen.weight]).toEqual([false, null]);
    expect(net.instance).not.toBeInstanceOf(nn.SyncBatchNorm);
    expect(net.forward(rand([3, 2])).shape).toEqual([3, 4]);
    const own = nn.SyncBatchNorm.convertSyncBatchnorm(new nn.BatchNorm1d(3) as nn.AnyModule);
    expect(own).toBeInstanceOf(nn.SyncBatchNorm);
  });

  it('waits for the ranks of the process only, and knows no shards', async () => {
    await withFakeRanks(2, async (processGroup) => {
      const layer = new nn.SyncBatchNorm(3, { processGroup });
      expect(() => layer.forward(rand([2, 3]))).toThrow(StateError);
      const model = () => new nn.Sequential(new nn.Linear(6, 3), new nn.SyncBatchNorm(3, { processGroup }));
      expect(() => new nn.parallel.DistributedDataParallel(model(), { processGroup, shards: 4 })).toThrow(
        'SyncBatchNorm knows no shards',
      );
      const train = (net: nn.Module<[Tensor], Tensor>, shards?: number) =>
        fit(net, {
          train: [inputs, labels],
          optimizer: new optim.SGD(net.parameters(), { lr: 0.1 }),
          loss: new nn.CrossEntropyLoss(),
          batchSize: 12,
          generator: new Generator(1),
          distributed: { processGroup, ...(shards !== undefined && { shards }) },
        });
      await expect(train(model(), 4)).rejects.toThrow('SyncBatchNorm knows no shards');
      const other = new nn.Sequential(new nn.Linear(6, 3), new nn.SyncBatchNorm(3));
      await expect(train(other)).rejects.toThrow('SyncBatchNorm is for another process group than the training');
    });
  });
});
