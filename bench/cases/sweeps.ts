/** How speed grows: a training step, one of whose sizes goes through a range while the others stay. */
import type { TimedCase, Workload } from '../case.js';
import { nativeCompiled, pytorch } from '../contenders/contenders.js';
import { prepareTrainStep, type TrainStep, trainStep } from '../mlp.js';

/** lanewise, and one peer to tell the machine's steps from its own. */
const sweep = (name: string, workloads: readonly Workload[]): TimedCase => ({
  name: `sweep-${name}`,
  contenders: 'compute',
  compiles: true,
  only: [nativeCompiled, pytorch],
  workloads,
  prepare: prepareTrainStep,
});

/** @param quick the values that `--quick` keeps. */
const along = (
  name: string,
  values: readonly number[],
  quick: readonly number[],
  stepAt: (value: number) => Partial<TrainStep>,
): TimedCase =>
  sweep(
    name,
    values.map((value) =>
      trainStep(stepAt(value), { threads: 'all', point: { name, value }, quick: quick.includes(value) }),
    ),
  );

const batches = Array.from({ length: 13 }, (_, i) => 2 ** i);
/** From what fits in the first cache to far more than the last one holds. */
const widths = [64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];

export default [
  along('batch', batches, [32, 128], (batch) => ({ batch })),
  along('depth', [2, 3, 4, 6, 8, 12, 16], [2, 4], (depth) => ({
    layers: [784, ...Array<number>(depth).fill(256), 10],
  })),
  along('width', widths, [128, 256], (width) => ({ layers: [784, width, width, 10] })),
  sweep(
    'threads',
    [128, 1024].map((batch) => trainStep({ batch }, { threads: 'every', quick: batch === 128 })),
  ),
];
