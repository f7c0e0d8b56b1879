/** What programs are made of besides nodes: layouts, no inputs, several outputs, outputs that are no results, many instructions. */
import { arityOf, type NodeName } from '../../../src/ops/nodes.js';
import type { PointwiseInstruction, PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { intern } from '../../../src/pointwise/emit.js';
import { floats, ints, uniform } from '../../helpers/values.js';
import { type Case, lengths, opCase, seedOf } from './case.js';
import { broadcastShapes, extent, layout } from './layouts.js';
import { rankFive, rankFiveCount } from './mixtures.js';
import { argsOf, type Call, nodeOf, over, programOf } from './programs.js';

const exactly = (name: string, call: () => Call, options = {}): Case =>
  opCase('pointwise', name, 'exact', () => argsOf(call()), options);

/** One input in every layout, and none. */
const layouts: readonly Case[] = [
  ...broadcastShapes.flatMap(([name, sizes, ...both]) =>
    both.map((strides, which) =>
      exactly(
        `layouts, one input: ${name}, ${which === 0 ? 'the first' : 'the second'}`,
        () => ({
          program: nodeOf('neg'),
          inputs: [floats(extent(sizes, strides), seedOf(name) + which)],
          layout: layout(sizes, strides),
        }),
        strides.every((stride) => stride === 0) ? { provesLittle: 'one element repeated' } : {},
      ),
    ),
  ),
  ...[[0], [1], [17], [4, 0, 3], [3, 5, 7], [2, 3, 4, 3, 5], [40, 2503]].map((sizes) =>
    exactly(
      `layouts, no input: ${sizes.join('x')}`,
      () => ({
        program: programOf(0, 2, (_, [a, b], graph) => [a, graph.constant(0.1), a.sub(b)]),
        scalars: [1.5, 0.25],
        layout: layout(sizes),
      }),
      { provesLittle: 'without inputs all elements are alike' },
    ),
  ),
  // Whole numbers: every result is exact.
  ...[0, 1, 2, 3].map((shift) =>
    exactly(`layouts, four inputs of rank 5, ${shift}`, () => {
      const strides = Array.from({ length: 4 }, (_, i) => rankFive.strides[(i + shift) % rankFive.strides.length]!);
      return {
        program: programOf(4, 0, ([a, b, c, d]) => [a.mul(b).add(c.mul(d)), d.sub(a)]),
        inputs: strides.map((each, i) => whole(extent(rankFive.sizes, each), 90 + shift + i)),
        layout: layout(rankFive.sizes, ...strides),
      };
    }),
  ),
  exactly(
    'layouts, a matrix and a transposed one',
    () => ({
      program: programOf(2, 0, ([a, b]) => a.sub(b)),
      inputs: [floats(37 * 37, 71), floats(37 * 37, 72)],
      layout: layout([37, 37], [37, 1], [1, 37]),
    }),
    { inPlace: [over(0)] },
  ),
  exactly('layouts, five inputs that are not read', () => ({
    program: programOf(7, 1, ([, , , x]) => x.neg()),
    inputs: Array.from({ length: 7 }, (_, i) => floats(33, 73 + i)),
    scalars: [Number.NaN],
  })),
];

/** Whole numbers from -8 to 8. */
const whole = (n: number, seed: number): Float32Array => Float32Array.from(ints(n, seed, -8, 9));

const { inputsAsOutputs, swapped, many } = {
  inputsAsOutputs: intern({
    ...{ inputs: 2, keys: 0, scalars: 1, constants: [-0.1] },
    instructions: [{ node: 'add', operands: [0, 1] }],
    // An input, the result twice, the scalar, the constant, the other input.
    outputs: [0, 4, 4, 2, 3, 1],
  }),
  swapped: programOf(2, 0, ([a, b]) => [b, a]),
  many: programOf(3, 0, ([a, b, c]) => [a.add(b), b.sub(c), a.mul(c), a.maximum(b), c.neg()]),
};

const outputs: readonly Case[] = [
  ...lengths.flatMap((n) => {
    const inputs = () => [floats(n, n + 1), floats(n, n + 2)];
    return [
      exactly(
        `outputs, inputs and scalars and a result twice, ${n} elements`,
        () => ({ program: inputsAsOutputs, inputs: inputs(), scalars: [0.7] }),
        { provesLittle: 'the scalar and the constant are everywhere the same' },
      ),
      exactly(`outputs, two inputs swapped, ${n} elements`, () => ({ program: swapped, inputs: inputs() }), {
        inPlace: [over(0, 1), over(1, 0)],
      }),
      exactly(`outputs, five, ${n} elements`, () => ({ program: many, inputs: [...inputs(), floats(n, n + 3)] }), {
        inPlace: [over(0, 1, 2), over(2, 0, 1), { 'outputs[4]': 'inputs[0]' }],
      }),
    ];
  }),
  exactly(
    `outputs, none of ${rankFiveCount} elements reads another's`,
    () => ({
      program: programOf(1, 0, ([x]) => [x.neg(), x.abs(), x.relu(), x.sign()]),
      inputs: [floats(extent(rankFive.sizes, rankFive.strides[3]!), 81)],
      layout: layout(rankFive.sizes, rankFive.strides[3]!),
    }),
    { provesLittle: 'half of relu is 0, and a sign is one of two' },
  ),
];

/** The largest size of a result, by the sizes of its operands; null where a float could not hold it. */
const growth: Partial<Record<NodeName, (...sizes: number[]) => number>> = {
  add: (a, b) => a! + b!,
  sub: (a, b) => a! + b!,
  mul: (a, b) => a! * b!,
  fma: (a, b, c) => a! * b! + c!,
  max: Math.max,
  min: Math.max,
  neg: (a) => a!,
  abs: (a) => a!,
  relu: (a) => a!,
  floor: (a) => a!,
  selectLess: (_a, _b, c, d) => Math.max(c!, d!),
  selectLessEqual: (_a, _b, c, d) => Math.max(c!, d!),
  selectEqual: (_a, _b, c, d) => Math.max(c!, d!),
};
const exactNodes = Object.keys(growth) as NodeName[];

/** A program whose values are whole numbers below 2^22, which every way of rounding keeps: only what flows where is tested. */
function wholeProgram(seed: number, length: number): PointwiseProgram {
  const draw = uniform(seed);
  const pick = (n: number) => Math.floor(draw() * n);
  const [inputs, scalars, constants] = [3, 2, [3, -2, 0]];
  const sizes = [8, 8, 8, 4, 4, ...constants.map(Math.abs)];
  const instructions: PointwiseInstruction[] = [];
  while (instructions.length < length) {
    const node = exactNodes[pick(exactNodes.length)]!;
    // Half of the operands are recent: chains, and values that live for long.
    const operand = () => (draw() < 0.5 ? sizes.length - 1 - pick(Math.min(4, sizes.length)) : pick(sizes.length));
    const operands = Array.from({ length: arityOf(node) }, operand);
    const size = growth[node]!(...operands.map((id) => sizes[id]!));
    if (size >= 2 ** 22) continue;
    instructions.push({ node, operands });
    sizes.push(size);
  }
  const last = sizes.length - 1;
  return intern({
    ...{ inputs, keys: 0, scalars, constants, instructions },
    outputs: [last, last - 1, last - Math.floor(length / 2), last - length + 1],
  });
}

function longCases(): Case[] {
  const shapes = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => ({ seed, length: seed < 7 ? 64 : 257, n: 1021 }));
  const large = { seed: 9, length: 64, n: 100003 };
  return [...shapes, large].map(({ seed, length, n }) =>
    exactly(
      `long, ${length} instructions, ${n} elements, number ${seed}`,
      () => ({
        program: wholeProgram(seed, length),
        inputs: [whole(n, seed), whole(n, seed + 100), whole(n, seed + 200)],
        scalars: [-4, 3],
      }),
      { inPlace: [over(2, 0, 1)], provesLittle: 'choices and products of small whole numbers are often alike' },
    ),
  );
}

export const structureCases: readonly Case[] = [...layouts, ...outputs, ...longCases()];
