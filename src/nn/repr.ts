/** Modules as PyTorch prints them, so that `String(model)` equals PyTorch's `print(model)`. */

/** The name of an object's class, as messages and printed models show it. */
export function className(value: object): string {
  return value.constructor.name || 'Module';
}

/** `extra` lines, then children, as `torch.nn.Module.__repr__` lays them out: nested blocks are indented by 2. */
export function formatModule(name: string, extra: string, children: readonly (readonly [string, string])[]): string {
  const extraLines = extra === '' ? [] : extra.split('\n');
  if (children.length === 0 && extraLines.length <= 1) return `${name}(${extra})`;
  const childLines = children.map(([key, text]) => `(${key}): ${text.replaceAll('\n', '\n  ')}`);
  return `${name}(\n  ${[...extraLines, ...childLines].join('\n  ')}\n)`;
}
