/** Functions of a caller's that run around `forward`, and what they may give back. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { ignoreRejection, isArray, isThenable } from '../realm.js';
import type { RemovableHandle } from '../tensor/hooks.js';
import type { Tensor } from '../tensor/tensor.js';

/** Options of `registerForwardHook` and its kin. */
export interface HookOptions {
  /** Whether the hook runs before those that are there already. Default false: after them. */
  prepend?: boolean;
}

/** Whatever has a `forward`. */
interface Callable {
  forward(...inputs: never): unknown;
}

/** The arguments of the `forward` of M; any where nothing is known of them. */
type InputsOf<M extends Callable> = [Parameters<M['forward']>] extends [never]
  ? readonly unknown[]
  : Readonly<Parameters<M['forward']>>;

/** Runs before `forward`. What it returns takes the place of the arguments: an array all of them, anything else the only one. */
export type ForwardPreHook<M extends Callable> = (
  module: M,
  inputs: InputsOf<M>,
) => InputsOf<M> | InputsOf<M>[0] | Nothing;

/** Runs after `forward`. What it returns takes the place of the output. */
export type ForwardHook<M extends Callable> = (
  module: M,
  inputs: InputsOf<M>,
  output: ReturnType<M['forward']>,
) => ReturnType<M['forward']> | Nothing;

/** A gradient for each input or output; null for what is no tensor, or an output that none reaches. */
export type Gradients = readonly (Tensor | null)[];

/** Runs in `backward`. What it returns takes the place of the gradients of the inputs. */
export type FullBackwardHook<M extends Callable> = (
  module: M,
  gradInput: Gradients,
  gradOutput: Gradients,
) => Gradients | Nothing;

/** What a hook gives that changes nothing, also one without a `return`. */
type Nothing = ReturnType<() => void> | null | undefined;

type PreHook = (module: object, inputs: readonly unknown[]) => unknown;
type AfterHook = (module: object, inputs: readonly unknown[], output: unknown) => unknown;
export type BackwardHook = (module: object, gradInput: Gradients, gradOutput: Gradients) => unknown;

/** The hooks of a module in the order in which they run. Never changed: a change makes another one, which guards see. */
export interface Hooks {
  readonly pre: readonly PreHook[];
  readonly forward: readonly AfterHook[];
  readonly backward: readonly BackwardHook[];
}

const none: Hooks = { pre: [], forward: [], backward: [] };

/** Where the hooks of a module are kept. */
export interface HookStore {
  read(): Hooks | null;
  write(hooks: Hooks | null): void;
}

/**
 * Adds a hook.
 * @throws ArgumentError unless it is a function; StateError while a function is traced, which is to run without being called.
 */
export function addHook(
  caller: string,
  store: HookStore,
  kind: keyof Hooks,
  hook: unknown,
  options: HookOptions | undefined,
): RemovableHandle {
  if (typeof hook !== 'function') throw new ArgumentError(`${caller}: expected a function, got ${show(hook)}`);
  const { prepend = false } = checkOptions(caller, options, ['prepend']);
  checkBoolean(caller, 'prepend', prepend);
  const now = currentTrace();
  if (now !== null) throw now.refuse(`${caller}()`, 'register the hook outside of the function');
  // A new function each time: the same hook may be registered twice.
  const entry = (...args: readonly unknown[]): unknown => {
    const result: unknown = Reflect.apply(hook, undefined, args);
    if (!isThenable(result)) return result;
    ignoreRejection(result);
    throw new ArgumentError(`${caller}: a hook must not be async: forward and backward do not wait for it`);
  };
  Object.defineProperty(entry, 'name', { value: hook.name === '' ? '<anonymous>' : hook.name });
  const before = store.read() ?? none;
  store.write({ ...before, [kind]: prepend ? [entry, ...before[kind]] : [...before[kind], entry] });
  return {
    remove() {
      const hooks = store.read();
      if (hooks === null) return;
      const left = { ...hooks, [kind]: (hooks[kind] as readonly unknown[]).filter((each) => each !== entry) };
      if (left[kind].length === hooks[kind].length) return;
      store.write(left.pre.length + left.forward.length + left.backward.length === 0 ? null : left);
    },
  };
}

/** The arguments after all hooks. */
export function runPreHooks(module: object, hooks: readonly PreHook[], inputs: readonly unknown[]): readonly unknown[] {
  let current = inputs;
  for (const hook of hooks) {
    const result = hook(module, current);
    if (result !== undefined && result !== null) current = isArray(result) ? result : [result];
  }
  return current;
}

/** The output after all hooks. */
export function runForwardHooks(
  module: object,
  hooks: readonly AfterHook[],
  inputs: readonly unknown[],
  output: unknown,
): unknown {
  let current = output;
  for (const hook of hooks) current = hook(module, inputs, current) ?? current;
  return current;
}
