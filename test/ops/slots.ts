/** The memories of a case: each argument that is one, and each item of a list, under a name. */
import { type Role, signatures } from '../../src/ops/ops.js';
import { rememberLast } from '../helpers/remember-last.js';
import { type Case, type CaseValue, seedOf } from './cases/case.js';

/** One memory of a call: `x`, or `inputs[1]`. */
export interface Slot {
  readonly name: string;
  /** Of a list, the role of its items. */
  readonly role: Role;
  readonly value: Float32Array | Int32Array | number | { readonly dtype: 'float32' | 'int32'; readonly length: number };
}

/** What the items of a list are. */
const itemRoles: Partial<Record<Role, Role>> = { ins: 'in', outs: 'out', inouts: 'inout', indexes: 'index' };
const memoryRole = /^(in|out|inout|index|indexOut|indexInout|any|anyOut|anyInout)\??$/;

export type Values = Readonly<Record<string, CaseValue>>;

/** A case is run many times in turn, and drawing its numbers takes as long as computing with them. */
export const valuesOf = rememberLast((testCase: Case) => testCase.args() as Values);

export function rolesOf(testCase: Case): [argument: string, role: Role][] {
  return Object.entries(signatures[testCase.op]);
}

/** In the order of the signature; arguments that are null have none. */
export function slotsOf(testCase: Case, values: Values = valuesOf(testCase)): Slot[] {
  return rolesOf(testCase).flatMap(([argument, role]) => {
    const value = values[argument]!;
    const item = itemRoles[role];
    if (item !== undefined)
      return (value as readonly Slot['value'][]).map((each, i) => ({
        name: `${argument}[${i}]`,
        role: item,
        value: each,
      }));
    return value !== null && memoryRole.test(role) ? [{ name: argument, role, value: value as Slot['value'] }] : [];
  });
}

/** The argument that a slot belongs to. */
export const argumentOf = ({ name }: Pick<Slot, 'name'>): string => name.replace(/\[\d+\]$/, '');

/** Whether memory of this role is written in full and not read. */
export const isFresh = (role: Role): boolean => /^(out|indexOut|anyOut)\??$/.test(role);

/** Whether memory of this role is written at all. */
export const isWritten = (role: Role): boolean => /out/i.test(role);

/** What stands for the parts of a call. */
export interface Stand {
  memory(name: string): unknown;
  /** A scalar that stays the same, or one that may change between runs. */
  scalar(value: number, isDynamic: boolean): unknown;
}

/** The arguments of a call. Every second scalar of a list is a dynamic one; of single ones those of every second case, by its name. */
export function bind(testCase: Case, values: Values, stand: Stand): Record<string, unknown> {
  const bound = rolesOf(testCase).map(([argument, role]) => {
    const value = values[argument]!;
    if (value === null) return [argument, null];
    if (itemRoles[role] !== undefined)
      return [argument, (value as readonly unknown[]).map((_, i) => stand.memory(`${argument}[${i}]`))];
    if (memoryRole.test(role)) return [argument, stand.memory(argument)];
    if (role === 'scalars') return [argument, (value as number[]).map((each, i) => stand.scalar(each, i % 2 === 1))];
    if (role === 'scalar') return [argument, stand.scalar(value as number, seedOf(testCase.name) % 2 === 1)];
    return [argument, value];
  });
  return Object.fromEntries(bound) as Record<string, unknown>;
}
