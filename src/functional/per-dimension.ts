/** Settings of layers over space: a number for all dimensions, or one for each. */
import { maxElements, readList, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray } from '../realm.js';
import { formatShape, maxRank } from '../tensor/shape.js';

/** A number for all spatial dimensions, or one for each. */
export type PerDimension = number | readonly number[];

/**
 * Reads a setting: an integer, or a list with one for each dimension.
 * @param law what is said of a number below `least`, with % for the numbers.
 */
export function readPerDimension(
  caller: string,
  what: string,
  value: unknown,
  dims: number,
  least: number,
  law: string,
): number[] {
  const list = isArray(value) ? readList(caller, `numbers of ${what}`, value, (item) => item, maxRank) : [value];
  const numbers = list.map((item) => {
    if (typeof item !== 'number' || !Number.isSafeInteger(item))
      throw new ArgumentError(`${caller}: ${what} must be an integer, got ${show(item)}`);
    return item;
  });
  if (numbers.length !== 1 && numbers.length !== dims)
    throw new ArgumentError(
      `${caller}: expected ${what} to be a single integer value or a list of ${dims} values to match the convolution ` +
        `dimensions, but got ${what}=${formatShape(numbers)}`,
    );
  const all = numbers.length === dims ? numbers : new Array<number>(dims).fill(numbers[0]!);
  for (const each of all) {
    if (each < least) throw new ArgumentError(`${caller}: ${law.replace('%', formatShape(all))}`);
    if (each > maxElements) throw new ArgumentError(`${caller}: ${what} is too large, got ${each}`);
  }
  return all;
}
