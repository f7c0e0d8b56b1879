/** Every op, every case, on every backend of this machine. */
import { afterAll, describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import { provesNothing } from '../helpers/compare.js';
import { type Case, opCase } from './cases/case.js';
import { cases } from './cases.js';
import { expectRight, expectSame, judge, label, runCase } from './harness.js';

const natives = backend.available.filter((name) => name.startsWith('native:'));
const missing = backend.info().compiled.filter((isa) => !natives.includes(`native:${isa}`));
/** Instruction sets whose multiply-add rounds once: they owe each other the same bits. */
const fused = natives.filter((name) => name !== 'native:scalar');
const inPlace = cases.filter((testCase) => testCase.inPlace !== undefined);
const threadsBefore = backend.threads;

/** One test for each op, which reports every case that fails. */
function itForEachOp(check: (testCase: Case) => void, among = cases): void {
  it.each([...new Set(among.map(({ op }) => op))])('%s', (op) => {
    const failures: string[] = [];
    for (const testCase of among.filter((candidate) => candidate.op === op)) {
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
  it('have names of their own', () => {
    const names = cases.map(label);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it('expect something that a broken op would not give by accident', () => {
    const weak = cases.flatMap((testCase) => {
      if (testCase.provesLittle !== undefined) return [];
      const [expected] = judge(testCase).expected;
      return Object.entries(expected!).flatMap(([name, values]) => {
        const reason = name === 'step' ? null : provesNothing(values);
        return reason === null ? [] : [`${label(testCase)}: ${name}: ${reason}`];
      });
    });
    expect(weak).toEqual([]);
  });
});

describe.each(['reference', ...natives])('ops on %s', (name) => {
  const { ops } = getBackend(name);
  describe('are right', () => {
    itForEachOp((testCase) => expectRight(testCase, runCase(ops, testCase)));
  });
  describe('are right on memory that is not aligned', () => {
    itForEachOp((testCase) => expectRight(testCase, runCase(ops, testCase, { shift: 1 })));
  });
  describe('may write over their input', () => {
    itForEachOp((testCase) => {
      const apart = runCase(ops, testCase);
      for (const input of testCase.inPlace ?? []) {
        expectSame(testCase, runCase(ops, testCase, { inPlace: input }), apart, `written over ${input}`);
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
    itForEachOp((testCase) => {
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
  itForEachOp((testCase) => {
    expectSame(testCase, runCase(ops, testCase), runCase(narrowest, testCase), `${name} against ${fused[0]}`);
  });
});

describe.each(missing)('ops on native:%s', (isa) => {
  it.skip(`skipped: this processor lacks ${isa}`);
});

describe('the harness', () => {
  const right = opCase('neg', 'of 9', 'exact', () => ({
    x: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]),
    out: 9,
    n: 9,
  }));
  const { ops } = getBackend('reference');
  const broken: readonly (readonly [string, Partial<typeof ops>, RegExp])[] = [
    [
      'a wrong value',
      { neg: ({ x, out, n }) => ops.abs({ x, out, n }) },
      /neg \[of 9\]: 9 wrong\n.*out\[0\] = 1, expected -1/,
    ],
    ['an element left out', { neg: ({ x, out, n }) => ops.neg({ x, out, n: n - 1 }) }, /left out\[8\] of 9 unwritten/],
    [
      'an element too many',
      {
        neg: (args) => {
          ops.neg(args);
          const array = args.out.write();
          new Float32Array(array.buffer, array.byteOffset, 10)[9] = 1;
        },
      },
      /wrote outside out/,
    ],
    [
      'a changed input',
      {
        neg: (args) => {
          ops.neg(args);
          args.x.write()[3] = 0;
        },
      },
      /changed its input x\[3\] from 4/,
    ],
  ];
  it.each(broken)('notices %s', (_what, change, message) => {
    expect(() => expectRight(right, runCase({ ...ops, ...change }, right))).toThrow(message);
  });
});
