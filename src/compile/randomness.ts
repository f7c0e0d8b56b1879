import type { Listing } from '../ops/listing.js';
import type { HostArray } from '../ops/ops.js';
import type { Generator, GeneratorState } from '../random/generator.js';
import { isInt32Array } from '../realm.js';
import type { Recorder } from './recorder.js';

/** What a program draws: keys, which it counts by itself while it runs, and masks, drawn on the host before each run. */
export class Randomness {
  /** The masks: inputs behind those that callers give. */
  readonly masks: readonly HostArray[];
  readonly #sources: readonly Generator[];
  readonly #draws: Recorder['draws'];
  /** Keys that a run draws from each source. */
  readonly #keys: readonly number[];

  constructor({ sources, draws, memories }: Recorder, { instructions }: Listing) {
    this.#sources = sources;
    this.#draws = draws;
    this.#keys = sources.map(
      (_, source) => instructions.filter(({ op, args }) => op === 'drawKey' && args.source === source).length,
    );
    this.masks = draws.map(({ memory }) => {
      const { dtype, length } = memories[memory]!;
      return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
    });
  }

  /** Four words for each source: where its keys begin. */
  get keyWords(): number {
    return 4 * this.#sources.length;
  }

  fillKeys(into: Uint32Array): void {
    const sources = this.#sources;
    for (let i = 0; i < sources.length; i++) sources[i]!.writeKeyWords(into, 4 * i);
  }

  /** Lets the generators stand behind the keys of so many runs. */
  countKeys(runs: number): void {
    const sources = this.#sources;
    for (let i = 0; i < sources.length; i++) sources[i]!.countKeys(runs * this.#keys[i]!);
  }

  /**
   * Gets ready to reserve keys: what comes after asks for no memory. The function reserves those of so many runs and
   * returns how to give back those of runs that were not made, if nobody has drawn since.
   */
  reservation(): (runs: number) => (unused: number) => void {
    const reserved = new Uint32Array(this.keyWords);
    const now = new Uint32Array(this.keyWords);
    return (runs) => {
      this.countKeys(runs);
      this.fillKeys(reserved);
      return (unused) => {
        this.fillKeys(now);
        this.#sources.forEach((source, i) => {
          const isUntouched = [0, 1, 2, 3].every((word) => now[4 * i + word] === reserved[4 * i + word]);
          if (isUntouched) source.countKeys(-unused * this.#keys[i]!);
        });
      };
    };
  }

  /** Draws the masks. Returns where their generators stood, for {@link undraw}. */
  draw(): readonly GeneratorState[] | null {
    if (this.#draws.length === 0) return null;
    const before = this.#draws.map(({ source }) => source.getState());
    for (const [i, { source, q }] of this.#draws.entries()) {
      const mask = this.masks[i]!;
      if (!isInt32Array(mask)) source.bernoulliFill(mask, q);
    }
    return before;
  }

  undraw(before: readonly GeneratorState[] | null): void {
    if (before !== null) for (const [i, { source }] of this.#draws.entries()) source.setState(before[i]!);
  }
}
