/** Names of the members of a module: they are joined by dots to keys of a state dict. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';

/** Checks a name, with PyTorch's sentences. */
export function checkName(caller: string, kind: 'module' | 'parameter' | 'buffer', name: unknown): string {
  if (typeof name !== 'string')
    throw new ArgumentError(`${caller}: ${kind} name should be a string. Got ${show(name)}`);
  if (name.includes('.')) throw new ArgumentError(`${caller}: ${kind} name can't contain ".", got: ${name}`);
  if (name === '') throw new ArgumentError(`${caller}: ${kind} name can't be empty string ""`);
  return name;
}

/** What every object has; others may have put more on `Object.prototype` since. */
const ofObjects = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Whether a name means something by the class of an object. */
export function isInherited(object: object, name: string): boolean {
  let prototype: object | null = Object.getPrototypeOf(object);
  for (; prototype !== null && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype))
    if (Object.hasOwn(prototype, name)) return true;
  return ofObjects.has(name);
}

/** `0.weight` of `0` and `weight`; the module itself has the empty name. */
export function joinNames(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

/** The members of modules under their full names, each once. */
export function unique<M, T>(
  modules: Iterable<[string, M]>,
  members: (module: M) => Iterable<[string, T]>,
): [string, T][] {
  const seen = new Set<T>();
  const found: [string, T][] = [];
  for (const [path, module] of modules)
    for (const [name, member] of members(module)) {
      if (seen.has(member)) continue;
      seen.add(member);
      found.push([joinNames(path, name), member]);
    }
  return found;
}
