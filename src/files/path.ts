/** Names of files, and what systems say about them. */
import { fileURLToPath } from 'node:url';
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isError, isURL } from '../realm.js';

/**
 * The path that a caller gives as a string or a `file:` URL.
 * @param expected what else the caller might have given, for the message. @throws ArgumentError for anything else.
 */
export function pathOf(caller: string, path: unknown, expected = 'a path or a file: URL'): string {
  if (isURL(path)) {
    try {
      return fileURLToPath(path.href);
    } catch (cause) {
      throw new ArgumentError(`${caller}: ${path.href} is not the URL of a file`, { cause });
    }
  }
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`${caller}: expected ${expected}, got ${show(path)}`);
  return path;
}

/** The code of a system error (`ENOENT`), or null. */
export function codeOf(error: unknown): unknown {
  return isError(error) && 'code' in error ? error.code : null;
}

/** What is said of a file that the system does not let be read. */
export function unreadable(caller: string, path: string, cause: unknown): ArgumentError {
  const code = codeOf(cause);
  const reason = code === 'ENOENT' ? 'not found' : `cannot be read (${code ?? cause})`;
  return new ArgumentError(`${caller}: ${path}: ${reason}`, { cause });
}
