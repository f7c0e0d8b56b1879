/** The modes in which gradients are noted or not, as callers set them. */
import { checkBoolean } from '../check.js';
import { currentTrace } from '../ops/trace.js';
import { isGradEnabled, isInferenceModeEnabled, replaceGradMode, withGradMode } from './grad-mode.js';

export { isGradEnabled, isInferenceModeEnabled } from './grad-mode.js';

/**
 * Runs `fn` without noting anything for gradients, as `torch.no_grad()`: results do not require a gradient and
 * leaves may be written with `copy_`. Synchronous only: an async function would go on after the mode has ended.
 */
export function noGrad<T>(fn: () => T): T {
  return withGradMode('noGrad', false, isInferenceModeEnabled(), fn);
}

/** Runs `fn` with gradients noted, also inside of {@link noGrad}; as `torch.enable_grad()`. Synchronous only. */
export function enableGrad<T>(fn: () => T): T {
  return withGradMode('enableGrad', true, isInferenceModeEnabled(), fn);
}

/** The owner of the mode in what a trace notes. */
const mode = {};

/**
 * Notes gradients from here on, or no longer; as `torch.set_grad_enabled(mode)`.
 * @param enabled whether to note them.
 */
export function setGradEnabled(enabled: boolean): void;
/**
 * Notes gradients while a synchronous function runs, or does not; as `with torch.set_grad_enabled(mode)`.
 * @param enabled whether to note them.
 * @param fn what runs. Its result is returned.
 */
export function setGradEnabled<T>(enabled: boolean, fn: () => T): T;
export function setGradEnabled<T>(enabled: boolean, fn?: () => T): T | undefined {
  checkBoolean('setGradEnabled', 'enabled', enabled);
  if (fn !== undefined) return withGradMode('setGradEnabled', enabled, isInferenceModeEnabled(), fn);
  currentTrace()?.sideEffect(mode, 'enabled', isGradEnabled, replaceGradMode);
  replaceGradMode(enabled);
}

/**
 * Runs `fn` without noting anything for gradients, and marks the tensors that are made in it: they cannot be saved for a gradient
 * later, nor written in place outside, as with `torch.inference_mode()`. A clone made outside is an ordinary tensor. Synchronous only.
 */
export function inferenceMode<T>(fn: () => T): T {
  return withGradMode('inferenceMode', false, true, fn);
}
