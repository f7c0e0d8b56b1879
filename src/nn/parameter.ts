import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * A tensor that a module learns: a module finds those among its fields by itself, and optimizers change them.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html | torch.nn.Parameter}.
 */
export class Parameter extends Tensor {
  /**
   * @param tensor the initial values; the memory is shared, not copied, and no gradient flows back to it.
   * @param requiresGrad whether gradients are wanted. Default true.
   * @throws StateError for an int32 tensor that is to require gradients.
   */
  constructor(tensor: Tensor, requiresGrad = true) {
    const source = checkSource(tensor);
    super(source.storage, source.shape);
    this.requiresGrad_(requiresGrad);
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}

function checkSource(tensor: unknown): Tensor {
  if (!(tensor instanceof Tensor)) throw new ArgumentError(`Parameter: expected a Tensor, got ${show(tensor)}`);
  return tensor;
}
