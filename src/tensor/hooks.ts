/** Functions that see a tensor's gradient on its way. */
import { show } from '../check.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { isMadeIn } from './made-in-trace.js';
import type { GradientHook } from './node.js';
import { sameShape } from './shape.js';
import { Tensor } from './tensor.js';

/** Takes away what it was returned for. */
export interface RemovableHandle {
  /** May be called more than once. */
  remove(): void;
}

/** Counts changes to the hooks of leaves: a traced program has baked in what they do. */
export const leafHookEdits = { count: 0 };

/**
 * Puts a hook on a tensor, as `Tensor.register_hook`: it is called with the whole gradient of the tensor, in the order in which
 * hooks were registered, before the gradient goes on or is added to `grad`. What it returns takes the gradient's place.
 * @throws StateError for a tensor that requires no gradient; ArgumentError unless `hook` is a function.
 */
export function registerHook(tensor: Tensor, hook: GradientHook<Tensor>): RemovableHandle {
  if (!(tensor instanceof Tensor)) throw new ArgumentError(`registerHook: expected a Tensor, got ${show(tensor)}`);
  if (typeof hook !== 'function') throw new ArgumentError(`registerHook: expected a function, got ${show(hook)}`);
  if (!tensor.requiresGrad) throw new StateError("cannot register a hook on a tensor that doesn't require gradient");
  const now = currentTrace();
  const isMade = now !== null && isMadeIn(now, tensor);
  if (now !== null && !isMade)
    throw now.refuse('registerHook() on a tensor from outside', 'register the hook outside, too');
  // A new function each time: the same hook may be registered twice.
  const entry: GradientHook<Tensor> = (grad) => hook(grad);
  Object.defineProperty(entry, 'name', { value: hook.name === '' ? '<anonymous>' : hook.name });
  const holder = tensor.node ?? tensor;
  holder.hooks ??= new Set();
  const { hooks } = holder;
  hooks.add(entry);
  // Those that a trace puts on its own tensors are part of its function; no other program depends on them.
  const isCounted = holder instanceof Tensor && !isMade;
  if (isCounted) leafHookEdits.count++;
  return {
    remove() {
      if (hooks.delete(entry) && isCounted) leafHookEdits.count++;
    },
  };
}

/** The gradient after all hooks. @throws what a hook throws; ArgumentError or ShapeError for what cannot take its place. */
export function runHooks(hooks: ReadonlySet<GradientHook<Tensor>> | null, grad: Tensor): Tensor {
  if (hooks === null) return grad;
  let current = grad;
  for (const hook of [...hooks]) {
    const result: unknown = hook(current);
    if (result !== undefined && result !== null) current = checkReplacement(hook.name, result, grad);
  }
  return current;
}

/**
 * What a hook has returned for a gradient.
 * @throws ArgumentError or ShapeError for what cannot take its place. @internal
 */
export function checkReplacement(name: string, result: unknown, grad: Tensor): Tensor {
  if (!(result instanceof Tensor)) throw new ArgumentError(`expected a Tensor, but hook returned ${show(result)}`);
  if (!sameShape(result.shape, grad.shape)) throw new ShapeError(`hook '${name}' has changed the size of value`);
  if (result.dtype !== grad.dtype)
    throw new ArgumentError(`hook '${name}' has changed the type of value (was ${grad.dtype} got ${result.dtype})`);
  // The gradient itself is what it was.
  return result === grad ? grad : result.detach();
}

/**
 * Has a result keep its gradient in `grad` at each backward, after its hooks, as `Tensor.retain_grad`. Does nothing for a leaf.
 * @throws StateError for a tensor that requires no gradient.
 */
export function retainGrad(tensor: Tensor): void {
  if (!(tensor instanceof Tensor)) throw new ArgumentError(`retainGrad: expected a Tensor, got ${show(tensor)}`);
  if (!tensor.requiresGrad) throw new StateError("can't retain_grad on Tensor that has requires_grad=False");
  if (tensor.node !== null) tensor.node.retains = tensor;
}
