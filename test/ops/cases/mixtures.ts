/** Several operands of a matrix that are dense, one row, one column or one element, in every mixture. */
import { floats } from '../../helpers/values.js';
import { contiguous, count, extent, layout } from './layouts.js';

const kinds = ['matrix', 'row', 'column', 'element'] as const;
type Kind = (typeof kinds)[number];

export type Mixture = readonly Kind[];

const strides: Readonly<Record<Kind, readonly [number, number]>> = {
  matrix: [31, 1],
  row: [0, 1],
  column: [1, 0],
  element: [0, 0],
};
const sizes = [17, 31];

/** Each operand of each kind. */
export function allMixtures(operands: number): Mixture[] {
  const total = kinds.length ** operands;
  return Array.from({ length: total }, (_, i) =>
    Array.from({ length: operands }, (_, k) => kinds[Math.floor(i / kinds.length ** k) % kinds.length]!),
  );
}

export const mixtureName = (mixture: Mixture): string => mixture.join(', ');

type Draw = (n: number, seed: number) => Float32Array;

/** The operands and their layout. */
export function mixtureOf(mixture: Mixture, seed: number, draw: Draw = floats) {
  const inputs = mixture.map((kind, i) => draw(extent(sizes, strides[kind]), seed + i));
  return { inputs, layout: layout(sizes, ...mixture.map((kind) => strides[kind])) };
}

/** Five dimensions, with and without gaps and repetition. */
export const rankFive = {
  sizes: [2, 3, 4, 3, 5],
  strides: [contiguous([2, 3, 4, 3, 5]), [180, 0, 15, 5, 1], [60, 20, 5, 0, 1], [1, 2, 6, 24, 72], [0, 0, 0, 0, 0]],
};
export const rankFiveCount = count(rankFive.sizes);
