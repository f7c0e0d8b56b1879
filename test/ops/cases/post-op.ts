/** Programs that follow a product, with what their outputs owe. */
import { maskScale } from '../../../src/ops/mask.js';
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import type { Expression } from '../../../src/pointwise/expression.js';
import { floats } from '../../helpers/values.js';
import { keyOf } from './pointwise-masks.js';
import { programOf } from './programs.js';

/** An operand of a post-op, by what it has an element for. */
export type OperandKind = 'matrix' | 'row' | 'element' | 'images';

/** A program that follows a product, which is its input 0. */
export interface PostOp {
  readonly name: string;
  readonly program: PointwiseProgram;
  readonly operands?: readonly OperandKind[];
  readonly scalars?: readonly number[];
  readonly keys?: number;
  readonly rowOffset?: number;
  /**
   * For each output what its error is proportional to.
   * @param size the same of the product: Σ|x||w|, which is no less than the product itself
   * @param operands of the program, by their absolute values
   * @param unit 2^-24 in the measure of the product's errors: what a rounding of the program counts
   */
  readonly sizes: (size: number, operands: readonly number[], unit: number) => readonly number[];
  readonly provesLittle?: string;
}

export const zeros = 'zeros of ReLU and mask';
export function dropped(p: number, rowOffset: number, isRelu: boolean): PostOp {
  return {
    name: `${isRelu ? 'relu, ' : ''}p ${p} from row ${rowOffset}`,
    program: programOf(1, 1, ([x], [p], graph) => (isRelu ? x.relu() : x).mul(graph.mask(0, p))),
    scalars: [p],
    keys: 1,
    rowOffset,
    sizes: (size) => [size * maskScale(p)],
    provesLittle: zeros,
  };
}

export const reluAlone: PostOp = {
  name: 'relu',
  program: programOf(1, 0, ([x]) => x.relu()),
  sizes: (size) => [size],
  provesLittle: zeros,
};

/** What any program may be. Its last rounding is the tolerance's. */
export const general: readonly PostOp[] = [
  {
    // At most 1.1 times as steep as its input; sigmoid within 3 ulp.
    name: 'silu',
    program: programOf(1, 0, ([x]) => x.mul(x.sigmoid())),
    sizes: (size, _operands, unit) => [(1.1 + 6 * unit) * size],
  },
  {
    // At most 1.2 times as steep; erf within 4 ulp of an argument with two roundings, and a sum.
    name: 'gelu',
    program: programOf(1, 0, ([x]) => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1))),
    sizes: (size, _operands, unit) => [(1.2 + 13 * unit) * size],
  },
  {
    name: 'a residual',
    program: programOf(2, 0, ([x, r]) => x.add(r)),
    operands: ['matrix'],
    sizes: (size) => [size],
  },
  {
    name: 'a scale and a shift by rows',
    program: programOf(3, 0, ([x, a, b]) => x.mul(a).add(b)),
    operands: ['row', 'row'],
    sizes: (size, [a], unit) => [(1 + unit) * size * a!],
  },
  {
    name: 'a scale for each image, a shift for all',
    program: programOf(3, 0, ([x, m, b]) => x.mul(m).add(b)),
    operands: ['images', 'row'],
    sizes: (size, [m], unit) => [(1 + unit) * size * m!],
  },
  {
    // Of both factors of s·t a rounding, and one of each product.
    name: 'one element, and a value of two scalars',
    program: programOf(2, 2, ([x, e], [s, t]) => x.mul(e).sub(s.mul(t))),
    operands: ['element'],
    scalars: [0.3, 0.7],
    sizes: (size, [e], unit) => [(1 + unit) * size * e! + 0.21 * unit],
  },
  {
    // relu, dropout and residual, and what the gradient needs of them: three outputs.
    name: 'a residual after dropout, and what came before',
    program: programOf(2, 1, ([x, r], [p], graph) => {
      const hidden = x.relu().mul(graph.mask(0, p));
      return [hidden.add(r), x, hidden];
    }),
    operands: ['matrix'],
    scalars: [0.25],
    keys: 1,
    rowOffset: 2 ** 33 + 5,
    sizes: (size, _operands, unit) => [(1 + unit) * maskScale(0.25) * size, size, maskScale(0.25) * size],
    provesLittle: zeros,
  },
  {
    name: 'every kind of operand, in the other order, and two outputs',
    program: programOf(4, 1, ([x, e, a, r], [s]) => [r.sub(x).mul(e), a.mul(s).add(x.neg())]),
    operands: ['element', 'row', 'matrix'],
    scalars: [-0.4],
    sizes: (size, [e, a, r], unit) => [(size + unit * (size + r!)) * e!, size + 2 * unit * 0.4 * a!],
  },
  {
    name: 'an operand as it is, and the product second',
    program: programOf(2, 0, ([x, r]) => [r, x]),
    operands: ['matrix'],
    sizes: (size) => [0, size],
  },
  {
    // Longer than what stays in registers.
    name: 'sixty-four instructions',
    program: programOf(2, 0, ([x, r]) => Array.from({ length: 32 }).reduce<Expression>((y) => y.mul(0.5).add(r), x)),
    operands: ['matrix'],
    sizes: (size, [r], unit) => [2 ** -32 * size + 4 * unit * r!],
  },
];

function elementOf(input: Float32Array, i: number, count: number, columns: number): number {
  if (input.length === count) return input[i]!;
  const image = Math.floor((i * input.length) / count / columns);
  return input.length === 1 ? input[0]! : input[image * columns + (i % columns)]!;
}

/** How many images rows are taken for: 2, 3, 5 or 7, where the rows can be divided so, else each is one. */
const imagesOf = (rows: number): number => [2, 3, 5, 7].find((images) => rows % images === 0) ?? rows;

function lengthOf(kind: OperandKind, rows: number, columns: number): number {
  if (kind === 'images') return imagesOf(rows) * columns;
  return kind === 'matrix' ? rows * columns : kind === 'row' ? columns : 1;
}

/** The arguments of a post-op over [rows, columns]. */
export function postOpArgs(postOp: PostOp | null, rows: number, columns: number, seed: number) {
  const { program = null, operands = [], scalars = [], keys = 0, rowOffset = 0 } = postOp ?? {};
  return {
    program,
    inputs: operands.map((kind, i) => floats(lengthOf(kind, rows, columns), seed + 10 + i)),
    keys: Array.from({ length: keys }, () => keyOf(seed)),
    scalars,
    outputs: (program?.outputs ?? [0]).slice(1).map(() => rows * columns),
    rowOffset,
  };
}

/**
 * The conditions of the outputs.
 * @param product the product's
 * @param units in which they count
 */
export function postOpCondition(
  postOp: PostOp | null,
  inputs: readonly Float32Array[],
  product: Float64Array,
  columns: number,
  units: number,
): Record<string, Float64Array> {
  if (postOp === null) return { out: product };
  const conditions = postOp.program.outputs.map(() => new Float64Array(product.length));
  for (const [i, size] of product.entries()) {
    const operands = inputs.map((input) => Math.abs(elementOf(input, i, product.length, columns)));
    for (const [k, each] of postOp.sizes(size, operands, 1 / units).entries()) conditions[k]![i] = each;
  }
  return Object.fromEntries(conditions.map((each, k) => [k === 0 ? 'out' : `outputs[${k - 1}]`, each]));
}
