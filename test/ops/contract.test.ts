/** Every op of the contract is everywhere: in the reference, in the case list, in the native list and its addon. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import { hostOps } from '../../src/ops/host.js';
import { loadAddon } from '../../src/ops/load.js';
import { nodeNames } from '../../src/ops/nodes.js';
import { type Memory, type OpName, type Role, type Signature, signatures, traits } from '../../src/ops/ops.js';
import type { PointwiseProgram } from '../../src/ops/pointwise-program.js';
import type { Case } from './cases/case.js';
import { count, extent } from './cases/layouts.js';
import { cases } from './cases.js';
import { label } from './harness.js';
import { argumentOf, bind, isWritten, rolesOf, type Slot, slotsOf, valuesOf } from './slots.js';

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

const { addon } = loadAddon();

/** Roles that cross as another one: C++ types do not say whether memory is read before it is written. */
const crossesAs: Partial<Record<Role, string>> = {
  inout: 'out',
  inouts: 'outs',
  anyInout: 'anyOut',
  'indexInout?': 'indexOut?',
};

it.skipIf(addon === null)('every op but draw has a C++ function whose parameters are of the kinds of its roles', () => {
  const { draw, ...crossing } = signatures;
  const expected = Object.entries<Signature>(crossing).map(([op, signature]) => [
    op,
    Object.values(signature).map((role) => crossesAs[role] ?? role),
  ]);
  expect(addon!.opParameters()).toEqual(Object.fromEntries(expected));
});

describe('every node', () => {
  it.skipIf(addon === null)('of pointwise programs has the number that the addon knows it by', () => {
    expect(addon!.pointwiseNodes).toEqual([...nodeNames, 'mask']);
  });

  it('has cases', () => {
    const counts = new Map<string, number>([...nodeNames, 'mask'].map((node) => [node, 0]));
    for (const testCase of cases) {
      const program = valuesOf(testCase).program as PointwiseProgram | null | undefined;
      for (const { node } of program?.instructions ?? []) counts.set(node, counts.get(node)! + 1);
    }
    expect([...counts].filter(([, times]) => times < 20)).toEqual([]);
  });
});

/** The memories that a layout walks over, in its order. */
function walked({ op }: Case, slots: readonly Slot[]): readonly Slot[] {
  if (op === 'pointwise' || op === 'reduce') return slots.filter((slot) => argumentOf(slot) === 'inputs');
  const names = op === 'copy' ? ['x', 'out'] : ['a', 'b'];
  return names.map((name) => slots.find((slot) => slot.name === name)!);
}

const lengthOf = ({ value }: Slot): number => (typeof value === 'number' ? value : value.length);

describe('cases', () => {
  it('give every argument of their op and no other', () => {
    for (const testCase of cases) {
      const roles = rolesOf(testCase).map(([argument]) => argument);
      expect(Object.keys(testCase.args()).sort(), label(testCase)).toEqual(roles.sort());
    }
  });

  it('have layouts that stay within their memory, and outputs of as many elements', () => {
    for (const testCase of cases) {
      if (!rolesOf(testCase).some(([argument]) => argument === 'layout')) continue;
      const values = valuesOf(testCase);
      const layout = [...(values.layout as Float64Array)];
      const slots = slotsOf(testCase, values);
      const operands = walked(testCase, slots);
      const rank = layout.length / (1 + operands.length);
      expect(Number.isInteger(rank) && rank >= 1, label(testCase)).toBe(true);
      const sizes = layout.slice(0, rank);
      operands.forEach((slot, i) => {
        const reach = extent(sizes, layout.slice(rank * (i + 1), rank * (i + 2)));
        const offset = (values[`${slot.name}Offset`] ?? 0) as number;
        expect(offset + reach, `${label(testCase)} ${slot.name}`).toBeLessThanOrEqual(lengthOf(slot));
      });
      for (const slot of slots)
        if (argumentOf(slot) === 'outputs') expect(lengthOf(slot), label(testCase)).toBe(count(sizes));
    }
  });

  it('give programs as many operands as they take', () => {
    for (const testCase of cases) {
      const values = valuesOf(testCase) as Readonly<Record<string, unknown>>;
      const program = values.program as PointwiseProgram | null | undefined;
      if (program === undefined) continue;
      const lengthsOf = (...names: string[]) =>
        names.map((name) => (values[name] as unknown[] | undefined)?.length ?? 0);
      // The product is the first input of a post-op, and out what its first output goes to.
      const hasOut = Object.hasOwn(values, 'out');
      const product = testCase.op === 'pointwise' || testCase.op === 'reduce' ? 0 : 1;
      const expected = program ?? { inputs: 1, keys: 0, scalars: 0, outputs: [0] };
      const steps = (values.step ?? null) === null ? 0 : 1;
      // States are both inputs and outputs.
      const places = testCase.op === 'indexUpdate' ? 'states' : null;
      const [inputs, keys, scalars, outputs] = lengthsOf(places ?? 'inputs', 'keys', 'scalars', places ?? 'outputs');
      expect([inputs! + product, keys, scalars! + steps, outputs! + (hasOut ? 1 : 0)], label(testCase)).toEqual([
        expected.inputs,
        expected.keys,
        expected.scalars,
        expected.outputs.length,
      ]);
    }
  });

  it('are written over inputs where the traits of their op let elements correspond, and nowhere else', () => {
    const written = new Set<OpName>();
    for (const testCase of cases) {
      const { inputs, outputs } = traits[testCase.op].elementwise ?? { inputs: [], outputs: [] };
      const placements = [testCase.over ?? {}, ...(testCase.inPlace ?? [])];
      for (const [output, input] of placements.flatMap((placement) => Object.entries(placement))) {
        expect(outputs, label(testCase)).toContain(argumentOf({ name: output }));
        expect(inputs, label(testCase)).toContain(argumentOf({ name: input }));
        written.add(testCase.op);
      }
    }
    expect([...written].sort()).toEqual(names.filter((op) => traits[op].elementwise !== undefined).sort());
  });

  it.each(backend.available)('on %s ask to write all memory whose role says so, and no other', (name) => {
    const { ops } = getBackend(name);
    for (const op of names) {
      const testCase = cases.find((candidate) => candidate.op === op && candidate.throws === undefined)!;
      const slots = slotsOf(testCase);
      const asked = new Set<string>();
      const memories = new Map(slots.map((slot) => [slot.name, recording(slot, () => asked.add(slot.name))]));
      for (const [output, input] of Object.entries(testCase.over ?? {})) memories.set(output, memories.get(input)!);
      const args = bind(testCase, valuesOf(testCase), {
        memory: (slot) => memories.get(slot),
        scalar: (value) => value,
      });
      (ops[op] as (args: unknown) => void)(args);
      const written = slots
        .filter(({ role }) => isWritten(role))
        .map((slot) => testCase.over?.[slot.name] ?? slot.name);
      expect([...asked].sort(), op).toEqual(written.sort());
    }
  });
});

/** Memory that tells when it is asked for to be written. */
function recording(slot: Slot, onWrite: () => void): Memory {
  const { role, value } = slot;
  const length = lengthOf(slot);
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
