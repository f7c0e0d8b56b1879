import { currentOps } from '../ops/backend.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike } from './support.js';

/**
 * Sums over the ranks of this job, divided by a number: an op of the program that is being traced, which begins as soon as the tensor is there. @internal
 */
export function sumOverRanks(input: Tensor, divisor: number): Tensor {
  const output = emptyLike(input);
  currentOps().allReduce({ x: [input.storage], out: [output.storage], divisor });
  return output;
}
