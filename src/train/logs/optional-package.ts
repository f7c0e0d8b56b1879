/** Packages that some functions need and the library does not. */
import { StateError } from '../../errors.js';
import { codeOf } from '../../files/path.js';

/**
 * What `load` imports. It is given the name, and hands it to `import` with the comments by which bundlers leave that to the run time: they
 * would refuse a literal of a package that is not installed.
 * @throws StateError with the line that installs the package, where it is missing.
 */
export async function optionalPackage<T>(caller: string, name: string, load: (name: string) => Promise<T>): Promise<T> {
  try {
    return await load(name);
  } catch (cause) {
    if (codeOf(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new StateError(`${caller}: needs the package ${name}, which is not installed: npm install ${name}`, {
      cause,
    });
  }
}
