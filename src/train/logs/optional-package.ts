/** Packages that some functions need and the library does not. */
import { StateError } from '../../errors.js';
import { codeOf } from '../../files/path.js';

/** What `load` imports. @throws StateError with the line that installs the package, where it is missing. */
export async function optionalPackage<T>(caller: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (codeOf(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new StateError(`${caller}: needs the package ${name}, which is not installed: npm install ${name}`, {
      cause,
    });
  }
}
