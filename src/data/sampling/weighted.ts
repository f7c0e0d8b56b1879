import { checkBoolean, checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Generator } from '../../random/generator.js';
import { isIterable } from '../../realm.js';
import { Tensor } from '../../tensor/tensor.js';
import { checkGenerator, checkNumSamples, type GeneratorOption, generatorOf, type Sampler } from './sampler.js';

/** Options of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions extends GeneratorOption {
  /** Whether a sample may come several times. Default true. */
  replacement?: boolean;
}

/**
 * Samples drawn by their weights, straight from the generator: a sample of twice the weight comes twice as often.
 * {@link https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler | torch.utils.data.WeightedRandomSampler}
 */
export class WeightedRandomSampler implements Sampler {
  /** Whether a position may be drawn again. */
  readonly replacement: boolean;
  readonly #weights: Float64Array;
  readonly #numSamples: number;
  /** @internal */
  readonly '~generator': Generator | null;

  /**
   * @param weights one for each sample, at least 0; their sum need not be 1
   * @param numSamples samples in an order
   * @throws ArgumentError for weights below 0, infinite or NaN, all 0, or fewer than samples without replacement.
   */
  constructor(weights: Iterable<number> | Tensor, numSamples: number, options?: WeightedRandomSamplerOptions) {
    const caller = 'WeightedRandomSampler';
    const given = checkOptions(caller, options, ['replacement', 'generator']);
    this['~generator'] = checkGenerator(caller, given.generator);
    this.replacement = checkBoolean(caller, 'replacement', given.replacement ?? true);
    this.#numSamples = checkNumSamples(caller, numSamples);
    this.#weights = readWeights(caller, weights);
    if (!this.replacement && this.#weights.length < numSamples)
      throw new ArgumentError(`${caller}: cannot sample n_sample > prob_dist.size(-1) samples without replacement`);
  }

  get length(): number {
    return this.#numSamples;
  }

  /** Iterates the positions of one pass. */
  *[Symbol.iterator](): IterableIterator<number> {
    const generator = generatorOf(this['~generator']);
    const count = this.#numSamples;
    // PyTorch draws a single one in the way that it draws without replacement.
    const isOneByOne = this.replacement && count > 1;
    yield* isOneByOne ? bySums(this.#weights, count, generator) : byRaces(this.#weights, count, generator);
  }
}

function readWeights(caller: string, weights: unknown): Float64Array {
  if (weights instanceof Tensor && weights.ndim !== 1)
    throw new ArgumentError(
      `${caller}: weights should be a 1d sequence but given weights have shape (${weights.shape.join(', ')})`,
    );
  const list: unknown = weights instanceof Tensor ? weights.toTypedArray() : weights;
  if (!isIterable(list)) throw new ArgumentError(`${caller}: expected weights, got ${show(weights)}`);
  const read = Float64Array.from(list as Iterable<unknown>, (each) => {
    if (typeof each !== 'number') throw new ArgumentError(`${caller}: a weight must be a number, got ${show(each)}`);
    return each;
  });
  const what = `${caller}: invalid multinomial distribution`;
  if (!read.every(Number.isFinite))
    throw new ArgumentError(`${what} (encountering probability entry = infinity or NaN)`);
  if (read.some((each) => each < 0)) throw new ArgumentError(`${what} (encountering probability entry < 0)`);
  if (!(read.reduce((sum, each) => sum + each, 0) > 0)) throw new ArgumentError(`${what} (sum of probabilities <= 0)`);
  return read;
}

/** The first place in the running sums that a uniform number does not lie above. */
function* bySums(weights: Float64Array, count: number, generator: Generator): IterableIterator<number> {
  let sum = 0;
  const sums = weights.map((weight) => (sum += weight));
  for (const [i, each] of sums.entries()) sums[i] = each / sum;
  const drawn = new Float64Array(count);
  generator.uniformFill(drawn);
  for (const u of drawn) {
    let [low, high] = [0, sums.length];
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      if (sums[middle]! < u) low = middle + 1;
      else high = middle;
    }
    yield low;
  }
}

/** Each sample takes a time of the exponential distribution with its weight as the rate; the first ones win. */
function* byRaces(weights: Float64Array, count: number, generator: Generator): IterableIterator<number> {
  const drawn = new Float64Array(weights.length);
  generator.uniformFill(drawn);
  const speeds = drawn.map((u, i) => weights[i]! / -Math.log1p(-u));
  const order = Array.from(speeds.keys()).sort((a, b) => speeds[b]! - speeds[a]! || a - b);
  yield* order.slice(0, count);
}
