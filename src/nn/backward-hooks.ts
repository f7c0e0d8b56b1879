/** Full backward hooks of one call of a module. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { zeroed } from '../functional/support.js';
import { isArray } from '../realm.js';
import { checkReplacement } from '../tensor/hooks.js';
import { setJointGradFn } from '../tensor/joint.js';
import { Tensor } from '../tensor/tensor.js';
import type { BackwardHook, Gradients } from './hooks.js';
import { className } from './repr.js';

/** Modules whose outputs no hook can see; each is warned of once. */
const warned = new WeakSet<object>();

/**
 * Sees the gradients of the outputs of a call, then those of its inputs, and calls the hooks with both. As in PyTorch `forward` gets tensors that
 * share the memory of its inputs, and the caller one that shares that of the output, so that what else is done with these is not seen.
 */
export class BackwardHooks {
  readonly #module: object;
  readonly #hooks: readonly BackwardHook[];
  #inputs: readonly unknown[] = [];
  #inputsAreWatched = false;
  /** The gradients of the outputs, while those of the inputs are awaited. */
  #gradOutput: Gradients | null = null;

  constructor(module: object, hooks: readonly BackwardHook[]) {
    this.#module = module;
    this.#hooks = hooks;
  }

  /** What `forward` is to be given. */
  watchInputs(inputs: readonly unknown[]): readonly unknown[] {
    this.#inputs = inputs;
    const views = setJointGradFn(inputs, (grads) => this.#onInputs(grads));
    this.#inputsAreWatched = views !== null;
    return views ?? inputs;
  }

  /** What the caller of `forward` is to be given: a tensor, or an array with tensors in it; anything else is not seen. */
  watchOutput(output: unknown): unknown {
    const outputs = isArray(output) ? output : [output];
    if (!isArray(output) && !(output instanceof Tensor)) this.#warn(output);
    const views = setJointGradFn(outputs, (grads) => this.#onOutputs(grads));
    if (views === null) return output;
    return isArray(output) ? views : views[0];
  }

  #onOutputs(grads: Gradients): Gradients {
    if (this.#inputsAreWatched) {
      this.#gradOutput = grads;
      return grads;
    }
    // No gradient goes on to the inputs: this is all there is to see.
    const none = this.#inputs.map(() => null);
    for (const hook of this.#hooks) {
      const result = hook(this.#module, none, grads);
      if (result === undefined || result === null) continue;
      if (!isArray(result) || result.some((each) => each !== null && each !== undefined))
        throw this.#refuse(
          'Backward hook for Modules where no input requires gradient should always return None or None for all gradients.',
        );
    }
    return grads;
  }

  #onInputs(grads: Gradients): Gradients {
    const gradOutput = this.#gradOutput;
    // Something that is not the output has led to an input.
    if (gradOutput === null) return grads;
    const inputs = this.#inputs;
    // As in PyTorch: zeros for a tensor that no gradient has reached.
    const known = inputs.map((input, i) =>
      input instanceof Tensor ? (grads[i] ?? zeroed(input.shape, input.dtype)) : null,
    );
    let current: Gradients = known;
    for (const hook of this.#hooks)
      current = this.#check(hook, hook(this.#module, current, gradOutput), known) ?? current;
    this.#gradOutput = null;
    return current;
  }

  #check(hook: BackwardHook, result: unknown, known: Gradients): Gradients | null {
    if (result === undefined || result === null) return null;
    if (!isArray(result))
      throw this.#refuse(
        `a full backward hook must return an array with a gradient for each input, or nothing, got ${show(result)}`,
      );
    if (result.length !== known.length)
      throw this.#refuse(
        `Backward hook returned an invalid number of grad_input, got ${result.length}, but expected ${known.length}`,
      );
    return known.map((grad, i) => {
      const replacement: unknown = result[i] ?? null;
      return grad === null || replacement === null ? null : checkReplacement(hook.name, replacement, grad);
    });
  }

  #refuse(message: string): ArgumentError {
    return new ArgumentError(`${className(this.#module)}: ${message}`);
  }

  #warn(output: unknown): void {
    if (warned.has(this.#module)) return;
    warned.add(this.#module);
    process.emitWarning(
      `${className(this.#module)}: For backward hooks to be called, module output should be a Tensor or an array of Tensors but ` +
        `received ${show(output)}`,
      { type: 'LanewiseWarning', code: 'LANEWISE_BACKWARD_HOOK' },
    );
  }
}
