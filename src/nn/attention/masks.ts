/** The shapes that attention takes, and its two masks as one. */
import { ArgumentError, ShapeError } from '../../errors.js';
import { add } from '../../functional/arithmetic.js';
import { addedMask } from '../../functional/attention.js';
import { pad } from '../../functional/pad.js';
import { checkFloat, checkTensor } from '../../functional/support.js';
import { reshape } from '../../functional/views.js';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';

/** What a call brings. */
export interface Call {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly keyPaddingMask: Tensor | null;
  readonly attnMask: Tensor | null;
}

/** Checks the ranks, with PyTorch's sentences. @returns whether there is a dimension of batches. */
export function checkRanks(caller: string, { query, key, value, keyPaddingMask, attnMask }: Call): boolean {
  for (const each of [query, key, value]) checkFloat(caller, each);
  for (const mask of [keyPaddingMask, attnMask]) {
    if (mask === null) continue;
    const { dtype } = checkTensor(caller, mask, 'a mask to be a Tensor');
    if (dtype !== 'int32' && dtype !== query.dtype)
      throw new ArgumentError(`${caller}: a mask must be int32 or ${query.dtype} as the query, got ${dtype}`);
  }
  const rank = query.ndim;
  if (rank !== 2 && rank !== 3)
    throw new ShapeError(
      `${caller}: query should be unbatched 2D or batched 3D tensor but received ${rank}-D query tensor`,
    );
  const kind = rank === 3 ? 'batched (3-D)' : 'unbatched (2-D)';
  if (key.ndim !== rank || value.ndim !== rank)
    throw new ShapeError(
      `${caller}: For ${kind} \`query\`, expected \`key\` and \`value\` to be ${rank}-D but found ${key.ndim}-D and ` +
        `${value.ndim}-D tensors respectively`,
    );
  if (keyPaddingMask !== null && keyPaddingMask.ndim !== rank - 1)
    throw new ShapeError(
      `${caller}: For ${kind} \`query\`, expected \`key_padding_mask\` to be \`None\` or ${rank - 1}-D but found ` +
        `${keyPaddingMask.ndim}-D tensor instead`,
    );
  if (attnMask !== null && attnMask.ndim !== 2 && attnMask.ndim !== 3)
    throw new ShapeError(
      `${caller}: For ${kind} \`query\`, expected \`attn_mask\` to be \`None\`, 2-D or 3-D but found ${attnMask.ndim}-D ` +
        'tensor instead',
    );
  return rank === 3;
}

/** Of a call: batches, heads, queries, keys. */
export interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
}

/**
 * Both masks as one that is added to scores [batch, heads, queries, keys + further], or null. int32 masks are 1 where a key is left out.
 * @param further keys behind those of the call, which every query takes.
 */
export function mergedMask(
  caller: string,
  masks: Pick<Call, 'keyPaddingMask' | 'attnMask'>,
  sizes: Sizes,
  further: number,
  dtype: 'float32' | 'float64',
) {
  const { batch, heads, queries, keys } = sizes;
  const widened = (mask: Tensor, shape: Shape) => {
    const added = reshape(addedMask(mask, dtype, false), shape);
    return further === 0 ? added : pad(added, [0, further]);
  };
  const { keyPaddingMask, attnMask } = masks;
  if (attnMask !== null) {
    const expected = attnMask.ndim === 2 ? [queries, keys] : [batch * heads, queries, keys];
    if (!sameShape(attnMask.shape, expected))
      throw new ShapeError(
        `${caller}: The shape of the ${attnMask.ndim}D attn_mask is ${formatShape(attnMask.shape)}, but should be ` +
          `(${expected.join(', ')}).`,
      );
  }
  if (keyPaddingMask !== null) checkPadding(caller, keyPaddingMask, sizes);
  const attn =
    attnMask && widened(attnMask, attnMask.ndim === 2 ? [1, 1, queries, keys] : [batch, heads, queries, keys]);
  const padding = keyPaddingMask && widened(keyPaddingMask, [batch, 1, 1, keys]);
  return attn !== null && padding !== null ? add(attn, padding) : (attn ?? padding);
}

function checkPadding(caller: string, { shape }: Tensor, { batch, keys }: Sizes): void {
  const rows = shape.length === 1 ? 1 : shape[0];
  if (rows !== batch)
    throw new ShapeError(`${caller}: Expected key_padded_mask.shape[0] to be ${batch}, but got ${rows}`);
  if (shape.at(-1) !== keys)
    throw new ShapeError(`${caller}: Expected key_padded_mask.shape[1] to be ${keys}, but got ${shape.at(-1)}`);
}
