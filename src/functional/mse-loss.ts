import { checkOptions } from '../check.js';
import { ShapeError } from '../errors.js';
import type { Reduction } from '../ops/ops.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mul, sub } from './arithmetic.js';
import { checkReduction } from './cross-entropy.js';
import { mean, sum } from './sum.js';
import { checkFloat, checkTensor } from './support.js';

/** Options of {@link mseLoss} and `nn.MSELoss`. */
export interface MSELossOptions {
  /** `'mean'` (the default), `'sum'`, or `'none'`. */
  reduction?: Reduction;
}

/**
 * (input - target)², reduced; of two dtypes as `sub` gives it. Shapes must be equal: PyTorch broadcasts them with a warning, a well-known silent bug.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html | torch.nn.functional.mse_loss}
 * @throws ShapeError when the shapes differ.
 */
export function mseLoss(input: Tensor, target: Tensor, options?: MSELossOptions): Tensor {
  const { reduction = 'mean' } = checkOptions('mseLoss', options, ['reduction']);
  checkReduction('mseLoss', reduction);
  if (checkTensor('mseLoss', target).dtype === 'int32') checkFloat('mseLoss', input);
  checkTensor('mseLoss', input);
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(
      `mseLoss: Using a target size (${formatShape(target.shape)}) that is different to the input size ` +
        `(${formatShape(input.shape)}); they must be equal`,
    );
  const difference = sub(input, target);
  const squares = mul(difference, difference);
  if (reduction === 'none') return squares;
  return reduction === 'mean' ? mean(squares) : sum(squares);
}
