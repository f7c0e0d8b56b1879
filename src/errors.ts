/**
 * The errors that lanewise throws. Each has a stable `code` for programs and a message for people that names
 * the place, the law and the offence. Arguments are checked before any number moves, so after one of these
 * parameters, optimizer state and generators are as they were.
 */

/** Stable, machine-readable reason of a {@link LanewiseError}. */
export type ErrorCode = 'ERR_LANEWISE_SHAPE' | 'ERR_LANEWISE_ARGUMENT' | 'ERR_LANEWISE_STATE' | 'ERR_LANEWISE_BACKEND';

/** Base of every error that lanewise throws on purpose. */
export class LanewiseError extends Error {
  /** Stable code, for `switch` and for logs; messages may be reworded, codes are not. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Sizes that do not fit together: `ERR_LANEWISE_SHAPE`. */
export class ShapeError extends LanewiseError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_LANEWISE_SHAPE', message, options);
  }
}

/** A value of the wrong type or out of range: `ERR_LANEWISE_ARGUMENT`. */
export class ArgumentError extends LanewiseError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_LANEWISE_ARGUMENT', message, options);
  }
}

/** Something asked for at a time when it cannot be done (a second backward, say): `ERR_LANEWISE_STATE`. */
export class StateError extends LanewiseError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_LANEWISE_STATE', message, options);
  }
}

/** A backend that is missing, or that cannot do what was asked: `ERR_LANEWISE_BACKEND`. */
export class BackendError extends LanewiseError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_LANEWISE_BACKEND', message, options);
  }
}
