import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arenaElementBytes, planArena } from '../../../src/compile/passes/arena.js';
import { accessesOf } from '../../../src/compile/passes/instruction.js';
import type { Graph } from '../../../src/ops/graph.js';
import type { DType } from '../../../src/ops/ops.js';
import { List, lines } from './graph.js';
import { exp, neg, programOf, run } from './tape.js';

const addition = programOf(2, ([a, b]) => a!.add(b!));

const places = (graph: Graph) =>
  graph.values.flatMap(({ kind, index, length }) => (kind === 'temporary' ? [[index, length]] : []));

describe('arena', () => {
  it('lets a temporary lie where one lay that nothing needs any more, at a multiple of 64 bytes', () => {
    const list = new List();
    const x = list.input(20);
    const [a, b, c] = [list.temporary(20), list.temporary(20), list.temporary(20)];
    const y = list.output(20);
    exp(list, x, a);
    exp(list, a, b);
    exp(list, b, c);
    exp(list, c, y);
    const planned = planArena(list.graph());
    expect(places(planned)).toEqual([
      [0, 20],
      [32, 20],
      [0, 20],
    ]);
    expect(planned.arena).toBe(64);
    const apart = planArena(list.graph(), { share: false });
    expect(places(apart).map(([offset]) => offset)).toEqual([0, 32, 64]);
    expect(apart.arena).toBe(96);
  });

  it('drops temporaries that no instruction names, and renumbers the others', () => {
    const list = new List();
    list.temporary(1000);
    const x = list.input(4);
    const a = list.temporary(4);
    const y = list.output(4);
    exp(list, x, a);
    neg(list, a, y);
    const planned = planArena(list.graph());
    expect(planned.values.map(({ kind }) => kind)).toEqual(['input', 'temporary', 'output']);
    expect(lines(planned)).toEqual(['%1 = exp(input0)', 'output0 = neg(%1)']);
    expect(planned.arena).toBe(16);
  });

  it('keeps inputs, outputs and state that no instruction names', () => {
    const list = new List();
    list.input(4);
    list.output(4);
    list.state(4);
    expect(planArena(list.graph())).toEqual({ ...list.graph(), arena: 0 });
  });

  it('plans every temporary of any list: none overlaps one in use at the same time', () => {
    const lengths = fc.array(fc.nat(200), { minLength: 1, maxLength: 24 });
    const steps = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 40 });
    const dtypes = fc.constantFrom<DType>('float32', 'float64');
    fc.assert(
      fc.property(lengths, steps, dtypes, (sizes, calls, dtype) => {
        const list = new List();
        const values = sizes.map((length) => list.temporary(length, dtype));
        for (const [a, b, out] of calls) {
          const of = (n: number) => values[n % values.length]!;
          run(list, addition, [of(a), of(b)], { outputs: [of(out)], sizes: [1] });
        }
        const before = list.graph();
        const planned = planArena(before);
        expectPlanned(planned);
        const line = 64 / arenaElementBytes(planned.values);
        const used = planned.values.map(({ length }) => Math.ceil(length / line) * line);
        const sum = used.reduce((total, size) => total + size, 0);
        expect(planned.arena).toBeLessThanOrEqual(sum);
        expect(planArena(before, { share: false }).arena).toBe(sum);
        expectPlanned(planArena(before, { share: false }));
      }),
      { numRuns: 300 },
    );
  });
});

function expectPlanned({ values, instructions, arena }: Graph): void {
  const bytes = arenaElementBytes(values);
  const inUse = values.map((_, value) => {
    const at = instructions.flatMap((each, i) => (accessesOf(each).some((a) => a.value === value) ? [i] : []));
    return { first: Math.min(...at), last: Math.max(...at) };
  });
  values.forEach((one, i) => {
    expect(one.index).toBeGreaterThanOrEqual(0);
    expect((one.index * bytes) % 64).toBe(0);
    expect(one.index + one.length).toBeLessThanOrEqual(arena);
    values.slice(0, i).forEach((other, j) => {
      const together = inUse[i]!.first <= inUse[j]!.last && inUse[j]!.first <= inUse[i]!.last;
      const apart = one.index + one.length <= other.index || other.index + other.length <= one.index;
      expect(!together || apart).toBe(true);
    });
  });
}
