import { ArgumentError, BackendError, ShapeError, StateError } from '../errors.js';

const kinds = [ShapeError, ArgumentError, StateError, BackendError];

/** An error of the library with the place it comes from in front, of the same class and code; anything else as it is. */
export function locate(caller: string, error: unknown): unknown {
  for (const Kind of kinds) if (error instanceof Kind) return new Kind(`${caller} ${error.message}`, { cause: error });
  return error;
}
