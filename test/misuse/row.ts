/** One line of the table of bad input: something that must be refused, and how. */
import { ArgumentError, BackendError, type ErrorCode, ShapeError, StateError } from '../../src/index.js';
import type { Fixture } from './fixture.js';

type ErrorClass = new (...args: never[]) => Error;

export interface Row {
  readonly name: string;
  readonly act: (fixture: Fixture) => unknown;
  readonly error: ErrorClass;
  /** The stable code; null for errors that are not the library's own. */
  readonly code: ErrorCode | null;
  /** A part of the message, or a pattern. */
  readonly message: string | RegExp;
}

type Act = Row['act'];
type Maker = (name: string, act: Act, message: Row['message']) => Row;

const maker =
  (error: ErrorClass, code: ErrorCode | null): Maker =>
  (name, act, message) => ({ name, act, error, code, message });

export const argument = maker(ArgumentError, 'ERR_LANEWISE_ARGUMENT');
export const shape = maker(ShapeError, 'ERR_LANEWISE_SHAPE');
export const state = maker(StateError, 'ERR_LANEWISE_STATE');
export const backendError = maker(BackendError, 'ERR_LANEWISE_BACKEND');
/** What JavaScript itself says, about a receiver without the private fields. */
export const typeError = maker(TypeError, null);
/** What a caller's own code throws goes through as it is. */
export const ownError = maker(Error, null);
