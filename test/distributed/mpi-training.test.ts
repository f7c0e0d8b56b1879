/** Trainings on processes of a real MPI job: the result of one process. */
import { describe, expect, it } from 'vitest';
import { launchers, runRanks } from './ranks.js';
import { largest } from './training.js';

/** What a rank tells of a training. */
interface Report {
  readonly rank: number;
  readonly kind: 'SGD' | 'Adam';
  readonly how: string;
  readonly losses: readonly number[];
  readonly weights: readonly number[];
}

const timeout = 240_000;

/** Model, data and ways to train: the same text on every rank. */
const program = `
  const { distributed, fit, Generator, functional: F, manualSeed, nn, optim, rand, randint } = await src('index.ts');
  await distributed.initProcessGroup({ timeout: 60 });
  const [rank, size] = [distributed.getRank(), distributed.getWorldSize()];
  const generator = new Generator(7);
  const rows = 240;
  const inputs = rand([rows, 20], { generator });
  const labels = randint(0, 4, [rows], { generator });
  const kinds = { SGD: (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }), Adam: (p) => new optim.Adam(p, { lr: 0.01 }) };
  const makeModel = () => {
    manualSeed(5);
    return new nn.Sequential(new nn.Linear(20, 32), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(32, 4));
  };
  const tell = (kind, how, losses, model) =>
    report({ rank, kind, how, losses, weights: model.parameters().flatMap((each) => [...each.toTypedArray()]) });
  const byFit = async (kind, how, steps, distributed) => {
    const model = makeModel();
    const losses = [];
    await fit(model, {
      train: [inputs, labels], optimizer: kinds[kind](model.parameters()), loss: new nn.CrossEntropyLoss(), batchSize: 48,
      epochs: steps / 5, distributed, onStep: ({ loss }) => { losses.push(loss); },
    });
    tell(kind, how, losses, model);
  };
  const byHand = async (kind, how, steps) => {
    const model = makeModel();
    const ddp = new nn.parallel.DistributedDataParallel(model);
    await ddp.synchronize();
    const optimizer = kinds[kind](model.parameters());
    const losses = [];
    const part = 48 / size;
    for (let step = 0; step < steps; step++) {
      const first = (step % 5) * 48 + rank * part;
      optimizer.zeroGrad();
      const loss = F.crossEntropy(ddp.forward(inputs.narrow(0, first, part)), labels.narrow(0, first, part));
      loss.backward();
      await ddp.synchronize();
      optimizer.step();
      await distributed.allReduce(loss.detach());
      losses.push(loss.item() / size);
    }
    tell(kind, how, losses, model);
  };
`;
const end = 'await distributed.destroyProcessGroup();';

async function onRanks(launcher: (typeof launchers)[number], size: number, code: string): Promise<Report[]> {
  const {
    end: code_,
    stderr,
    reported,
    left,
  } = await runRanks(launcher, size, `${program}${code}\n${end}`, { limit: 120 });
  expect({ end: code_, left }, stderr).toEqual({ end: 0, left: [] });
  return reported as Report[];
}

it.skipIf(launchers.length > 0)('no launcher of MPI is installed: apt-get install openmpi-bin', () => {
  expect(launchers).toEqual([]);
});

// The sums of another engine are the same messages: one is enough for trainings.
describe.each(launchers.slice(0, 1).map((launcher) => [launcher.name, launcher] as const))('%s', (_, launcher) => {
  it('2, 3 and 4 ranks give what one process gives after 50 steps', { timeout }, async () => {
    const code = `for (const kind of ['SGD', 'Adam']) {
      await byFit(kind, 'fit', 50, size > 1);
      await byHand(kind, 'by hand', 50);
    }`;
    const one = await onRanks(launcher, 1, code);
    expect(one).toHaveLength(4);
    for (const size of [2, 3, 4]) {
      const found = await onRanks(launcher, size, code);
      expect(found).toHaveLength(4 * size);
      for (const { kind, how, losses, weights } of found) {
        const wanted = one.find((each) => each.kind === kind && each.how === how)!;
        expect(losses).toHaveLength(50);
        expect(largest([weights], [wanted.weights])).toBeLessThan(1e-6);
        expect(largest([losses], [wanted.losses])).toBeLessThan(1e-6);
      }
    }
  });

  it('4 shards on 1, 2 and 4 ranks: equal bits after 400 steps', { timeout }, async () => {
    const code = `for (const kind of ['SGD', 'Adam']) await byFit(kind, 'fit', 400, { shards: 4 });`;
    const runs = [];
    for (const size of [1, 2, 4]) runs.push(...(await onRanks(launcher, size, code)));
    expect(runs).toHaveLength(2 * (1 + 2 + 4));
    for (const { kind, losses, weights } of runs) {
      const first = runs.find((each) => each.kind === kind)!;
      expect(losses).toHaveLength(400);
      expect(losses).toEqual(first.losses);
      expect(weights).not.toHaveLength(0);
      expect(weights).toEqual(first.weights);
    }
  });
});
