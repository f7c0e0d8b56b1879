/** What every group demands of the arrays it is given, before anything is sent. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { isFloat32Array, isFloat64Array, isInt32Array, isUint8Array, isUint16Array } from '../realm.js';
import type { AllReduceOptions, GroupArray, GroupReduceOptions } from './group.js';

/** @throws ArgumentError unless they are arrays of one type that ranks exchange. Its name. */
export function typeOfArrays(caller: string, arrays: readonly GroupArray[]): string {
  let type = '';
  for (const array of arrays) {
    const name = nameOf(array);
    if (name === null)
      throw new ArgumentError(
        `${caller}: expected Float32Array, Float64Array, Int32Array, Uint16Array or Uint8Array, got ${show(array)}`,
      );
    if (type !== '' && name !== type)
      throw new ArgumentError(`${caller}: expected arrays of one type, got ${type} and ${name}`);
    type = name;
  }
  return type;
}

function nameOf(array: unknown): string | null {
  if (isFloat32Array(array)) return 'Float32Array';
  if (isFloat64Array(array)) return 'Float64Array';
  if (isInt32Array(array)) return 'Int32Array';
  if (isUint16Array(array)) return 'Uint16Array';
  return isUint8Array(array) ? 'Uint8Array' : null;
}

/** @throws ArgumentError for arrays and options of which nothing can be reduced, ShapeError for parts unlike the first. */
export function checkReduction(
  caller: string,
  arrays: readonly GroupArray[],
  { divisor = 1, parts = [] }: GroupReduceOptions & AllReduceOptions,
): void {
  const type = typeOfArrays(caller, [...arrays, ...parts.flat()]);
  if (type === 'Uint8Array') throw new ArgumentError(`${caller}: bytes cannot be reduced`);
  if (divisor !== 1 && type === 'Int32Array') throw new ArgumentError(`${caller}: int32 cannot be divided`);
  if (typeof divisor !== 'number' || !(divisor > 0))
    throw new ArgumentError(`${caller}: expected a positive divisor, got ${show(divisor)}`);
  for (const part of parts) {
    if (part.length !== arrays.length || part.some(({ length }, i) => length !== arrays[i]!.length))
      throw new ShapeError(`${caller}: every part is to have arrays of the lengths that the first has`);
  }
}

/** @throws ShapeError unless `whole` is `size` times as long as `piece`. */
export function checkPieces(caller: string, piece: GroupArray, whole: GroupArray, size: number): void {
  typeOfArrays(caller, [piece, whole]);
  if (whole.length !== size * piece.length)
    throw new ShapeError(
      `${caller}: expected ${size} times ${piece.length} elements for ${size} ranks, got ${whole.length}`,
    );
}

/** @throws ArgumentError unless there is such a rank. */
export function checkRank(caller: string, root: number, size: number): void {
  if (!Number.isInteger(root) || root < 0 || root >= size)
    throw new ArgumentError(`${caller}: expected a rank from 0 to ${size - 1}, got ${show(root)}`);
}
