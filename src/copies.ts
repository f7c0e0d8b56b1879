/**
 * Other copies of lanewise in the same process: two versions, or one installed twice. Their classes are others, so that `instanceof` is
 * false between them; each class is marked with the copy it is of, so that messages can say so.
 */
import { fileURLToPath } from 'node:url';

/** The version of the package. */
export const version = '0.1.0';

/** Where a copy keeps its mark, the same in all of them. */
const mark = Symbol.for('lanewise');

interface Copy {
  readonly version: string;
  /** The file of its code. */
  readonly path: string;
}

const own: Copy = {
  version,
  get path() {
    return import.meta.url.startsWith('file:') ? fileURLToPath(import.meta.url) : import.meta.url;
  },
};

const { [Symbol.hasInstance]: isInstance } = Function.prototype;

/** `value instanceof kind`, which throws for a revoked proxy: that is an instance of nothing. */
function hasInstance(this: unknown, value: unknown): boolean {
  try {
    return isInstance.call(this, value);
  } catch {
    return false;
  }
}

/** Marks a class, and with it all that extend it, as one of this copy. */
export function markAsOwn(kind: { readonly prototype: object }): void {
  Object.defineProperty(kind.prototype, mark, { value: own });
  Object.defineProperty(kind, Symbol.hasInstance, { value: hasInstance });
}

/** What messages call an object of another copy, with both versions and paths; null for any other value. */
export function describeForeign(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !(mark in value)) return null;
  const copy = value[mark] as Partial<Copy> | null | undefined;
  if (copy === own || typeof copy !== 'object' || copy === null) return null;
  return (
    `a ${value.constructor?.name} of another copy of lanewise (version ${copy.version} at ${copy.path}; ` +
    `this one is version ${own.version} at ${own.path}): make all objects with one copy`
  );
}
