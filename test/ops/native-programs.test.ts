/** Programs: every op runs in one as it does eagerly; what a graph, a call or a handle may not be. */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ArgumentError, BackendError, Generator, StateError } from '../../src/index.js';
import { backend, getBackend } from '../../src/ops/backend.js';
import {
  type Graph,
  type Instruction,
  NotFiniteError,
  type ProgramFactory,
  type ValueSpec,
} from '../../src/ops/graph.js';
import { loadAddon, type NativeAddon, type NativeHandle } from '../../src/ops/load.js';
import type { NodeName } from '../../src/ops/nodes.js';
import { type DType, traits } from '../../src/ops/ops.js';
import type { Case } from './cases/case.js';
import { nodeOf } from './cases/programs.js';
import { cases, groupOf } from './cases.js';
import { expectSame, label, runCase } from './harness.js';
import { type ProgramOptions, runAsProgram } from './one-instruction.js';
import { slotsOf, valuesOf } from './slots.js';

const natives = backend.available.filter((name) => name.startsWith('native:'));

/** One test for each group: each of its cases gives the bits of the eager op, or its error. */
function itAgreesWithEager(
  name: string,
  among: readonly Case[],
  options: (testCase: Case) => readonly ProgramOptions[],
) {
  const { ops, programs } = getBackend(name);
  it.each([...new Set(among.map(groupOf))])('%s', (group) => {
    for (const testCase of among.filter((candidate) => groupOf(candidate) === group)) {
      for (const option of options(testCase)) {
        const run = (): ReturnType<typeof runAsProgram> => runAsProgram(programs(), testCase, option);
        const { throws } = testCase;
        if (throws === undefined) expectSame(testCase, run(), runCase(ops, testCase), JSON.stringify(option));
        else expect(run, label(testCase)).toThrow(throws instanceof Error ? throws : new ArgumentError(throws));
      }
    }
  });
}

/** What is there of a case's arguments, and its flags: what a reader of programs goes by. */
function kindOf(testCase: Case): string {
  const values = valuesOf(testCase);
  const memory = new Set(slotsOf(testCase, values).map(({ name }) => name.replace(/\[\d+\]$/, '[]')));
  const flags = Object.entries(values).filter(([, value]) => typeof value === 'boolean' || value === null);
  return JSON.stringify([groupOf(testCase), ...memory, ...flags]);
}

/** The first cases of each kind. */
function firstOf(among: readonly Case[], count: number): readonly Case[] {
  const seen = new Map<string, number>();
  return among.filter((testCase) => {
    const kind = kindOf(testCase);
    const before = seen.get(kind) ?? 0;
    seen.set(kind, before + 1);
    return before < count;
  });
}

describe.each(backend.available)('a program of one instruction on %s is the eager op', (name) => {
  // Keys are drawn from numbers in a program, not from an object; random numbers never.
  const all = cases.filter(({ op }) => op !== 'drawKey' && op !== 'draw');
  // What reads programs is the same for all instruction sets: every case on one, some of every kind on the others.
  const among = name === backend.available.at(-1) ? all : firstOf(all, 6);
  describe('from inputs to outputs, and in buffers', () => {
    // Every second case in buffers: each op has several.
    itAgreesWithEager(name, among, (testCase) => [{ inBuffers: among.indexOf(testCase) % 2 === 1 }]);
  });
  describe('written over an input', () => {
    const elementwise = among.filter(({ inPlace }) => inPlace !== undefined);
    itAgreesWithEager(name, elementwise, ({ inPlace }) => inPlace!.map((each) => ({ inPlace: each })));
  });
});

describe.each(natives)('weights in panels on %s give the bits of rows', (name) => {
  itAgreesWithEager(
    name,
    cases.filter(({ op }) => traits[op].packable !== undefined),
    () => [{ packed: true }],
  );
});

const noDynamicScalars = new Float64Array(0);
const noKeys = new Uint32Array(0);

function memory(kind: ValueSpec['kind'], index: number, length: number, dtype: DType = 'float32'): ValueSpec {
  return { kind, index, length, dtype, panels: null };
}

/** An instruction of one node for n numbers. */
const unary = (node: NodeName, x: number, out: number, n: number): Instruction => ({
  op: 'pointwise',
  args: {
    ...{ program: nodeOf(node), inputs: [x], keys: [], scalars: [], outputs: [out], step: null },
    ...{ layout: Float64Array.of(n, 1), columns: 1, rowOffset: 0 },
  },
});

/** y = -relu(x) for n numbers, by way of the arena. */
function relu(n: number): Graph {
  return {
    values: [memory('input', 0, n), memory('temporary', 0, n), memory('output', 0, n)],
    instructions: [unary('relu', 0, 1, n), unary('neg', 1, 2, n)],
    arena: Math.ceil(n / 16) * 16,
    dynamicScalars: 0,
    keySources: 0,
  };
}

describe.each(backend.available)('programs on %s', (name) => {
  const { programs } = getBackend(name);

  it.each([0, 1, 5, 17])('run as often as they are asked to, on %s numbers', (n) => {
    const program = programs().createProgram(relu(n), []);
    expect(program.arenaBytes).toBe(Math.ceil(n / 16) * 64);
    for (const sign of [1, -1]) {
      const x = Float32Array.from({ length: n }, (_, i) => sign * (i + 1));
      const y = new Float32Array(n).fill(9);
      program.run({ inputs: [x], outputs: [y], dynamicScalars: noDynamicScalars, keys: noKeys });
      expect(y).toEqual(x.map((value) => -Math.max(value, 0)));
    }
    program.dispose();
  });

  it('draw keys as a generator does, and leave the words they are given', () => {
    const [first, second] = [new Generator(2n ** 40n + 7n), new Generator(3)];
    const graph: Graph = {
      values: [0, 1, 2].map((index) => memory('output', index, 2, 'int32')),
      instructions: [0, 1, 0].map((source, key) => ({ op: 'drawKey', args: { source, key } })),
      arena: 0,
      dynamicScalars: 0,
      keySources: 2,
    };
    const outputs = [0, 1, 2].map(() => new Int32Array(2));
    const keys = Uint32Array.of(7, 256, 0, 0, 3, 0, 0, 0);
    programs().createProgram(graph, []).run({ inputs: [], outputs, dynamicScalars: noDynamicScalars, keys });
    expect(outputs).toEqual([first, second, first].map((generator) => Int32Array.from(generator.nextKey())));
    expect([...keys]).toEqual([7, 256, 0, 0, 3, 0, 0, 0]);
  });

  it('check labels of inputs before any number moves', () => {
    const buffer = programs().createBuffer('float32', 1);
    const graph: Graph = {
      values: [memory('state', 0, 1), memory('input', 0, 3, 'int32')],
      instructions: [
        { op: 'checkTarget', args: { target: 1, classes: 3, ignoreIndex: -100 } },
        { op: 'fill', args: { out: 0, value: 5, n: 1 } },
        { op: 'checkFinite', args: { x: 0, n: 1, layer: 4 } },
        { op: 'fill', args: { out: 0, value: Number.NaN, n: 1 } },
        { op: 'checkFinite', args: { x: 0, n: 1, layer: 6 } },
      ],
      arena: 0,
      dynamicScalars: 0,
      keySources: 0,
    };
    const program = programs().createProgram(graph, [buffer]);
    const run = (...target: number[]): void =>
      program.run({ inputs: [Int32Array.from(target)], outputs: [], dynamicScalars: noDynamicScalars, keys: noKeys });
    const value = (): number => {
      const host = new Float32Array(1);
      buffer.copyOut(host);
      return host[0]!;
    };
    expect(() => run(0, 3, -1)).toThrow(
      new ArgumentError('Target 3 is out of bounds. It is the label of row 1; there are 3 classes'),
    );
    expect(value()).toBe(0);
    expect(() => run(0, -100, 2)).toThrow(new NotFiniteError(6));
    expect(value()).toBeNaN();
  });

  it('have buffers of any length, also none', () => {
    for (const length of [0, 1, 33]) {
      const buffer = programs().createBuffer('int32', length);
      const host = new Int32Array(length).fill(-1);
      buffer.copyOut(host);
      expect(host).toEqual(new Int32Array(length));
      buffer.copyIn(Int32Array.from({ length }, (_, i) => i));
      buffer.copyIn(Int32Array.of(7).subarray(length === 0 ? 1 : 0), Math.max(length - 1, 0));
      buffer.copyOut(host);
      expect(host).toEqual(Int32Array.from({ length }, (_, i) => (i === length - 1 ? 7 : i)));
      buffer.free();
    }
  });

  it('refuse to run when disposed of, and are disposed of twice in peace', () => {
    const program = programs().createProgram(relu(1), []);
    program.dispose();
    program.dispose();
    const run = (): void =>
      program.run({
        inputs: [new Float32Array(1)],
        outputs: [new Float32Array(1)],
        dynamicScalars: noDynamicScalars,
        keys: noKeys,
      });
    expect(run).toThrow(StateError);
  });

  it('refuse arrays that do not fit', () => {
    const program = programs().createProgram(relu(3), []);
    const three = (): Float32Array => new Float32Array(3);
    const calls = [
      { inputs: [], outputs: [three()] },
      { inputs: [three()], outputs: [] },
      { inputs: [new Float32Array(2)], outputs: [three()] },
      { inputs: [three()], outputs: [new Float32Array(4)] },
      { inputs: [new Int32Array(3)], outputs: [three()] },
      { inputs: [new Float64Array(3)], outputs: [three()] },
    ];
    for (const call of calls)
      expect(() => program.run({ ...call, dynamicScalars: noDynamicScalars, keys: noKeys })).toThrow(ArgumentError);
  });
});

describe.each(natives)('what %s refuses', (name) => {
  const factory = (): ProgramFactory => getBackend(name).programs();

  it('graphs that do not hold together', () => {
    const right = relu(3);
    const [x, t, y] = right.values as [ValueSpec, ValueSpec, ValueSpec];
    const wrong: readonly (readonly [Partial<Graph>, RegExp])[] = [
      [{ arena: -1 }, /expected a size/],
      [{ arena: 0 }, /value 1: reaches beyond the arena/],
      [{ values: [x, { ...t, index: -1 }, y] }, /value 1: has no offset in the arena: the graph is not planned/],
      [{ values: [x, { ...t, index: 1 }, y] }, /value 1: offset in the arena must be a multiple of 64 bytes/],
      [{ values: [x, { ...t, kind: 'state', index: 0 }, y] }, /value 1: there is no buffer 0/],
      [{ values: [x, t] }, /instruction 1 \(pointwise\), argument 4: no such value/],
      [{ instructions: [unary('relu', 2, 0, 3)] }, /inputs are only read/],
      [{ instructions: [{ op: 'sum', args: { x: 0, out: 1 } }] }, /instruction 0 \(sum\), argument 2: expected/],
      [{ instructions: [{ op: 'draw', args: { draw: 0, out: 1 } }] }, /random numbers are drawn on the host/],
    ];
    for (const [change, message] of wrong)
      expect(() => factory().createProgram({ ...right, ...change }, []), String(message)).toThrow(
        expect.objectContaining({ name: 'ArgumentError', message: expect.stringMatching(message) }),
      );
  });

  it('float64, buffers of another backend, and buffers that were freed', () => {
    expect(() => factory().createBuffer('float64', 1)).toThrow(BackendError);
    const graph: Graph = { ...relu(1), values: [memory('state', 0, 1)], instructions: [] };
    const foreign = getBackend('reference').programs().createBuffer('float32', 1);
    expect(() => factory().createProgram(graph, [foreign])).toThrow(ArgumentError);
    const buffer = factory().createBuffer('float32', 1);
    const program = factory().createProgram(graph, [buffer]);
    buffer.free();
    buffer.free();
    program.run({ inputs: [], outputs: [], dynamicScalars: noDynamicScalars, keys: noKeys });
    const uses = [
      () => buffer.copyIn(new Float32Array(1)),
      () => buffer.copyOut(new Float32Array(1)),
      () => factory().createProgram(graph, [buffer]),
    ];
    for (const use of uses) expect(use).toThrow(new StateError('buffer: it has been freed'));
  });

  it('copies that do not fit', () => {
    const buffer = factory().createBuffer('float32', 3);
    const wrong = [
      () => buffer.copyIn(new Float32Array(4)),
      () => buffer.copyIn(new Float32Array(2), 2),
      () => buffer.copyIn(new Float32Array(1), -1),
      () => buffer.copyIn(new Int32Array(3)),
      () => buffer.copyOut(new Float32Array(2)),
      () => buffer.copyOut(new Int32Array(3)),
      () => buffer.copyOut(new Float32Array(new SharedArrayBuffer(12))),
    ];
    for (const copy of wrong) expect(copy).toThrow(ArgumentError);
  });

  it('arrays whose buffers were transferred or are shared', () => {
    const program = factory().createProgram(relu(3), []);
    const moved = new Float32Array(3);
    structuredClone(moved, { transfer: [moved.buffer] });
    for (const input of [moved, new Float32Array(new SharedArrayBuffer(12))]) {
      const call = { inputs: [input], outputs: [new Float32Array(3)], dynamicScalars: noDynamicScalars, keys: noKeys };
      expect(() => program.run(call)).toThrow(ArgumentError);
    }
  });

  it('more memory than there is', () => {
    for (const length of [2 ** 50, Number.MAX_SAFE_INTEGER])
      expect(() => factory().createBuffer('float32', length)).toThrow(ArgumentError);
    expect(() => factory().createProgram({ ...relu(3), arena: 2 ** 50 }, [])).toThrow(ArgumentError);
  });
});

describe.skipIf(natives.length === 0)('handles of the addon', () => {
  // Loaded once: each loading makes objects and numbers of programs that no other knows.
  let loaded: NativeAddon | undefined;
  const addon = (): NativeAddon => (loaded ??= loadAddon().addon!);
  const isa = (): string => Object.keys(addon().instructionSets)[0]!;
  const nothing = new Float64Array(0);
  const program = (): NativeHandle => addon().createProgram(isa(), nothing, nothing, 16, 0, 0, []);

  it('are told from other objects, and from each other', () => {
    const buffer = addon().createBuffer(0, 1);
    const foreign = [program(), {}, null, 5, [], new Proxy(buffer, {}), Object.create(buffer)] as NativeHandle[];
    for (const other of foreign)
      expect(() => addon().bufferCopyOut(other, new Float32Array(1))).toThrow(
        new TypeError('bufferCopyOut: argument 0: expected a device buffer'),
      );
    expect(() => addon().programNumber(buffer)).toThrow(new TypeError('programNumber: argument 0: expected a program'));
    expect(() => addon().createProgram(isa(), nothing, nothing, 0, 0, 0, [program()])).toThrow(TypeError);
    expect(() => addon().createProgram('mmx', nothing, nothing, 0, 0, 0, [])).toThrow(RangeError);
  });

  it('say so when they have been released', () => {
    const buffer = addon().createBuffer(0, 1);
    addon().freeBuffer(buffer);
    addon().freeBuffer(buffer);
    expect(() => addon().bufferCopyIn(buffer, new Float32Array(1), 0)).toThrow('this device buffer has been released');
    const gone = program();
    const number = addon().programNumber(gone);
    addon().runProgram(number, nothing, noKeys, 0);
    addon().disposeProgram(gone);
    addon().disposeProgram(gone);
    // The buffer's number is that before the program's.
    for (const each of [number, number - 1, number + 1, 0, 2 ** 53 - 1])
      expect(() => addon().runProgram(each, nothing, noKeys, 0)).toThrow(
        'runProgram: argument 0: this program has been released',
      );
    for (const each of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => addon().runProgram(each, nothing, noKeys, 0)).toThrow(RangeError);
    expect(() => addon().programNumber(gone)).toThrow('this program has been released');
  });

  it('run with as many arrays as a program has', () => {
    const n = 40;
    const row = (i: number, kind: number): number[] => [0, 1, kind, i, -1, -1];
    const values = Array.from({ length: n }, (_, i) => [...row(i, 2), ...row(i, 3)]).flat();
    const opcode = addon().opcodes.indexOf('sum');
    const code = Array.from({ length: n }, (_, i) => [opcode, 2 * i, 2 * i + 1, 1, 1, 1]).flat();
    const many = addon().createProgram(isa(), Float64Array.from(values), Float64Array.from(code), 0, 0, 0, []);
    const inputs = Array.from({ length: n }, (_, i) => Float32Array.of(i + 1));
    const outputs = inputs.map(() => new Float32Array(1));
    addon().runProgram(addon().programNumber(many), null, null, n, ...inputs, ...outputs);
    expect(outputs.map(([value]) => value)).toEqual(inputs.map(([value]) => value));
    expect(() => addon().runProgram(addon().programNumber(many), nothing, noKeys, n + 1, ...inputs)).toThrow(TypeError);
  });

  it('run without dynamic scalars or keys only where a program has none', () => {
    const counts = (dynamicScalars: number, keySources: number) => {
      const program = addon().createProgram(isa(), nothing, nothing, 0, dynamicScalars, keySources, []);
      return addon().runProgram.bind(null, addon().programNumber(program));
    };
    counts(0, 0)(null, null, 0);
    counts(2, 1)(new Float64Array(2), new Uint32Array(4), 0);
    expect(() => counts(2, 0)(null, null, 0)).toThrow(RangeError);
    expect(() => counts(0, 1)(null, null, 0)).toThrow(RangeError);
    expect(() => Reflect.apply(counts(0, 0), null, [undefined, null, 0])).toThrow(TypeError);
    expect(() => Reflect.apply(counts(0, 0), null, [null, null])).toThrow('expected at least 4 arguments');
  });

  it('count their memory towards the garbage collector until they are released', async () => {
    const makers = [
      () => [addon().createBuffer(0, 2 ** 18), addon().freeBuffer] as const,
      () => [addon().createProgram(isa(), nothing, nothing, 2 ** 18, 0, 0, []), addon().disposeProgram] as const,
    ];
    for (const make of makers) {
      const collections = async (letGo: boolean): Promise<number> => {
        const before = majorCollections;
        for (let i = 0; i < 600; i++) {
          const [handle, release] = make();
          if (letGo) release(handle);
          if (i % 50 === 0) await nextTurn();
        }
        await setTimeout(10);
        return majorCollections - before;
      };
      let majorCollections = 0;
      const observer = new PerformanceObserver((list) => {
        majorCollections += list.getEntries().filter((entry) => 'detail' in entry && isMajor(entry.detail)).length;
      });
      observer.observe({ entryTypes: ['gc'] });
      const [kept, released] = [await collections(false), await collections(true)];
      observer.disconnect();
      expect(kept).toBeGreaterThan(released + 3);
    }
  });
});

const isMajor = (detail: unknown): boolean => (detail as { kind: number }).kind !== constants.NODE_PERFORMANCE_GC_MINOR;
