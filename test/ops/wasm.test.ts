/** The WebAssembly module where its memory, its 32-bit sizes and its lack of threads make it another case than an addon. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/index.js';
import { packageRoot, wasmFile } from '../../src/ops/addon-files.js';
import { backend, getBackend } from '../../src/ops/backend.js';
import type { Graph, ProgramFactory } from '../../src/ops/graph.js';

const built = join(packageRoot(), 'build-prebuilds', wasmFile);

// Without this test all others on wasm would be skipped, in CI too, where a module that was built could not be loaded.
it.runIf(existsSync(built))('a module that has been built is loaded', () => {
  expect(backend.info().wasm).toMatchObject({ loaded: true });
  expect(backend.available).toContain('wasm');
});

describe.each(backend.available)('a buffer on %s', (name) => {
  it('that is freed while it is shuffled leaves the buffers alone that get its memory', async () => {
    const factory = getBackend(name).programs();
    const n = 1000;
    const order = factory.createBuffer('int32', n);
    const shuffled = factory.shuffle(order, 5n);
    order.free();
    const others = Array.from({ length: 4 }, () => factory.createBuffer('int32', n));
    await shuffled;
    for (const other of others) {
      const numbers = new Int32Array(n).fill(-1);
      other.copyOut(numbers);
      expect(numbers).toEqual(new Int32Array(n));
    }
  });
});

describe.runIf(backend.available.includes('wasm'))('what wasm refuses', () => {
  const factory = (): ProgramFactory => getBackend('wasm').programs();

  it('arrays of another type than a buffer, whose bits it would take for numbers', () => {
    const [floats, ints] = [factory().createBuffer('float32', 3), factory().createBuffer('int32', 3)];
    floats.copyIn(Float32Array.of(1, 2, 3));
    const wrong = [
      () => floats.copyIn(Int32Array.of(4, 5, 6)),
      () => floats.copyIn(Float64Array.of(4, 5, 6)),
      () => ints.copyIn(Float32Array.of(4, 5, 6)),
      () => floats.copyOut(new Int32Array(3)),
      () => floats.copyOut(new Float64Array(3)),
      () => ints.copyOut(new Float32Array(3), 0),
    ];
    for (const copy of wrong) expect(copy).toThrow(ArgumentError);
    const numbers = new Float32Array(3);
    floats.copyOut(numbers);
    expect(numbers).toEqual(Float32Array.of(1, 2, 3));
  });

  it('copies that do not fit', () => {
    const buffer = factory().createBuffer('float32', 3);
    const wrong = [
      () => buffer.copyIn(new Float32Array(4)),
      () => buffer.copyIn(new Float32Array(2), 2),
      () => buffer.copyIn(new Float32Array(1), -1),
      () => buffer.copyOut(new Float32Array(2)),
    ];
    for (const copy of wrong) expect(copy).toThrow(ArgumentError);
  });

  it('sizes from 4 GiB on, which its 32 bits would cut off', () => {
    const graph: Graph = { values: [], instructions: [], arena: 16, dynamicScalars: 0, keySources: 0 };
    expect(factory().createProgram(graph, []).arenaBytes).toBe(64);
    for (const arena of [2 ** 30, 2 ** 32 + 16, 2 ** 50])
      expect(() => factory().createProgram({ ...graph, arena }, []), `${arena}`).toThrow(ArgumentError);
    for (const length of [2 ** 30, 2 ** 32 + 16, 2 ** 50])
      expect(() => factory().createBuffer('float32', length), `${length}`).toThrow(ArgumentError);
  });
});
