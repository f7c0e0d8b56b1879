/** The order in which samples in memory are taken, and how far a training is in it. */
import type { Generator } from '../random/generator.js';
import type { Cancellation } from './cancellation.js';
import type { SavedPosition } from './fit-state.js';
import type { InMemoryDataset } from './in-memory-dataset.js';

export class SampleOrder {
  readonly #generator: Generator;
  readonly #isShuffled: boolean;
  /** Steps made of the present order. */
  #steps = 0;
  #isDrawn = false;
  /** What the present order was drawn from. */
  #seed: bigint | null = null;

  constructor(generator: Generator, isShuffled: boolean) {
    this.#generator = generator;
    this.#isShuffled = isShuffled;
  }

  /** Steps made of the present order. */
  get steps(): number {
    return this.#steps;
  }

  /** Gives the data a new order when the one before it is used up: with the draws of a DataLoader, a seed for its workers and one for the order. */
  async begin(data: InMemoryDataset, cancellation: Cancellation): Promise<void> {
    if (this.#isDrawn) return;
    this.#generator.random63();
    this.#isDrawn = true;
    this.#seed = this.#isShuffled ? this.#generator.random63() : null;
    if (this.#seed !== null) await cancellation.race(data.shuffle(this.#seed));
  }

  /** `made` more steps were made. */
  advance(made: number, data: InMemoryDataset): void {
    this.#steps += made;
    if (this.#steps < data.steps) return;
    this.#steps = 0;
    this.#isDrawn = false;
  }

  get position(): SavedPosition {
    return { kind: 'tensors', steps: this.#steps, seed: this.#seed, isDrawn: this.#isDrawn };
  }

  /** Goes on from a position. */
  async resume(
    { steps, seed, isDrawn }: SavedPosition & { kind: 'tensors' },
    data: InMemoryDataset,
    cancellation: Cancellation,
  ): Promise<void> {
    this.#steps = steps;
    this.#isDrawn = isDrawn;
    this.#seed = seed;
    if (isDrawn && seed !== null) await cancellation.race(data.shuffle(seed));
  }
}
