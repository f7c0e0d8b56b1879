/** Every op, every case, on every backend of this machine. */
import { afterAll, describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import { provesNothing } from '../helpers/compare.js';
import { type Case, opCase } from './cases/case.js';
import { argsOf, over, programOf } from './cases/programs.js';
import { cases, groupOf } from './cases.js';
import { expectRight, expectSame, label, oracle, type Results, runCase } from './harness.js';

const natives = backend.available.filter((name) => name.startsWith('native:'));
const missing = backend.info().compiled.filter((isa) => !natives.includes(`native:${isa}`));
/** Instruction sets whose multiply-add rounds once: they owe each other the same bits. */
const fused = natives.filter((name) => name !== 'native:scalar');
const inPlace = cases.filter((testCase) => testCase.inPlace !== undefined);
const threadsBefore = backend.threads;

/** One test for each group, which reports every case that fails. */
function itForEachGroup(check: (testCase: Case) => void, among = cases): void {
  it.each([...new Set(among.map(groupOf))])('%s', (group) => {
    const failures: string[] = [];
    for (const testCase of among.filter((candidate) => groupOf(candidate) === group)) {
      try {
        check(testCase);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    expect(failures.join('\n')).toBe('');
  });
}

describe('the cases', () => {
  it('have distinct names', () => {
    const names = cases.map(label);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it('expect something that a broken op would not give by accident', () => {
    const weak = cases.flatMap((testCase) => {
      if (testCase.provesLittle !== undefined) return [];
      const [expected] = oracle(testCase).expected;
      return Object.entries(expected!).flatMap(([name, values]) => {
        const reason = name === 'step' ? null : provesNothing(values);
        return reason === null ? [] : [`${label(testCase)}: ${name}: ${reason}`];
      });
    });
    expect(weak).toEqual([]);
  });
});

const hasWasm = backend.available.includes('wasm');

describe.each(['reference', ...(hasWasm ? ['wasm'] : []), ...natives])('ops on %s', (name) => {
  const { ops } = getBackend(name);
  const isReference = name === 'reference';
  describe('are right', () => {
    // Where the answer is exact, the oracle is the reference itself, and has run.
    const among = isReference ? cases.filter(({ tolerance }) => tolerance !== 'exact') : cases;
    itForEachGroup((testCase) => expectRight(testCase, runCase(ops, testCase)), among);
  });
  // Alignment is nothing to JavaScript.
  describe.skipIf(isReference)('are right on memory that is not aligned', () => {
    itForEachGroup((testCase) => expectRight(testCase, runCase(ops, testCase, { shift: 1 })));
  });
  describe('may write over their input', () => {
    itForEachGroup((testCase) => {
      const apart = runCase(ops, testCase);
      for (const placement of testCase.inPlace ?? []) {
        const places = Object.entries(placement).map((pair) => pair.join(' over '));
        expectSame(testCase, runCase(ops, testCase, { inPlace: placement }), apart, places.join(', '));
      }
    }, inPlace);
  });
});

describe.each(natives)('ops on %s give the same bits', (name) => {
  const { ops } = getBackend(name);
  afterAll(() => {
    backend.threads = threadsBefore;
  });
  describe('on 1, 2 and 3 threads, wherever memory lies', () => {
    itForEachGroup((testCase) => {
      backend.threads = 1;
      const alone = runCase(ops, testCase);
      for (const threads of [2, 3]) {
        backend.threads = threads;
        expectSame(testCase, runCase(ops, testCase, { shift: threads }), alone, `${threads} threads`);
      }
    });
  });
});

describe.each(fused.slice(1))(`ops on %s and ${fused[0]} give the same bits`, (name) => {
  const { ops } = getBackend(name);
  const { ops: narrowest } = getBackend(fused[0]!);
  itForEachGroup((testCase) => {
    expectSame(testCase, runCase(ops, testCase), runCase(narrowest, testCase), `${name} against ${fused[0]}`);
  });
});

// Neither has a fused multiply-add. (The body of a describe that is skipped runs: it may not ask for a backend that is missing.)
describe.each(hasWasm && natives.includes('native:scalar') ? ['wasm'] : [])(
  'ops on %s and native:scalar give the same bits',
  (name) => {
    const { ops } = getBackend(name);
    const { ops: scalar } = getBackend('native:scalar');
    itForEachGroup(
      (testCase) => {
        // Tiny results have subnormal numbers on the way, which only native code flushes; those of ctcLoss are sums of products of these.
        const tiny = testCase.op === 'ctcLoss' ? 2 ** -100 : 2 ** -120;
        const flushed = (results: Results) =>
          Object.fromEntries(
            Object.entries(results).map(([key, values]) => [key, values.map((x) => (Math.abs(x) < tiny ? 0 : x))]),
          );
        const [mine, theirs] = [flushed(runCase(ops, testCase)), flushed(runCase(scalar, testCase))];
        expectSame(testCase, mine, theirs, 'wasm against native:scalar');
      },
      cases.filter(({ subnormal }) => subnormal === undefined),
    );
  },
);

describe.skipIf(hasWasm)('ops on wasm', () => {
  it.skip('skipped: there is no module; npm run prebuilds -- wasm');
});

describe.each(missing)('ops on native:%s', (isa) => {
  it.skip(`skipped: this processor lacks ${isa}`);
});

describe('the harness', () => {
  const { ops } = getBackend('reference');
  const values = (first: number) => Float32Array.from({ length: 9 }, (_, i) => first + i);
  const both = programOf(2, 0, ([a, b]) => [a.neg(), b.neg()]);
  const right = opCase('pointwise', 'two of 9', 'exact', () =>
    argsOf({ program: both, inputs: [values(1), values(11)] }),
  );
  type Args = Parameters<typeof ops.pointwise>[0];
  const broken: readonly (readonly [string, (args: Args) => void, RegExp])[] = [
    [
      'a wrong value',
      (args) => ops.pointwise({ ...args, program: programOf(2, 0, ([a, b]) => [a.neg(), b.abs()]) }),
      /pointwise \[two of 9\]: 9 wrong\n.*outputs\[1\]\[0\] = 11, expected -11/,
    ],
    [
      'an element left out',
      (args) => {
        ops.pointwise(args);
        const [, out] = args.outputs;
        new Int32Array(out!.write().buffer, out!.write().byteOffset)[8] = 0x7fc5a5a5;
      },
      /left outputs\[1\]\[8\] of 9 unwritten/,
    ],
    [
      'an element too many',
      (args) => {
        ops.pointwise(args);
        const array = args.outputs[1]!.write();
        new Float32Array(array.buffer, array.byteOffset, 10)[9] = 1;
      },
      /wrote outside outputs\[1\]/,
    ],
    [
      'a changed input',
      (args) => {
        ops.pointwise(args);
        args.inputs[1]!.write()[3] = 0;
      },
      /changed its input inputs\[1\]\[3\] from 14/,
    ],
  ];
  it.each(broken)('notices %s', (_what, pointwise, message) => {
    expect(() => expectRight(right, runCase({ ...ops, pointwise }, right))).toThrow(message);
  });

  it('notices an input that is read after an output was written over it', () => {
    const apart = runCase(ops, right);
    const late = (args: Args) => {
      const [first, second] = both.outputs;
      for (const [i, output] of [first!, second!].entries())
        ops.pointwise({ ...args, program: { ...both, outputs: [output] }, outputs: [args.outputs[i]!] });
    };
    const placed = { inPlace: over(1, 0) };
    expectSame(right, runCase(ops, right, placed), apart, 'in the other order');
    expect(() => expectSame(right, runCase({ ...ops, pointwise: late }, right, placed), apart, 'late')).toThrow(
      /late: outputs\[1\]\[0\] is -?1, not -11/,
    );
  });
});
