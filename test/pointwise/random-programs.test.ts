/**
 * A thousand random programs: within the bounds that follow from their nodes on every backend, with the same bits on every instruction
 * set and number of threads.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import type { Memory, Ops } from '../../src/ops/ops.js';
import { GuardedMemory } from '../helpers/memory.js';
import { floats } from '../helpers/values.js';
import { boundsOf, isNarrow, isWithin } from './bounds.js';
import { programOfRandom, type RandomExpression, randomExpression } from './random-expression.js';

const count = 1000;
const expressions = Array.from({ length: count }, (_, seed) => randomExpression(seed));
const programs = expressions.map(programOfRandom);

const natives = backend.available.filter((name) => name.startsWith('native:'));
/** Instruction sets whose multiply-add rounds once: they owe each other the same bits. */
const fused = natives.filter((name) => name !== 'native:scalar');
const threadsBefore = backend.threads;
afterAll(() => {
  backend.threads = threadsBefore;
});

/** First what functions treat in their own way, then ordinary numbers. */
const special = [0, -0, 1, -1, 0.5, -2, 1e-20, 1e20, -1e30, Number.NaN, Number.POSITIVE_INFINITY];
function inputsOf({ inputs }: RandomExpression, seed: number, n: number): Float32Array[] {
  return Array.from({ length: inputs }, (_, k) => {
    const values = floats(n, 1000 * seed + k);
    for (const [i, value] of special.entries()) values[3 * i + k] = value;
    return values;
  });
}

/** The outputs of a program, in memory with guard bytes. */
function run(ops: Ops, seed: number, inputs: readonly Float32Array[]): Float32Array[] {
  const program = programs[seed]!;
  const n = inputs[0]!.length;
  const outputs = program.outputs.map(() => GuardedMemory.unwritten('float32', n));
  const given: Memory[] = inputs.map((values) => GuardedMemory.from(values));
  ops.pointwise({
    ...{ program, inputs: given, outputs, scalars: expressions[seed]!.scalars, keys: [], step: null },
    ...{ layout: Float64Array.of(n, ...inputs.map(() => 1)), columns: 1, rowOffset: 0 },
  });
  for (const memory of outputs) expect(memory.guardsIntact(), `program ${seed}`).toBe(true);
  return outputs.map((memory) => memory.read() as Float32Array);
}

const bytes = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** NaNs of one payload: which of two NaNs goes on is nowhere promised. */
const plain = (values: Float32Array): Float32Array => values.map((x) => (Number.isNaN(x) ? Number.NaN : x));

function expectSameBits(actual: readonly Float32Array[], expected: readonly Float32Array[], what: string): void {
  for (const [k, values] of actual.entries()) {
    if (bytes(plain(values)).equals(bytes(plain(expected[k]!)))) continue;
    const at = values.findIndex((x, i) => !Object.is(x, expected[k]![i]));
    expect.fail(`${what}: output ${k} at ${at} is ${values[at]}, not ${expected[k]![at]}`);
  }
}

describe.each(['reference', ...natives])('random programs on %s', (name) => {
  const { ops } = getBackend(name);

  it('are within their bounds, which are narrow for most', () => {
    const wrong: string[] = [];
    let [all, narrow] = [0, 0];
    for (const [seed, program] of programs.entries()) {
      const inputs = inputsOf(expressions[seed]!, seed, 61);
      const outputs = run(ops, seed, inputs);
      for (let i = 0; i < 61; i++) {
        const bounds = boundsOf(
          program,
          inputs.map((values) => values[i]!),
          expressions[seed]!.scalars,
        );
        for (const [k, each] of bounds.entries()) {
          all++;
          if (isNarrow(each)) narrow++;
          const got = outputs[k]![i]!;
          const from = inputs.map((values) => values[i]).join(', ');
          if (!isWithin(got, each))
            wrong.push(`program ${seed}, output ${k}, of ${from}: ${got}, not in [${each.low}, ${each.high}]`);
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(narrow / all).toBeGreaterThan(0.95);
  });
});

describe.each(fused.slice(1))(`random programs on %s and ${fused[0]}`, (name) => {
  it('give the same bits', () => {
    for (const seed of programs.keys()) {
      const inputs = inputsOf(expressions[seed]!, seed, 997);
      const [wide, narrow] = [name, fused[0]!].map((each) => run(getBackend(each).ops, seed, inputs));
      expectSameBits(wide!, narrow!, `program ${seed}`);
    }
  });
});

describe.each(natives)('random programs on %s', (name) => {
  it('give the same bits on 1 to 8 threads', () => {
    const { ops } = getBackend(name);
    for (const seed of programs.keys()) {
      // Large enough to be split, for some of them.
      const inputs = inputsOf(expressions[seed]!, seed, seed % 25 === 0 ? 100003 : 9001);
      backend.threads = 1;
      const alone = run(ops, seed, inputs);
      for (const threads of seed % 25 === 0 ? [2, 3, 4, 5, 6, 7, 8] : [2 + (seed % 7)]) {
        backend.threads = threads;
        expectSameBits(run(ops, seed, inputs), alone, `program ${seed} on ${threads} threads`);
      }
    }
  });
});
