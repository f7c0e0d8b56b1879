/**
 * A rank of the measurement: sums by size, then training steps with and without the other ranks, in turns. Rank 0 prints one line of JSON.
 * Arguments: seconds for each workload; kilobytes of the sums, rows a rank of the MLP, of the CNN and of the MLP whose first layer is in two halves,
 * each a list with commas.
 */
import { cat, compile, distributed, functional as F, nn, optim, rand, randint, zeros } from '../../dist/lib/index.js';

const seconds = Number(process.argv[2]);
const [sizes, mlpRows, cnnRows, halvesRows] = process.argv
  .slice(3)
  .map((list) => list.split(',').filter(Boolean).map(Number));
await distributed.initProcessGroup({ timeout: 120 });
const rank = distributed.getRank();

/** A low percentile of samples: what a step takes when nothing else gets in its way. */
function figures(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p1: at(0.01), median: at(0.5), p95: at(0.95), samples: sorted.length };
}

/** The ranks stop after the same number of rounds: rank 0 says how many seconds are left. */
async function rounds(run) {
  const end = performance.now() + 1000 * seconds;
  const goesOn = zeros([1]);
  do {
    await run();
    goesOn.fill_(performance.now() < end ? 1 : 0);
    await distributed.broadcast(goesOn, 0);
  } while (goesOn.item() === 1);
}

async function sums(bytes) {
  const tensor = zeros([bytes / 4]);
  const samples = [];
  await rounds(async () => {
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      await distributed.allReduce(tensor);
      samples.push(performance.now() - start);
    }
  });
  return { bytes, ...figures(samples) };
}

function mlp() {
  const layers = [new nn.Linear(784, 256), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(256, 128), new nn.ReLU()];
  return new nn.Sequential(...layers, new nn.Dropout(0.5), new nn.Linear(128, 10));
}

/** The last gradient of a step in two: the first half can travel while the second one is made. */
class Halves extends nn.Module {
  constructor() {
    super();
    this.first = new nn.Linear(784, 128);
    this.second = new nn.Linear(784, 128);
  }
  forward(x) {
    return cat([this.first.forward(x), this.second.forward(x)], 1);
  }
}

function halves() {
  const [, ...rest] = mlp().children();
  return new nn.Sequential(new Halves(), ...rest);
}

const models = { MLP: [mlp, [784]], CNN: [cnn, [1, 28, 28]], halves: [halves, [784]] };

function cnn() {
  const block = (channels, out) => [
    new nn.Conv2d(channels, out, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  ];
  const layers = [
    ...block(1, 32),
    ...block(32, 64),
    new nn.Dropout2d(0.25),
    new nn.Flatten(),
    new nn.Linear(3136, 128),
  ];
  return new nn.Sequential(...layers, new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(128, 10));
}

function stepOf(model, forward) {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  return compile((x, y) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
}

async function training(name, rows) {
  const [make, shape] = models[name];
  const [model, shared] = [make(), make()];
  const ddp = new nn.parallel.DistributedDataParallel(shared);
  await ddp.synchronize();
  const steps = { alone: stepOf(model, (x) => model.forward(x)), together: stepOf(shared, (x) => ddp.forward(x)) };
  const [x, y] = [rand([rows, ...shape]), randint(0, 10, [rows])];
  const samples = { alone: [], together: [] };
  for (const step of Object.values(steps)) for (let i = 0; i < 5; i++) step(x, y);
  await rounds(async () => {
    for (const [how, step] of Object.entries(steps)) {
      await distributed.barrier();
      for (let i = 0; i < 20; i++) {
        const start = performance.now();
        step(x, y);
        samples[how].push(performance.now() - start);
      }
    }
  });
  const found = { alone: figures(samples.alone), together: figures(samples.together) };
  return { name, rows, ...found, efficiency: found.alone.p1 / found.together.p1 };
}

const result = { size: distributed.getWorldSize(), sums: [], training: [] };
for (const kilobytes of sizes) result.sums.push(await sums(1024 * kilobytes));
for (const rows of mlpRows) result.training.push(await training('MLP', rows));
for (const rows of halvesRows) result.training.push(await training('halves', rows));
for (const rows of cnnRows) result.training.push(await training('CNN', rows));
if (rank === 0) console.log(JSON.stringify(result));
await distributed.destroyProcessGroup();
