/** Every op of the contract is everywhere: in the reference, in the case list, in the native list and its addon. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import { hostOps } from '../../src/ops/host.js';
import { type Layout, type Memory, type OpName, type Role, signatures } from '../../src/ops/ops.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { extent } from './cases/layouts.js';
import { cases } from './cases.js';
import { rolesOf } from './harness.js';

const names = Object.keys(signatures) as OpName[];

describe('every op', () => {
  it.each(['reference', ...backend.available.filter((name) => name !== 'reference')])('is a function of %s', (name) => {
    const { ops } = getBackend(name);
    expect(Object.keys(ops).sort()).toEqual([...names].sort());
    for (const op of names) expect(ops[op], op).toBeTypeOf('function');
  });

  it('has cases', () => {
    const counts = new Map(names.map((op) => [op, 0]));
    for (const { op } of cases) counts.set(op, counts.get(op)! + 1);
    expect([...counts].filter(([, count]) => count < 3)).toEqual([]);
  });

  it('of the host is the same function on every backend', () => {
    for (const name of backend.available) expect(getBackend(name).ops).toMatchObject(hostOps);
  });

  it('that is not of the host stands in native/ops/ops.inc, in the same order', () => {
    const list = readFileSync(new URL('../../native/ops/ops.inc', import.meta.url), 'utf8');
    const native = [...list.matchAll(/^OP\((\w+)\)$/gm)].map(([, op]) => op);
    expect(native).toEqual(names.filter((op) => !Object.hasOwn(hostOps, op)));
  });
});

describe('cases', () => {
  it('give every argument of their op and no other', () => {
    for (const testCase of cases) {
      const roles = rolesOf(testCase).map(([argument]) => argument);
      expect(Object.keys(testCase.args()).sort(), `${testCase.op} [${testCase.name}]`).toEqual(roles.sort());
    }
  });

  it('have layouts that stay within their memory', () => {
    for (const testCase of cases) {
      if (!rolesOf(testCase).some(([, role]) => role === 'layout')) continue;
      const args = testCase.args() as Readonly<Record<string, unknown>>;
      const values = [...(args.layout as Layout)];
      const rank = values.length / 3;
      const reach = (operand: number): number => {
        return extent(values.slice(0, rank), values.slice(rank * operand, rank * (operand + 1)));
      };
      const [first, second] = testCase.op === 'copy' ? ['x', 'out'] : ['a', 'b'];
      for (const [argument, operand] of [
        [first!, 1],
        [second!, 2],
      ] as const) {
        const offset = (args[`${argument}Offset`] ?? 0) as number;
        const { length } = args[argument] as { length: number };
        expect(offset + reach(operand), `${testCase.op} [${testCase.name}] ${argument}`).toBeLessThanOrEqual(length);
      }
    }
  });

  it('run on memory that the reference only reads where the role says so', () => {
    const reading = new Set<Role>(['in', 'in?', 'index', 'any']);
    for (const op of names) {
      const testCase = cases.find((candidate) => candidate.op === op && candidate.throws === undefined)!;
      const written: string[] = [];
      const values = testCase.args() as Readonly<Record<string, unknown>>;
      const args: Record<string, unknown> = { ...values };
      for (const [argument, role] of rolesOf(testCase)) {
        if (role === 'cell') args[argument] = { value: values[argument] };
        if (!/^(in|out|inout|index|indexOut|indexInout|any|anyOut|anyInout)\??$/.test(role)) continue;
        if (values[argument] === null) continue;
        args[argument] = recording(values[argument], role, () => written.push(argument));
      }
      (referenceOps[op] as (args: unknown) => void)(args);
      const allowed = rolesOf(testCase).filter(([, role]) => !reading.has(role));
      for (const argument of written)
        expect(
          allowed.map(([name]) => name),
          op,
        ).toContain(argument);
    }
  });
});

/** Memory that tells when it is asked for to be written. */
function recording(value: unknown, role: Role, onWrite: () => void): Memory {
  const length = typeof value === 'number' ? value : (value as { length: number }).length;
  const isInt =
    role.startsWith('index') || value instanceof Int32Array || (value as { dtype?: string }).dtype === 'int32';
  const given = ArrayBuffer.isView(value) ? (value as Float32Array | Int32Array).slice() : null;
  const array = given ?? (isInt ? new Int32Array(length) : new Float32Array(length));
  return {
    dtype: isInt ? 'int32' : 'float32',
    length,
    read: () => array,
    write: () => {
      onWrite();
      return array;
    },
  };
}
