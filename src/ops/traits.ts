/** What is said of an op in addition to its arguments: what passes and costs have to know of it. */
import type { GeometryCount } from './convolution.js';
import type { Signature } from './roles.js';

/** What the geometry of a convolution tells (convolution.ts): the argument that it is, and what is counted. */
export interface GeometryFactor<Arg extends string = string> {
  readonly geometry: Arg;
  readonly count: GeometryCount;
}

/** The windows of a pool (windows.ts): the argument that they are. It counts the positions that they take, padding not among them. */
export interface WindowFactor<Arg extends string = string> {
  readonly windows: Arg;
}

/**
 * A factor of a number of operations or elements: a number, or an argument. A size counts as its value, a layout as its elements, a program as
 * the number of its instructions, memory as 1 where it is given and 0 where it is null.
 */
export type Factor<Arg extends string = string> = number | Arg | GeometryFactor<Arg> | WindowFactor<Arg>;

export interface Traits<Arg extends string = string> {
  /**
   * Additions, multiplications, divisions, comparisons, roots and elementary functions of a call, a multiply-add counted as two: a sum
   * of products. Without it: none.
   */
  readonly flops?: readonly (readonly Factor<Arg>[])[];
  /** Of the arguments that are touched in part, how many elements are: a product. */
  readonly touches?: { readonly [Name in Arg]?: readonly Factor<Arg>[] };
  /**
   * Of an elementwise op, the arguments whose elements correspond: an output may lie where an input does. With a layout that holds for
   * inputs with the strides of the outputs.
   */
  readonly elementwise?: { readonly inputs: readonly Arg[]; readonly outputs: readonly Arg[] };
  /** The arguments that lie in panels when the op is `packed`. */
  readonly packable?: readonly Arg[];
  /** Of an op that does nothing but check: what it throws. It must not be reordered with what can be seen from outside. */
  readonly throws?: 'ArgumentError' | 'NotFiniteError';
}

/** An entry of the contract. */
export function op<const Args extends Signature>(
  args: Args,
  traits: Traits<keyof Args & string> = {},
): { readonly args: Args; readonly traits: Traits } {
  return { args, traits };
}
