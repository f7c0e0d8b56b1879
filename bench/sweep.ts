/** How speed grows: a training step, one of whose sizes goes through a range while the others stay. */
import { nativeCompiled, pytorch } from './contenders/contenders.js';
import type { TimedCase, Workload } from './case.js';
import { prepareTrainStep, type TrainStep, trainStepProgram, trainStepWorkload } from './train-step.js';

const prefix = 'sweep-';

/** What grows. */
export type SweepName = 'depth' | 'width' | 'batch' | 'threads';

export const isSweep = (caseName: string): boolean => caseName.startsWith(prefix);

export const sweptBatch = 128;

/** Every step is one of SGD with the dropout of the standard network. */
export function sweepPoint(
  name: SweepName,
  value: number | null,
  step: Pick<TrainStep, 'layers' | 'batch'>,
  rest: Pick<Workload, 'threads' | 'quick'>,
): Workload {
  const point = value === null ? {} : { point: { name, value } };
  return trainStepWorkload({ ...step, optimizer: 'SGD', dropout: 0.5 }, { ...rest, ...point });
}

/** Who grows: what lanewise is for, and one peer to tell the machine's steps from its own. */
export const sweep = (name: SweepName, workloads: readonly Workload[]): TimedCase => ({
  name: `${prefix}${name}`,
  contenders: 'compute',
  compiles: true,
  only: [nativeCompiled, pytorch],
  program: trainStepProgram,
  workloads,
  prepare: prepareTrainStep,
});
