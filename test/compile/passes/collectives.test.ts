/** Where sums over ranks begin and where they are waited for: the list before and after. */
import { describe, expect, it } from 'vitest';
import { overlapCollectives } from '../../../src/compile/passes/collectives.js';
import { accessesOf } from '../../../src/compile/passes/instruction.js';
import type { Graph, Instruction } from '../../../src/ops/graph.js';

const big = 100_000;
const small = 10;

/** A graph in words: `def 3` writes value 3, `sum 3 4` is an allReduce of 3 to 4, `use 4` reads it and writes state. */
function graphOf(lines: readonly string[], lengths: readonly number[]): Graph {
  const values = lengths.map((length, index) => ({
    dtype: 'float32' as const,
    length,
    kind: index < 2 ? ('state' as const) : ('temporary' as const),
    index: index < 2 ? index : -1,
    panels: null,
  }));
  const instructions = lines.map((line): Instruction => {
    const [word, ...numbers] = line.split(' ');
    const [a = 0, b = 0] = numbers.map(Number);
    if (word === 'sum') return { op: 'allReduce', args: { x: [a], out: [b], divisor: 2 } };
    const copy = (x: number, out: number): Instruction => ({
      op: 'copy',
      args: { x, out, layout: Float64Array.of(lengths[out]!, 1, 1), xOffset: 0, outOffset: 0 },
    });
    if (word === 'check') return { op: 'checkFinite', args: { x: a, n: 1, layer: 0 } };
    return word === 'def' ? copy(0, a) : copy(a, 1);
  });
  return {
    values,
    instructions,
    arena: -1,
    inputs: 0,
    outputs: 0,
    dynamicScalars: 0,
    keySources: 0,
  } as unknown as Graph;
}

const words = ({ instructions }: Graph): string[] =>
  instructions.map((each) => {
    const values = accessesOf(each).map(({ value }) => value);
    if (each.op === 'allReduceStart')
      return `start ${[...(each.args.x as number[]), '->', ...(each.args.out as number[])].join(' ')}`;
    if (each.op === 'allReduceWait') return `wait ${(each.args.out as number[]).join(' ')}`;
    if (each.op === 'checkFinite') return `check ${values[0]}`;
    return values[1] === 1 ? `use ${values[0]}` : `def ${values[1]}`;
  });

const run = (lines: readonly string[], lengths: readonly number[]): string[] =>
  words(overlapCollectives(graphOf(lines, lengths)));

describe('collectives', () => {
  it('begins behind the gradient and waits before the reader, in place; readers in the order of the sums', () => {
    const found = run(['def 2', 'def 3', 'sum 2 4', 'sum 3 5', 'use 5', 'use 4'], [big, big, big, big, big, big]);
    expect(found).toEqual(['def 2', 'start 2 -> 2', 'def 3', 'start 3 -> 3', 'wait 3', 'use 3', 'wait 2', 'use 2']);
  });

  it('puts readers that do not depend on each other in the order of the sums', () => {
    const lengths = [big, big, big, big, big, big, big, big];
    const graph = graphOf(['def 2', 'def 3', 'sum 2 4', 'sum 3 5', 'def 6', 'def 7'], lengths);
    // Readers that write separate memory: of the second sum first, as an optimizer in the order of parameters does.
    const reads = (x: number, out: number): Instruction => ({
      op: 'copy',
      args: { x, out, layout: Float64Array.of(big, 1, 1), xOffset: 0, outOffset: 0 },
    });
    const instructions = [...graph.instructions.slice(0, 4), reads(5, 6), reads(4, 7)];
    const found = words(overlapCollectives({ ...graph, instructions }));
    expect(found).toEqual(['def 2', 'start 2 -> 2', 'def 3', 'start 3 -> 3', 'wait 2', 'def 7', 'wait 3', 'def 6']);
  });

  it('sends small ones together, when the last of them is there', () => {
    const lengths = [big, big, small, small, big, small, small, big];
    const found = run(['def 2', 'def 4', 'def 3', 'sum 2 5', 'sum 3 6', 'sum 4 7', 'use 5', 'use 7'], lengths);
    expect(found).toEqual([
      'def 2',
      'def 4',
      'start 4 -> 4',
      'def 3',
      'start 2 3 -> 5 6',
      'wait 5 6',
      'use 5',
      'wait 4',
      'use 4',
    ]);
  });

  it('sends apart what one needs to make the other', () => {
    // Statistics of one layer, and those of the next, which is made of the first.
    const lengths = [big, big, small, small, small, small, small];
    const graph = graphOf(['def 2', 'sum 2 3', 'use 3', 'sum 4 5', 'use 5'], lengths);
    const made: Instruction = {
      op: 'copy',
      args: { x: 3, out: 4, layout: Float64Array.of(small, 1, 1), xOffset: 0, outOffset: 0 },
    };
    const instructions = graph.instructions.toSpliced(2, 1, made);
    expect(words(overlapCollectives({ ...graph, instructions }))).toEqual([
      ...['def 2', 'start 2 -> 3', 'wait 3', 'def 4', 'start 4 -> 5', 'wait 5', 'use 5'],
    ]);
  });

  it('sends small ones of several divisors together with their own', () => {
    const lengths = [big, big, ...new Array<number>(8).fill(small)];
    const graph = graphOf(['def 2', 'sum 2 6', 'def 3', 'sum 3 7', 'def 4', 'sum 4 8', 'def 5', 'sum 5 9'], lengths);
    const instructions = graph.instructions.map((each, i) =>
      i % 4 === 3 ? { ...each, args: { ...each.args, divisor: 1 } } : each,
    );
    expect(words(overlapCollectives({ ...graph, instructions }))).toEqual([
      ...['def 2', 'def 3', 'def 4', 'start 2 4 -> 6 8', 'def 5', 'start 3 5 -> 7 9', 'wait 6 8', 'wait 7 9'],
    ]);
  });

  it('leaves terms alone that others read', () => {
    const lengths = [big, big, big, big];
    expect(run(['def 2', 'sum 2 3', 'use 2', 'use 3'], lengths)).toEqual([
      'def 2',
      'start 2 -> 3',
      'use 2',
      'wait 3',
      'use 3',
    ]);
  });

  it('waits at the end for what is never read, and does not begin before a check what outlives a run', () => {
    expect(run(['def 2', 'check 0', 'sum 2 3'], [big, big, big, big])).toEqual([
      'def 2',
      'start 2 -> 2',
      'check 0',
      'wait 2',
    ]);
    expect(run(['def 2', 'check 0', 'sum 2 1'], [big, big, big])).toEqual([
      'def 2',
      'check 0',
      'start 2 -> 1',
      'wait 1',
    ]);
  });
});
