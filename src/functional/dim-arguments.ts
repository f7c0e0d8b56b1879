/** Dimensions to reduce over, given as PyTorch takes them: `(dim, keepdim)` by position, or `{ dim, keepdim }`. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray } from '../realm.js';

/** What stands for all dimensions is undefined. `dim` is unchecked. */
export interface DimArguments {
  readonly dim: unknown;
  readonly keepdim: boolean;
}

/** @param first a dimension, a list of them, or options. */
export function readDimArguments(caller: string, first: unknown, second: unknown): DimArguments {
  const byPosition = first === undefined || first === null || typeof first === 'number' || isArray(first);
  if (!byPosition && second !== undefined)
    throw new ArgumentError(`${caller}: keepdim is one of the options when there are options, got ${show(second)} too`);
  const given = byPosition
    ? { dim: first ?? undefined, keepdim: second }
    : checkOptions<{ dim?: unknown; keepdim?: unknown }>(caller, first as object, ['dim', 'keepdim']);
  const { keepdim = false } = given;
  return { dim: given.dim ?? undefined, keepdim: checkBoolean(caller, 'keepdim', keepdim) };
}
