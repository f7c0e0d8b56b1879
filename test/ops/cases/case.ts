/** What a case of an op is, and how it is written down. */
import type { Draw, KeySource, OpName, Role, signatures } from '../../../src/ops/ops.js';
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';

/** Memory of either dtype to be written from scratch. */
export interface Fresh {
  readonly dtype: 'float32' | 'int32';
  readonly length: number;
}

/** How a case gives the argument of each role: values for what is read, a length for what is only written. */
interface RoleValues {
  program: PointwiseProgram;
  'program?': PointwiseProgram | null;
  ins: readonly Float32Array[];
  outs: readonly number[];
  inouts: readonly Float32Array[];
  indexes: readonly Int32Array[];
  /** Every second one crosses as a dynamic scalar; a `scalar` in every second case. */
  scalars: readonly number[];
  in: Float32Array;
  'in?': Float32Array | null;
  out: number;
  'out?': number | null;
  inout: Float32Array;
  index: Int32Array;
  'index?': Int32Array | null;
  indexOut: number;
  'indexOut?': number | null;
  'indexInout?': Int32Array | null;
  any: Float32Array | Int32Array;
  anyOut: Fresh;
  anyInout: Float32Array | Int32Array;
  layout: Float64Array;
  size: number;
  scalar: number;
  int: number;
  flag: boolean;
  keySource: KeySource;
  draw: Draw;
}
export type CaseValue = RoleValues[Role];

export type CaseArgs<Name extends OpName> = {
  readonly [Arg in keyof (typeof signatures)[Name]]: (typeof signatures)[Name][Arg] extends infer R extends Role
    ? RoleValues[R]
    : never;
};

/** Which input an output is written over, both by the names of their memory: `out`, or `inputs[1]` in a list. */
export type Placement = Readonly<Record<string, string>>;

/** An allowed error: `ulp` units in the last place of the result, plus `units`·2^-24·condition. */
export interface Bound<Name extends OpName> {
  readonly ulp: number;
  readonly units?: number;
  /**
   * For each output (`out`, `outputs[1]`) the size of what was added up to make it, so that cancellation is allowed its due and
   * nothing else is. An output that is not named has condition 0.
   */
  readonly condition?: (args: CaseArgs<Name>) => Readonly<Record<string, ArrayLike<number>>>;
}

/** 'exact': the reference's float32 result to the bit. Otherwise compared with the reference run in float64. */
export type Tolerance<Name extends OpName> = 'exact' | Bound<Name>;

export interface CaseOptions {
  /** Where the op may overwrite its inputs: run again so, for the same result. */
  readonly inPlace?: readonly Placement[];
  /** Where the op always overwrites its inputs. */
  readonly over?: Placement;
  /**
   * Some inputs or results are subnormal: taking or giving 0 in their place is right as well. 'compared': they may be taken for 0 where they
   * are compared and given as they are, so that any of them is right. 'outside': what is computed in between never counts as 0.
   */
  readonly subnormal?: boolean | 'compared' | 'outside';
  /** What the op answers with: the message of an ArgumentError, or another error. */
  readonly throws?: string | Error;
  /** Why the expected values may be mostly zero or constant. */
  readonly provesLittle?: string;
}

export interface CaseOf<Name extends OpName> extends CaseOptions {
  readonly op: Name;
  readonly name: string;
  readonly args: () => CaseArgs<Name>;
  readonly tolerance: Tolerance<Name>;
}
export type Case = { readonly [Name in OpName]: CaseOf<Name> }[OpName];

/** A case of one op, typed by its signature. */
export function opCase<Name extends OpName>(
  op: Name,
  name: string,
  tolerance: Tolerance<Name>,
  args: () => CaseArgs<Name>,
  options: CaseOptions = {},
): Case {
  return { op, name, tolerance, args, ...options } as unknown as Case;
}

/** A number from a name: the seed of a case's values. */
export function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * The bound on `n` products or terms added up in float32, in units of 2^-24·Σ|terms|: n is what can happen, 4·√n
 * what does (Higham and Mary, 2019: "A new approach to probabilistic rounding error analysis").
 */
export function sumUnits(n: number): number {
  return Math.min(n, 4 * Math.sqrt(n)) + 1;
}

/** Sizes around the widths of vectors (4, 8, 16), primes, and one beyond the threshold for threads. */
export const lengths: readonly number[] = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 101, 1021, 100003];
