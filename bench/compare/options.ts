/** The command line of the comparison. */
import { parseArgs } from 'node:util';

export interface CompareOptions {
  readonly before: string;
  readonly after: string;
  /** Further runs of what `before` ran. */
  readonly again: readonly string[];
  /** Compare what cannot be compared. */
  readonly force: boolean;
  /** Every row, not those only that changed. */
  readonly all: boolean;
}

export const usage = `Says what has become slower between two runs of the benchmark, beyond their noise.

  npm run bench:compare -- A.json B.json --again A2.json

  A.json, B.json   what npm run bench -- --json wrote before and after a change
  --again FILE     a second run of what A.json measured, which says how far two runs of the same code lie apart;
                   may be given several times. Without it the noise between runs is a guess
  --all            print every row, not only those that became slower or faster
  --force          compare runs of different machines, instruction sets or numbers of threads all the same
  -h, --help       this text

Ends with 0 when nothing is slower, with 1 when something is, with 2 when the files cannot be compared.`;

/** Wrong options; the message says which. */
export class OptionError extends Error {}

/** Reads the command line. @throws OptionError. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): CompareOptions | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const [before, after, ...rest] = positionals;
  if (before === undefined || after === undefined)
    throw new OptionError(`expected two files, A.json and B.json, got ${positionals.length}`);
  if (rest.length > 0)
    throw new OptionError(`expected two files, got ${positionals.length}: a second run of A is given by --again`);
  return { before, after, again: values.again ?? [], force: values.force, all: values.all };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        again: { type: 'string', multiple: true },
        force: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}
