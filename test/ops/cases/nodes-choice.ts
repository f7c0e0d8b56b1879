/** Nodes of three and four operands: fma, and the choices by a comparison. */
import { floats, smallestNormal, specials } from '../../helpers/values.js';
import { type Case, type CaseArgs, lengths, opCase, seedOf } from './case.js';
import { allMixtures, mixtureName, mixtureOf } from './mixtures.js';
import { argsOf, nodeOf, over } from './programs.js';

/** Rounded once, or twice where the instruction set has no fma: the product then owes its rounding. */
const fmaTolerance = {
  ulp: 1,
  units: 1,
  condition({ inputs: [a, b], layout }: CaseArgs<'pointwise'>): Record<string, Float64Array> {
    // Repeated operands are of the same size: a bound for all.
    const largestOf = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    // A product below the smallest normal number may be taken for 0.
    const sized = (product: number) =>
      Math.abs(product) < smallestNormal ? smallestNormal * 2 ** 24 : Math.abs(product);
    const isFlat = layout.length === 4;
    if (isFlat) return { 'outputs[0]': Float64Array.from(a!, (x, i) => sized(x * b![i]!)) };
    const bound = largestOf(a!) * largestOf(b!);
    return { 'outputs[0]': new Float64Array(layout[0]! * layout[1]!).fill(bound) };
  },
};

function fmaCases(): Case[] {
  const program = nodeOf('fma');
  const cases: Case[] = lengths.map((n) => {
    const seed = seedOf(`fma ${n}`);
    const args = () => argsOf({ program, inputs: [floats(n, seed), floats(n, seed + 1), floats(n, seed + 2)] });
    return opCase('pointwise', `fma, ${n} elements`, fmaTolerance, args, { inPlace: [over(0), over(1), over(2)] });
  });
  for (const mixture of allMixtures(3)) {
    const name = `fma, ${mixtureName(mixture)}`;
    const args = () => argsOf({ program, ...mixtureOf(mixture, seedOf(name)) });
    const isOne = mixture.every((kind) => kind === 'element');
    const options = isOne ? { provesLittle: 'one element for all' } : {};
    cases.push(opCase('pointwise', name, fmaTolerance, args, options));
  }
  // Products that leave the range are infinite where they are rounded: not with a term that brings them back.
  const factors = specials.filter((b) => !(Math.abs(b) > 1) || Math.abs(b) === Number.POSITIVE_INFINITY);
  const special = () => {
    const rows = specials.flatMap((a) => factors.flatMap((b) => specials.map((c) => [a, b, c] as const)));
    const column = (index: 0 | 1 | 2) => Float32Array.from(rows, (row) => row[index]);
    return argsOf({ program, inputs: [column(0), column(1), column(2)] });
  };
  const options = { subnormal: true, provesLittle: 'most combinations of special values are NaN or infinite' };
  cases.push(opCase('pointwise', 'fma, special values', fmaTolerance, special, options));
  return cases;
}

const selects = ['selectLess', 'selectLessEqual', 'selectEqual'] as const;

/** In coarse steps, so that some are equal. */
const coarse = (n: number, seed: number): Float32Array => floats(n, seed).map((x) => Math.round(4 * x) / 4);

function selectCases(node: (typeof selects)[number]): Case[] {
  const program = nodeOf(node);
  const operands = (n: number, seed: number) => [
    coarse(n, seed),
    coarse(n, seed + 1),
    floats(n, seed + 2),
    floats(n, seed + 3, 2, 5),
  ];
  const cases: Case[] = lengths.map((n) => {
    const args = () => argsOf({ program, inputs: operands(n, seedOf(`${node} ${n}`)) });
    const inPlace = [over(0), over(1), over(2), over(3)];
    return opCase('pointwise', `${node}, ${n} elements`, 'exact', args, { inPlace });
  });
  for (const mixture of allMixtures(4).filter((_, i) => i % 5 === 0)) {
    const name = `${node}, ${mixtureName(mixture)}`;
    const args = () => argsOf({ program, ...mixtureOf(mixture, seedOf(name), coarse) });
    const provesLittle = 'a repeated comparison chooses one repeated operand';
    cases.push(opCase('pointwise', name, 'exact', args, { provesLittle }));
  }
  /** Every pairing compared; what is chosen is special, too. */
  const special = () => {
    const a = specials.flatMap((x) => specials.map(() => x));
    const b = specials.flatMap(() => [...specials]);
    const chosen = (from: number) => Float32Array.from(a, (_, i) => specials[(from + 5 * i) % specials.length]!);
    return argsOf({ program, inputs: [Float32Array.from(a), Float32Array.from(b), chosen(0), chosen(7)] });
  };
  cases.push(opCase('pointwise', `${node}, special values`, 'exact', special, { subnormal: true }));
  return cases;
}

export const choiceCases: readonly Case[] = [...fmaCases(), ...selects.flatMap(selectCases)];
