/** Attention and its gradient, a row of scores at a time. */
import { type MaskKey, maskKeeps, maskScale, maskThreshold } from '../mask.js';
import type { FloatArray, OpArgs, Ops } from '../ops.js';
import { numberOf } from '../roles.js';
import { readFloats, readInts, writeFloats } from './memory.js';

type Call = OpArgs<'attention'> | OpArgs<'attentionBackward'>;

/** A row of an operand: elements from `at` on. */
interface Row {
  readonly of: FloatArray;
  readonly at: number;
}

const dot = (a: Row, b: Row, count: number): number => {
  let total = 0;
  for (let i = 0; i < count; i++) total += a.of[a.at + i]! * b.of[b.at + i]!;
  return total;
};

/** into += factor·row. */
const addTo = (into: Row, factor: number, row: Row, count: number): void => {
  for (let i = 0; i < count; i++) into.of[into.at + i]! += factor * row.of[row.at + i]!;
};

/** Where things are. */
class Places {
  readonly #strides: Float64Array;
  readonly #call: Call;
  readonly #mask: FloatArray | null;
  readonly #query: FloatArray;
  readonly #key: FloatArray;
  readonly #scale: number;
  readonly #dropout: { readonly key: MaskKey; readonly threshold: number; readonly scale: number } | null;

  constructor(call: Call) {
    this.#call = call;
    this.#strides = call.strides;
    this.#mask = call.mask && readFloats(call.mask);
    this.#query = readFloats(call.query);
    this.#key = readFloats(call.key);
    this.#scale = numberOf(call.scale);
    const p = numberOf(call.p);
    const words = call.dropoutKey && readInts(call.dropoutKey);
    this.#dropout = words && { key: [words[0]!, words[1]!], threshold: maskThreshold(p), scale: maskScale(p) };
  }

  /** Row `row` of query (0), key (1), value (2) or out (3). */
  row(of: FloatArray, operand: number, b: number, h: number, row: number): Row {
    const [batch, head, line] = this.#strides.subarray(3 * operand);
    const own = operand === 1 || operand === 2 ? Math.floor(h / this.#call.group) : h;
    return { of, at: b * batch! + own * head! + row * line! };
  }

  /** Those that query q sees. */
  scores(b: number, h: number, q: number): Float64Array {
    const { keys, features, causal } = this.#call;
    const [ofBatch, ofHead, ofQuery, ofKey] = this.#strides.subarray(12);
    const query = this.row(this.#query, 0, b, h, q);
    return Float64Array.from({ length: causal ? Math.min(keys, q + 1) : keys }, (_, k) => {
      const score = this.#scale * dot(query, this.row(this.#key, 1, b, h, k), features);
      return this.#mask === null ? score : score + this.#mask[b * ofBatch! + h * ofHead! + q * ofQuery! + k * ofKey!]!;
    });
  }

  noise(b: number, h: number, q: number, k: number): number {
    if (this.#dropout === null) return 1;
    const { heads, queries, keys } = this.#call;
    const { key, threshold, scale } = this.#dropout;
    return maskKeeps(key, (b * heads + h) * queries + q, k, keys, threshold) ? scale : 0;
  }

  /** Calls for each batch, head and query, with the number of the row. */
  each(run: (b: number, h: number, q: number, row: number) => void): void {
    const { batch, heads, queries } = this.#call;
    for (let row = 0; row < batch * heads * queries; row++)
      run(Math.floor(row / (heads * queries)), Math.floor(row / queries) % heads, row % queries, row);
  }

  /** Sets to 0 what lies where an operand does. */
  clear(of: FloatArray, operand: number): void {
    const { batch, heads, group, queries, keys, features, values } = this.#call;
    const isOfKeys = operand === 1 || operand === 2;
    const width = operand < 2 ? features : values;
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h += isOfKeys ? group : 1)
        for (let row = 0; row < (isOfKeys ? keys : queries); row++) {
          const { at } = this.row(of, operand, b, h, row);
          of.fill(0, at, at + width);
        }
  }
}

/** The largest that is a number; -∞ when there is none. */
const largest = (scores: Float64Array): number => Math.max(...scores.filter((score) => !Number.isNaN(score)));

export const attentionOps: Pick<Ops, 'attention' | 'attentionBackward'> = {
  attention(call) {
    const places = new Places(call);
    const value = readFloats(call.value);
    const [out, most, total] = [writeFloats(call.out), writeFloats(call.most), writeFloats(call.total)];
    places.clear(out, 3);
    places.each((b, h, q, row) => {
      const scores = places.scores(b, h, q);
      const top = largest(scores);
      // A NaN stays one also among scores of -∞.
      const isNone = top === Number.NEGATIVE_INFINITY && !scores.some(Number.isNaN);
      const weights = scores.map((score) => (isNone ? 0 : Math.exp(score - top)));
      const sum = weights.reduce((a, b) => a + b, 0);
      most[row] = top;
      total[row] = sum;
      if (isNone) return;
      const sums = { of: new Float64Array(call.values), at: 0 };
      weights.forEach((weight, k) => {
        addTo(sums, (weight / sum) * places.noise(b, h, q, k), places.row(value, 2, b, h, k), call.values);
      });
      const into = places.row(out, 3, b, h, q);
      into.of.set(sums.of, into.at);
    });
  },
  attentionBackward(call) {
    const places = new Places(call);
    const [query, key, value] = [readFloats(call.query), readFloats(call.key), readFloats(call.value)];
    const [grad, out] = [readFloats(call.grad), readFloats(call.out)];
    const [most, total] = [readFloats(call.most), readFloats(call.total)];
    const results = [writeFloats(call.queryGrad), writeFloats(call.keyGrad), writeFloats(call.valueGrad)] as const;
    // Sums are rounded once.
    const [queryGrad, keyGrad, valueGrad] = results.map(({ length }) => new Float64Array(length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const { features, values } = call;
    const scale = numberOf(call.scale);
    places.each((b, h, q, row) => {
      if (total[row] === 0) return;
      const own = places.row(grad, 3, b, h, q);
      const delta = dot(own, places.row(out, 3, b, h, q), values);
      places.scores(b, h, q).forEach((score, k) => {
        const weight = Math.exp(score - most[row]!) / total[row]!;
        const noise = places.noise(b, h, q, k);
        const g = noise * dot(own, places.row(value, 2, b, h, k), values);
        const s = weight * (g - delta) * scale;
        addTo(places.row(queryGrad, 0, b, h, q), s, places.row(key, 1, b, h, k), features);
        addTo(places.row(keyGrad, 1, b, h, k), s, places.row(query, 0, b, h, q), features);
        addTo(places.row(valueGrad, 2, b, h, k), weight * noise, own, values);
      });
    });
    for (const [i, sums] of [queryGrad, keyGrad, valueGrad].entries()) results[i]!.set(sums);
  },
};
