/**
 * A rank of the measurement: sums by size, then training steps with and without the other ranks, in turns. Rank 0 prints one line of JSON. The
 * argument is the number of seconds for each workload.
 */
import { compile, distributed, functional as F, nn, optim, rand, randint, zeros } from '../../dist/lib/index.js';

const seconds = Number(process.argv[2]);
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

function network() {
  const layers = [new nn.Linear(784, 256), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(256, 128), new nn.ReLU()];
  return new nn.Sequential(...layers, new nn.Dropout(0.5), new nn.Linear(128, 10));
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

async function training(rows) {
  const [model, shared] = [network(), network()];
  const ddp = new nn.parallel.DistributedDataParallel(shared);
  await ddp.synchronize();
  const steps = { alone: stepOf(model, (x) => model.forward(x)), together: stepOf(shared, (x) => ddp.forward(x)) };
  const [x, y] = [rand([rows, 784]), randint(0, 10, [rows])];
  const samples = { alone: [], together: [] };
  for (const step of Object.values(steps)) for (let i = 0; i < 5; i++) step(x, y);
  await rounds(async () => {
    for (const [name, step] of Object.entries(steps)) {
      await distributed.barrier();
      for (let i = 0; i < 20; i++) {
        const start = performance.now();
        step(x, y);
        samples[name].push(performance.now() - start);
      }
    }
  });
  const found = { alone: figures(samples.alone), together: figures(samples.together) };
  return { rows, ...found, efficiency: found.alone.p1 / found.together.p1 };
}

const result = { size: distributed.getWorldSize(), sums: [], training: [] };
for (const kilobytes of [1, 16, 64, 256, 1024, 4096, 16384]) result.sums.push(await sums(1024 * kilobytes));
for (const rows of [128, 256, 512, 1024]) result.training.push(await training(rows));
if (rank === 0) console.log(JSON.stringify(result));
await distributed.destroyProcessGroup();
