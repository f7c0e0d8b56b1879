/** A whole training step of the network that the benchmark is about, and of the same without dropout. */
import type { TimedCase } from '../case.js';
import { batchSizes, layerSizes, targetBatch } from '../mlp.js';
import { prepareTrainStep, type TrainStep, trainStepProgram, trainStepWorkload } from '../train-step.js';

/** The batch size of the target for compiled steps. */
const compiledTargetBatch = 32;

const workloadOf = (batch: number, optimizer: TrainStep['optimizer']) =>
  trainStepWorkload(
    { layers: layerSizes, batch, optimizer, dropout: 0.5 },
    { threads: 'each', quick: batch === targetBatch || (batch === compiledTargetBatch && optimizer === 'SGD') },
  );

const withoutDropout = (batch: number) =>
  trainStepWorkload({ layers: layerSizes, batch, optimizer: 'SGD', dropout: 0 }, { threads: 'each', quick: false });

const mlpTrainStep: TimedCase = {
  name: trainStepProgram,
  contenders: 'compute',
  compiles: true,
  workloads: [
    ...batchSizes.flatMap((batch) => (['SGD', 'Adam'] as const).map((optimizer) => workloadOf(batch, optimizer))),
    ...batchSizes.map(withoutDropout),
  ],
  prepare: prepareTrainStep,
};

export default mlpTrainStep;
