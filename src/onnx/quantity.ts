/**
 * Sizes that may depend on the batch. A model is traced at several batch sizes, and a number of the trace is kept as what it was at
 * each of them: arithmetic goes number by number, and what is the same everywhere is a constant.
 */

/** One number for each batch size. */
export type Quantity = readonly number[];

export const sameQuantity = (a: Quantity, b: Quantity): boolean => a.every((value, i) => value === b[i]);

export const sameSizes = (a: readonly Quantity[], b: readonly Quantity[]): boolean =>
  a.length === b.length && a.every((size, i) => sameQuantity(size, b[i]!));

/** Whether it is this number at every batch size. */
export const isNumber = (quantity: Quantity, value: number): boolean => quantity.every((each) => each === value);

/** The number that it is at every batch size, or null. */
export function constantOf(quantity: Quantity): number | null {
  const [first] = quantity as [number];
  return isNumber(quantity, first) ? first : null;
}

export const combine = (a: Quantity, b: Quantity, fn: (a: number, b: number) => number): Quantity =>
  a.map((value, i) => fn(value, b[i]!));

export const plus = (a: Quantity, b: Quantity): Quantity => combine(a, b, (x, y) => x + y);
export const minus = (a: Quantity, b: Quantity): Quantity => combine(a, b, (x, y) => x - y);
export const times = (a: Quantity, b: Quantity): Quantity => combine(a, b, (x, y) => x * y);

/** The whole part of a quotient. */
export const floorOver = (a: Quantity, b: Quantity): Quantity => combine(a, b, (x, y) => Math.floor(x / y));

/** The quotient, or null where it is not whole. */
export function over(a: Quantity, b: Quantity): Quantity | null {
  const quotient = combine(a, b, (x, y) => x / y);
  return quotient.every(Number.isSafeInteger) ? quotient : null;
}

/** Whether a <= b at every batch size. */
export const atMost = (a: Quantity, b: Quantity): boolean => a.every((value, i) => value <= b[i]!);

/** The batch sizes of the traces, and quantities in terms of them. */
export class Batches {
  readonly sizes: Quantity;

  constructor(sizes: Quantity) {
    this.sizes = sizes;
  }

  /** A number that does not depend on the batch. */
  number(value: number): Quantity {
    return this.sizes.map(() => value);
  }

  product(quantities: readonly Quantity[]): Quantity {
    return quantities.reduce(times, this.number(1));
  }

  /** slope·batch + offset in whole numbers, or null for what is no such thing. */
  affine(quantity: Quantity): { readonly slope: number; readonly offset: number } | null {
    const constant = constantOf(quantity);
    if (constant !== null) return { slope: 0, offset: constant };
    const [b0, b1] = this.sizes as [number, number];
    const [q0, q1] = quantity as [number, number];
    const slope = (q1 - q0) / (b1 - b0);
    const offset = q0 - slope * b0;
    const fits = this.sizes.every((batch, i) => slope * batch + offset === quantity[i]);
    return fits && Number.isSafeInteger(slope) ? { slope, offset } : null;
  }

  /** In words, as a shape in a message prints it: `4`, `batch`, `2·batch + 1`. */
  show(quantity: Quantity): string {
    const affine = this.affine(quantity);
    if (affine === null) return `(${quantity.join(' or ')})`;
    const { slope, offset } = affine;
    if (slope === 0) return String(offset);
    const multiple = slope === 1 ? 'batch' : `${slope}·batch`;
    return offset === 0 ? multiple : `${multiple} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`;
  }
}
