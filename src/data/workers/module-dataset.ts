/** Datasets that a worker thread can make again. */
import { checkOptions, show } from '../../check.js';
import { markAsOwn } from '../../copies.js';
import { ArgumentError } from '../../errors.js';
import { holds, isArray, isURL } from '../../realm.js';
import { batchOf, type Dataset } from '../dataset.js';
import { ConcatDataset, Subset } from '../sampling/subset.js';
import type { DatasetSource, Sources } from './messages.js';

/** Options of {@link fromModule}. */
export interface FromModuleOptions {
  /** The name of the export. Default `'default'`. */
  name?: string;
  /** What the export is called with, if it is a function: what a structured clone takes. Default `[]`. */
  args?: readonly unknown[];
}

/** A dataset that a module makes: what {@link fromModule} gives. */
export class ModuleDataset<Sample> implements Dataset<Sample> {
  /** What the module has made, in this thread. */
  readonly dataset: Dataset<Sample>;
  /** How it was made. @internal */
  readonly '~source': DatasetSource;

  /** @internal */
  constructor(dataset: Dataset<Sample>, source: DatasetSource) {
    this.dataset = dataset;
    this['~source'] = source;
  }

  get length(): number {
    return this.dataset.length;
  }

  get(index: number): Sample {
    return this.dataset.get(index);
  }

  getBatch(indices: Int32Array): Sample {
    return batchOf(this.dataset, indices);
  }

  /** What `console.log` and `String` show. */
  toString(): string {
    const { url, name } = this['~source'];
    return `ModuleDataset(${name} of ${url}, length=${this.length})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

markAsOwn(ModuleDataset);

/**
 * The dataset that a module makes, which the workers of a {@link DataLoader} make again for themselves: functions do not cross threads, the
 * address of a module does.
 *
 * ```ts
 * // images.js
 * export default (folder) => new Images(folder);
 * // main.js
 * const images = await data.fromModule(new URL('./images.js', import.meta.url), { args: ['photos'] });
 * for await (const batch of new data.DataLoader(images, { batchSize: 32, numWorkers: 2 })) ...
 * ```
 *
 * The export is a dataset, or a function (also an async one) that gives one. It runs once in this thread, which needs the length only, and once in each worker.
 * @param url of a file that `import` takes: JavaScript, or TypeScript where the process has a loader for it, such as tsx.
 * @throws ArgumentError (rejects) for what cannot be sent to a thread, an export that is not there, and anything that is no dataset; what the module throws.
 */
export async function fromModule<Sample = unknown>(
  url: URL | string,
  options?: FromModuleOptions,
): Promise<ModuleDataset<Sample>> {
  const caller = 'fromModule';
  const { name = 'default', args = [] } = checkOptions(caller, options, ['name', 'args']);
  if (!isURL(url) && !(typeof url === 'string' && /^(file|data|node):/.test(url)))
    throw new ArgumentError(
      `${caller}: expected the URL of a module, new URL('./images.js', import.meta.url), got ${show(url)}`,
    );
  if (typeof name !== 'string') throw new ArgumentError(`${caller}: name must be a string, got ${show(name)}`);
  if (!isArray(args)) throw new ArgumentError(`${caller}: args must be a list, got ${show(args)}`);
  const source = { url: String(url), name, args: cloneOf(caller, args) };
  return new ModuleDataset(await makeDataset<Sample>(caller, source), source);
}

function cloneOf(caller: string, args: readonly unknown[]): readonly unknown[] {
  try {
    return structuredClone(args);
  } catch (error) {
    const why = holds(error, 'message') ? error.message : error;
    throw new ArgumentError(`${caller}: args cannot be sent to a worker thread: ${why}`, { cause: error });
  }
}

/** The export of that name. @throws ArgumentError when there is none. @internal */
export async function exportOf(caller: string, url: string, name: string): Promise<unknown> {
  const module: Readonly<Record<string, unknown>> = await import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ url
  );
  // A module of CommonJS has its exports as the default one too.
  const found = name in module ? module[name] : holds(module.default, name) ? module.default[name] : undefined;
  if (found === undefined) throw new ArgumentError(`${caller}: ${url} has no export '${name}'`);
  return found;
}

/** @internal */
export async function makeDataset<Sample>(
  caller: string,
  { url, name, args }: DatasetSource,
): Promise<Dataset<Sample>> {
  const found = await exportOf(caller, url, name);
  const made: unknown = typeof found === 'function' ? await Reflect.apply(found, undefined, args) : found;
  if (isDataset<Sample>(made)) return made;
  throw new ArgumentError(
    `${caller}: '${name}' of ${url} must be a dataset, or a function that gives one, with a length and a method get(index); got ${show(made)}`,
  );
}

const isDataset = <Sample>(value: unknown): value is Dataset<Sample> =>
  holds(value, 'length') && typeof value.length === 'number' && holds(value, 'get') && typeof value.get === 'function';

/** A dataset as a worker can have it: how it is made, and which of its samples one of the loader's is. */
export interface Sendable {
  readonly sources: Sources;
  readonly indicesOf: (indices: Int32Array) => Int32Array;
}

/** Where a sample is: in which of the datasets that modules make, and there at which place. */
type Place = readonly [dataset: number, index: number];

/** @throws ArgumentError for a dataset that no module has made. */
export function sendableOf(caller: string, dataset: Dataset<unknown>): Sendable {
  const made: ModuleDataset<unknown>[] = [];
  let areJoined = false;
  /** What finds a sample's place. */
  const finder = (each: Dataset<unknown>): ((index: number) => Place) => {
    if (each instanceof ModuleDataset) {
      // One that is there twice is made once.
      const at = made.includes(each) ? made.indexOf(each) : made.push(each) - 1;
      return (index) => [at, index];
    }
    if (each instanceof Subset) {
      const find = finder(each.dataset);
      return (index) => find(each.indices[index]!);
    }
    if (each instanceof ConcatDataset) {
      areJoined = true;
      const parts = each.datasets.map((part) => ({ part, find: finder(part) }));
      return (index) => {
        let rest = index;
        for (const { part, find } of parts) {
          if (rest < part.length) return find(rest);
          rest -= part.length;
        }
        throw new ArgumentError(`${caller}: index ${index} is out of range`);
      };
    }
    throw new ArgumentError(
      `${caller}: a worker thread cannot be sent ${show(each)}: with numWorkers the dataset is one of ` +
        "data.fromModule(new URL('./dataset.js', import.meta.url), { args }), or a Subset or ConcatDataset of such",
    );
  };
  const find = finder(dataset);
  const begins = made.map((_, i) => made.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  const indicesOf = (indices: Int32Array) =>
    indices.map((each) => {
      const [at, index] = find(each);
      return begins[at]! + index;
    });
  return { sources: { all: made.map((each) => each['~source']), areJoined }, indicesOf };
}
