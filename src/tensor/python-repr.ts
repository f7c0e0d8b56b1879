/** Values in Python's spelling, for what PyTorch prints. */

import { isArray } from '../realm.js';
/**
 * A value as Python's `repr` spells it: `True`, `1e-05`, `(3, 3)`, `(4,)`, `None`, `'mean'`. JavaScript does not
 * tell 1 from 1.0: whole numbers are printed as integers.
 */
export function pythonRepr(value: unknown): string {
  if (typeof value === 'number') return pythonNumber(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'string') return `'${value}'`;
  if (!isArray(value)) return String(value);
  const items = value.map(pythonRepr);
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

/** Python writes an exponent below 1e-4 and from 1e16 on, with at least two digits; JavaScript below 1e-6 and from 1e21. */
function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e16)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
