/** Runs a case on a backend and checks what every op owes: inputs and guards untouched, outputs written in full. */
import { expect } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import type { DType, HostArray, Ops } from '../../src/ops/ops.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { firstDifference, haveSameBytes, isClose, isSame, ulp32 } from '../helpers/compare.js';
import { GuardedMemory } from '../helpers/memory.js';
import { rememberLast } from '../helpers/remember-last.js';
import type { Bound, Case, Fresh, Placement } from './cases/case.js';
import { bind, isFresh, isWritten, type Slot, slotsOf, valuesOf } from './slots.js';

/** What an op left in the memory that it writes, by its name. */
export type Results = Readonly<Record<string, HostArray>>;

export interface RunOptions {
  /** 'float64': all float memory is float64, for the oracle. Default float32. */
  readonly precision?: 'float32' | 'float64';
  /** Elements by which memory is moved off alignment; each memory by a different number. Default 0. */
  readonly shift?: number;
  /** Write outputs over these inputs. */
  readonly inPlace?: Placement;
  /** Replace subnormal inputs by zeros of their sign, as flushing hardware does. */
  readonly flush?: boolean;
}

export function label(testCase: Case): string {
  return `${testCase.op} [${testCase.name}]`;
}

function prepared(values: Float32Array | Int32Array, { precision, flush }: RunOptions): HostArray {
  if (values instanceof Int32Array) return values;
  const flushed = flush === true ? values.map((x) => (Math.abs(x) < 2 ** -126 ? x * 0 : x)) : values;
  return precision === 'float64' ? Float64Array.from(flushed) : flushed;
}

function fresh({ role, value }: Slot, options: RunOptions): { dtype: DType; length: number } {
  const float = options.precision ?? 'float32';
  if (role === 'indexOut' || role === 'indexOut?') return { dtype: 'int32', length: value as number };
  if (role === 'out' || role === 'out?') return { dtype: float, length: value as number };
  const { dtype, length } = value as Fresh;
  return { dtype: dtype === 'float32' ? float : dtype, length };
}

/** Runs the op once and returns what it wrote; throws when it broke a law of ops.ts. */
export function runCase(ops: Ops, testCase: Case, options: RunOptions = {}): Results {
  const values = valuesOf(testCase);
  const placement: Placement = { ...testCase.over, ...options.inPlace };
  const inputs: Record<string, { memory: GuardedMemory; before: HostArray }> = {};
  const outputs: Record<string, { memory: GuardedMemory; unwritten: boolean }> = {};
  const shift = options.shift ?? 0;
  slotsOf(testCase, values).forEach((slot, position) => {
    const { name, role, value } = slot;
    const off = shift === 0 ? 0 : (shift + 3 * position) % 16;
    if (placement[name] !== undefined) return;
    if (isFresh(role)) {
      const { dtype, length } = fresh(slot, options);
      outputs[name] = { memory: GuardedMemory.unwritten(dtype, length, off), unwritten: true };
      return;
    }
    const before = prepared(value as Float32Array | Int32Array, options);
    const memory = GuardedMemory.from(before, off);
    if (isWritten(role)) outputs[name] = { memory, unwritten: false };
    else inputs[name] = { memory, before };
  });
  for (const [output, input] of Object.entries(placement))
    outputs[output] = { memory: inputs[input]!.memory, unwritten: false };
  const args = bind(testCase, values, {
    memory: (name) => (outputs[name] ?? inputs[name])!.memory,
    scalar: (value, isDynamic) => (isDynamic ? { value } : value),
  });
  for (const input of Object.values(placement)) delete inputs[input];

  const run = (): void => (ops[testCase.op] as (args: unknown) => void)(args);
  const refused = testCase.throws;
  const written = refused === undefined ? [] : Object.values(outputs);
  const unchanged = written.map(({ memory }) => ({ memory, before: memory.snapshot() }));
  if (refused === undefined) run();
  else expect(run, label(testCase)).toThrow(refused instanceof Error ? refused : new ArgumentError(refused));

  for (const [name, { memory, before }] of Object.entries(inputs)) {
    const at = firstDifference(memory.read(), before);
    if (at >= 0) expect.fail(`${label(testCase)}: changed its input ${name}[${at}] from ${before[at]}`);
    if (!memory.guardsIntact()) expect.fail(`${label(testCase)}: wrote outside its input ${name}`);
  }
  if (refused !== undefined) {
    for (const { memory, before } of unchanged)
      if (firstDifference(memory.read(), before) >= 0) expect.fail(`${label(testCase)}: threw, and yet wrote`);
    return {};
  }
  const results: Record<string, HostArray> = {};
  for (const [name, { memory, unwritten }] of Object.entries(outputs)) {
    if (!memory.guardsIntact()) expect.fail(`${label(testCase)}: wrote outside ${name}`);
    const at = unwritten ? memory.firstUnwritten() : -1;
    if (at >= 0) expect.fail(`${label(testCase)}: left ${name}[${at}] of ${memory.length} unwritten, or read it`);
    results[name] = memory.read();
  }
  return results;
}

/** What a result is held against: one or two right answers, and how far from them it may be. */
export interface Verdict {
  readonly expected: readonly Results[];
  /** The first of them, rounded to float32: most results are these. */
  readonly rounded: Results;
  readonly allowed: (name: string, index: number, expected: number) => number;
  readonly exact: boolean;
}

/** The oracle's answer, computed once for each case, to which all backends are held in turn. */
export const oracle = rememberLast((testCase: Case): Verdict => {
  const exact = testCase.tolerance === 'exact';
  const precision = exact ? 'float32' : 'float64';
  const expected = [runCase(referenceOps, testCase, { precision })];
  if (testCase.subnormal !== undefined) expected.push(runCase(referenceOps, testCase, { precision, flush: true }));
  let allowed: Verdict['allowed'] = () => 0;
  if (testCase.tolerance !== 'exact') {
    const { ulp, units = 0, condition } = testCase.tolerance as Bound<never>;
    const conditions = condition?.(valuesOf(testCase) as never) ?? {};
    allowed = (name, index, value) => ulp * ulp32(value) + units * 2 ** -24 * (conditions[name]?.[index] ?? 0);
  }
  const rounded = Object.fromEntries(
    Object.entries(expected[0]!).map(([name, values]) => [
      name,
      values instanceof Int32Array ? values : Float32Array.from(values),
    ]),
  );
  return { expected, rounded, allowed, exact };
});

function isRight(testCase: Case, verdict: Verdict, name: string, index: number, actual: number): boolean {
  for (const results of verdict.expected) {
    const values = results[name]!;
    const expected = values[index]!;
    if (values instanceof Int32Array) {
      if (actual === expected) return true;
      continue;
    }
    if (isSame(actual, Math.fround(expected))) return true;
    const { subnormal } = testCase;
    const isTiny = subnormal !== undefined && Math.abs(expected) < 2 ** -126;
    const isRightEnough = verdict.exact
      ? isTiny && (actual === 0 || (subnormal === 'compared' && Math.abs(actual) < 2 ** -126))
      : isClose(actual, expected, verdict.allowed(name, index, expected)) ||
        (isTiny && actual === 0) ||
        // A product that is flushed on the way to a sum is less than the smallest normal number.
        (subnormal !== undefined && subnormal !== 'outside' && Math.abs(actual - expected) < 2 ** -126);
    if (isRightEnough) return true;
  }
  return false;
}

/** Compares results with the oracle's; the message names the op, the case, the place and the numbers. */
export function expectRight(testCase: Case, results: Results): void {
  const verdict = oracle(testCase);
  const complaints: string[] = [];
  let wrong = 0;
  for (const [name, actual] of Object.entries(results)) {
    expect(actual.length, `${label(testCase)}: length of ${name}`).toBe(verdict.expected[0]![name]!.length);
    const rounded = verdict.rounded[name]!;
    if (haveSameBytes(actual, rounded)) continue;
    for (let i = 0; i < actual.length; i++) {
      // Most are rounded right: the bound is worked out for the others only.
      if (isSame(actual[i]!, rounded[i]!) || isRight(testCase, verdict, name, i, actual[i]!)) continue;
      wrong++;
      if (complaints.length < 4) complaints.push(complaint(testCase, verdict, name, i, actual[i]!));
    }
  }
  if (wrong > 0) expect.fail(`${label(testCase)}: ${wrong} wrong\n  ${complaints.join('\n  ')}`);
}

function complaint(testCase: Case, verdict: Verdict, name: string, i: number, actual: number): string {
  const expected = verdict.expected[0]![name]![i]!;
  const error = Math.abs(actual - expected);
  const ulps = (error / ulp32(expected)).toPrecision(3);
  const allowed = (verdict.allowed(name, i, expected) / ulp32(expected)).toPrecision(3);
  const inputs = slotsOf(testCase)
    .filter(({ role }) => role === 'in' || role === 'index')
    .filter(({ value }) => (value as Float32Array).length === verdict.expected[0]![name]!.length)
    .map((slot) => `${slot.name} ${(slot.value as Float32Array)[i]}`);
  const from = inputs.length > 0 ? ` from ${inputs.join(', ')}` : '';
  return `${name}[${i}] = ${actual}, expected ${expected} (off by ${ulps} ulp, allowed ${allowed})${from}`;
}

/** Fails unless two runs gave the same bits. */
export function expectSame(testCase: Case, actual: Results, expected: Results, what: string): void {
  for (const [name, values] of Object.entries(expected)) {
    const at = firstDifference(actual[name]!, values);
    if (at >= 0) {
      expect.fail(`${label(testCase)}: ${what}: ${name}[${at}] is ${actual[name]![at]}, not ${values[at]}`);
    }
  }
}
