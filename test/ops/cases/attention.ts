/** Cases of attention: sizes around blocks of 48 queries and 64 keys, head dimensions from 1, layouts, masks, dropout. */

import { floats } from '../../helpers/values.js';
import { type Bound, type Case, type CaseOptions, opCase, seedOf, sumUnits } from './case.js';

interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly group: number;
  readonly queries: number;
  readonly keys: number;
  readonly features: number;
  readonly values: number;
}

interface Form {
  /** Heads side by side in each row, or one behind the other. */
  readonly byRow?: boolean;
  /** Which of batch, heads, queries and keys the mask has; the others repeat. */
  readonly mask?: readonly [batch: boolean, heads: boolean, queries: boolean, keys: boolean];
  /** Share of the mask that is -∞. */
  readonly hidden?: number;
  readonly causal?: boolean;
  readonly p?: number;
}

/** Strides of [batch, heads, rows, width]. */
const stridesOf = (heads: number, rows: number, width: number, byRow: boolean) =>
  byRow ? [rows * heads * width, width, heads * width] : [heads * rows * width, rows * width, width];

function maskOf({ batch, heads, queries, keys }: Sizes, has: NonNullable<Form['mask']>, hidden: number, seed: number) {
  const sizes = [batch, heads, queries, keys].map((size, d) => (has[d] ? size : 1));
  const strides = sizes.map((size, d) => (size === 1 ? 0 : sizes.slice(d + 1).reduce((a, b) => a * b, 1)));
  const chosen = floats(
    sizes.reduce((a, b) => a * b, 1),
    seed + 1,
    0,
    1,
  );
  const values = floats(chosen.length, seed, -2, 2).map((value, i) =>
    chosen[i]! < hidden ? Number.NEGATIVE_INFINITY : value,
  );
  return { values, strides };
}

/**
 * Results are sums over keys of values in [-1, 1] whose weights add up to 1; a weight is off by the error of its score, a sum of `features`
 * products below 1 times the scale, of which the exponential makes as much again.
 */
function bounds({ batch, heads, group, queries, keys, features, values }: Sizes) {
  const ones = (count: number, by = 1) => new Float64Array(count).fill(by);
  const score = 2 + sumUnits(features);
  const lines = batch * heads * queries;
  const keyRows = batch * (heads / group) * keys;
  const forward: Bound<'attention'> = {
    ulp: 4,
    units: score + sumUnits(keys) + 8,
    condition: ({ total }) => ({ out: ones(lines * values, 2), most: ones(lines, 2), total: ones(total, 2 * keys) }),
  };
  const backward: Bound<'attentionBackward'> = {
    ulp: 4,
    units: score + sumUnits(keys) + sumUnits(values) + sumUnits(queries * group) + 8,
    condition: () => ({
      queryGrad: ones(lines * features, 8 * Math.sqrt(values)),
      keyGrad: ones(keyRows * features, 8 * Math.sqrt(values * queries * group)),
      valueGrad: ones(keyRows * values, 8 * Math.sqrt(queries * group)),
    }),
  };
  return { forward, backward };
}

function cases(sizes: Sizes, form: Form = {}, options: CaseOptions = {}): Case[] {
  const { batch, heads, group, queries, keys, features, values } = sizes;
  const { byRow = false, causal = false, p = 0, hidden = 0 } = form;
  const name =
    `${batch}x${heads}/${group}x${queries}x${keys}x${features}x${values}` +
    `${byRow ? ', by row' : ''}${form.mask ? `, mask ${form.mask.map(Number).join('')} ${hidden}` : ''}` +
    `${causal ? ', causal' : ''}${p > 0 ? `, dropout ${p}` : ''}`;
  const seed = seedOf(`attention ${name}`);
  const keyHeads = heads / group;
  const lines = batch * heads * queries;
  const query = floats(lines * features, seed);
  const key = floats(batch * keyHeads * keys * features, seed + 1);
  const value = floats(batch * keyHeads * keys * values, seed + 2);
  const mask = form.mask ? maskOf(sizes, form.mask, hidden, seed + 3) : null;
  const strides = Float64Array.of(
    ...stridesOf(heads, queries, features, byRow),
    ...stridesOf(keyHeads, keys, features, byRow),
    ...stridesOf(keyHeads, keys, values, byRow),
    ...stridesOf(heads, queries, values, byRow),
    ...(mask?.strides ?? [0, 0, 0, 0]),
  );
  const scale = 1 / Math.sqrt(Math.max(1, features));
  const common = {
    ...{ query, key, value, mask: mask?.values ?? null },
    dropoutKey: p > 0 ? Int32Array.of(0x12345678, -77) : null,
    ...{ strides, ...sizes, scale, p, causal },
  };
  const { forward, backward } = bounds(sizes);
  // What the forward pass gives is made by plain loops: rows of a softmax.
  const saved = savedOf(sizes, common, mask?.strides ?? [0, 0, 0, 0], mask?.values ?? null);
  return [
    opCase('attention', name, forward, () => ({ ...common, out: lines * values, most: lines, total: lines }), options),
    opCase(
      'attentionBackward',
      name,
      backward,
      () => ({
        ...common,
        grad: floats(lines * values, seed + 5),
        out: floats(lines * values, seed + 6, -0.5, 0.5),
        ...saved,
        queryGrad: lines * features,
        keyGrad: key.length,
        valueGrad: value.length,
      }),
      options,
    ),
  ];
}

/** most and total of each row. */
function savedOf(
  { batch, heads, group, queries, keys, features }: Sizes,
  call: { query: Float32Array; key: Float32Array; strides: Float64Array; scale: number; causal: boolean },
  maskStrides: readonly number[],
  mask: Float32Array | null,
) {
  const most = new Float32Array(batch * heads * queries).fill(Number.NEGATIVE_INFINITY);
  const total = new Float32Array(most.length);
  const at = (from: number, b: number, h: number, row: number) =>
    b * call.strides[from]! + h * call.strides[from + 1]! + row * call.strides[from + 2]!;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let q = 0; q < queries; q++) {
        const scores: number[] = [];
        for (let k = 0; k < (call.causal ? Math.min(keys, q + 1) : keys); k++) {
          let score = 0;
          for (let e = 0; e < features; e++)
            score += call.query[at(0, b, h, q) + e]! * call.key[at(3, b, Math.floor(h / group), k) + e]!;
          const steps = [b, h, q, k].reduce((sum, i, d) => sum + i * maskStrides[d]!, 0);
          scores.push(score * call.scale + (mask === null ? 0 : mask[steps]!));
        }
        const top = Math.max(...scores);
        const row = (b * heads + h) * queries + q;
        most[row] = top;
        total[row] =
          top === Number.NEGATIVE_INFINITY ? 0 : scores.reduce((sum, s) => sum + Math.exp(s - most[row]!), 0);
      }
  return { most, total };
}

const of = (
  batch: number,
  heads: number,
  queries: number,
  keys: number,
  features: number,
  values = features,
  group = 1,
) => ({
  ...{ batch, heads, queries, keys, features, values, group },
});

const nothing: CaseOptions = { provesLittle: 'there is nothing to attend to' };

export const attentionCases: readonly Case[] = [
  ...cases(of(1, 1, 1, 1, 1), {}, { provesLittle: 'one key has weight 1' }),
  ...cases(of(1, 2, 3, 5, 7)),
  ...cases(of(2, 3, 5, 7, 4, 9), { byRow: true }),
  ...cases(of(1, 1, 47, 63, 8), { mask: [false, false, true, true] }),
  ...cases(of(2, 2, 48, 64, 16), { byRow: true, causal: true }),
  ...cases(of(1, 2, 49, 65, 17, 31), { mask: [true, true, true, true], hidden: 0.5 }),
  ...cases(of(2, 2, 67, 131, 33), { mask: [true, false, false, true], hidden: 0.3, p: 0.3 }),
  ...cases(of(1, 1, 131, 67, 32, 1), { causal: true, p: 0.1 }),
  ...cases(of(1, 3, 101, 101, 5), { causal: true, mask: [false, true, true, false] }),
  ...cases(of(1, 4, 50, 70, 8, 8, 2), { p: 0.5, byRow: true }),
  ...cases(of(3, 6, 20, 130, 8, 12, 3), { causal: true }, { provesLittle: 'most keys come after all queries' }),
  // Rows that see no key at all, and masks that hide a whole block of keys.
  ...cases(of(1, 2, 9, 70, 3), { mask: [false, false, true, false], hidden: 0.5 }),
  ...cases(
    of(1, 1, 3, 200, 4),
    { mask: [false, false, false, true], hidden: 0.97 },
    { provesLittle: 'most keys are hidden' },
  ),
  // Over several threads: by heads, and by queries and keys.
  ...cases(of(8, 4, 64, 64, 32), { byRow: true }),
  ...cases(of(1, 1, 200, 300, 64), { p: 0.2 }),
  // Keys in parts of one block each, some of them behind all queries of a block.
  ...cases(of(1, 2, 150, 200, 4, 500, 2), { causal: true }),
  ...cases(of(0, 2, 3, 5, 4), {}, nothing),
  ...cases(of(2, 2, 0, 5, 4), {}, nothing),
  ...cases(of(2, 2, 3, 0, 4), {}, nothing),
  ...cases(of(2, 2, 3, 5, 0, 4), {}, { provesLittle: 'scores of no features are 0' }),
  ...cases(of(2, 2, 3, 5, 4, 0), {}, nothing),
];
