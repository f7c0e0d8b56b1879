import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ArgumentError, BackendError, StateError } from '../../src/errors.js';
import { backend, currentOps, getBackend, withOps } from '../../src/ops/backend.js';
import { createNativeOps } from '../../src/ops/native.js';
import type { Memory } from '../../src/ops/ops.js';
import { referenceOps } from '../../src/ops/reference/index.js';
import { runChild } from '../helpers/child.js';
import { GuardedMemory } from '../helpers/memory.js';
import { nodeOf, programOf } from './cases/programs.js';

const noAddon = { LANEWISE_ADDON: '/nowhere/lanewise.node' };
const neither = { ...noAddon, LANEWISE_WASM: '/nowhere/lanewise.wasm' };
const hasWasm = backend.available.includes('wasm');
/** What tests below say of the rest of `info()`. */
const noFile = (path: string) => ({ path, error: 'no such file' });
const name = backend.name;
const threads = backend.threads;

afterEach(() => {
  backend.use(name);
  backend.threads = threads;
});

/** Reports the error that `code` throws. */
const thrownBy = (code: string): string =>
  `try { ${code} } catch (error) { report({ name: error.name, code: error.code, message: error.message }) }`;

describe('the choice of a backend', () => {
  it('falls on the widest instruction set of this processor', () => {
    expect(backend.available[0]).toBe('reference');
    expect(backend.available.filter((each) => each !== 'wasm')[1]).toBe('native:scalar');
    if (process.env.LANEWISE_BACKEND === undefined) expect(backend.name).toBe(backend.available.at(-1));
    expect(currentOps()).toBe(getBackend(backend.name).ops);
    expect(getBackend('native')).toBe(getBackend(backend.available.at(-1)!));
    expect(getBackend('reference').ops).toBe(referenceOps);
  });

  it('can be changed, to any that is available', () => {
    for (const other of backend.available) {
      backend.use(other);
      expect(backend.name).toBe(other);
      expect(currentOps()).toBe(getBackend(other).ops);
      const special: Record<string, string | null> = { reference: null, wasm: 'simd128' };
      const instructionSet = other in special ? special[other] : other.slice('native:'.length);
      expect(backend.info().instructionSet).toBe(instructionSet);
      expect(backend.info().nameSource).toBe(`backend.use('${other}')`);
    }
    backend.use('native');
    expect(backend.name).toBe(backend.available.at(-1));
  });

  it.each([['cuda'], ['native:'], ['native:sse9'], ['native:native'], ['native:toString'], ['nativescalar'], ['']])(
    "refuses '%s', says what there is, and keeps the backend",
    (wrong) => {
      const message = `backend.use: no backend '${wrong}'; available: ${backend.available.join(', ')}`;
      expect(() => backend.use(wrong)).toThrow(new BackendError(message));
      expect(() => getBackend(wrong)).toThrow(BackendError);
      expect(backend.name).toBe(name);
    },
  );

  it('tells an instruction set that is missing here from an unknown one', () => {
    const missing = backend.info().compiled.find((isa) => !backend.available.includes(`native:${isa}`));
    const message = new RegExp(`no backend 'native:${missing}' on this processor; available: reference`);
    if (missing !== undefined) expect(() => backend.use(`native:${missing}`)).toThrow(message);
  });

  it.each([[3], [null], [undefined], [{}]])('refuses the name %s', (wrong) => {
    expect(() => backend.use(wrong as unknown as string)).toThrow(ArgumentError);
    expect(backend.name).toBe(name);
  });

  it('obeys LANEWISE_BACKEND', async () => {
    for (const forced of [...backend.available, 'native']) {
      const env = { LANEWISE_BACKEND: forced };
      const code = `const { name, nameSource } = (await src('ops/backend.ts')).backend.info(); report([name, nameSource])`;
      const { reported, stderr } = await runChild(code, env);
      const expected = forced === 'native' ? backend.available.at(-1) : forced;
      expect(reported).toEqual([expected, `LANEWISE_BACKEND=${forced}`]);
      expect(stderr).toBe('');
    }
  });

  it('says why it fell as it did, and what the machine lacks', async () => {
    const code = `const { nameSource, compiled, available } = (await src('ops/backend.ts')).backend.info();
      report({ nameSource, compiled, available });`;
    const { reported } = await runChild(code);
    const { nameSource, compiled, available } = reported as Record<'compiled' | 'available', string[]> & {
      nameSource: string;
    };
    const lacking = compiled.filter((isa) => !available.includes(`native:${isa}`));
    const lacks = lacking.length > 0 ? `, which lacks ${lacking.join(' and ')}` : '';
    expect(nameSource).toBe(`the widest instruction set of this machine${lacks}`);
  });

  it('is an error each time while LANEWISE_BACKEND names what is not there', async () => {
    const code = `const { backend, currentOps } = await src('ops/backend.ts');
      const errors = [];
      for (const use of [currentOps, currentOps, () => backend.name, () => backend.info()])
        try { use() } catch (error) { errors.push(error.code + ' ' + error.message) }
      report(errors)`;
    const { reported } = await runChild(code, { LANEWISE_BACKEND: 'gpu' });
    const message = `LANEWISE_BACKEND: no backend 'gpu'; available: ${backend.available.join(', ')}`;
    expect(reported).toEqual(new Array(4).fill(`ERR_LANEWISE_BACKEND ${message}`));
  });
});

describe.runIf(hasWasm)('without an addon', () => {
  it('WebAssembly computes, after one warning that says why', async () => {
    const code = `const { backend, currentOps } = await src('ops/backend.ts');
      const warnings = [];
      process.on('warning', ({ code, message }) => warnings.push([code, message]));
      for (let i = 0; i < 3; i++) { currentOps(); backend.name; }
      const { name, instructionSet, available, native, wasm } = backend.info();
      setImmediate(() => report({ warnings, name, instructionSet, available, native: native.loaded, wasm: wasm.loaded }))`;
    const { reported } = await runChild(code, noAddon);
    expect(reported).toEqual({
      warnings: [
        [
          'LANEWISE_NO_NATIVE',
          expect.stringMatching(
            /^lanewise computes in WebAssembly on one thread.*Tried \/nowhere.*LANEWISE_BACKEND=wasm asks for this without/,
          ),
        ],
      ],
      name: 'wasm',
      instructionSet: 'simd128',
      available: ['reference', 'wasm'],
      native: false,
      wasm: true,
    });
  });

  it('a chosen wasm needs no warning', async () => {
    const code = `const { currentOps, backend } = await src('ops/backend.ts'); currentOps(); report(backend.name)`;
    const { reported, stderr } = await runChild(code, { ...noAddon, LANEWISE_BACKEND: 'wasm' });
    expect({ reported, stderr }).toEqual({ reported: 'wasm', stderr: '' });
  });
});

describe('a WebAssembly module', () => {
  it('that is none is told with the reason, and the other backends stay', async () => {
    const code = `const { backend, currentOps } = await src('ops/backend.ts'); ${thrownBy('currentOps()')}`;
    const files = ['/nowhere/lanewise.wasm', fileURLToPath(import.meta.url)];
    const reasons = ['no such file', 'WebAssembly.Module\\(\\): expected magic word'];
    for (const [i, file] of files.entries()) {
      const { reported } = await runChild(code, { LANEWISE_WASM: file, LANEWISE_BACKEND: 'wasm' });
      expect(reported).toMatchObject({ name: 'BackendError' });
      const { message } = reported as { message: string };
      expect(message).toMatch(
        new RegExp(
          `^LANEWISE_BACKEND: no backend 'wasm'; available: reference, native:scalar.*could not be loaded \\(${file}: ${reasons[i]}`,
        ),
      );
    }
  });

  it.runIf(hasWasm)('that has other ops is told with the reason', async () => {
    const bytes = readFileSync(backend.info().wasm.path!);
    const at = bytes.indexOf('argsort\0');
    expect(at).toBeGreaterThan(0);
    bytes.write('argsorx', at);
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-wasm-'));
    try {
      const file = join(folder, 'lanewise.wasm');
      writeFileSync(file, bytes);
      const code = `const { backend } = await src('ops/backend.ts'); report([backend.available.includes('wasm'), backend.info().wasm])`;
      const { reported } = await runChild(code, { LANEWISE_WASM: file });
      const error = 'of other ops than this code (argsort,argsorx): build it again';
      expect(reported).toEqual([false, { loaded: false, path: null, tried: [{ path: file, error }] }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('without an addon and WebAssembly', () => {
  it('the reference computes, after one warning that says why', async () => {
    const code = `const { backend, currentOps } = await src('ops/backend.ts');
      const warnings = [];
      process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }));
      for (let i = 0; i < 3; i++) { currentOps(); backend.name; backend.info(); }
      backend.threads = 2;
      setImmediate(() => report({ warnings, threads: backend.threads, info: backend.info() }))`;
    const { reported } = await runChild(code, neither);
    expect(reported).toEqual({
      warnings: [
        {
          name: 'LanewiseWarning',
          code: 'LANEWISE_NO_NATIVE',
          message: expect.stringMatching(
            /nor its WebAssembly module \(\/nowhere\/lanewise\.wasm: no such file\)\. Tried \/nowhere\/lanewise\.node: no such file\. LANEWISE_ADDON names that file/,
          ),
        },
      ],
      threads: 1,
      info: {
        name: 'reference',
        nameSource: 'no native addon could be loaded',
        instructionSet: null,
        available: ['reference'],
        compiled: [],
        threads: 1,
        threadSource: 'without a native addon it is one thread',
        native: { loaded: false, path: null, version: null, tried: [noFile('/nowhere/lanewise.node')] },
        wasm: { loaded: false, path: null, tried: [noFile('/nowhere/lanewise.wasm')] },
      },
    });
  });

  it('a chosen reference needs no warning', async () => {
    const code = `const { currentOps } = await src('ops/backend.ts'); currentOps(); report('quiet')`;
    const { reported, stderr } = await runChild(code, { ...neither, LANEWISE_BACKEND: 'reference' });
    expect({ reported, stderr }).toEqual({ reported: 'quiet', stderr: '' });
  });

  it.each([['native'], ['native:scalar']])('asking for %s is an error that says why it is missing', async (forced) => {
    const code = `const { currentOps } = await src('ops/backend.ts'); ${thrownBy('currentOps()')}`;
    const { reported } = await runChild(code, { ...neither, LANEWISE_BACKEND: forced });
    expect(reported).toEqual({
      name: 'BackendError',
      code: 'ERR_LANEWISE_BACKEND',
      message:
        `LANEWISE_BACKEND: no backend '${forced}'; available: reference. ` +
        'The native addon could not be loaded (/nowhere/lanewise.node: no such file). LANEWISE_ADDON names that file: correct or unset it.',
    });
  });
});

describe('threads', () => {
  it('can be set to any positive integer up to 256', () => {
    for (const count of [1, 2, 3, 256]) {
      backend.threads = count;
      expect(backend.threads).toBe(count);
      const source = new RegExp(`^backend\\.threads = ${count}; by itself it would be \\d+: .*(CPU|core|processor)`);
      expect(backend.info().threadSource).toMatch(source);
    }
  });

  it.each([[0], [-1], [1.5], [257], [2 ** 53], [Number.NaN], [Number.POSITIVE_INFINITY], ['2'], [null], [undefined]])(
    'refuses %s',
    (wrong) => {
      expect(() => {
        backend.threads = wrong as number;
      }).toThrow(new ArgumentError(`backend.threads: expected an integer from 1 to 256, got ${show(wrong)}`));
      expect(backend.threads).toBe(threads);
    },
  );
  const show = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));

  it('come from the machine, with an explanation', async () => {
    const code = `const { threads, threadSource } = (await src('ops/backend.ts')).backend.info();
      report({ threads, threadSource })`;
    const { reported } = await runChild(code);
    expect(reported).toEqual({
      threads: expect.any(Number),
      threadSource: expect.stringMatching(/CPU|core|processor/),
    });
  });

  it.skipIf(process.platform !== 'linux')('keep to the CPUs that the process may run on', async () => {
    const code = `const { execFileSync } = await import('node:child_process');
      const first = execFileSync('taskset', ['-pc', String(process.pid)], { encoding: 'utf8' }).match(/(\\d+)[-,\\d]*\\s*$/)[1];
      execFileSync('taskset', ['-pc', first, String(process.pid)]);
      const { backend } = await src('ops/backend.ts');
      const { threads, threadSource } = backend.info();
      report({ threads, threadSource });`;
    const { reported } = await runChild(code);
    expect(reported).toEqual({
      threads: 1,
      threadSource: expect.stringMatching(/^the affinity mask allows 1 CPU(,|$)/),
    });
  });

  it('come from LANEWISE_NUM_THREADS when that is set', async () => {
    const code = `const { threads, threadSource } = (await src('ops/backend.ts')).backend.info();
      report({ threads, threadSource })`;
    const { reported } = await runChild(code, { LANEWISE_NUM_THREADS: '3' });
    const source = /^LANEWISE_NUM_THREADS=3; by itself it would be \d+: .*(CPU|core|processor)/;
    expect(reported).toEqual({ threads: 3, threadSource: expect.stringMatching(source) });
  });

  it.each([['0'], ['-2'], ['two'], ['1.5'], ['1e1'], ['999'], [' ']])(
    'refuse LANEWISE_NUM_THREADS=%s',
    async (text) => {
      const code = `const { currentOps } = await src('ops/backend.ts'); ${thrownBy('currentOps()')}`;
      const { reported } = await runChild(code, { LANEWISE_NUM_THREADS: text });
      const got = /^\d+$/.test(text) ? text : `'${text}'`;
      expect(reported).toEqual({
        name: 'ArgumentError',
        code: 'ERR_LANEWISE_ARGUMENT',
        message: `LANEWISE_NUM_THREADS: expected an integer from 1 to 256, got ${got}`,
      });
    },
  );
});

describe('createNativeOps', () => {
  it('says which op a stale addon lacks', () => {
    const message = "native:avx2: the addon has no op 'fill'; build it again: npm run build";
    expect(() =>
      createNativeOps('avx2', {}, referenceOps, {
        frame: new Float64Array(0),
        pointwiseProgram: () => 0,
        forgetPointwiseProgram: () => {},
      }),
    ).toThrow(new BackendError(message));
  });
});

describe('withOps', () => {
  it('puts other ops in the place of the backend until it returns', () => {
    const outer = { ...referenceOps };
    const inner = { ...referenceOps };
    const before = currentOps();
    const result = withOps(outer, () => {
      expect(currentOps()).toBe(outer);
      expect(withOps(inner, () => currentOps())).toBe(inner);
      expect(currentOps()).toBe(outer);
      expect(() => backend.use('reference')).toThrow(StateError);
      expect(backend.name).toBe(name);
      return 7;
    });
    expect(result).toBe(7);
    expect(currentOps()).toBe(before);
  });

  it('puts them back when the function throws', () => {
    const before = currentOps();
    const fail = (): never => {
      throw new Error('inside');
    };
    expect(() => withOps({ ...referenceOps }, fail)).toThrow('inside');
    expect(currentOps()).toBe(before);
    backend.use('reference');
    expect(currentOps()).toBe(referenceOps);
  });
});

describe.each(backend.available.slice(1))('%s', (native) => {
  const { ops } = getBackend(native);
  const floats = (...values: number[]): Memory => GuardedMemory.from(Float32Array.from(values));

  const plain = { keys: [], scalars: [], step: null, layout: Float64Array.of(2, 1), columns: 1, rowOffset: 0 };

  it('leaves ops with any float64 memory to the reference', () => {
    const x = GuardedMemory.from(Float64Array.of(1, 2.1));
    const out = floats(8, 9);
    ops.pointwise({ ...plain, program: nodeOf('neg'), inputs: [x], outputs: [x] });
    expect([...x.read()]).toEqual([-1, -2.1]);
    ops.cast({ x, out, n: 2 });
    expect([...out.read()]).toEqual([-1, Math.fround(-2.1)]);
    ops.cast({ x: floats(3, 4), out: x, n: 2 });
    expect([...x.read()]).toEqual([3, 4]);
    const layout = Float64Array.of(2, 1, 1);
    ops.pointwise({ ...plain, program: nodeOf('add'), inputs: [floats(1, 2), x], outputs: [out], layout });
    expect([...out.read()]).toEqual([4, 6]);
  });

  it('turns what the addon refuses into an ArgumentError with its cause', () => {
    const out = floats(8, 9);
    const call = (): void => ops.sum({ x: floats(1, 2, 3), out, outer: 2, size: 2, inner: 1 });
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(/^sum: x needs 4 elements, got 3$/);
    expect(call).toThrow(expect.objectContaining({ cause: expect.any(RangeError) }));
    expect([...out.read()]).toEqual([8, 9]);
  });

  it('reads dynamic scalars when the op runs', () => {
    const out = floats(0, 0);
    const factor = { value: 0.5 };
    const program = programOf(1, 1, ([x], [s]) => x.mul(s));
    const run = (): void =>
      ops.pointwise({ ...plain, program, inputs: [floats(1, 2)], outputs: [out], scalars: [factor] });
    run();
    expect([...out.read()]).toEqual([0.5, 1]);
    factor.value = 0.25;
    run();
    expect([...out.read()]).toEqual([0.25, 0.5]);
  });
});
