import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { HookedModule } from './hooked-module.js';

/** Checks that a value is a module, with PyTorch's sentence. */
export function checkModule<M>(caller: string, value: M): M {
  if (!(value instanceof HookedModule)) throw new ArgumentError(`${caller}: ${show(value)} is not a Module subclass`);
  return value;
}
