/** Whether functions note what is needed for gradients, and whether new tensors are inference tensors: two flags. */
import { show } from '../check.js';
import { ArgumentError, StateError } from '../errors.js';
import { ignoreRejection, isThenable } from '../realm.js';

let enabled = true;
let inference = false;

/** Whether functions note what is needed for gradients: not inside of `noGrad`. As `torch.is_grad_enabled`. */
export function isGradEnabled(): boolean {
  return enabled;
}

/** Whether the code runs inside of `inferenceMode`. As `torch.is_inference_mode_enabled`. */
export function isInferenceModeEnabled(): boolean {
  return inference;
}

/** Sets the first flag and returns what it was. @internal */
export function replaceGradMode(value: boolean): boolean {
  const before = enabled;
  enabled = value;
  return before;
}

/**
 * Calls `fn` with both flags set, and puts them back. @internal
 * @throws StateError for an async function, which would go on after the mode has ended.
 */
export function withGradMode<T>(caller: string, grad: boolean, infer: boolean, fn: () => T): T {
  if (typeof fn !== 'function') throw new ArgumentError(`${caller}: expected a function, got ${show(fn)}`);
  const before = { enabled, inference };
  ({ enabled, inference } = { enabled: grad, inference: infer });
  let result: T;
  try {
    result = fn();
  } finally {
    ({ enabled, inference } = before);
  }
  if (isThenable(result)) {
    ignoreRejection(result);
    throw new StateError(`${caller}: the function must not be async: the mode ends at its first await`);
  }
  return result;
}
