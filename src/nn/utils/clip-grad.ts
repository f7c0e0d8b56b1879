import { checkBoolean, checkNumber, checkOptions } from '../../check.js';
import { ArgumentError, StateError } from '../../errors.js';
import { clamp, div, norm, stack } from '../../functional/index.js';
import { zeros } from '../../tensor/creation.js';
import { noGrad } from '../../tensor/tape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { gradientsOf, type OneOrMore, readTensors } from './gradients.js';

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** The p of the norm; Infinity for the largest size, 0 for the number of tensors that are not all 0. Default 2. */
  normType?: number;
  /** Whether a norm that is infinite or NaN is an error. It is read at once, so not in a compiled step. Default false. */
  errorIfNonfinite?: boolean;
}

/**
 * The norm of all elements of the tensors together: the norm of their norms. 0 without tensors.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html | torch.nn.utils.get_total_norm}
 */
export function getTotalNorm(tensors: Iterable<Tensor>, options?: ClipGradNormOptions): Tensor {
  const caller = 'getTotalNorm';
  return totalNorm(caller, readTensors(caller, tensors), readOptions(caller, options));
}

/**
 * Scales gradients in place so that their norm, taken over all of them together, is at most `maxNorm`: each is multiplied by
 * min(1, maxNorm/(norm + 1e-6)). Parameters without a gradient are left out.
 *
 * In a compiled step nothing is read back: the factor is a number in the program, applied in the optimizer's pass over each gradient.
 *
 * Pascanu et al., On the difficulty of training recurrent neural networks (ICML 2013);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html | torch.nn.utils.clip_grad_norm_}.
 * @returns the norm before, a scalar. 0 without gradients.
 * @throws ArgumentError for parameters, a norm or options that are not valid; StateError with `errorIfNonfinite` for a norm that is not finite. No gradient
 * has changed then.
 */
export function clipGradNorm_(parameters: OneOrMore, maxNorm: number, options?: ClipGradNormOptions): Tensor {
  const caller = 'clipGradNorm_';
  const gradients = gradientsOf(readTensors(caller, parameters));
  checkNumber(caller, 'maxNorm', maxNorm);
  const read = readOptions(caller, options);
  return noGrad(() => {
    const total = totalNorm(caller, gradients, read);
    const factor = clamp(div(maxNorm, total.add(1e-6)), undefined, 1);
    for (const gradient of gradients)
      gradient.mul_(gradient.dtype === factor.dtype ? factor : factor.to(gradient.dtype));
    return total;
  });
}

/**
 * Clamps each element of the gradients to [-clipValue, clipValue] in place. NaN stays.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html | torch.nn.utils.clip_grad_value_}
 * @throws ArgumentError for parameters or a value that are not valid.
 */
export function clipGradValue_(parameters: OneOrMore, clipValue: number): void {
  const caller = 'clipGradValue_';
  const gradients = gradientsOf(readTensors(caller, parameters));
  const bound = checkNumber(caller, 'clipValue', clipValue);
  noGrad(() => {
    for (const gradient of gradients) gradient.copy_(clamp(gradient, -bound, bound));
  });
}

function readOptions(caller: string, options: ClipGradNormOptions | undefined): Required<ClipGradNormOptions> {
  const { normType = 2, errorIfNonfinite = false } = checkOptions(caller, options, ['normType', 'errorIfNonfinite']);
  if (typeof normType !== 'number' || Number.isNaN(normType))
    throw new ArgumentError(`${caller}: normType must be a number, got ${String(normType)}`);
  checkBoolean(caller, 'errorIfNonfinite', errorIfNonfinite);
  return { normType, errorIfNonfinite };
}

function totalNorm(caller: string, tensors: readonly Tensor[], options: Required<ClipGradNormOptions>): Tensor {
  const { normType, errorIfNonfinite } = options;
  return noGrad(() => {
    if (tensors.length === 0) return zeros([]);
    const norms = tensors.map((tensor) => norm(tensor, normType));
    const isMixed = norms.some(({ dtype }) => dtype !== norms[0]!.dtype);
    const total = norm(stack(isMixed ? norms.map((each) => each.to('float64')) : norms), normType);
    if (errorIfNonfinite && !Number.isFinite(total.item()))
      throw new StateError(
        `${caller}: The total norm of order ${floatText(normType)} for gradients from \`parameters\` is non-finite, so it cannot be clipped. ` +
          'To disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`',
      );
    return total;
  });
}

/** As Python prints a float. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
