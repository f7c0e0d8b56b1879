/** Parameters whose place in a module another has taken, of another dtype: an optimizer that still has them would train nothing. */
import type { Tensor } from './tensor.js';

const converted = new WeakSet<Tensor>();
let hasAny = false;

/** @internal */
export function noteConverted(tensor: Tensor): void {
  converted.add(tensor);
  hasAny = true;
}

/** @internal */
export const wasConverted = (tensor: Tensor): boolean => hasAny && converted.has(tensor);
