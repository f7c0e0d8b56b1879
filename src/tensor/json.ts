/** Numbers as JSON has them: what it cannot write stands as text. */
import type { DType } from '../ops/ops.js';

/** A number in JSON. */
export type JSONNumber = number | 'NaN' | 'Infinity' | '-Infinity' | '-0';

/** Numbers nested as deep as the tensor has dimensions. */
export type NestedJSON = JSONNumber | NestedJSON[];

/** A tensor as `JSON.stringify` writes it. */
export interface TensorJSON {
  /** What the numbers are. */
  dtype: DType;
  /** Sizes of the dimensions; `[]` for a scalar. */
  shape: number[];
  /** Every number as it is, a float32 as the float64 of the same value; NaN, infinities and -0 as text. */
  data: NestedJSON;
}

type Nested = number | Nested[];

/** Numbers as JSON can write them. */
export function jsonNumbers(numbers: Nested): NestedJSON {
  if (typeof numbers !== 'number') return numbers.map(jsonNumbers);
  if (Number.isFinite(numbers) && !Object.is(numbers, -0)) return numbers;
  return Object.is(numbers, -0) ? '-0' : (String(numbers) as JSONNumber);
}

/** The number that a value in JSON stands for, or null. */
export function numberOfJSON(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' || value === '-0' ? Number(value) : null;
}
