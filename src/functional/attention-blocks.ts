/** Attention by the op that never has all scores in memory. */
import { currentOps } from '../ops/backend.js';
import { currentTrace } from '../ops/trace.js';
import { drawnFrom, type Generator } from '../random/generator.js';
import { isGradEnabled } from '../tensor/grad-mode.js';
import { numelOf, type Shape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { drawKey } from './dropout-noise.js';
import { expand } from './expand.js';
import { empty, emptyLike } from './support.js';

/** Elements from one batch, head and row to the next; features follow one another. */
export type HeadStrides = readonly [batch: number, head: number, row: number];

/** A tensor in which heads lie. */
export interface Heads {
  readonly tensor: Tensor;
  readonly strides: HeadStrides;
}

/** A mask that is added, and its steps from batch to batch, head to head, query to query and key to key. */
export interface PlacedMask {
  readonly tensor: Tensor;
  readonly strides: readonly [batch: number, head: number, query: number, key: number];
}

export interface BlockedCall {
  readonly query: Heads;
  readonly key: Heads;
  readonly value: Heads;
  readonly mask: PlacedMask | null;
  /** Of the result. */
  readonly shape: Shape;
  readonly out: HeadStrides;
  readonly sizes: {
    readonly batch: number;
    readonly heads: number;
    /** Heads of queries for each head of keys. */
    readonly group: number;
    readonly queries: number;
    readonly keys: number;
    readonly features: number;
    readonly values: number;
  };
  readonly scale: number;
  readonly dropoutP: number;
  readonly causal: boolean;
  readonly generator: Generator;
}

/**
 * Whether the op can be asked: masks of dropout come from a counter, the mask takes no gradient, and no export wants to see what attention is
 * made of.
 */
export function canBlock(mask: Tensor | null, dropoutP: number, generator: Generator): boolean {
  if (currentTrace()?.wantsPlainOps) return false;
  if (mask?.requiresGrad && isGradEnabled()) return false;
  return dropoutP === 0 || (dropoutP < 1 && drawnFrom(generator).masks === 'counter');
}

/** Where the elements of a mask stand that broadcasts to [...lead, queries, keys], of which the last of lead are heads. */
export function placeMask(mask: Tensor, lead: Shape, queries: number, keys: number): PlacedMask {
  const rank = lead.length + 2;
  const full = [...Array<number>(rank - mask.ndim).fill(1), ...mask.shape];
  const batches = lead.slice(0, -1);
  const own = full.slice(0, Math.max(0, lead.length - 1));
  // Some of several dimensions of batches repeat: no one stride leads from batch to batch.
  if (numelOf(own) !== 1 && numelOf(own) !== numelOf(batches))
    return placeMask(expand(mask, [...batches, ...full.slice(batches.length)]), lead, queries, keys);
  const [heads, rows, columns] = [lead.length === 0 ? 1 : full[lead.length - 1]!, full[rank - 2]!, full[rank - 1]!];
  const step = (size: number, stride: number) => (size === 1 ? 0 : stride);
  return {
    tensor: mask,
    strides: [
      step(numelOf(own), heads * rows * columns),
      step(heads, rows * columns),
      step(rows, columns),
      step(columns, 1),
    ],
  };
}

export function blockedAttention(call: BlockedCall): Tensor {
  const { query, key, value, mask, sizes, scale, dropoutP: p, causal, generator, shape } = call;
  const { batch, heads, queries, keys } = sizes;
  const { dtype } = query.tensor;
  const out = empty(shape, dtype);
  const rows = [batch, heads, queries];
  const [most, total] = [empty(rows, dtype), empty(rows, dtype)];
  const drops = p > 0 && numelOf(rows) * keys > 0;
  const dropoutKey = drops ? drawKey(drawnFrom(generator)) : null;
  const maskStrides = mask?.strides ?? [0, 0, 0, 0];
  const common = {
    query: query.tensor.storage,
    key: key.tensor.storage,
    value: value.tensor.storage,
    mask: mask === null ? null : mask.tensor.storage,
    dropoutKey: dropoutKey === null ? null : dropoutKey.storage,
    out: out.storage,
    most: most.storage,
    total: total.storage,
    strides: Float64Array.of(...query.strides, ...key.strides, ...value.strides, ...call.out, ...maskStrides),
    ...sizes,
    scale,
    p,
    causal,
  };
  currentOps().attention(common);
  const inputs = [query, key, value].map(({ tensor }) => tensor);
  const further = [mask?.tensor, dropoutKey].filter((tensor) => tensor !== null && tensor !== undefined);
  setGradFn('ScaledDotProductAttentionBackward0', out, inputs, [...inputs, ...further, out, most, total], (grad) => {
    const gradients = inputs.map(emptyLike) as [Tensor, Tensor, Tensor];
    const [queryGrad, keyGrad, valueGrad] = gradients.map(({ storage }) => storage) as [
      Tensor['storage'],
      Tensor['storage'],
      Tensor['storage'],
    ];
    currentOps().attentionBackward({ grad: grad.storage, ...common, queryGrad, keyGrad, valueGrad });
    return gradients.map((gradient, i) => (inputs[i]!.requiresGrad ? gradient : null));
  });
  return out;
}
