/** Attention: averages of values, weighted by how well their keys fit a query. */
import { checkBoolean, checkNumber, checkOptions } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { defaultGenerator, type Generator } from '../random/generator.js';
import { arange } from '../tensor/creation.js';
import { broadcastShapes, formatShape, numelOf, type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, mul } from './arithmetic.js';
import { blockedAttention, canBlock, type Heads, placeMask } from './attention-blocks.js';
import { eq, ge, where } from './comparison.js';
import { dropout } from './dropout.js';
import { checkGenerator, checkProbability } from './dropout-noise.js';
import { expand, repeatInterleave } from './expand.js';
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
  /** Whether query may have several times as many heads as key and value, each of whose heads then serves several consecutive ones of query. Default false. */
  enableGqa?: boolean;
  /** Where masks of dropout are drawn from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/**
 * softmax(scale·query·keyᵀ + mask)·value: query [..., L, E], key [..., S, E] and value [..., S, Ev] give [..., L, Ev]; leading dimensions
 * broadcast; with `enableGqa` the third last, heads, is a multiple of those of key and value. A query that takes no key gives 0. Scores are computed
 * block by block, and again for the gradient, so that memory does not grow with L·S. Kept whole they are while a mask requires a gradient, and with masks of
 * dropout of PyTorch's generator.
 *
 * Dao et al., FlashAttention (NeurIPS 2022);
 * Vaswani et al., Attention Is All You Need (NeurIPS 2017); as
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html | torch.nn.functional.scaled_dot_product_attention}.
 * @throws ShapeError for sizes that do not fit; ArgumentError for a mask together with `isCausal`.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
): Tensor {
  const caller = 'scaledDotProductAttention';
  const given = checkOptions(caller, options, ['attnMask', 'dropoutP', 'isCausal', 'scale', 'enableGqa', 'generator']);
  const { attnMask = null, dropoutP = 0, isCausal = false, enableGqa = false, generator = defaultGenerator } = given;
  checkBoolean(caller, 'enableGqa', enableGqa);
  const group = checkOperands(caller, query, key, value, enableGqa);
  checkProbability(caller, dropoutP);
  checkBoolean(caller, 'isCausal', isCausal);
  checkGenerator(caller, generator);
  const scale = checkNumber(caller, 'scale', given.scale ?? 1 / Math.sqrt(query.shape.at(-1)!));
  const lead = leadOf(caller, query, key, value, group);
  if (attnMask !== null)
    checkMask(caller, attnMask, query, [...lead, query.shape.at(-2)!, key.shape.at(-2)!], isCausal);
  const dtype = query.dtype as 'float32' | 'float64';
  const mask = attnMask && addedMask(attnMask, dtype, true);
  const settings = { scale, dropoutP, causal: isCausal, generator };
  if (canBlock(mask, dropoutP, generator)) return inBlocks([query, key, value], mask, lead, group, settings);
  return composed(query, repeated(key, group), repeated(value, group), mask, settings);
}

interface Settings {
  readonly scale: number;
  readonly dropoutP: number;
  readonly causal: boolean;
  readonly generator: Generator;
}

/** Tensors [..., heads, rows, features], densely. */
function inBlocks(
  operands: readonly Tensor[],
  mask: Tensor | null,
  lead: Shape,
  group: number,
  settings: Settings,
): Tensor {
  const heads = lead.at(-1) ?? 1;
  const placed = operands.map((tensor, i): Heads => {
    const [count, rows, width] = [i === 0 ? heads : heads / group, tensor.shape.at(-2)!, tensor.shape.at(-1)!];
    const ofThis = lead.length === 0 ? [] : lead.with(-1, count);
    const whole = sameShape(leading(tensor), ofThis) ? tensor : expand(tensor, [...ofThis, rows, width]);
    return { tensor: whole, strides: [count * rows * width, rows * width, width] };
  });
  const [query, key, value] = placed as [Heads, Heads, Heads];
  const [queries, features] = query.tensor.shape.slice(-2) as [number, number];
  const [keys, values] = value.tensor.shape.slice(-2) as [number, number];
  return blockedAttention({
    ...{ query, key, value },
    mask: mask && placeMask(mask, lead, queries, keys),
    shape: [...lead, queries, values],
    out: [heads * queries * values, queries * values, values],
    sizes: { batch: numelOf(lead.slice(0, -1)), heads, group, queries, keys, features, values },
    ...settings,
  });
}

/** With all scores in memory. */
function composed(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | null, settings: Settings): Tensor {
  const { scale, dropoutP, causal, generator } = settings;
  const scores = mul(matmulTransposed(query, key), scale);
  const added = causal
    ? addedMask(causalMask(query.shape.at(-2)!, key.shape.at(-2)!), query.dtype as 'float32', true)
    : mask;
  const weights = added === null ? softmax(scores, -1) : safeSoftmax(add(scores, added));
  return matmul(dropout(weights, dropoutP, true, generator), value);
}

/** Each head of keys or values `group` times. */
function repeated(input: Tensor, group: number): Tensor {
  return group === 1 ? input : repeatInterleave(input, group, { dim: -3 });
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

/** @returns how many heads of queries a head of keys serves. */
function checkOperands(caller: string, query: Tensor, key: Tensor, value: Tensor, enableGqa: boolean): number {
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
  if (!enableGqa) return 1;
  if (all.some(({ ndim }) => ndim < 3))
    throw new ShapeError(`${caller}: enableGqa needs a dimension of heads, got query, key, value of ${shapes}`);
  const [heads, ...others] = all.map(({ shape }) => shape.at(-3)!) as [number, number, number];
  const [ofKeys, ofValues] = others;
  if (ofKeys !== ofValues || ofKeys === 0 || heads % ofKeys !== 0)
    throw new ShapeError(
      `${caller}: Number of heads in key and value must divide the number of heads in query, got query, key, value of ${shapes}`,
    );
  return heads / ofKeys;
}

/** The leading dimensions of the result. */
function leadOf(caller: string, query: Tensor, key: Tensor, value: Tensor, group: number): Shape {
  const ofKeys = (each: Tensor): Shape => {
    const lead = leading(each);
    return group === 1 ? lead : lead.with(-1, lead.at(-1)! * group);
  };
  return broadcastShapes(caller, broadcastShapes(caller, leading(query), ofKeys(key)), ofKeys(value));
}

const leading = (tensor: Tensor) => tensor.shape.slice(0, -2);

function checkMask(caller: string, mask: unknown, query: Tensor, scores: Shape, isCausal: boolean): void {
  const tensor = checkTensor(caller, mask, 'attnMask to be a Tensor');
  if (isCausal) throw new ArgumentError(`${caller}: Explicit attn_mask should not be set when is_causal=True`);
  if (tensor.dtype !== 'int32' && tensor.dtype !== query.dtype)
    throw new ArgumentError(
      `${caller}: Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: ` +
        `${tensor.dtype} and query.dtype: ${query.dtype} instead.`,
    );
  if (!sameShape(broadcastShapes(caller, scores, tensor.shape), scores))
    throw new ShapeError(
      `${caller}: a mask of shape ${formatShape(tensor.shape)} does not broadcast to scores ${formatShape(scores)}`,
    );
}
