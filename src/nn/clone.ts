/** Deep copies, as Python's `copy.deepcopy`, of what modules hold in their fields. */
import { StateError } from '../errors.js';
import { recording } from '../ops/recording.js';
import { defaultGenerator } from '../random/generator.js';
import { isMap, isPlainObject, isSet } from '../realm.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { Parameter } from './parameter.js';

/** What the copy in progress has made, by what it was made of: what stands in two places is copied once. */
let copies: Map<object, object> | null = null;

/**
 * Runs `make` as a copy of `original`, or as a part of the one in progress.
 * @throws StateError while a function is recorded. @internal
 */
export function copyOnce<T extends object>(place: string, original: T, make: () => T): T {
  const now = recording();
  if (now !== null) throw now.refuse(`${place}.clone()`, 'call it outside of the function');
  if (copies !== null) return (copies.get(original) as T | undefined) ?? make();
  copies = new Map();
  try {
    return make();
  } finally {
    copies = null;
  }
}

/** Notes a copy before its parts are made, since these may point back to it. @internal */
export function noteCopy(original: object, copy: object): void {
  copies!.set(original, copy);
}

/** Copies the own properties of an object to one that may have none of them. @internal */
export function copyFields(from: object, into: object): void {
  for (const key of Reflect.ownKeys(from)) {
    const property = Object.getOwnPropertyDescriptor(from, key)!;
    if ('value' in property) property.value = copyOf<unknown>(property.value);
    Object.defineProperty(into, key, property);
  }
}

/**
 * The copy of a value: of tensors, of arrays, plain objects, Maps, Sets and typed arrays, and of objects with a method `clone`, as modules
 * and generators have it. Functions and other objects are shared, and so is the default generator. @internal
 */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null || (value as object) === defaultGenerator) return value;
  const known = copies!.get(value);
  if (known !== undefined) return known as T & object;
  const copy = copyObject(value);
  noteCopy(value, copy);
  return copy as T & object;
}

function copyObject(value: object): object {
  if (value instanceof Tensor) return copyTensor(value);
  if (Array.isArray(value)) return fill(value, new Array<unknown>(value.length), (copy) => copyFields(value, copy));
  if (isMap(value))
    return fill(value, new Map<unknown, unknown>(), (copy) => {
      for (const [key, item] of value) copy.set(copyOf(key), copyOf(item));
    });
  if (isSet(value))
    return fill(value, new Set<unknown>(), (copy) => {
      for (const item of value) copy.add(copyOf<unknown>(item));
    });
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  if (isPlainObject(value))
    return fill(value, Object.create(Object.getPrototypeOf(value)) as object, (copy) => copyFields(value, copy));
  if ('clone' in value && typeof value.clone === 'function') return value.clone() as object;
  return value;
}

function fill<C extends object>(original: object, copy: C, run: (copy: C) => void): C {
  noteCopy(original, copy);
  run(copy);
  return copy;
}

function copyTensor(tensor: Tensor): Tensor {
  if (tensor.node !== null)
    throw new StateError(
      'Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment: a module holds a ' +
        'result that gradients flow through; keep detach() of it, or set the field to null before clone()',
    );
  const { storage, shape, requiresGrad, grad } = tensor;
  // Two tensors over one memory stay so.
  let memory = copies!.get(storage) as Storage | undefined;
  if (memory === undefined) {
    memory = new Storage(storage.dtype, storage.read().slice());
    noteCopy(storage, memory);
  }
  const plain = new Tensor(memory, shape);
  const copy = tensor instanceof Parameter ? new Parameter(plain, requiresGrad) : plain.requiresGrad_(requiresGrad);
  // A compiled step may have used the numbers of the gradient up.
  if (grad?.storage.hasNumbers) copy.grad = copyOf(grad);
  return copy;
}
