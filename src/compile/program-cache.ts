/** The traced programs of one function, for `compile`, `fit` and `predict`. */
import { sameShape } from '../tensor/shape.js';
import type { Program } from './program.js';
import { differenceOf, RetraceWarning } from './retrace-warning.js';
import type { InputSpec } from './trace.js';

/** How many programs are kept unless the caller says otherwise. */
export const defaultMaxPrograms = 16;

type Spec = Pick<InputSpec, 'shape' | 'dtype'>;

/** A program, and the arguments that it is for. */
export interface Entry<R> {
  readonly program: Program<R>;
  readonly inputs: readonly Spec[];
  readonly form: string;
}

/**
 * Keeps the programs that were used last. Several may be for the same arguments, each for other values of what else is part of a program: one for
 * each mode of a model, say.
 */
export class ProgramCache<R> {
  /** How many programs are kept when the next one is traced. */
  maxPrograms: number;
  readonly #warning: RetraceWarning;
  /** The last used first. */
  #entries: readonly Entry<R>[] = [];

  /** @param caller what the caller called, for a warning that it traces again and again; `what` it traces. */
  constructor(caller: string, what: string, maxPrograms = defaultMaxPrograms) {
    this.maxPrograms = maxPrograms;
    this.#warning = new RetraceWarning({
      caller,
      what,
      keeps: () => `${this.maxPrograms} are kept (option maxPrograms)`,
    });
  }

  /**
   * The program for such arguments, traced by `trace` unless there is one that still does what the function would do now.
   * @param form tells apart what the arguments are parts of.
   */
  get(inputs: readonly Spec[], trace: () => Program<R>, form = ''): Program<R> {
    const known = this.#find(inputs, form);
    if (known !== null) return this.#use(known).program;
    const program = trace();
    const before = this.#entries;
    const made = { program, form, inputs: inputs.map(({ shape, dtype }) => ({ shape, dtype })) };
    const usable = before.filter((each) => each.program.isUsable());
    this.#entries = [made, ...usable.slice(0, this.maxPrograms - 1)];
    const dropped = before.filter((each) => !this.#entries.includes(each));
    if (dropped.length > 0) this.#warning.drop(dropped.length, () => whyTraced(before, made));
    for (const each of dropped) each.program.release();
    return program;
  }

  /** Whether there is a program for such arguments that still fits. */
  has(inputs: readonly Spec[], form = ''): boolean {
    return this.#find(inputs, form) !== null;
  }

  /** How many programs there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** The program that was used last, if there is any. */
  get last(): Entry<R> | undefined {
    return this.#entries[0];
  }

  /** Releases all programs. */
  release(): void {
    for (const { program } of this.#entries) program.release();
    this.#entries = [];
  }

  #find(inputs: readonly Spec[], form: string): Entry<R> | null {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (isFor(entry, inputs, form) && entry.program.isCurrent()) return entry;
    }
    return null;
  }

  #use(entry: Entry<R>): Entry<R> {
    if (this.#entries[0] !== entry) this.#entries = [entry, ...this.#entries.filter((each) => each !== entry)];
    return entry;
  }
}

function isFor(entry: Entry<unknown>, inputs: readonly Spec[], form: string): boolean {
  const own = entry.inputs;
  if (own.length !== inputs.length || entry.form !== form) return false;
  for (let i = 0; i < own.length; i++)
    if (own[i]!.dtype !== inputs[i]!.dtype || !sameShape(own[i]!.shape, inputs[i]!.shape)) return false;
  return true;
}

/** Why none of the programs there were did for what one has been traced for, in words. */
function whyTraced(before: readonly Entry<unknown>[], { inputs, form }: Entry<unknown>): string {
  const alike = before.find((entry) => isFor(entry, inputs, form));
  if (alike === undefined) return differenceOf(before[0]!.inputs, inputs);
  return alike.program.whyNotCurrent() ?? 'the function changes what it depends on';
}
