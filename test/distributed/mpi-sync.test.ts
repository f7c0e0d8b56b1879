/** What waits for other ranks inside of a step: SyncBatchNorm, and shards of a compiled step. A job for each number of ranks makes all of it. */
import { expect, it } from 'vitest';
import { launchers, runRanks } from './ranks.js';
import { largest } from './training.js';

const launcher = launchers[0];

interface Report {
  readonly what: string;
  readonly losses: readonly number[];
  readonly numbers: readonly number[];
}

const program = `
  const { compile, distributed, fit, Generator, functional: F, manualSeed, nn, optim, rand, randint } = await src('index.ts');
  await distributed.initProcessGroup({ timeout: 60 });
  const [rank, size] = [distributed.getRank(), distributed.getWorldSize()];
  const generator = new Generator(7);
  // The last batch of an epoch has 12 rows, which each rank computes whole. Without kinks, at which rounding grows.
  const inputs = rand([132, 3, 4, 4], { generator }), labels = randint(0, 4, [132], { generator });
  const numbersOf = (model) => [...model.parameters(), ...model.buffers()].flatMap((each) => [...each.toTypedArray()]);
  const makeModel = () => {
    manualSeed(5);
    const model = new nn.Sequential(
      new nn.Conv2d(3, 6, 3), new nn.BatchNorm2d(6), new nn.Tanh(), new nn.Flatten(),
      new nn.Linear(24, 16), new nn.BatchNorm1d(16, { momentum: null }), new nn.Tanh(), new nn.Dropout(0.3), new nn.Linear(16, 4),
    );
    return size === 1 ? model : nn.SyncBatchNorm.convertSyncBatchnorm(model);
  };
  const optimizerOf = (model) => new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const part = 24 / size;
  const rowsOf = (i) => [inputs, labels].map((each) => each.narrow(0, (i % 5) * 24 + rank * part, part));
  const meanOf = async (losses) => {
    const sums = Float64Array.from(losses);
    for (const [i, loss] of losses.entries()) {
      const own = F.mul(labels.narrow(0, 0, 1).to('float32'), 0).add(loss);
      await distributed.allReduce(own);
      sums[i] = own.item() / size;
    }
    return [...sums];
  };

  {
    const model = makeModel(), losses = [];
    await fit(model, {
      train: [inputs, labels], optimizer: optimizerOf(model), loss: new nn.CrossEntropyLoss(), batchSize: 24, epochs: 9,
      distributed: size > 1, onStep: ({ loss }) => { losses.push(loss); },
    });
    report({ what: 'fit', losses, numbers: numbersOf(model) });
  }
  for (const how of ['eager', 'compiled']) {
    const model = makeModel(), losses = [];
    const ddp = new nn.parallel.DistributedDataParallel(model);
    await ddp.synchronize();
    const optimizer = optimizerOf(model);
    const backward = (x, y) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(ddp.forward(x), y);
      loss.backward();
      return loss;
    };
    const step = compile((x, y) => {
      const loss = backward(x, y);
      optimizer.step();
      return loss;
    });
    for (let i = 0; i < 50; i++) {
      if (how === 'compiled') losses.push((await step.async(...rowsOf(i))).item());
      else {
        losses.push(backward(...rowsOf(i)).item());
        await ddp.synchronize();
        optimizer.step();
      }
    }
    report({ what: how, losses: await meanOf(losses), numbers: numbersOf(model) });
  }

  if (size !== 3) for (const kind of ['SGD', 'Adam']) {
    manualSeed(5);
    const model = new nn.Sequential(new nn.Linear(48, 32), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(32, 4));
    const ddp = new nn.parallel.DistributedDataParallel(model, { shards: 4 });
    await ddp.synchronize();
    const optimizer = kind === 'SGD' ? optimizerOf(model) : new optim.Adam(model.parameters(), { lr: 0.01 });
    const own = 4 / size;
    const step = compile((x, y) => {
      optimizer.zeroGrad();
      for (let i = 0; i < own; i++) F.crossEntropy(ddp.forward(x.narrow(0, 6 * i, 6)), y.narrow(0, 6 * i, 6)).backward();
      optimizer.step();
      return F.sum(model.parameters()[0]).detach();
    });
    const losses = [];
    for (let i = 0; i < 400; i++) {
      const [x, y] = rowsOf(i);
      losses.push((await step.async(x.reshape([part, 48]), y)).item());
    }
    report({ what: 'shards ' + kind, losses, numbers: numbersOf(model) });
  }
  await distributed.destroyProcessGroup();`;

async function run(size: number): Promise<Report[]> {
  const { end, stderr, reported, left } = await runRanks(launcher!, size, program, { limit: 120 });
  expect({ end, left }, stderr).toEqual({ end: 0, left: [] });
  expect(reported).toHaveLength((size === 3 ? 3 : 5) * size);
  return reported as Report[];
}

it.skipIf(launcher === undefined)(
  'SyncBatchNorm on 2, 3 and 4 ranks gives what one BatchNorm gives; 4 shards of a compiled step give equal bits',
  { timeout: 500_000 },
  async () => {
    const alone = new Map((await run(1)).map((each) => [each.what, each]));
    for (const size of [2, 3, 4])
      for (const { what, losses, numbers } of await run(size)) {
        const wanted = alone.get(what)!;
        if (what.startsWith('shards')) {
          expect(losses, what).toHaveLength(400);
          expect({ losses, numbers }).toEqual({ losses: wanted.losses, numbers: wanted.numbers });
          continue;
        }
        expect(losses.length).toBeGreaterThanOrEqual(50);
        expect(largest([losses], [wanted.losses]), `${what} on ${size}`).toBeLessThan(1e-6);
        expect(largest([numbers], [wanted.numbers]), `${what} on ${size}`).toBeLessThan(1e-6);
      }
  },
);
