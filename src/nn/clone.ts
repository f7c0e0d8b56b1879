/** Deep copies, as Python's `copy.deepcopy`, of what modules hold in their fields. */
import { StateError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { defaultGenerator } from '../random/generator.js';
import { isArray, isArrayBuffer, isDate, isMap, isPlainObject, isSet, isTypedArray } from '../realm.js';
import { stateTensors } from '../tensor/snapshot.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { Parameter } from './parameter.js';

/** Key of the method that makes a module whose constructors below the library's base classes have not run. @internal */
export const empty = Symbol('empty');

/** A copy in progress. */
interface Copying {
  /** What has been made, by what it was made of: what stands in two places is copied once. */
  readonly made: Map<object, object>;
  /** Memory to copy from instead of other memory: one moment of a training. */
  readonly sources: ReadonlyMap<Storage, Storage>;
}

let current: Copying | null = null;

/**
 * Runs `make` as a copy of `original`, or as a part of the one in progress.
 * @param state the tensors that are copied together, as one step of a training has left them.
 * @throws StateError while a function is traced. @internal
 */
export function copyOnce<T extends object>(caller: string, original: T, state: () => Tensor[], make: () => T): T {
  const now = currentTrace();
  if (now !== null) throw now.refuse(`${caller}.clone()`, 'call it outside of the function');
  if (current !== null) return (current.made.get(original) as T | undefined) ?? make();
  const tensors = state();
  const together = stateTensors(tensors);
  current = { made: new Map(), sources: new Map(tensors.map(({ storage }, i) => [storage, together[i]!.storage])) };
  try {
    return make();
  } finally {
    current = null;
  }
}

/** Notes a copy before its parts are made, since these may point back to it. @internal */
export function noteCopy<C extends object>(original: object, copy: C): C {
  current!.made.set(original, copy);
  return copy;
}

/** Copies an own property as one that holds a value: accessors read and write what belongs to the original. @internal */
export function copyField(from: object, into: object, key: string | symbol): void {
  // An array has its length already.
  if (Object.getOwnPropertyDescriptor(into, key)?.configurable === false) return;
  const enumerable = Object.prototype.propertyIsEnumerable.call(from, key);
  const value = copyOf<unknown>(Reflect.get(from, key));
  Object.defineProperty(into, key, { value, enumerable, configurable: true, writable: true });
}

/**
 * The copy of a value: of tensors, arrays, plain objects, Maps, Sets, typed arrays, buffers, dates, and of objects with a method `clone`,
 * as modules and generators have it. Functions and other objects are shared, and so is the default generator. @internal
 */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null || (value as object) === defaultGenerator) return value;
  const known = current!.made.get(value);
  if (known !== undefined) return known as T & object;
  return noteCopy(value, copyObject(value)) as T & object;
}

function copyObject(value: object): object {
  if (value instanceof Tensor) return copyTensor(value);
  if ('clone' in value && typeof value.clone === 'function') return value.clone() as object;
  if (isArray(value)) return copyFields(value, alike(value, new Array<unknown>(value.length)));
  if (isPlainObject(value)) return copyFields(value, alike(value, {}));
  if (isMap(value)) {
    const copy = alike(value, new Map<unknown, unknown>());
    for (const [key, item] of value) copy.set(copyOf(key), copyOf(item));
    return copy;
  }
  if (isSet(value)) {
    const copy = alike(value, new Set<unknown>());
    for (const item of value) copy.add(copyOf<unknown>(item));
    return copy;
  }
  if (isTypedArray(value)) return Reflect.apply(sliceOfTypedArrays, value, []);
  if (ArrayBuffer.isView(value) || isArrayBuffer(value) || isDate(value)) return structuredClone(value);
  return value;
}

/** Not a method of the value: that of a Buffer shares memory. */
const sliceOfTypedArrays = Object.getPrototypeOf(Uint8Array.prototype).slice as () => object;

/** Gives the copy the class of the original, whose constructor does not run. */
function alike<C extends object>(original: object, copy: C): C {
  const prototype: object | null = Object.getPrototypeOf(original);
  if (Object.getPrototypeOf(copy) !== prototype) Object.setPrototypeOf(copy, prototype);
  return noteCopy(original, copy);
}

function copyFields<C extends object>(from: object, into: C): C {
  for (const key of Reflect.ownKeys(from)) copyField(from, into, key);
  return into;
}

/** As in PyTorch, a parameter has its own memory and no gradient; other leaves over one memory stay so, and keep theirs. */
function copyTensor(tensor: Tensor): Tensor {
  if (tensor.node !== null)
    throw new StateError(
      'Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment: a module holds a ' +
        'result that gradients flow through; keep detach() of it, or set the field to null before clone()',
    );
  const { storage, shape, requiresGrad, grad } = tensor;
  if (tensor instanceof Parameter) return new Parameter(new Tensor(copyMemory(storage), shape), requiresGrad);
  const known = current!.made.get(storage) as Storage | undefined;
  const copy = new Tensor(known ?? noteCopy(storage, copyMemory(storage)), shape).requiresGrad_(requiresGrad);
  // A compiled step may have used the numbers of the gradient up.
  if (grad?.storage.hasNumbers) copy.grad = copyOf(grad);
  return copy;
}

function copyMemory(storage: Storage): Storage {
  const source = current!.sources.get(storage) ?? storage;
  return new Storage(storage.dtype, source.read().slice());
}
