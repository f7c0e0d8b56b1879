/**
 * Training steps whose sizes fill no whole tiles, and beside them those of their round neighbours. Every odd hidden size
 * with every odd batch and every odd number of classes; on all threads.
 */
import type { TimedCase, Workload } from '../case.js';
import { nativeCompiled } from '../contenders/contenders.js';
import { layerSizes } from '../mlp.js';
import { prepareTrainStep, trainStepProgram, trainStepWorkload } from '../train-step.js';

/** An odd size and the nearest one that is round. */
type Pair = readonly [odd: number, round: number];

const hiddenSizes: readonly Pair[] = [
  [100, 96],
  [300, 320],
  [777, 768],
];
/** One row stays one row: it does an eighth of the work on the same weights that eight do, whatever the tiles. */
const batches: readonly Pair[] = [
  [1, 1],
  [7, 8],
  [33, 32],
];
/** 16 columns are a panel of packed weights. */
const classes: readonly Pair[] = [
  [2, 16],
  [10, 16],
  [1000, 1024],
];

/** What `--quick` keeps. */
const quickOdd = { hidden: 100, batch: 33, classes: 10 };

interface Sizes {
  readonly hidden: number;
  readonly batch: number;
  readonly classes: number;
}

const pairs = hiddenSizes.flatMap((hidden) =>
  batches.flatMap((batch) =>
    classes.map((last) => {
      const at = (i: 0 | 1): Sizes => ({ hidden: hidden[i], batch: batch[i], classes: last[i] });
      return { odd: at(0), round: at(1) };
    }),
  ),
);

const layersOf = (sizes: Sizes) => [layerSizes[0], sizes.hidden, sizes.hidden, sizes.classes];

const isQuick = ({ hidden, batch, classes: last }: Sizes) =>
  hidden === quickOdd.hidden && batch === quickOdd.batch && last === quickOdd.classes;

const workloadOf = (sizes: Sizes, quick: boolean): Workload =>
  trainStepWorkload(
    { layers: layersOf(sizes), batch: sizes.batch, optimizer: 'SGD', dropout: 0.5 },
    { threads: 'all', quick },
  );

/** Odd and round workloads as their rows name them, for the target that compares them. */
export const neighbours = pairs.map(({ odd, round }) => {
  const place = (sizes: Sizes) => ({ shape: layersOf(sizes).join('-'), batch: sizes.batch });
  return { odd: place(odd), round: place(round) };
});

/** Each once, though several have the same neighbour. */
const workloads = new Map<string, Workload>();
for (const { odd, round } of pairs)
  for (const sizes of [odd, round]) {
    const key = JSON.stringify(sizes);
    const quick = isQuick(odd) || workloads.get(key)?.quick === true;
    workloads.set(key, workloadOf(sizes, quick));
  }

const oddShapes: TimedCase = {
  name: 'odd-shapes',
  contenders: 'compute',
  compiles: true,
  only: [nativeCompiled],
  program: trainStepProgram,
  workloads: [...workloads.values()],
  prepare: prepareTrainStep,
};

export default oddShapes;
