/**
 * What ops are given: the memory, dynamic scalars and sources that their arguments name, and the roles that say how an argument
 * is used. The list of ops stands in ops.ts.
 */

import type { PointwiseProgram } from './pointwise-program.js';

/** Type of the elements of a tensor. */
export type DType = 'float32' | 'float64' | 'int32';
export type FloatArray = Float32Array | Float64Array;
/** Memory of a tensor: a typed array of its dtype. */
export type HostArray = FloatArray | Int32Array;

/**
 * What an op reads or writes. Ops name memory by this object, never by a bare array, so that a tracer can tell
 * one from another and a program can keep the newest copy elsewhere.
 */
export interface Memory {
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;
  /** The host side, up to date, for reading only. */
  read(): HostArray;
  /** The host side, up to date, to be written: it is the newest from here on. */
  write(): HostArray;
}

/** A number that may change between two runs of a traced op: read when the op runs, never when it is noted. */
export interface DynamicScalar {
  /** The number as it is now. */
  readonly value: number;
}

/** A number that stays the same in a traced program, or one that may change. */
export type Scalar = number | DynamicScalar;

/** The number as it is now. */
export const numberOf = (scalar: Scalar): number => (typeof scalar === 'number' ? scalar : scalar.value);

/** Where dropout masks get their keys from. Each call of `nextKey` is one draw and advances the source. */
export interface KeySource {
  /** The next key (k0, k1) as two unsigned 32-bit integers. */
  nextKey(): readonly [number, number];
}

/** Random numbers in the order of their source, drawn on the host. Each `fill` draws new ones. */
export interface Draw {
  /** The generator that the numbers come from. */
  readonly source: object;
  /** Draws all elements. */
  fill(array: HostArray): void;
}

/**
 * Sizes and strides of strided ops, each `rank` numbers, one behind the other: `[...sizes, ...strides of the first
 * operand, ...strides of the second]`, and so on for each input of a pointwise op. Strides are in elements; 0 repeats. `tensor/shape.ts` makes them, with
 * neighbouring dimensions merged, so that the everyday cases arrive with rank 1 or 2. Rank is at least 1.
 */
export type Layout = Float64Array;

/** What each role means to TypeScript. */
export interface RoleTypes {
  /** What a pointwise op computes for each element. */
  program: PointwiseProgram;
  'program?': PointwiseProgram | null;
  /** Several float memories: read, or written in full. */
  ins: readonly Memory[];
  outs: readonly Memory[];
  /** Several float memories that are read, and written in part while the rest stays. */
  inouts: readonly Memory[];
  /** Several int32 memories that are read. */
  indexes: readonly Memory[];
  /** Doubles, baked in or read when the op runs. */
  scalars: readonly Scalar[];
  /** Float memory that is read. */
  in: Memory;
  /** Float memory that is read, or null. */
  'in?': Memory | null;
  /** Float memory, every element of which is written and none read. */
  out: Memory;
  'out?': Memory | null;
  /** Float memory that is read and written. */
  inout: Memory;
  /** int32 memory: read, written, or both. */
  index: Memory;
  'index?': Memory | null;
  indexOut: Memory;
  'indexOut?': Memory | null;
  'indexInout?': Memory | null;
  /** Memory of any dtype: read, written, written in part while the rest stays. */
  any: Memory;
  anyOut: Memory;
  anyInout: Memory;
  layout: Layout;
  /** A non-negative safe integer. */
  size: number;
  /** A double, baked in or read when the op runs. */
  scalar: Scalar;
  /** A signed 32-bit integer, baked in. */
  int: number;
  flag: boolean;
  keySource: KeySource;
  draw: Draw;
}

export type Role = keyof RoleTypes;

/** How an argument is handed on: by the tracer, by passes and by backends. */
export interface RoleTraits {
  readonly kind: 'memory' | 'memories' | 'program' | 'scalar' | 'scalars' | 'layout' | 'value' | 'keySource' | 'draw';
  /** Whether what stands in the memory matters: it is read, or a part of it stays. */
  readonly reads: boolean;
  readonly writes: boolean;
  /** Whether a part of the memory is written, the rest stays, and nothing is read. */
  readonly isPartial: boolean;
}

const access = {
  read: [true, false, false],
  write: [false, true, false],
  update: [true, true, false],
  part: [true, true, true],
} as const;

const memory = (how: keyof typeof access, kind: 'memory' | 'memories' = 'memory'): RoleTraits => {
  const [reads, writes, isPartial] = access[how];
  return { kind, reads, writes, isPartial };
};

const other = (kind: Exclude<RoleTraits['kind'], 'memory' | 'memories'>): RoleTraits => ({
  kind,
  reads: false,
  writes: false,
  isPartial: false,
});

/** What each role says, as data. */
export const roleTraits: Readonly<Record<Role, RoleTraits>> = {
  in: memory('read'),
  'in?': memory('read'),
  out: memory('write'),
  'out?': memory('write'),
  inout: memory('update'),
  index: memory('read'),
  'index?': memory('read'),
  indexOut: memory('write'),
  'indexOut?': memory('write'),
  'indexInout?': memory('update'),
  any: memory('read'),
  anyOut: memory('write'),
  anyInout: memory('part'),
  ins: memory('read', 'memories'),
  outs: memory('write', 'memories'),
  inouts: memory('update', 'memories'),
  indexes: memory('read', 'memories'),
  program: other('program'),
  'program?': other('program'),
  scalar: other('scalar'),
  scalars: other('scalars'),
  layout: other('layout'),
  size: other('value'),
  int: other('value'),
  flag: other('value'),
  keySource: other('keySource'),
  draw: other('draw'),
};
export type Signature = Readonly<Record<string, Role>>;
