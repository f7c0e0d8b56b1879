/** Modules and values in Python's spelling, so that `String(model)` equals PyTorch's `print(model)`. */

/** The name of an object's class, as messages and printed models show it. */
export function className(value: object): string {
  return value.constructor.name || 'Module';
}

/**
 * A value as Python's `repr` spells it: `True`, `1e-05`, `(3, 3)`, `(4,)`, `None`, `'mean'`. JavaScript does not
 * tell 1 from 1.0: whole numbers are printed as integers.
 */
export function pythonRepr(value: unknown): string {
  if (typeof value === 'number') return pythonNumber(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'string') return `'${value}'`;
  if (!Array.isArray(value)) return String(value);
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

/** `extra` lines, then children, as `torch.nn.Module.__repr__` lays them out: nested blocks are indented by 2. */
export function formatModule(name: string, extra: string, children: readonly (readonly [string, string])[]): string {
  const extraLines = extra === '' ? [] : extra.split('\n');
  if (children.length === 0 && extraLines.length <= 1) return `${name}(${extra})`;
  const childLines = children.map(([key, text]) => `(${key}): ${text.replaceAll('\n', '\n  ')}`);
  return `${name}(\n  ${[...extraLines, ...childLines].join('\n  ')}\n)`;
}
