/** What samplers have in common: orders in which a DataLoader takes samples. */
import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { defaultGenerator, drawnFrom, Generator } from '../../random/generator.js';
import { holds } from '../../realm.js';

/** An order of samples: each loop over it is a new one. As `torch.utils.data.Sampler`. */
export interface Sampler<T = number> extends Iterable<T> {
  /** How many there are in an order. May be left out; a DataLoader then has no length. */
  readonly length?: number;
}

/** What draws orders. */
export interface GeneratorOption {
  /** Where they are drawn from. Default: the generator that `manualSeed` seeds, at the time of each order. */
  generator?: Generator;
}

/** What has a number of samples: a dataset. */
export interface Sized {
  /** How many samples there are. */
  readonly length: number;
}

/** @throws ArgumentError unless it is a Generator or left out. */
export function checkGenerator(caller: string, generator: unknown): Generator | null {
  if (generator === undefined) return null;
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
  return generator;
}

/** The generator itself, or the default one. */
export const generatorOf = (generator: Generator | null): Generator => drawnFrom(generator ?? defaultGenerator);

/** How many samples a dataset has. @throws ArgumentError for what has no length. */
export function sizeOf(caller: string, dataset: unknown): number {
  const length: unknown = holds(dataset, 'length') ? dataset.length : undefined;
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    throw new ArgumentError(`${caller}: expected a dataset with a length, got ${show(dataset)}`);
  return length;
}

/** @throws ArgumentError unless it is a positive integer, in PyTorch's words. */
export function checkNumSamples(caller: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0)
    throw new ArgumentError(
      `${caller}: num_samples should be a positive integer value, but got num_samples=${show(value)}`,
    );
  return value;
}
