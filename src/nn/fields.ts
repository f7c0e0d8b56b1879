/** The fields of modules that have held a parameter, a module or a buffer, and what may be assigned to them from then on. */
import { ArgumentError } from '../errors.js';
import { Tensor } from '../tensor/tensor.js';
import { Parameter } from './parameter.js';

/** What a field is registered as. */
export type FieldKind = 'parameter' | 'module' | 'buffer';

/** A field, its value kept behind an accessor. */
export interface Field {
  kind: FieldKind;
  value: unknown;
}

/**
 * Puts an accessor in the place of a field, so that a wrong assignment is an error where it is made, as in PyTorch.
 * @param isModule tells modules: this file stands below them.
 */
export function guardField(
  target: object,
  place: string,
  name: string,
  field: Field,
  isModule: (value: unknown) => boolean,
): void {
  Object.defineProperty(target, name, {
    get: () => field.value,
    set: (value: unknown) => {
      field.kind = kindAfter(place, name, field.kind, value, isModule);
      field.value = value;
    },
    enumerable: true,
    configurable: true,
  });
}

/**
 * What a field is after an assignment: a parameter may take any place, a module that of a module or buffer.
 * @throws ArgumentError in PyTorch's words for anything else but null.
 */
export function kindAfter(
  place: string,
  name: string,
  kind: FieldKind,
  value: unknown,
  isModule: (value: unknown) => boolean,
): FieldKind {
  if (value === null || value === undefined) return kind;
  if (value instanceof Parameter) return 'parameter';
  if (kind !== 'parameter' && isModule(value)) return 'module';
  if (kind === 'buffer' && value instanceof Tensor) return kind;
  const [what, expected] = laws[kind];
  throw new ArgumentError(`${place}: cannot assign '${typeName(value)}' as ${what} '${name}' (${expected} expected)`);
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
