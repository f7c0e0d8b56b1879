import { StateError } from '../errors.js';
import { currentTrace, type Trace } from '../ops/trace.js';
import { isDetectingAnomalies, withinModule } from '../tensor/anomaly.js';
import type { RemovableHandle } from '../tensor/hooks.js';
import { BackwardHooks } from './backward-hooks.js';
import {
  addHook,
  type ForwardHook,
  type ForwardPreHook,
  type FullBackwardHook,
  type HookOptions,
  type HookStore,
  type Hooks,
  runForwardHooks,
  runPreHooks,
} from './hooks.js';
import { className } from './repr.js';
import { type Around, type Forward, wrapForward } from './wrap-forward.js';

/** Sees each module that is called: before its hooks and `forward`, and after them with the output, or with what they threw. */
export interface ForwardObserver {
  before?(module: object, inputs: readonly unknown[]): void;
  after?(module: object, output: unknown): void;
  failed?(module: object, error: unknown): void;
}

let observer: ForwardObserver | null = null;

/** Has `next` see the calls of modules in what `run` traces. @internal */
export function withForwardObserver<T>(next: ForwardObserver, run: () => T): T {
  const before = observer;
  observer = next;
  try {
    return run();
  } finally {
    observer = before;
  }
}

type AnyHooked = HookedModule<never, unknown>;

/** Has calls of the module's `forward` go through its hooks: {@link HookedModule}. @internal */
export let hookForward: (module: AnyHooked) => void;

/** Notes for the trace in progress all that a call of the module goes by. @internal */
export let guardModule: (module: AnyHooked) => void;

/** Whether anything of a caller's runs with `forward`. @internal */
export let hasHooks: (module: AnyHooked) => boolean;

/**
 * The base of {@link Module}: wraps `forward`, so that calls run hooks, and guard what they go by while a function is traced. A class is wrapped
 * when its first instance is made. A `forward` in a field of a module is wrapped when `parameters()`, `train()` or anything else that walks over a
 * model finds the module, when the module that holds it is called, or when a hook is registered.
 *
 * A `forward` that calls `super.forward`, or the function that it has replaced, is one call. One that calls itself is several.
 */
export abstract class HookedModule<In extends readonly unknown[], Out> {
  #hooks: Hooks | null = null;
  /** Calls under way with hooks or guards. */
  #calls = 0;

  static {
    const around: Around = { isPlain, call };
    hookForward = (module) => wrapForward(module, around);
    guardModule = (module) => {
      const now = currentTrace();
      if (now !== null) module.#guard(now);
    };
    hasHooks = (module) => module.#hooks !== null;

    // Called on something else, it is a function as any other.
    function isPlain(target: unknown): boolean {
      return !isHooked(target) || (target.#hooks === null && currentTrace() === null && !isDetectingAnomalies());
    }

    function isHooked(target: unknown): target is AnyHooked {
      return typeof target === 'object' && target !== null && #calls in target;
    }

    function call(target: unknown, wrapped: Forward, forward: Forward, inputs: unknown[]): unknown {
      if (!isHooked(target) || (target.#calls > 0 && Reflect.get(target, 'forward') !== wrapped))
        return Reflect.apply(forward, target, inputs);
      const module: AnyHooked = target;
      const now = currentTrace();
      if (now === null) return withinModule(module, () => module.#run(forward, inputs));
      module.#guard(now);
      const end = now.watchFields(module);
      try {
        observer?.before?.(module, inputs);
        const output = module.#run(forward, inputs);
        observer?.after?.(module, output);
        return output;
      } catch (error) {
        observer?.failed?.(module, error);
        throw error;
      } finally {
        end();
      }
    }
  }

  constructor() {
    hookForward(this as AnyHooked);
  }

  /** What the module computes. @throws StateError in a class that does not say. */
  forward(..._inputs: In): Out {
    throw new StateError(`Module [${className(this)}] is missing the required "forward" function`);
  }

  /**
   * Has `hook(module, inputs)` called before each `forward`, in the order of registration, `inputs` being the array of its arguments. What the
   * hook returns takes their place: an array all of them, any other value the only one; nothing, or null, leaves them.
   *
   * A compiled function, `fit` and `predict` call hooks while they trace; adding or removing one traces again.
   *
   * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook | register_forward_pre_hook}.
   *
   * @returns what takes the hook away. @throws ArgumentError unless it is a function, or for a result of it that is a promise.
   */
  registerForwardPreHook<M extends AnyHooked>(
    this: M,
    hook: ForwardPreHook<M>,
    options?: HookOptions,
  ): RemovableHandle {
    return addHook(`${className(this)}.registerForwardPreHook`, this.#store(), 'pre', hook, options);
  }

  /**
   * Has `hook(module, inputs, output)` called after each `forward`, in the order of registration. What it returns takes the place of the output,
   * also for the hooks behind it; nothing, or null, leaves it. `inputs` are those after {@link registerForwardPreHook | the hooks before}.
   * It is not called when `forward` throws.
   *
   * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook | register_forward_hook}.
   *
   * @returns what takes the hook away. @throws as {@link registerForwardPreHook}.
   */
  registerForwardHook<M extends AnyHooked>(this: M, hook: ForwardHook<M>, options?: HookOptions): RemovableHandle {
    return addHook(`${className(this)}.registerForwardHook`, this.#store(), 'forward', hook, options);
  }

  /**
   * Has `hook(module, gradInput, gradOutput)` called in `backward` once the gradients of the inputs of a call are known. Both are arrays, with a gradient
   * for each argument of `forward` and for each output (one, unless `forward` returns an array): null for what is no tensor and for an output
   * that no gradient reaches, zeros for an input that none reaches. What the hook returns, an array with a gradient or null for each argument,
   * takes the place of `gradInput`; nothing leaves it. Hooks run in the order of registration.
   *
   * Where no argument requires a gradient, as in the first layer of a model, the hook runs when the gradients of the outputs are known, and
   * may return nothing else than nulls. Without gradients it does not run. Gradients of other outputs than a tensor or an array of tensors
   * are not seen: a warning says so. While a module has such a hook, its `forward` gets other tensors than its caller gave, with the same memory.
   *
   * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook | register_full_backward_hook}.
   *
   * @returns what takes the hook away. @throws as {@link registerForwardPreHook}; `backward` throws ArgumentError or ShapeError for gradients of another
   * number, shape or dtype.
   */
  registerFullBackwardHook<M extends AnyHooked>(
    this: M,
    hook: FullBackwardHook<M>,
    options?: HookOptions,
  ): RemovableHandle {
    return addHook(`${className(this)}.registerFullBackwardHook`, this.#store(), 'backward', hook, options);
  }

  /** The modules directly below this one by name, repeated ones too. Containers that keep modules elsewhere add theirs. */
  protected ownModules(): [string, AnyHooked][] {
    return [];
  }

  /** Gives this module the hooks of another: functions are shared by copies. @internal */
  protected copyHooks(from: AnyHooked): void {
    this.#hooks = from.#hooks;
  }

  #store(): HookStore {
    // A `forward` that was put in a field since the module was made.
    hookForward(this as AnyHooked);
    return {
      read: () => this.#hooks,
      write: (hooks) => {
        this.#hooks = hooks;
      },
    };
  }

  /** Notes all that a call goes by, once for each trace: modules below this one too, whose fields `forward` may read. */
  #guard(now: Trace): void {
    now.guardFields(this);
    hookForward(this as AnyHooked);
    const { forward } = this;
    const isNew = now.guard(this, 'forward, and its hooks,', () => {
      if (this.forward === forward) return this.#hooks;
      // What has been put there since is to be called with hooks, too.
      hookForward(this as AnyHooked);
      return this.forward === forward ? this.#hooks : this.forward;
    });
    if (!isNew) return;
    for (const [, child] of this.ownModules()) child.#guard(now);
  }

  #run(forward: Forward, given: readonly unknown[]): unknown {
    this.#calls++;
    try {
      return this.#hooks === null ? Reflect.apply(forward, this, given) : this.#runWith(this.#hooks, forward, given);
    } finally {
      this.#calls--;
    }
  }

  #runWith(hooks: Hooks, forward: Forward, given: readonly unknown[]): unknown {
    let inputs = runPreHooks(this, hooks.pre, given);
    const backward = hooks.backward.length > 0 ? new BackwardHooks(this, hooks.backward) : null;
    if (backward !== null) inputs = backward.watchInputs(inputs);
    const computed = Reflect.apply(forward, this, inputs);
    const output = runForwardHooks(this, this.#hooks?.forward ?? [], inputs, computed);
    return backward === null ? output : backward.watchOutput(output);
  }
}
