import type { Callback } from './callback.js';

/**
 * Ends a training whose numbers have become infinite or NaN: fit rejects with a StateError that names the first layer whose
 * output is not finite (or the loss), the step and the epoch, and that step has changed nothing. Looking costs a pass over the outputs of the
 * layers, and keeps those from being fused into one op.
 */
export class TerminateOnNaN implements Callback {
  readonly checkFinite = true;
}
