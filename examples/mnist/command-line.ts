/** What the examples that learn images share: options, the start of a run. */
import { backend, manualSeed } from 'lanewise';
import { loadDigits, type Split } from './digits.js';

/** Options that each of them has. */
export interface CommonOptions {
  readonly backend: string | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly threads: number | undefined;
  readonly data: string | undefined;
}

/** The options for `parseArgs`, with the defaults of this example. */
export const commonOptions = (epochs: string, batchSize: string) =>
  ({
    backend: { type: 'string' },
    epochs: { type: 'string', default: epochs },
    'batch-size': { type: 'string', default: batchSize },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string' },
    data: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  }) as const;

/** What `parseArgs` gives for {@link commonOptions}. */
interface Values {
  readonly backend?: string | undefined;
  readonly epochs: string;
  readonly 'batch-size': string;
  readonly seed: string;
  readonly threads?: string | undefined;
  readonly data?: string | undefined;
}

/** @throws Error whose message says what is wrong. */
export const commonOf = (values: Values): CommonOptions => ({
  backend: values.backend,
  epochs: integer('--epochs', values.epochs, 1),
  batchSize: integer('--batch-size', values['batch-size'], 1),
  seed: integer('--seed', values.seed, 0),
  threads: values.threads === undefined ? undefined : integer('--threads', values.threads, 1),
  data: values.data,
});

/** A whole number of an option. @throws Error that names the option. */
function integer(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} must be an integer of at least ${least}, got '${text}'`);
  return value;
}

/** The options; the exit status where there is nothing to run: help was asked for, or they are wrong. Both print `usage`. */
export function readOrExplain<T extends CommonOptions>(
  read: (args: readonly string[]) => T | null,
  usage: string,
): T | number {
  try {
    const options = read(process.argv.slice(2));
    if (options !== null) return options;
    console.log(usage);
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
}

/** Sets backend, threads and seed, loads the images, makes the model, and prints what will run. */
export function begin<Model>(options: CommonOptions, what: string, makeModel: () => Model): [Model, Split] {
  if (options.backend !== undefined) backend.use(options.backend);
  if (options.threads !== undefined) backend.threads = options.threads;
  manualSeed(options.seed);
  const split = loadDigits(options.data);
  const model = makeModel();
  console.log(String(model));
  console.log(`${split.train.labels.numel} ${what} to train, ${split.test.labels.numel} held out (${split.source})`);
  const threads = backend.name === 'reference' ? '' : `, threads ${backend.threads}`;
  console.log(`backend ${backend.name}${threads}, seed ${options.seed}`);
  return [model, split];
}
