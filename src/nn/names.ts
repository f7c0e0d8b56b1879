/** Names of the members of a module: they are joined by dots to keys of a state dict. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';

/** Checks a name, with PyTorch's sentences. */
export function checkName(place: string, kind: 'module' | 'parameter' | 'buffer', name: unknown): string {
  if (typeof name !== 'string') throw new ArgumentError(`${place}: ${kind} name should be a string. Got ${show(name)}`);
  if (name.includes('.')) throw new ArgumentError(`${place}: ${kind} name can't contain ".", got: ${name}`);
  if (name === '') throw new ArgumentError(`${place}: ${kind} name can't be empty string ""`);
  return name;
}

/** `0.weight` of `0` and `weight`; the module itself has the empty name. */
export function joinNames(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}
