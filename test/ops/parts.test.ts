/** Ops that run a program on what they compute give the bits of the op without it, and then `pointwise`: on native backends, which round between. */
import { describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import type { HostArray, Memory, OpArgs, Ops } from '../../src/ops/ops.js';
import { numberOf } from '../../src/ops/roles.js';
import { firstDifference } from '../helpers/compare.js';
import { GuardedMemory } from '../helpers/memory.js';
import type { Case } from './cases/case.js';
import { layout } from './cases/layouts.js';
import { cases } from './cases.js';
import { label, type Results, runCase } from './harness.js';
import { bind, isFresh, isWritten, slotsOf, valuesOf } from './slots.js';

const natives = backend.available.filter((name) => name.startsWith('native:'));

const unwritten = (length: number): GuardedMemory => GuardedMemory.unwritten('float32', length);
const contents = (memory: Memory): HostArray => memory.read().slice();

/** The arguments of a case over fresh memory, and what lies where by its name. */
function argumentsOf<Args>(testCase: Case): { readonly args: Args; readonly memory: (name: string) => Memory } {
  const values = valuesOf(testCase);
  const memories = new Map<string, Memory>();
  for (const { name, role, value } of slotsOf(testCase, values)) {
    const length = typeof value === 'number' ? value : value.length;
    const isIndex = role.startsWith('index');
    if (!isFresh(role)) memories.set(name, GuardedMemory.from((value as Float32Array | Int32Array).slice()));
    else memories.set(name, isIndex ? GuardedMemory.unwritten('int32', length) : unwritten(length));
  }
  for (const [output, input] of Object.entries(testCase.over ?? {})) memories.set(output, memories.get(input)!);
  const args = bind(testCase, values, {
    memory: (name) => memories.get(name),
    scalar: (value) => value,
  }) as unknown as Args;
  return { args, memory: (name) => memories.get(name)! };
}

type PostOp = Pick<OpArgs<'linear'>, 'out' | 'program' | 'inputs' | 'keys' | 'scalars' | 'outputs' | 'rowOffset'>;
const noPostOp = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 };

/** The program of a post-op on a product that has been stored. */
function runPostOp(ops: Ops, product: Memory, postOp: PostOp, rows: number, columns: number): void {
  const { program, inputs, out, outputs, ...rest } = postOp;
  // An operand of another length has a row for each image.
  const perImage = inputs.find(({ length }) => ![rows * columns, columns, 1].includes(length));
  const images = perImage === undefined ? 1 : perImage.length / columns;
  const height = rows / images;
  const stridesOf = (length: number): number[] => {
    if (length === rows * columns) return [height * columns, columns, 1];
    if (length === columns) return [0, 0, 1];
    return length === 1 ? [0, 0, 0] : [columns, 0, 1];
  };
  const strides = [product, ...inputs].map(({ length }) => stridesOf(length));
  ops.pointwise({
    ...{ ...rest, program: program!, inputs: [product, ...inputs], outputs: [out, ...outputs] },
    ...{
      step: null,
      layout: layout([images, height, columns], ...strides),
      columns: rows * columns === 0 ? 1 : columns,
    },
  });
}

function linearInParts(ops: Ops, testCase: Case): Results {
  const { args, memory } = argumentsOf<OpArgs<'linear'>>(testCase);
  const { rows, outFeatures } = args;
  const product = unwritten(rows * outFeatures);
  ops.linear({ ...args, ...noPostOp, out: product });
  runPostOp(ops, product, args, rows, outFeatures);
  return resultsOf(testCase, memory);
}

function gradientInParts(ops: Ops, testCase: Case): Results {
  const { args, memory } = argumentsOf<OpArgs<'linearInputGradient'>>(testCase);
  const { rows, inFeatures } = args;
  const product = unwritten(rows * inFeatures);
  ops.linearInputGradient({ ...args, ...noPostOp, out: product, biasGrad: null });
  runPostOp(ops, product, args, rows, inFeatures);
  if (args.biasGrad !== null) ops.sum({ x: args.out, out: args.biasGrad, outer: 1, size: rows, inner: inFeatures });
  return resultsOf(testCase, memory);
}

function weightUpdateInParts(ops: Ops, testCase: Case): Results {
  const { args, memory } = argumentsOf<OpArgs<'linearWeightUpdate'>>(testCase);
  const { grad, x, program, inputs, scalars, outputs, step, rows, inFeatures, outFeatures } = args;
  const n = outFeatures * inFeatures;
  const gradient = unwritten(n);
  const sizes = { batch: 1, m: outFeatures, n: inFeatures, k: rows, aStride: 0, bStride: 0 };
  ops.matmul({ a: grad, b: x, out: gradient, ...sizes, transA: true, transB: false });
  // One number may stand for all elements.
  const flat = layout([n], ...[gradient, ...inputs].map(({ length }) => [length === 1 && n !== 1 ? 0 : 1]));
  const masks = { keys: [], columns: 1, rowOffset: 0 };
  ops.pointwise({ program, inputs: [gradient, ...inputs], scalars, outputs, step, layout: flat, ...masks });
  return resultsOf(testCase, memory);
}

function indexUpdateInParts(ops: Ops, testCase: Case): Results {
  const { args, memory } = argumentsOf<OpArgs<'indexUpdate'>>(testCase);
  const { grad, index, counts, program, states, scalars, step, rows, width, count } = args;
  const n = rows * width;
  const before = states.map(contents);
  const gradient = unwritten(n);
  ops.indexAdd({ grad, index, out: gradient, rows, width, count });
  const flat = layout([n], ...[gradient, ...states].map(() => [1]));
  const masks = { keys: [], columns: 1, rowOffset: 0 };
  ops.pointwise({ program, inputs: [gradient, ...states], scalars, outputs: states, step, layout: flat, ...masks });
  // Rows that are not named are as before.
  const named = new Set(index.read().filter((_, r) => counts === null || counts.read()[r] !== 0));
  states.forEach((state, i) => {
    const values = state.write();
    for (let at = 0; at < n; at++) if (!named.has(Math.floor(at / width))) values[at] = before[i]![at]!;
  });
  return resultsOf(testCase, memory);
}

function reduceInParts(ops: Ops, testCase: Case): Results {
  const { args, memory } = argumentsOf<OpArgs<'reduce'>>(testCase);
  const { program, inputs, scalars, layout: where, out, index, outer, size, inner, kind, divisor } = args;
  const x = unwritten(outer * size * inner);
  const plain = { keys: [], step: null, columns: 1, rowOffset: 0 };
  ops.pointwise({ program, inputs, scalars, outputs: [x], layout: where, ...plain });
  if (kind === 0) ops.sum({ x, out, outer, size, inner });
  else ops.extreme({ x, out, index: index!, outer, size, inner, largest: kind === 1 });
  const sums = out.write();
  for (let i = 0; i < sums.length; i++) sums[i]! /= Math.fround(numberOf(divisor));
  return resultsOf(testCase, memory);
}

/** What the case's op writes. */
const resultsOf = (testCase: Case, memory: (name: string) => Memory): Results =>
  Object.fromEntries(
    slotsOf(testCase)
      .filter(({ role }) => isWritten(role))
      .map(({ name }) => [name, contents(memory(name))]),
  );

const inParts = {
  linear: linearInParts,
  linearInputGradient: gradientInParts,
  linearWeightUpdate: weightUpdateInParts,
  indexUpdate: indexUpdateInParts,
  reduce: reduceInParts,
} as const;

describe.each(natives)('on %s', (name) => {
  const { ops } = getBackend(name);
  it.each(Object.entries(inParts))('%s gives the bits of its parts', (op, run) => {
    const chosen = cases.filter(
      (each) => each.op === op && each.throws === undefined && valuesOf(each).program !== null,
    );
    const wrong = chosen.flatMap((testCase) => {
      const whole = runCase(ops, testCase);
      const parts = run(ops, testCase);
      return Object.entries(parts).flatMap(([output, values]) => {
        const at = firstDifference(whole[output]!, values);
        return at < 0 ? [] : [`${label(testCase)}: ${output}[${at}] is ${whole[output]![at]}, in parts ${values[at]}`];
      });
    });
    expect(chosen.length).toBeGreaterThan(50);
    expect(wrong).toEqual([]);
  });
});
