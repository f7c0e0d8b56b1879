/** A program and the reduction of its results. */
import type { PointwiseProgram } from '../../../src/ops/pointwise-program.js';
import { floats, specials } from '../../helpers/values.js';
import { type Case, type CaseArgs, opCase, seedOf, sumUnits } from './case.js';
import { extent, layout } from './layouts.js';
import { nodeOf, programOf } from './programs.js';
import { shapes, sumCondition } from './reduce.js';

type Triple = readonly [outer: number, size: number, inner: number];
type Args = CaseArgs<'reduce'>;

const kinds = { sum: 0, largest: 1, smallest: 2 } as const;

interface Mapped {
  readonly name: string;
  readonly program: PointwiseProgram;
  readonly scalars?: readonly number[];
  /** Roundings of each term. */
  readonly units: number;
  /** The size of a term, from the elements of the inputs. */
  readonly size: (a: number, b: number) => number;
}

const sums: readonly Mapped[] = [
  { name: 'as it is', program: programOf(1, 0, ([a]) => a), units: 0, size: (a) => Math.abs(a) },
  { name: 'squared differences', program: squared(), units: 3, size: (a, b) => (Math.abs(a) + Math.abs(b)) ** 2 },
  { name: 'products', program: nodeOf('mul'), units: 1, size: (a, b) => Math.abs(a * b) },
  {
    // sigmoid within 3 ulp, two products, the scalar's rounding.
    name: 'silu, scaled',
    program: programOf(1, 1, ([a], [s]) => a.mul(a.sigmoid()).mul(s)),
    scalars: [0.3],
    units: 10,
    size: (a) => Math.abs(0.3 * a),
  },
];

function squared(): PointwiseProgram {
  return programOf(2, 0, ([a, b]) => {
    const difference = a.sub(b);
    return difference.mul(difference);
  });
}

function argsOf([outer, size, inner]: Triple, mapped: Mapped, kind: number, divisor: number, seed: number): Args {
  const n = outer * size * inner;
  const inputs = Array.from({ length: mapped.program.inputs }, (_, i) => floats(n, seed + i));
  return {
    program: mapped.program,
    inputs,
    scalars: mapped.scalars ?? [],
    layout: layout([n], ...inputs.map(() => [1])),
    out: outer * inner,
    index: kind === kinds.sum ? null : outer * inner,
    ...{ outer, size, inner, kind, divisor },
  };
}

/** Of dense inputs. */
function condition({ size: sizeOf, units }: Mapped, inSum: number): (args: Args) => { out: Float64Array } {
  return ({ inputs: [a, b], outer, size, inner, divisor }) => {
    const terms = Float32Array.from(a!, (x, i) => sizeOf(x, b?.[i] ?? 0));
    const { out } = sumCondition({ x: terms, outer, size, inner });
    return { out: out.map((whole) => (whole * (1 + units / inSum)) / Math.abs(divisor)) };
  };
}

const emptySums: readonly Triple[] = [[4, 0, 5]];

function sumCases(mapped: Mapped): Case[] {
  return [...shapes, ...emptySums].flatMap((triple) => {
    const [, size] = triple;
    // A mean, and another divisor.
    return [...new Set([1, size === 0 ? 3 : size])].map((divisor) => {
      const name = `sum, ${mapped.name}, ${triple.join('x')}, divided by ${divisor}`;
      const units = sumUnits(size);
      const provesLittle = size === 0 ? { provesLittle: 'the sum of nothing is 0' } : {};
      return opCase(
        'reduce',
        divisor === 1 ? name : `${name}, a mean`,
        { ulp: 1, units, condition: condition(mapped, units) },
        () => argsOf(triple, mapped, kinds.sum, divisor, seedOf(name)),
        provesLittle,
      );
    });
  });
}

/** Of results that are rounded once, so that the place is the same. */
function extremeCases(kind: 'largest' | 'smallest'): Case[] {
  const mapped: readonly Mapped[] = [
    { name: 'products', program: nodeOf('mul'), units: 0, size: () => 0 },
    { name: 'roundings', program: programOf(1, 0, ([a]) => a.mul(4).round()), units: 0, size: () => 0 },
  ];
  return mapped.flatMap((each) => [
    ...shapes.map((triple) => {
      const name = `${kind}, ${each.name}, ${triple.join('x')}`;
      const small = { provesLittle: 'short lines have few places to choose from, and long ones few largest roundings' };
      return opCase('reduce', name, 'exact', () => argsOf(triple, each, kinds[kind], 1, seedOf(name)), small);
    }),
  ]);
}

/** Inputs that broadcast, and special values. */
function otherCases(): Case[] {
  const sizes = [5, 7, 33];
  const strides = [
    [231, 33, 1],
    [0, 0, 1],
    [7, 1, 0],
  ];
  const program = programOf(3, 0, ([a, b, c]) => a.mul(b).add(c));
  const inputs = () => strides.map((each, i) => floats(extent(sizes, each), 91 + i));
  const triples: readonly Triple[] = [
    [5, 7, 33],
    [1, 5, 231],
    [35, 33, 1],
    [1, 1155, 1],
  ];
  const broadcast = triples.map(([outer, size, inner]) => {
    const args = (): Args => ({
      ...{ program, inputs: inputs(), scalars: [], layout: layout(sizes, ...strides) },
      ...{ out: outer * inner, index: null, outer, size, inner, kind: kinds.sum, divisor: size },
    });
    // |a·b| + |c| is at most 6.
    const bound = () => ({ out: new Float64Array(outer * inner).fill(6) });
    const tolerance = { ulp: 1, units: sumUnits(size) + 2, condition: bound };
    return opCase('reduce', `sum, a row and a column, ${outer}x${size}x${inner}`, tolerance, args);
  });
  const special = (kind: 'largest' | 'smallest') => {
    const [outer, size] = [specials.length, 19];
    const x = floats(outer * size, 22);
    for (const [o, value] of specials.entries()) x[o * size + ((7 * o) % size)] = value;
    const args = (): Args => ({
      ...{ program: nodeOf('neg'), inputs: [x], scalars: [], layout: layout([x.length], [1]) },
      ...{ out: outer, index: outer, outer, size, inner: 1, kind: kinds[kind], divisor: 1 },
    });
    return opCase('reduce', `${kind}, special values`, 'exact', args);
  };
  const withIndex = opCase(
    'reduce',
    'sum, with an index',
    'exact',
    () => ({ ...argsOf([2, 3, 4], sums[0]!, kinds.sum, 1, 5), index: 8 }),
    { throws: 'reduce: index must be null for a sum' },
  );
  return [...broadcast, special('largest'), special('smallest'), withIndex];
}

export const reduceProgramCases: readonly Case[] = [
  ...sums.flatMap(sumCases),
  ...extremeCases('largest'),
  ...extremeCases('smallest'),
  ...otherCases(),
];
