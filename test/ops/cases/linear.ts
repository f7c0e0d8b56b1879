/** linear, alone and with programs as its post-op. In rows; panels are held to rows by one-instruction.ts. */
import { floats } from '../../helpers/values.js';
import { type Case, type CaseArgs, type CaseOptions, opCase, seedOf, sumUnits } from './case.js';
import { linearCondition, productShapes } from './matmul.js';
import { dropped, general, type PostOp, postOpArgs, postOpCondition, reluAlone, zeros } from './post-op.js';

type Shape = readonly [rows: number, outFeatures: number, inFeatures: number];

/** For the programs that no kernel is written for: a tile, ragged ones, several blocks of rows and of k. */
export const fewShapes: readonly Shape[] = [
  [0, 3, 4],
  [3, 0, 4],
  [1, 1, 1],
  [7, 17, 5],
  [12, 32, 17],
  [37, 53, 61],
  [130, 257, 129],
  [19, 35, 1030],
];

/** What a kernel may be written for. */
const recognised: readonly Options[] = [
  { bias: false, postOp: reluAlone },
  { bias: true, postOp: dropped(0.5, 0, true) },
  { bias: true, postOp: dropped(0.1, 5, false) },
];

interface Options {
  readonly bias: boolean;
  readonly postOp: PostOp | null;
}

function linearCase([rows, outFeatures, inFeatures]: Shape, { bias, postOp }: Options): Case {
  const followed = postOp === null ? '' : `, ${postOp.name}`;
  const name = `${rows} rows, ${inFeatures} to ${outFeatures}${bias ? '' : ' without bias'}${followed}`;
  const seed = seedOf(`linear ${name}`);
  const units = sumUnits(inFeatures + 1);
  const condition = (args: CaseArgs<'linear'>) =>
    postOpCondition(postOp, args.inputs, linearCondition(args).out, outFeatures, units);
  const args = () => ({
    x: floats(rows * inFeatures, seed),
    weight: floats(outFeatures * inFeatures, seed + 1),
    bias: bias ? floats(outFeatures, seed + 2, -3, 3) : null,
    out: rows * outFeatures,
    rows,
    inFeatures,
    outFeatures,
    packed: false,
    ...postOpArgs(postOp, rows, outFeatures, seed),
  });
  const reason = inFeatures === 0 && !bias ? 'a sum of no products is 0' : postOp?.provesLittle;
  const options: CaseOptions = reason === undefined ? {} : { provesLittle: reason };
  // One rounding more where a program follows.
  return opCase('linear', name, { ulp: postOp === null ? 1 : 2, units, condition }, args, options);
}

/** NaN and infinity in a row of x and in a bias: ReLU keeps NaN, a mask makes NaN of a dropped infinity. */
function specialCases(): Case[] {
  const [rows, outFeatures, inFeatures] = [9, 21, 11];
  const x = floats(rows * inFeatures, 81);
  x[3 * inFeatures + 2] = Number.NaN;
  x[5 * inFeatures + 7] = Number.POSITIVE_INFINITY;
  const bias = floats(outFeatures, 82);
  bias[20] = Number.NEGATIVE_INFINITY;
  bias[16] = Number.NaN;
  const units = sumUnits(inFeatures + 1);
  return [dropped(0.5, 0, false), dropped(0.5, 0, true), ...general].map((postOp) => {
    const condition = (args: CaseArgs<'linear'>) =>
      postOpCondition(postOp, args.inputs, linearCondition(args).out, outFeatures, units);
    const args = () => ({
      ...{ x, bias, rows, outFeatures, inFeatures, packed: false },
      weight: floats(outFeatures * inFeatures, 83),
      out: rows * outFeatures,
      ...postOpArgs(postOp, rows, outFeatures, 84),
    });
    const provesLittle = zeros;
    return opCase('linear', `special values, ${postOp.name}`, { ulp: 2, units, condition }, args, { provesLittle });
  });
}

export const linearCases: readonly Case[] = [
  ...[...productShapes, [5, 9, 0] as const, [128, 256, 784] as const].flatMap((shape) =>
    [true, false].map((bias) => linearCase(shape, { bias, postOp: null })),
  ),
  ...productShapes.flatMap((shape) => recognised.map((options) => linearCase(shape, options))),
  linearCase([5, 9, 0], { bias: true, postOp: dropped(0.5, 0, true) }),
  linearCase([128, 256, 784], { bias: true, postOp: dropped(0.5, 0, true) }),
  ...[0, 0.9, 1].map((p) => linearCase([33, 40, 7], { bias: true, postOp: dropped(p, 0, false) })),
  linearCase([9, 19, 8], { bias: true, postOp: dropped(0.3, 2 ** 33 + 5, true) }),
  // One column: each row has separate words.
  linearCase([70, 1, 9], { bias: true, postOp: dropped(0.3, 2, false) }),
  ...fewShapes.flatMap((shape, i) =>
    general.map((postOp, k) => linearCase(shape, { bias: (i + k) % 2 === 0, postOp })),
  ),
  ...specialCases(),
];
