/** Which tensors a trace has made itself: their state is the same whenever the function is called, so no program depends on it. */
import { currentTrace, type Trace } from '../ops/trace.js';

/** Weak in both directions: a gradient that a trace leaves on a parameter does not keep the trace. */
const made = new WeakMap<Trace, WeakSet<object>>();

/** To be called with each new tensor. */
export function noteMade(tensor: object): void {
  const now = currentTrace();
  if (now === null) return;
  let tensors = made.get(now);
  if (tensors === undefined) made.set(now, (tensors = new WeakSet()));
  tensors.add(tensor);
}

/** Whether the trace has made the tensor, be it a view of memory from outside. */
export const isMadeIn = (trace: Trace, tensor: object): boolean => made.get(trace)?.has(tensor) ?? false;
