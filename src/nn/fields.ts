/** The fields of modules that have held a parameter, a module or a buffer, and what may be assigned to them from then on. */
import { ArgumentError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { Tensor } from '../tensor/tensor.js';
import { HookedModule } from './hooked-module.js';
import { Parameter } from './parameter.js';
import { className } from './repr.js';

/** What a field is registered as. */
export type FieldKind = 'parameter' | 'module' | 'buffer';

/** A field, its value kept behind an accessor. */
export interface Field {
  kind: FieldKind;
  value: unknown;
}

/** Key of the fields of a module by name. A symbol, so that accessors find them on whatever object they are called. @internal */
export const fields = Symbol('fields');

interface Owner {
  readonly [fields]: Map<string, Field>;
}

const accessors = new Map<string, PropertyDescriptor & ThisType<Owner>>();

/**
 * Replaces a field by an accessor, so that a wrong assignment is an error where it is made, as in PyTorch. It is one for all fields
 * of a name: modules of a class then have one layout in memory to the engine, and reading their fields costs a few nanoseconds.
 */
export function defineField(owner: Owner, name: string, field: Field): void {
  owner[fields].set(name, field);
  let accessor = accessors.get(name);
  if (accessor === undefined) accessors.set(name, (accessor = accessorOf(name)));
  Object.defineProperty(owner, name, accessor);
}

function accessorOf(name: string): PropertyDescriptor & ThisType<Owner> {
  return {
    get() {
      currentTrace()?.guardFields(this);
      return this[fields].get(name)?.value;
    },
    set(value: unknown) {
      const field = this[fields].get(name)!;
      field.kind = kindAfter(className(this), name, field.kind, value);
      field.value = value;
    },
    enumerable: true,
    configurable: true,
  };
}

/**
 * What a field is after an assignment: a parameter may take any place, a module that of a module or buffer.
 * @throws ArgumentError in PyTorch's words for anything else but null.
 */
export function kindAfter(caller: string, name: string, kind: FieldKind, value: unknown): FieldKind {
  if (value === null || value === undefined) return kind;
  if (value instanceof Parameter) return 'parameter';
  if (kind !== 'parameter' && value instanceof HookedModule) return 'module';
  if (kind === 'buffer' && value instanceof Tensor) return kind;
  const [what, expected] = laws[kind];
  throw new ArgumentError(`${caller}: cannot assign '${typeName(value)}' as ${what} '${name}' (${expected} expected)`);
}

const laws = {
  parameter: ['parameter', 'torch.nn.Parameter or None'],
  module: ['child module', 'torch.nn.Module or None'],
  buffer: ['buffer', 'torch.nn.Buffer, torch.Tensor or None'],
} as const;

function typeName(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}
