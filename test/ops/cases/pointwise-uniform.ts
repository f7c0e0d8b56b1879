/** Values that are the same for all elements: computed in float64, and rounded once where elements meet them. */
import type { NodeName } from '../../../src/ops/nodes.js';
import type { Expression, ExpressionGraph } from '../../../src/pointwise/expression.js';
import { floats, specials } from '../../helpers/values.js';
import { type Case, opCase, seedOf } from './case.js';
import { layout } from './layouts.js';
import { binaryNodes } from './nodes-binary.js';
import { unaryNodes } from './nodes-unary.js';
import { argsOf, programOf, uniformNodeOf } from './programs.js';

const small = { provesLittle: 'one value for all elements' };

/** Not floats: a value that is rounded before the node shows. */
const ordinary = [0.1, -0.3, 0.7, 1.1, 2.3, -1.9, 2.5, -0.5, 13.7, 1e-9];

function operandsOf(node: NodeName): number[][] {
  if ((unaryNodes as string[]).includes(node)) return [...ordinary, ...specials].map((x) => [x]);
  if ((binaryNodes as string[]).includes(node)) {
    const values = [...ordinary.slice(0, 5), ...specials.slice(0, 9)];
    return values.flatMap((a) => values.map((b) => [a, b]));
  }
  return ordinary.flatMap((a, i) => {
    const b = ordinary[(i + 1) % ordinary.length]!;
    return [
      [a, b, 0.3, -0.7],
      [a, a, 0.3, -0.7],
      [Number.NaN, b, 0.3, -0.7],
    ].map((row) => (node === 'fma' ? row.slice(0, 3) : row));
  });
}

const nodes: readonly NodeName[] = [
  ...unaryNodes,
  ...binaryNodes,
  ...(['fma', 'selectLess', 'selectLessEqual', 'selectEqual'] as const),
];

/** Several elements of one value: whatever computes it, float64 rounded once is right to the bit. */
const nodeCases: readonly Case[] = nodes.flatMap((node) =>
  operandsOf(node).map((scalars) => {
    const args = () => argsOf({ program: uniformNodeOf(node), scalars, layout: layout([3]) });
    return opCase(
      'pointwise',
      `uniform ${node}, ${scalars.map((x) => (Object.is(x, -0) ? '-0' : x)).join(' ')}`,
      'exact',
      args,
      {
        ...small,
        subnormal: true,
      },
    );
  }),
);

type Value = (scalars: readonly Expression[], graph: ExpressionGraph) => Expression;

/** The value alone, and multiplied with elements: one operation of each, correctly rounded. */
function chain(name: string, scalars: readonly number[], value: Value, step?: number, options = {}): Case[] {
  const count = scalars.length + (step === undefined ? 0 : 1);
  const alone = programOf(0, count, (_, given, graph) => value(given, graph));
  const times = programOf(1, count, ([x], given, graph) => x.mul(value(given, graph)));
  const given = { scalars, ...(step === undefined ? {} : { step }) };
  const label = `uniform chains, ${name}`;
  const inputs = [floats(101, seedOf(name))];
  return [
    opCase('pointwise', label, 'exact', () => argsOf({ program: alone, ...given, layout: layout([2, 5]) }), small),
    opCase(
      'pointwise',
      `${label}, times elements`,
      'exact',
      () => argsOf({ program: times, ...given, inputs }),
      options,
    ),
  ];
}

/** In float32 each of these would come out otherwise, but for the last. */
const chains: readonly Case[] = [
  ...chain('a difference of neighbours', [1 + 2 ** -40, 1], ([a, b]) => a!.sub(b!).mul(2 ** 20)),
  ...chain('a sum that is rounded once', [0.1, 0.2, 0.3], ([a, b, c]) => a!.add(b!).sub(c!).mul(1e17)),
  ...chain('beyond the range of floats and back', [1e300, 1e-299], ([a, b]) => a!.mul(b!)),
  ...chain('a product in two halves', [1e-40, 3e38, 2e20], ([a, b, c]) => a!.mul(a!).mul(b!).mul(c!).mul(c!)),
  ...chain('a comparison of neighbours', [0.1, 0.1 + 2 ** -50], ([a, b]) => a!.lt(b!).where(3, 5)),
  ...chain('fma keeps what float32 would lose', [1 + 2 ** -20, 1 - 2 ** -20, -1], ([a, b, c]) => a!.fma(b!, c!)),
  ...chain('many nodes', [0.3, 0.7], ([a, b]) => a!.exp().add(b!.log1p()).sqrt().tanh().pow(b!).erf().sin()),
  ...chain('a quotient by zero', [1, 0], ([a, b]) => a!.div(b!), undefined, small),
];

/** Adam's corrections, with the number of the step. */
const corrections: readonly Case[] = [0, 1, 9, 999, 100000, 2 ** 24, 2 ** 31 - 2].flatMap((step) => [
  ...chain(`step size at step ${step}`, [0.001, 0.9], ([lr, b, t]) => lr!.div(b!.pow(t!).neg().add(1)), step),
  ...chain(`scale at step ${step}`, [0.999], ([b, t]) => b!.pow(t!).neg().add(1).sqrt().reciprocal(), step),
  ...chain(`the step itself, ${step}`, [], ([t]) => t!, step),
]);

const nothing = opCase(
  'pointwise',
  'uniform chains, the step counts up without elements',
  'exact',
  () => argsOf({ program: programOf(1, 1, ([x], [t]) => x.mul(t)), step: 4, inputs: [new Float32Array(0)] }),
  small,
);

export const uniformCases: readonly Case[] = [...nodeCases, ...chains, ...corrections, nothing];
