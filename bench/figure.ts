/** What studies find out. */

/** One number. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** Printed behind the value: `x`, ` %`, ` ms`. */
  readonly unit: string;
  /** Null, as `bound`, when the figure is there to explain others. */
  readonly target: number | null;
  /** Whether the target is a lower or an upper bound. */
  readonly bound: 'least' | 'most' | null;
}

export const explains = (what: string, value: number, unit = ''): Figure => ({
  what,
  value,
  unit,
  target: null,
  bound: null,
});

export const atLeast = (what: string, value: number, target: number, unit = ''): Figure => ({
  what,
  value,
  unit,
  target,
  bound: 'least',
});

export const atMost = (what: string, value: number, target: number, unit = ''): Figure => ({
  what,
  value,
  unit,
  target,
  bound: 'most',
});
