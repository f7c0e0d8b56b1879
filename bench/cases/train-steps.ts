/** Whole training steps: of the network that the benchmark is about, and of sizes that fill no whole tiles. */
import type { TimedCase, Workload } from '../case.js';
import { nativeCompiled } from '../contenders/contenders.js';
import { batchSizes, prepareTrainStep, trainStep } from '../mlp.js';

const mlpTrainStep: TimedCase = {
  name: 'mlp-train-step',
  contenders: 'compute',
  compiles: true,
  workloads: [
    ...batchSizes.flatMap((batch) =>
      (['SGD', 'Adam'] as const).map((optimizer) =>
        trainStep(
          { batch, optimizer },
          { threads: 'each', quick: batch === 128 || (batch === 32 && optimizer === 'SGD') },
        ),
      ),
    ),
    ...batchSizes.map((batch) => trainStep({ batch, dropout: 0 }, { threads: 'each' })),
  ],
  prepare: prepareTrainStep,
};

/** Odd sizes, and the nearest ones that are round: 16 columns are a panel of packed weights. */
const hiddenSizes = { 100: 96, 300: 320, 777: 768 };
/** One row stays one row: it does an eighth of the work on the same weights that eight do, whatever the tiles. */
const batches = { 1: 1, 7: 8, 33: 32 };
const classes = { 2: 16, 10: 16, 1000: 1024 };

const numbers = (pairs: Readonly<Record<number, number>>) => Object.entries(pairs).map(([a, b]) => [Number(a), b]);

/** Every odd size with every other, and the round neighbours; each once, though several have the same neighbour. */
function oddWorkloads(): Workload[] {
  const found = new Map<string, Workload>();
  for (const hidden of numbers(hiddenSizes))
    for (const batch of numbers(batches))
      for (const last of numbers(classes)) {
        const quick = hidden[0] === 100 && batch[0] === 33 && last[0] === 10;
        for (const i of [0, 1]) {
          const layers = [784, hidden[i]!, hidden[i]!, last[i]!];
          const key = `${layers} ${batch[i]}`;
          const kept = quick || found.get(key)?.quick === true;
          found.set(key, trainStep({ layers, batch: batch[i]! }, { threads: 'all', quick: kept }));
        }
      }
  return [...found.values()];
}

const oddShapes: TimedCase = {
  name: 'odd-shapes',
  contenders: 'compute',
  compiles: true,
  only: [nativeCompiled],
  workloads: oddWorkloads(),
  prepare: prepareTrainStep,
};

export default [mlpTrainStep, oddShapes];
