/**
 * The entries of the contract for attention.
 *
 * Of each batch b and head h, query is [queries, features], out [queries, values], and key head ⌊h / group⌋ has key [keys, features] and value
 * [keys, values]. strides: elements from batch to batch, head to head and row to row of query, key, value and out, and then those of the
 * mask from batch to batch, head to head, query to query and key to key, the last of which is 0 or 1. Features follow one another. Gradients
 * lie as what they are of, grad as out; where an operand repeats (a stride of 0) so must not its gradient.
 * scores[q, k] = scale·Σ query[q]·key[k] + mask[q, k], without those of k > q when causal.
 */
import { op } from './traits.js';

const sizes = {
  strides: 'layout',
  batch: 'size',
  heads: 'size',
  group: 'size',
  queries: 'size',
  keys: 'size',
  features: 'size',
  values: 'size',
  scale: 'scalar',
  p: 'scalar',
  causal: 'flag',
} as const;

export const attentionContract = {
  /**
   * out[q] = Σ w[q, k]·noise[q, k]·value[k] with w = exp(scores - most) / total, most[b, h, q] the largest score and total[b, h, q] = Σ exp(scores -
   * most). A query without keys, or all of whose scores are -∞, has most -∞, total 0 and out 0. noise is the mask of dropout of dropoutKey with
   * probability p for a tensor [batch, heads, queries, keys], 1 without a key.
   */
  attention: op(
    {
      query: 'in',
      key: 'in',
      value: 'in',
      mask: 'in?',
      dropoutKey: 'index?',
      out: 'out',
      most: 'out',
      total: 'out',
      ...sizes,
    },
    {
      flops: [
        [2, 'batch', 'heads', 'queries', 'keys', 'features'],
        [2, 'batch', 'heads', 'queries', 'keys', 'values'],
        [5, 'batch', 'heads', 'queries', 'keys'],
      ],
    },
  ),
  /**
   * Its gradients: with g[q, k] = noise·Σ grad[q]·value[k] and s = w·(g - Σ grad[q]·out[q])·scale, queryGrad = Σₖ s·key, keyGrad = Σ s·query and
   * valueGrad = Σ w·noise·grad, both over the queries of all heads that share the key.
   */
  attentionBackward: op(
    {
      grad: 'in',
      query: 'in',
      key: 'in',
      value: 'in',
      mask: 'in?',
      dropoutKey: 'index?',
      out: 'in',
      most: 'in',
      total: 'in',
      queryGrad: 'out',
      keyGrad: 'out',
      valueGrad: 'out',
      ...sizes,
    },
    {
      flops: [
        [6, 'batch', 'heads', 'queries', 'keys', 'features'],
        [4, 'batch', 'heads', 'queries', 'keys', 'values'],
        [9, 'batch', 'heads', 'queries', 'keys'],
      ],
    },
  ),
} as const;
