/** Tells the caller, once, that programs are traced and dropped all the time. */
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** After this many dropped programs the caller is told. */
const manyDropped = 8;

type Spec = Pick<Tensor, 'shape' | 'dtype'>;

/** What the message says of what is traced. */
export interface Named {
  /** What the caller called. */
  readonly caller: string;
  /** What is traced: `the function`. */
  readonly what: string;
  /** How many programs are kept, and what the caller can do about it. */
  readonly keeps: () => string;
}

export class RetraceWarning {
  readonly #named: Named;
  #dropped = 0;

  constructor(named: Named) {
    this.#named = named;
  }

  /**
   * Counts programs that are dropped for another one.
   * @param why what made that one necessary, in words.
   */
  drop(count: number, why: () => string): void {
    const before = this.#dropped;
    this.#dropped += count;
    if (before >= manyDropped || this.#dropped < manyDropped) return;
    const { caller, what, keeps } = this.#named;
    process.emitWarning(
      `${caller}: ${what} is traced again and again, which takes far longer than running it: ${why()}. ${this.#dropped} programs ` +
        `were dropped, and ${keeps()}. Use fewer shapes, and change what it depends on less often.`,
      { type: 'LanewiseWarning', code: 'LANEWISE_RECORDED_AGAIN' },
    );
  }
}

/** What arguments have that others had not, in words. */
export function differenceOf(before: readonly Spec[], now: readonly Spec[]): string {
  const words = (specs: readonly Spec[]) =>
    specs.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`).join(', ') || 'nothing';
  return `its arguments are ${words(now)}, and were ${words(before)}`;
}
