/** The sizes that adaptive pooling is asked for. */
import { maxElements, readList, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray } from '../realm.js';
import { maxRank } from '../tensor/shape.js';

/** Reads the sizes of a result: a number or null for all dimensions, or one for each; null keeps the size of the input. */
export function readOutputSize(caller: string, value: unknown, dims: number): (number | null)[] {
  const list = isArray(value) ? readList(caller, 'numbers of outputSize', value, (item) => item, maxRank) : [value];
  const sizes = list.map((item) => {
    if (item === null) return null;
    if (typeof item !== 'number' || !Number.isSafeInteger(item))
      throw new ArgumentError(`${caller}: outputSize must be an integer or null, got ${show(item)}`);
    if (item < 0)
      throw new ArgumentError(
        `${caller}: elements of output_size must be greater than or equal to 0 but received {${list.map(show).join(', ')}}`,
      );
    if (item > maxElements) throw new ArgumentError(`${caller}: outputSize is too large, got ${item}`);
    return item;
  });
  if (isArray(value) && sizes.length !== dims)
    throw new ArgumentError(`${caller}: output_size must be ${dims}, got ${sizes.length} sizes`);
  return isArray(value) ? sizes : new Array<number | null>(dims).fill(sizes[0]!);
}
