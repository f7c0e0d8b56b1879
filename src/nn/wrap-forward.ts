/** Finds the `forward` of a module and puts another function around it, once. */

export type Forward = (this: unknown, ...inputs: unknown[]) => unknown;

/** What stands around a `forward`. */
export interface Around {
  /** Whether a call on this is nothing more than a call of `forward`. */
  isPlain(target: unknown): boolean;
  /** Calls `forward` instead of `wrapped`, the function around it, where it is more. */
  call(target: unknown, wrapped: Forward, forward: Forward, inputs: unknown[]): unknown;
}

const wrappers = new WeakSet<object>();
const wrapperOf = new WeakMap<Forward, Forward>();

/**
 * Puts something around the function that `module.forward` is, where that function is kept: in a class, for all modules of the class, or in the
 * module itself. Does nothing when it is there already, or where nothing can be changed.
 */
export function wrapForward(module: object, around: Around): void {
  const forward: unknown = Reflect.get(module, 'forward');
  if (typeof forward !== 'function' || wrappers.has(forward)) return;
  for (let holder: object | null = module; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const own = Object.getOwnPropertyDescriptor(holder, 'forward');
    if (own === undefined) continue;
    if ('value' in own)
      Reflect.defineProperty(holder, 'forward', { ...own, value: wrapped(forward as Forward, around) });
    return;
  }
}

function wrapped(forward: Forward, around: Around): Forward {
  const known = wrapperOf.get(forward);
  if (known !== undefined) return known;
  const wrapper: Forward = function (...inputs) {
    // Here, and not in a function that is given the array: the engine then makes none.
    if (around.isPlain(this)) return Reflect.apply(forward, this, inputs);
    return around.call(this, wrapper, forward, inputs);
  };
  // Whatever is asked of the function itself, its name or what a spy keeps there, is that of the function inside.
  Object.setPrototypeOf(wrapper, forward);
  for (const key of ['name', 'length']) Reflect.deleteProperty(wrapper, key);
  wrappers.add(wrapper);
  wrapperOf.set(forward, wrapper);
  return wrapper;
}
