/** The option `resume`. */
import { checkBoolean, checkOptions } from '../check.js';
import { pathOf } from '../files/path.js';
import { isRecord, isURL } from '../realm.js';

/** Where a training goes on from: the option `resume` in full. */
export interface ResumeOptions {
  /** A file of {@link ModelCheckpoint}. With `{step}` or `{epoch}` in its name, the last of those that are there. */
  path: string | URL;
  /** Whether a training begins from the start where there is no such file. Default false: that is an error. */
  ifExists?: boolean;
}

/** The option, read. */
export interface ReadResume {
  readonly path: string;
  readonly ifExists: boolean;
}

/** Reads the option `resume`. @throws ArgumentError for what is no path. */
export function readResume(caller: string, given: unknown): ReadResume | null {
  if (given === undefined) return null;
  const isOptions = isRecord(given) && !isURL(given);
  const { path, ifExists = false } = isOptions
    ? checkOptions<ResumeOptions>(`${caller}: resume`, given as Partial<ResumeOptions> as ResumeOptions, [
        'path',
        'ifExists',
      ])
    : { path: given };
  return {
    path: pathOf(`${caller}: resume`, path, 'a path, or { path, ifExists: true }'),
    ifExists: checkBoolean(`${caller}: resume`, 'ifExists', ifExists),
  };
}
