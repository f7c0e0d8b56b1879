/**
 * A rank of the measurement: sums by size, then training steps with and without the other ranks, in turns. Rank 0 prints one line of JSON.
 * Arguments: seconds for each workload; kilobytes of the sums, rows a rank of the MLP and of the CNN, each a list with commas.
 */
import { compile, distributed, functional as F, nn, optim, rand, randint, zeros } from '../../dist/lib/index.js';

const seconds = Number(process.argv[2]);
const [sizes, mlpRows, cnnRows] = process.argv.slice(3).map((list) => list.split(',').filter(Boolean).map(Number));
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

const models = { MLP: [mlp, [784]], CNN: [cnn, [1, 28, 28]] };

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

function stepOf(model, forward, passes = {}) {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const step = (x, y) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return compile(step, { passes });
}

async function training(name, rows) {
  const [make, shape] = models[name];
  const [model, shared] = [make(), make()];
  const ddp = new nn.parallel.DistributedDataParallel(shared);
  await ddp.synchronize();
  const forward = (x) => ddp.forward(x);
  const steps = { alone: stepOf(model, (x) => model.forward(x)), together: stepOf(shared, forward) };
  // The last large gradient in one piece, to compare.
  if (name === 'MLP') steps.whole = stepOf(shared, forward, { 'last-product': false });
  const [x, y] = [rand([rows, ...shape]), randint(0, 10, [rows])];
  const samples = Object.fromEntries(Object.keys(steps).map((how) => [how, []]));
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
  const found = Object.fromEntries(Object.entries(samples).map(([how, each]) => [how, figures(each)]));
  return { name, rows, ...found, efficiency: found.alone.p1 / found.together.p1 };
}

const result = { size: distributed.getWorldSize(), sums: [], training: [] };
for (const kilobytes of sizes) result.sums.push(await sums(1024 * kilobytes));
for (const rows of mlpRows) result.training.push(await training('MLP', rows));
for (const rows of cnnRows) result.training.push(await training('CNN', rows));
if (rank === 0) console.log(JSON.stringify(result));
await distributed.destroyProcessGroup();
