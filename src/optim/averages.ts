/** How an average of weights takes the next weights in. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { noGrad } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/** The next average of a tensor, from the one before, the new weights, and how many the average is of. */
export type AverageFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;

/** The same for all tensors of a model at once, in place. */
export type MultiAverageFn = (averaged: readonly Tensor[], current: readonly Tensor[], numAveraged: number) => void;

/** averaged + weight·(current - averaged), from the nearer end, as torch.lerp. */
function between(averaged: Tensor, current: Tensor, weight: number): Tensor {
  const difference = current.sub(averaged);
  return weight < 0.5 ? averaged.add(difference.mul(weight)) : current.sub(difference.mul(1 - weight));
}

function checkDecay(decay: unknown): number {
  if (typeof decay !== 'number' || !(decay >= 0 && decay <= 1))
    throw new ArgumentError(`Invalid decay value ${show(decay)} provided. Please provide a value in [0,1] range.`);
  return decay;
}

const multi =
  (average: AverageFn): MultiAverageFn =>
  (averaged, current, count) =>
    noGrad(() => {
      for (const [i, each] of averaged.entries()) each.copy_(average(each, current[i]!, count));
    });

/** The exponential moving average: decay·averaged + (1-decay)·current. @throws ArgumentError unless decay lies in [0, 1]. */
export function getEmaAvgFn(decay = 0.999): AverageFn {
  const share = 1 - checkDecay(decay);
  return (averaged, current) => between(averaged, current, share);
}

/** {@link getEmaAvgFn} for all tensors at once. */
export function getEmaMultiAvgFn(decay = 0.999): MultiAverageFn {
  return multi(getEmaAvgFn(decay));
}

/** The mean of all weights: averaged + (current - averaged)/(numAveraged + 1). */
export function getSwaAvgFn(): AverageFn {
  return (averaged, current, count) => averaged.add(current.sub(averaged).div(count + 1));
}

/** {@link getSwaAvgFn} for all tensors at once. */
export function getSwaMultiAvgFn(): MultiAverageFn {
  // PyTorch's weight is a float32 whatever the parameters are.
  return multi((averaged, current, count) => between(averaged, current, Math.fround(1 / (count + 1))));
}
