/** What the addon's function `pointwise` refuses: programs that are none, lists that do not fit, memory that overlaps. */
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/ops/load.js';
import { nodeNames } from '../../src/ops/nodes.js';
import { nodeOf, programOf } from './cases/programs.js';

const { addon } = loadAddon();
if (addon === null) throw new Error('the addon is missing: npm run build');
const names = Object.keys(addon.instructionSets);

type Call = (...args: unknown[]) => unknown;
type Change = Partial<Record<(typeof parameters)[number], unknown>>;

const parameters = [
  ...(['program', 'inputs', 'keys', 'scalars', 'outputs', 'step', 'layout', 'columns', 'rowOffset'] as const),
];
const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
const f64 = (...values: number[]): Float64Array => Float64Array.from(values);
const i32 = (...values: number[]): Int32Array => Int32Array.from(values);
const add = nodeNames.indexOf('add');

/** One sum of two inputs, as numbers: counts, an instruction, an output. */
const sum = [2, 0, 0, 0, 1, 1, ...[add, 0, 1, 0, 0], 2];
const masked = programOf(1, 1, ([x], [p], graph) => x.mul(graph.mask(0, p)));
const counted = programOf(1, 1, ([x], [t]) => x.mul(t));

function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

describe.each(names)('pointwise of %s', (isa) => {
  const fn = addon.instructionSets[isa]!.pointwise as unknown as Call;
  const [a, b, out] = [f32(1, 2, 3, 4), f32(10, 20, 30, 40), f32(7, 7, 7, 7)];
  const step = i32(3);
  const right = {
    ...{ program: nodeOf('add').code, inputs: [a, b], keys: [], scalars: f64(), outputs: [out], step: null },
    ...{ layout: f64(4, 1, 1), columns: 1, rowOffset: 0 },
  };
  const call = (change: Change = {}): unknown => {
    const args: Record<string, unknown> = { ...right, ...change };
    return fn(...parameters.map((name) => args[name]));
  };
  const one = { inputs: [a], layout: f64(4, 1) };
  const withMask = { ...one, program: masked.code, keys: [i32(1, 2)], scalars: f64(0.5), columns: 2 };
  const withStep = { ...one, program: counted.code, step };
  const changed = (index: number, value: number): Float64Array => Float64Array.from(sum).with(index, value);
  const views = new Float32Array(6);

  it('computes when everything is right', () => {
    call();
    expect([...out]).toEqual([11, 22, 33, 44]);
    call(withMask);
    expect(out.every((value, i) => value === 0 || value === 2 * a[i]!)).toBe(true);
    call(withStep);
    expect([...out]).toEqual([4, 8, 12, 16]);
    expect(step[0]).toBe(4);
  });

  it.each<[string, Change, typeof TypeError, RegExp]>([
    // What is no program.
    ['an array for a program', { program: sum }, TypeError, /argument 0: expected Float64Array$/],
    ['null for a program', { program: null }, TypeError, /argument 0: expected Float64Array$/],
    ['floats for a program', { program: f32(...sum) }, TypeError, /argument 0: expected Float64Array, got Float32/],
    ['no numbers', { program: f64() }, RangeError, /pointwise program: /],
    ['a number too few', { program: f64(...sum.slice(0, -1)) }, RangeError, /pointwise program: /],
    ['a number too many', { program: f64(...sum, 0) }, RangeError, /pointwise program: /],
    ['a negative count', { program: changed(3, -1) }, RangeError, /pointwise program: /],
    ['half an input', { program: changed(0, 0.5) }, RangeError, /pointwise program: /],
    ['a count of 2^40', { program: changed(0, 2 ** 40) }, RangeError, /pointwise program: /],
    ['NaN for a count', { program: changed(4, Number.NaN) }, RangeError, /pointwise program: /],
    ['an unknown node', { program: changed(6, nodeNames.length + 1) }, RangeError, /pointwise program: /],
    ['a negative node', { program: changed(6, -1) }, RangeError, /pointwise program: /],
    ['an operand that comes later', { program: changed(7, 2) }, RangeError, /pointwise program: /],
    ['a negative operand', { program: changed(8, -1) }, RangeError, /pointwise program: /],
    ['half an operand', { program: changed(8, 0.5) }, RangeError, /pointwise program: /],
    ['an output that is no value', { program: changed(11, 3) }, RangeError, /pointwise program: /],
    ['no output', { program: f64(...sum.slice(0, -1)).with(5, 0), outputs: [] }, RangeError, /pointwise/],
    ['a mask of no key', { program: changed(6, nodeNames.length) }, RangeError, /pointwise program: /],
    // Lists.
    ['a typed array for a list', { inputs: a }, TypeError, /argument 1: expected an array of typed arrays$/],
    ['null for a list', { outputs: null }, TypeError, /argument 4: expected an array of typed arrays$/],
    ['an object for a list', { keys: { length: 0 } }, TypeError, /argument 2: expected an array of typed arrays$/],
    ['an array in a list', { inputs: [a, [1, 2, 3, 4]] }, TypeError, /argument 1: expected Float32Array$/],
    ['a hole in a list', { inputs: [a, undefined] }, TypeError, /argument 1: expected Float32Array$/],
    ['integers in a list', { inputs: [a, i32(1, 2, 3, 4)] }, TypeError, /argument 1: expected Float32Array, got Int32/],
    ['floats for keys', { ...withMask, keys: [f32(1, 2)] }, TypeError, /argument 2: expected Int32Array, got Float32/],
    ['shared memory', { inputs: [a, new Float32Array(new SharedArrayBuffer(16))] }, TypeError, /argument 1: .*Shared/],
    ['a detached buffer', { outputs: [detached()] }, TypeError, /argument 4: .*detached$/],
    ['an array for scalars', { scalars: [] }, TypeError, /argument 3: expected Float64Array$/],
    ['an input too few', { inputs: [a] }, RangeError, /^pointwise: (inputs|layout) /],
    ['an input too many', { inputs: [a, b, b] }, RangeError, /^pointwise: (inputs|layout) /],
    ['a scalar too many', { scalars: f64(1) }, RangeError, /^pointwise: scalars must be 0 for this program, got 1$/],
    ['an output too many', { outputs: [out, f32(0, 0, 0, 0)] }, RangeError, /^pointwise: outputs must be 1 for/],
    ['no key', { ...withMask, keys: [] }, RangeError, /^pointwise: keys must be 1 for this program, got 0$/],
    ['no step', { ...withStep, step: null }, RangeError, /^pointwise: scalars must be 1 for this program, got 0$/],
    // Memory.
    ['a short input', { inputs: [a, f32(1, 2, 3)] }, RangeError, /^pointwise: inputs\[1\] needs 4 elements, got 3$/],
    ['a short output', { outputs: [f32(1, 2, 3)] }, RangeError, /^pointwise: outputs\[0\] needs 4 elements, got 3$/],
    ['a short key', { ...withMask, keys: [i32(1)] }, RangeError, /^pointwise: key/],
    ['a layout of another rank', { layout: f64(4, 1) }, RangeError, /^pointwise: /],
    ['a layout without sizes', { layout: f64() }, RangeError, /^pointwise: /],
    ['sizes whose product wraps', { layout: f64(2 ** 32, 2 ** 32, 0, 0, 0, 0) }, RangeError, /^pointwise: /],
    ['a layout that leaves an input', { layout: f64(4, 1, 2) }, RangeError, /^pointwise: inputs\[1\] needs 7 elements/],
    [
      'an output over a part of an input',
      { inputs: [views.subarray(0, 4), b], outputs: [views.subarray(2)] },
      RangeError,
      /^pointwise: outputs\[0\] overlaps an input that is not the same elements$/,
    ],
    [
      'an output over an input that is read in another order',
      { inputs: [out, b], layout: f64(2, 2, 1, 2, 2, 1) },
      RangeError,
      /^pointwise: outputs\[0\] overlaps an input/,
    ],
    [
      'two outputs in one place',
      { program: programOf(2, 0, ([x, y]) => [x, y]).code, outputs: [out, out] },
      RangeError,
      /^pointwise: outputs\[1\] overlaps another output$/,
    ],
    // Numbers.
    ['a probability above 1', { ...withMask, scalars: f64(1.5) }, RangeError, /^pointwise: p must be in \[0, 1\]/],
    ['a probability that is NaN', { ...withMask, scalars: f64(Number.NaN) }, RangeError, /^pointwise: p must be/],
    ['no columns', { ...withMask, columns: 0 }, RangeError, /^pointwise: columns must divide 4 elements, got 0$/],
    ['columns that do not divide', { ...withMask, columns: 3 }, RangeError, /^pointwise: columns must divide/],
    ['a negative row', { ...withMask, rowOffset: -1 }, RangeError, /argument 8: expected a size/],
    ['a negative step', { ...withStep, step: i32(-1) }, RangeError, /^pointwise: step must be in \[0, 2147483646\]/],
    ['the last step', { ...withStep, step: i32(2 ** 31 - 1) }, RangeError, /^pointwise: step must be in/],
    ['an empty step', { ...withStep, step: i32() }, RangeError, /^pointwise: step /],
  ])('refuses %s and changes nothing', (_what, change, type, message) => {
    out.fill(7);
    step[0] = 3;
    expect(() => call(change)).toThrow(type);
    expect(() => call(change)).toThrow(message);
    expect([...out, ...a, ...b, step[0]]).toEqual([7, 7, 7, 7, 1, 2, 3, 4, 10, 20, 30, 40, 3]);
    call();
    expect([...out]).toEqual([11, 22, 33, 44]);
  });

  it('keeps its arguments when lists run JavaScript: calls of itself, and buffers taken away', () => {
    const inner = f32(0, 0, 0, 0);
    const calling = Object.defineProperty([a, b], 1, {
      get() {
        call({ program: nodeOf('mul').code, outputs: [inner] });
        return b;
      },
    });
    call({ inputs: calling });
    expect([...out]).toEqual([11, 22, 33, 44]);
    expect([...inner]).toEqual([10, 40, 90, 160]);
    const victim = f32(1, 2, 3, 4);
    const taking = Object.defineProperty([victim, b], 1, {
      get() {
        structuredClone(victim.buffer, { transfer: [victim.buffer as ArrayBuffer] });
        return b;
      },
    });
    expect(() => call({ inputs: taking })).toThrow(/argument 1: .*detached|inputs\[0\] needs 4 elements/);
    const throwing = Object.defineProperty([a, b], 1, {
      get() {
        throw new EvalError('from the list');
      },
    });
    expect(() => call({ inputs: throwing })).toThrow(EvalError);
    const growing = new Proxy([a, b], { get: (target, key) => (key === 'length' ? 70000 : Reflect.get(target, key)) });
    expect(() => call({ inputs: growing })).toThrow(TypeError);
    call();
    expect([...out]).toEqual([11, 22, 33, 44]);
  });

  it('finds each of many programs again, and none for another', () => {
    const programs = Array.from({ length: 3000 }, (_, i) => programOf(1, 0, ([x]) => x.mul(i).add(1)).code);
    for (const round of [0, 1]) {
      for (const [i, program] of programs.entries()) {
        if (round === 1 && i % 7 !== 0) continue;
        call({ ...one, program });
        expect(out[1]).toBe(2 * i + 1);
      }
    }
    // The same memory with other numbers is another program.
    const changing = Float64Array.from(programs[5]!);
    call({ ...one, program: changing });
    changing[6] = 100;
    call({ ...one, program: changing });
    expect(out[0]).toBe(101);
  });
});

describe.each(names)('pointwise of %s with numbers in the frame', (isa) => {
  const fn = addon.instructionSets[isa]!.pointwise as unknown as Call;
  const { frame } = addon;
  const program = addon.pointwiseProgram(nodeOf('add').code);
  const [a, b, out] = [f32(1, 2, 3, 4), f32(10, 20, 30, 40), f32(7, 7, 7, 7)];
  /** Counts stand for the lists of memories, and for scalars and layout. */
  const right = [program, 2, 0, 0, 1, null, 3, 1, 0, a, b, out];

  it('computes what the arrays would', () => {
    frame.set([4, 1, 1]);
    fn(...right);
    expect([...out]).toEqual([11, 22, 33, 44]);
  });

  it.each<[string, unknown[], typeof TypeError, RegExp]>([
    ['a program that does not exist', right.with(0, 1e6), RangeError, /argument 0: no such program$/],
    ['a negative program', right.with(0, -1), RangeError, /argument 0: expected a size/],
    ['more memories than there are', right.with(4, 2), RangeError, /argument 4: more elements than were given$/],
    ['fewer memories than there are', right.with(1, 1), TypeError, /expected 9 arguments, got 12$/],
    ['half a memory', right.with(1, 1.5), RangeError, /argument 1: expected a size/],
    ['more numbers than the frame has', right.with(6, frame.length + 1), RangeError, /argument 6: more elements/],
    ['no memory where one is', right.with(9, null), TypeError, /argument 1: expected Float32Array$/],
  ])('refuses %s and changes nothing', (_what, args, type, message) => {
    frame.set([4, 1, 1]);
    out.fill(7);
    expect(() => fn(...args)).toThrow(type);
    expect(() => fn(...args)).toThrow(message);
    expect([...out]).toEqual([7, 7, 7, 7]);
  });
});

it('makes no program of numbers that are none', () => {
  expect(() => addon.pointwiseProgram(f64(1, 2))).toThrow(/pointwise program: /);
});

it('frees a program once, gives its number to the next one, and knows it no more', () => {
  const fn = addon.instructionSets[names[0]!]!.pointwise as unknown as Call;
  const out = f32(7, 7, 7, 7);
  const call = (program: number) => {
    addon.frame.set([4, 1, 1]);
    fn(program, 2, 0, 0, 1, null, 3, 1, 0, f32(1, 2, 3, 4), f32(10, 20, 30, 40), out);
  };
  const program = addon.pointwiseProgram(nodeOf('add').code);
  addon.forgetPointwiseProgram(program);
  for (const forget of [program, 1e6]) expect(() => addon.forgetPointwiseProgram(forget)).toThrow(/no such program$/);
  expect(() => addon.forgetPointwiseProgram(-1)).toThrow(/expected a size/);
  expect(() => call(program)).toThrow(/argument 0: no such program$/);
  expect([...out]).toEqual([7, 7, 7, 7]);
  expect(addon.pointwiseProgram(nodeOf('mul').code)).toBe(program);
  call(program);
  expect([...out]).toEqual([10, 40, 90, 160]);
});
