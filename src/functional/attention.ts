/** Attention: averages of values, weighted by how well their keys fit a query. */
import { checkBoolean, checkNumber, checkOptions } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { defaultGenerator, type Generator } from '../random/generator.js';
import { arange } from '../tensor/creation.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, mul } from './arithmetic.js';
import { eq, ge, where } from './comparison.js';
import { dropout } from './dropout.js';
import { checkGenerator, checkProbability } from './dropout-noise.js';
import { max } from './extremum.js';
import { matmul, matmulTransposed } from './matmul.js';
import { softmax } from './softmax.js';
import { checkFloat, checkTensor, scalarOf } from './support.js';
import { reshape } from './views.js';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /**
   * Broadcasts to [..., L, S]. int32: 1 where a key takes part, 0 where not (nn.MultiheadAttention has it the other way round, as
   * PyTorch's has); floats are added to the scores. Default none.
   */
  attnMask?: Tensor | null;
  /** Probability with which a weight is dropped, whatever the mode. Default 0. */
  dropoutP?: number;
  /** Whether query i takes keys 0 to i only. Default false. */
  isCausal?: boolean;
  /** Factor of the scores. Default 1/√E. */
  scale?: number | null;
  /** Where masks of dropout are drawn from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/**
 * softmax(scale·query·keyᵀ + mask)·value: query [..., L, E], key [..., S, E] and value [..., S, Ev] give [..., L, Ev]; leading dimensions
 * broadcast. A query that takes no key gives 0.
 *
 * Vaswani et al., Attention Is All You Need (NeurIPS 2017); as
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html | torch.nn.functional.scaled_dot_product_attention},
 * without grouped queries.
 * @throws ShapeError for sizes that do not fit; ArgumentError for a mask together with `isCausal`.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
): Tensor {
  const caller = 'scaledDotProductAttention';
  const given = checkOptions(caller, options, ['attnMask', 'dropoutP', 'isCausal', 'scale', 'generator']);
  const { attnMask = null, dropoutP = 0, isCausal = false, generator = defaultGenerator } = given;
  checkOperands(caller, query, key, value);
  checkProbability(caller, dropoutP);
  checkBoolean(caller, 'isCausal', isCausal);
  checkGenerator(caller, generator);
  const scale = checkNumber(caller, 'scale', given.scale ?? 1 / Math.sqrt(query.shape.at(-1)!));
  if (attnMask !== null) checkMask(caller, attnMask, query, key, isCausal);
  const dtype = query.dtype as 'float32' | 'float64';
  const mask = isCausal ? causalMask(query.shape.at(-2)!, key.shape.at(-2)!) : attnMask;
  const scores = mul(matmulTransposed(query, key), scale);
  const weights = mask === null ? softmax(scores, -1) : safeSoftmax(add(scores, addedMask(mask, dtype, true)));
  return matmul(dropout(weights, dropoutP, true, generator), value);
}

/** A mask that is added to scores: 0 where a key takes part, -∞ where not. Floats are such a mask already. @internal */
export function addedMask(mask: Tensor, dtype: 'float32' | 'float64', takesPart: boolean): Tensor {
  if (mask.dtype !== 'int32') return mask;
  const [some, none] = [scalarOf(0, dtype), scalarOf(Number.NEGATIVE_INFINITY, dtype)];
  return takesPart ? where(mask, some, none) : where(mask, none, some);
}

/** Softmax of the last dimension, and 0 where all of it is -∞; its gradient there is 0 too. */
function safeSoftmax(scores: Tensor): Tensor {
  if (scores.numel === 0) return softmax(scores, -1);
  const most = max(scores.detach(), -1, true).values;
  const isNone = eq(most, Number.NEGATIVE_INFINITY);
  const zero = scalarOf(0, scores.dtype);
  return where(isNone, zero, softmax(where(isNone, zero, scores), -1));
}

/** 1 for keys up to the number of the query. */
function causalMask(queries: number, keys: number): Tensor {
  return ge(reshape(arange(queries), [queries, 1]), arange(keys));
}

function checkOperands(caller: string, query: Tensor, key: Tensor, value: Tensor): void {
  const all = [query, key, value];
  for (const each of all) checkFloat(caller, each);
  if (all.some((each) => each.ndim < 2))
    throw new ShapeError(
      `${caller}: Expected query, key, and value to all be at least 2 dimensional, but got query.dim: ${query.ndim} ` +
        `key.dim: ${key.ndim} and value.dim: ${value.ndim} instead.`,
    );
  if (all.some(({ dtype }) => dtype !== query.dtype))
    throw new ArgumentError(
      `${caller}: Expected query, key, and value to have the same dtype, but got query.dtype: ${query.dtype} ` +
        `key.dtype: ${key.dtype} and value.dtype: ${value.dtype} instead.`,
    );
  const shapes = all.map(({ shape }) => formatShape(shape)).join(', ');
  if (query.shape.at(-1) !== key.shape.at(-1))
    throw new ShapeError(`${caller}: query and key must have as many features, got query, key, value of ${shapes}`);
  if (key.shape.at(-2) !== value.shape.at(-2))
    throw new ShapeError(`${caller}: there must be as many keys as values, got query, key, value of ${shapes}`);
  broadcastShapes(caller, broadcastShapes(caller, leading(query), leading(key)), leading(value));
}

const leading = (tensor: Tensor) => tensor.shape.slice(0, -2);

function checkMask(caller: string, mask: unknown, query: Tensor, key: Tensor, isCausal: boolean): void {
  const tensor = checkTensor(caller, mask, 'attnMask to be a Tensor');
  if (isCausal) throw new ArgumentError(`${caller}: Explicit attn_mask should not be set when is_causal=True`);
  if (tensor.dtype !== 'int32' && tensor.dtype !== query.dtype)
    throw new ArgumentError(
      `${caller}: Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: ` +
        `${tensor.dtype} and query.dtype: ${query.dtype} instead.`,
    );
  const scores = [...broadcastShapes(caller, leading(query), leading(key)), query.shape.at(-2)!, key.shape.at(-2)!];
  if (!sameShape(broadcastShapes(caller, scores, tensor.shape), scores))
    throw new ShapeError(
      `${caller}: a mask of shape ${formatShape(tensor.shape)} does not broadcast to scores ${formatShape(scores)}`,
    );
}
