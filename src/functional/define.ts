import { Tensor } from '../tensor/tensor.js';

/** Puts a method on Tensor. Its type is merged into the class where it is defined. */
export function define(name: string, value: (this: Tensor, ...args: never[]) => unknown): void {
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(Tensor.prototype, name, { value, configurable: true, writable: true });
}

/** Puts functions whose first argument is the tensor on Tensor, each under its name. */
export function defineAll(functions: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  for (const [name, fn] of Object.entries(functions))
    define(name, function (this: Tensor, ...args: unknown[]) {
      return Reflect.apply(fn, undefined, [this, ...args]);
    });
}
