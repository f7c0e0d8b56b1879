/** `compute`, which remembers its last result: for what many checks in turn ask of the same object. The result is shared, so that none may write to it. */
export function rememberLast<Key extends object, Rest extends unknown[], Value>(
  compute: (key: Key, ...rest: Rest) => Value,
): (key: Key, ...rest: Rest) => Value {
  let last: { readonly key: Key; readonly value: Value } | undefined;
  return (key, ...rest) => {
    if (last?.key !== key) last = { key, value: compute(key, ...rest) };
    return last.value;
  };
}
