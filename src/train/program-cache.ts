/** Recorded programs by the shapes and dtypes of their arguments; the one that was not used for longest goes first. */
import type { Program } from '../compile/program.js';
import type { InputSpec } from '../compile/record.js';

const keyOf = (inputs: readonly InputSpec[], form: string) =>
  `${form} ${inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(' ')}`;

export class ProgramCache<R> {
  readonly #most: number;
  readonly #programs = new Map<string, Program<R>>();

  /** @param most how many programs are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * The program for such arguments, recorded by `record` unless there is one that still fits.
   * @param form tells apart what the arguments are parts of.
   */
  get(inputs: readonly InputSpec[], record: () => Program<R>, form = ''): Program<R> {
    const key = keyOf(inputs, form);
    const known = this.#programs.get(key);
    if (known !== undefined) {
      this.#programs.delete(key);
      if (known.isCurrent()) {
        this.#programs.set(key, known);
        return known;
      }
      known.release();
    }
    const made = record();
    this.#programs.set(key, made);
    for (const [oldest, program] of this.#programs) {
      if (this.#programs.size <= this.#most) break;
      this.#programs.delete(oldest);
      program.release();
    }
    return made;
  }

  /** Whether there is a program for such arguments that still fits. */
  has(inputs: readonly InputSpec[], form = ''): boolean {
    return this.#programs.get(keyOf(inputs, form))?.isCurrent() ?? false;
  }

  /** How many programs there are. */
  get size(): number {
    return this.#programs.size;
  }

  /** Lets go of all of them. */
  release(): void {
    for (const program of this.#programs.values()) program.release();
    this.#programs.clear();
  }
}
