/** Every op, every case, on every backend of this machine. */
import { afterAll, describe, expect, it } from 'vitest';
import { backend, getBackend } from '../../src/ops/backend.js';
import { provesNothing } from '../helpers/compare.js';
import { type Case, opCase } from './cases/case.js';
import { argsOf, over, programOf } from './cases/programs.js';
import { cases, groupOf } from './cases.js';
import { expectRight, expectSame, label, oracle, type Results, runCase } from './harness.js';

const natives = backend.available.filter((name) => name.startsWith('native:'));
const hasWasm = backend.available.includes('wasm');
const missing = backend.info().compiled.filter((isa) => !natives.includes(`native:${isa}`));
const threadsBefore = backend.threads;
/** The number that is the default here runs on aligned memory, the others on memory that is not. */
const otherThreads = [1, 2, 3].filter((threads) => threads !== threadsBefore);

const fused = natives.filter((name) => name !== 'native:scalar');
/** The backend whose bits a backend must give: among those whose multiply-add rounds once, and among those without one. */
const twins: Readonly<Record<string, string>> = {
  ...Object.fromEntries(fused.slice(1).map((name) => [name, fused[0]!])),
  ...(hasWasm && natives.includes('native:scalar') ? { 'native:scalar': 'wasm' } : {}),
};

/** Results with tiny numbers as zeros: only native code flushes subnormal numbers on the way to them, of which ctcLoss adds up products. */
function withoutTiny({ op }: Case, results: Results): Results {
  const tiny = op === 'ctcLoss' ? 2 ** -100 : 2 ** -120;
  return Object.fromEntries(
    Object.entries(results).map(([key, values]) => [key, values.map((x) => (Math.abs(x) < tiny ? 0 : x))]),
  );
}

/** What is wrong with the op in this case, on any backend. One case after the other, so that its numbers are drawn once. */
function failuresOf(testCase: Case): string[] {
  const failures: string[] = [];
  const attempt = (where: string, check: () => void): void => {
    try {
      check();
    } catch (error) {
      failures.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  attempt('the oracle', () => expectProof(testCase));
  const found = new Map<string, Results>();
  for (const name of ['reference', ...(hasWasm ? ['wasm'] : []), ...natives]) {
    const { ops } = getBackend(name);
    attempt(name, () => {
      const apart = runCase(ops, testCase);
      found.set(name, apart);
      expectRight(testCase, apart);
    });
    const apart = found.get(name);
    if (apart === undefined) continue;
    for (const placement of testCase.inPlace ?? []) {
      const places = Object.entries(placement).map((pair) => pair.join(' over '));
      attempt(name, () =>
        expectSame(testCase, runCase(ops, testCase, { inPlace: placement }), apart, places.join(', ')),
      );
    }
    if (name === 'wasm')
      attempt(name, () => expectSame(testCase, runCase(ops, testCase, { shift: 1 }), apart, 'not aligned'));
    for (const threads of natives.includes(name) ? otherThreads : []) {
      attempt(name, () => {
        backend.threads = threads;
        const what = `${threads} threads, not aligned`;
        expectSame(testCase, runCase(ops, testCase, { shift: threads }), apart, what);
      });
    }
    backend.threads = threadsBefore;
    const twin = found.get(twins[name] ?? '');
    if (twin === undefined) continue;
    const what = `${name} against ${twins[name]}`;
    if (twins[name] !== 'wasm') attempt(name, () => expectSame(testCase, apart, twin, what));
    else if (testCase.subnormal === undefined)
      attempt(name, () => expectSame(testCase, withoutTiny(testCase, apart), withoutTiny(testCase, twin), what));
  }
  return failures;
}

/** Fails for expected values that a broken op would give by accident. */
function expectProof(testCase: Case): void {
  if (testCase.provesLittle !== undefined) return;
  for (const [name, values] of Object.entries(oracle(testCase).expected[0]!)) {
    const reason = name === 'step' ? null : provesNothing(values);
    if (reason !== null) expect.fail(`${label(testCase)}: ${name}: ${reason}`);
  }
}

it('the cases have distinct names', () => {
  const names = cases.map(label);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

describe('is right on every backend, with the same bits on any number of threads, wherever memory lies', () => {
  const groups = new Map<string, Case[]>(cases.map((testCase) => [groupOf(testCase), []]));
  for (const testCase of cases) groups.get(groupOf(testCase))!.push(testCase);
  afterAll(() => {
    backend.threads = threadsBefore;
  });
  it.each([...groups.keys()])('%s', (group) => {
    expect(groups.get(group)!.flatMap(failuresOf).join('\n')).toBe('');
  });
});

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
