/** Recorded programs by the shapes and dtypes of their arguments; the one that was not used for longest goes first. */
import type { Program } from '../compile/program.js';
import type { InputSpec } from '../compile/record.js';
import { differenceOf, RecordedAgain } from '../compile/recorded-again.js';
import { sameShape } from '../tensor/shape.js';

const keyOf = (inputs: readonly InputSpec[], form: string) =>
  `${form} ${inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(' ')}`;

interface Entry<R> {
  readonly program: Program<R>;
  readonly inputs: readonly Pick<InputSpec, 'shape' | 'dtype'>[];
  readonly form: string;
}

export class ProgramCache<R> {
  readonly #most: number;
  readonly #again: RecordedAgain;
  /** The last used is the last. */
  readonly #programs = new Map<string, Entry<R>>();
  #last: Entry<R> | null = null;

  /**
   * @param most how many programs are kept.
   * @param place what the caller called, for a warning that it records again and again; `what` it records.
   */
  constructor(most: number, place: string, what: string) {
    this.#most = most;
    this.#again = new RecordedAgain({ place, what, keeps: `those of the last ${most} shapes are kept` });
  }

  /**
   * The program for such arguments, recorded by `record` unless there is one that still fits.
   * @param form tells apart what the arguments are parts of.
   */
  get(inputs: readonly InputSpec[], record: () => Program<R>, form = ''): Program<R> {
    const last = this.#last;
    // Making a key takes as long as part of a small step.
    if (last !== null && isFor(last, inputs, form) && last.program.isCurrent()) return last.program;
    const key = keyOf(inputs, form);
    const known = this.#programs.get(key);
    if (known !== undefined) {
      this.#programs.delete(key);
      if (known.program.isCurrent()) return this.#use(key, known);
      this.#again.drop(1, () => known.program.whyNotCurrent() ?? 'it changes what it depends on');
      known.program.release();
    }
    const before = this.#last?.inputs ?? [];
    const specs = inputs.map(({ dtype, shape }) => ({ dtype, shape }));
    const program = this.#use(key, { program: record(), inputs: specs, form });
    for (const [oldest, { program }] of this.#programs) {
      if (this.#programs.size <= this.#most) break;
      this.#programs.delete(oldest);
      this.#again.drop(1, () => differenceOf(before, specs));
      program.release();
    }
    return program;
  }

  /** Whether there is a program for such arguments that still fits. */
  has(inputs: readonly InputSpec[], form = ''): boolean {
    return this.#programs.get(keyOf(inputs, form))?.program.isCurrent() ?? false;
  }

  /** How many programs there are. */
  get size(): number {
    return this.#programs.size;
  }

  /** Releases all of them. */
  release(): void {
    for (const { program } of this.#programs.values()) program.release();
    this.#programs.clear();
    this.#last = null;
  }

  #use(key: string, entry: Entry<R>): Program<R> {
    this.#programs.set(key, entry);
    this.#last = entry;
    return entry.program;
  }
}

function isFor({ inputs, form }: Entry<unknown>, others: readonly InputSpec[], otherForm: string): boolean {
  if (form !== otherForm || inputs.length !== others.length) return false;
  for (let i = 0; i < inputs.length; i++) {
    const [input, other] = [inputs[i]!, others[i]!];
    if (input.dtype !== other.dtype || !sameShape(input.shape, other.shape)) return false;
  }
  return true;
}
