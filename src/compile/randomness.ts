import type { Graph } from '../ops/graph.js';
import type { HostArray } from '../ops/ops.js';
import type { Generator } from '../random/generator.js';
import { zeros } from '../tensor/host-memory.js';
import { DrawReservations, type Reservation } from './draw-reservations.js';
import type { Tracer } from './tracer.js';

/** The streams of a generator: keys of masks, and numbers. */
interface Streams {
  readonly keys: DrawReservations;
  readonly numbers: DrawReservations;
}

const streams = new WeakMap<Generator, Streams>();

function streamsOf(generator: Generator): Streams {
  let own = streams.get(generator);
  if (own === undefined)
    streams.set(generator, (own = { keys: new DrawReservations(), numbers: new DrawReservations() }));
  return own;
}

/** What a program draws: keys, which it counts by itself while it runs, and numbers, drawn on the host before each run. */
export class Randomness {
  /** The numbers: inputs behind those that callers give. */
  readonly numbers: readonly HostArray[];
  readonly #sources: readonly Generator[];
  readonly #draws: Tracer['draws'];
  /** Where the numbers come from, each generator once. */
  readonly #drawnFrom: readonly Generator[];
  /** Keys that a run draws from each source. */
  readonly #keys: readonly number[];

  constructor({ sources, draws, values }: Tracer, { instructions }: Graph) {
    this.#sources = sources;
    this.#draws = draws;
    this.#drawnFrom = [...new Set(draws.map(({ source }) => source))];
    this.#keys = sources.map(
      (_, source) => instructions.filter(({ op, args }) => op === 'drawKey' && args.source === source).length,
    );
    this.numbers = draws.map(({ value }) => zeros(values[value]!.dtype, values[value]!.length));
  }

  /** Four words for each source: where its keys begin. */
  get keyWords(): number {
    return 4 * this.#sources.length;
  }

  fillKeys(into: Uint32Array): void {
    const sources = this.#sources;
    for (let i = 0; i < sources.length; i++) sources[i]!.writeKeyWords(into, 4 * i);
  }

  /** Lets the generators stand behind the keys of this many runs. */
  countKeys(runs: number): void {
    const sources = this.#sources;
    for (let i = 0; i < sources.length; i++) sources[i]!.countKeys(runs * this.#keys[i]!);
  }

  /**
   * Gets ready to reserve keys: what comes after asks for no memory of arrays. The function reserves those of a number of runs and
   * returns what ends that, given how many of the runs were not made.
   */
  reservation(): (runs: number) => (unused: number) => void {
    if (this.#sources.length === 0) return noKeys;
    const reserved = new Uint32Array(this.keyWords);
    const now = new Uint32Array(this.keyWords);
    return (runs) => {
      this.countKeys(runs);
      this.fillKeys(reserved);
      const ends = this.#sources.map((source, i) => {
        const reservations = streamsOf(source).keys;
        const open = reservations.open(() => {
          this.fillKeys(now);
          return [0, 1, 2, 3].every((word) => now[4 * i + word] === reserved[4 * i + word]);
        });
        return (unused: number) =>
          reservations.close(open, unused === 0 ? null : () => source.countKeys(-unused * this.#keys[i]!));
      });
      return (unused) => {
        for (const end of ends) end(unused);
      };
    };
  }

  /**
   * Draws the numbers of a run. Returns what ends that: told that the run was not made, it gives them back.
   * When a draw throws, nothing has been drawn.
   */
  draw(): (isMade: boolean) => void {
    if (this.#draws.length === 0) return nothing;
    const before = this.#drawnFrom.map((source) => source.mark());
    try {
      for (let i = 0; i < this.#draws.length; i++) this.#draws[i]!.fill(this.numbers[i]!);
    } catch (error) {
      for (const [i, source] of this.#drawnFrom.entries()) source.rewind(before[i]!);
      throw error;
    }
    const open: readonly (readonly [DrawReservations, Reservation, () => void])[] = this.#drawnFrom.map((source, i) => {
      const after = source.mark();
      const reservations = streamsOf(source).numbers;
      return [reservations, reservations.open(() => source.isAt(after)), () => source.rewind(before[i]!)];
    });
    return (isMade) => {
      for (const [reservations, reservation, giveBack] of open)
        reservations.close(reservation, isMade ? null : giveBack);
    };
  }
}

const nothing = (): void => {};
const noKeys = (): (() => void) => nothing;
