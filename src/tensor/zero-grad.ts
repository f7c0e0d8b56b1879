import { checkBoolean, checkOptions } from '../check.js';
import { zeros } from './creation.js';
import { noGrad } from './tape.js';
import type { Tensor } from './tensor.js';

/** Options of `zeroGrad`, of modules and of optimizers. */
export interface ZeroGradOptions {
  /** Drop the gradients (the default), or keep them and fill them with zeros. */
  setToNone?: boolean;
}

/** Forgets the gradients of tensors: what `zeroGrad` of modules and of optimizers does. @internal */
export function zeroGrad(caller: string, tensors: readonly Tensor[], options: ZeroGradOptions | undefined): void {
  const { setToNone = true } = checkOptions(caller, options, ['setToNone']);
  checkBoolean(caller, 'setToNone', setToNone);
  for (const tensor of tensors) {
    // Without looking at what is dropped: to a trace that would be something the program depends on.
    if (setToNone) {
      tensor.grad = null;
      continue;
    }
    const { grad } = tensor;
    if (grad === null) continue;
    noGrad(() => {
      for (const each of [grad, grad.rowCounts]) each?.copy_(zeros([], { dtype: grad.dtype }));
    });
  }
}
