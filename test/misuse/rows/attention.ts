/** Attention: sizes, masks, options. Sentences are PyTorch's. */
import { functional as F, Generator, nn, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const dot = F.scaledDotProductAttention;
const q = () => zeros([2, 3, 4]);
const k = () => zeros([2, 5, 4]);
const x = () => zeros([3, 2, 8]);

// Made here: making one draws weights.
const generator = new Generator(1);
const heads = new nn.MultiheadAttention(8, 2, { generator });
const apart = new nn.MultiheadAttention(8, 2, { kdim: 6, vdim: 4, generator });
const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 4, generator });

export const attentionRows: readonly Row[] = [
  shape(
    'attention: a vector',
    () => dot(zeros([4]), k(), k()),
    'to all be at least 2 dimensional, but got query.dim: 1',
  ),
  argument(
    'attention: dtypes',
    () => dot(q(), zeros([2, 5, 4], { dtype: 'float64' }), k()),
    'Expected query, key, and value to have the same dtype, but got query.dtype: float32 key.dtype: float64',
  ),
  argument('attention: int32', () => dot(zeros([2, 2], { dtype: 'int32' }), k(), k()), 'expected a float32 or float64'),
  shape('attention: features', () => dot(zeros([2, 3, 3]), k(), k()), 'query and key must have as many features'),
  shape('attention: values', () => dot(q(), k(), q()), 'there must be as many keys as values'),
  shape('attention: batches', () => dot(zeros([3, 3, 4]), k(), k()), 'do not broadcast'),
  argument(
    'attention: a mask and causal',
    () => dot(q(), k(), k(), { attnMask: zeros([3, 5]), isCausal: true }),
    'Explicit attn_mask should not be set when is_causal=True',
  ),
  argument(
    'attention: dtype of the mask',
    () => dot(q(), k(), k(), { attnMask: zeros([3, 5], { dtype: 'float64' }) }),
    'Expected attn_mask dtype to be bool or float or to match query dtype',
  ),
  shape('attention: mask', () => dot(q(), k(), k(), { attnMask: zeros([3, 4]) }), 'do not broadcast'),
  shape(
    'attention: larger mask',
    () => dot(q(), k(), k(), { attnMask: zeros([4, 2, 3, 5]) }),
    'does not broadcast to scores [2, 3, 5]',
  ),
  argument('attention: mask of numbers', () => dot(q(), k(), k(), { attnMask: bad([1]) }), 'attnMask to be a Tensor'),
  argument('attention: p', () => dot(q(), k(), k(), { dropoutP: 2 }), 'dropout probability has to be between 0 and 1'),
  argument('attention: scale', () => dot(q(), k(), k(), { scale: Number.NaN }), 'scale must be a number'),
  argument('attention: option', () => dot(q(), k(), k(), bad({ gqa: true })), 'unknown option "gqa"'),
  argument(
    'MultiheadAttention: heads',
    ({ generator }) => new nn.MultiheadAttention(8, 3, { generator }),
    'embed_dim must be divisible by num_heads',
  ),
  argument(
    'MultiheadAttention: no features',
    () => new nn.MultiheadAttention(0, 1),
    'embed_dim and num_heads must be greater than 0, got embed_dim=0 and num_heads=1 instead',
  ),
  argument('MultiheadAttention: dropout', () => new nn.MultiheadAttention(8, 2, { dropout: 2 }), 'between 0 and 1'),
  argument('MultiheadAttention: kdim', () => new nn.MultiheadAttention(8, 2, { kdim: 0 }), 'kdim must be at least 1'),
  shape(
    'MultiheadAttention: a vector',
    () => heads.forward(zeros([8]), x(), x()),
    'query should be unbatched 2D or batched 3D tensor but received 1-D query tensor',
  ),
  shape(
    'MultiheadAttention: rank of the key',
    () => heads.forward(x(), zeros([2, 8]), x()),
    'For batched (3-D) `query`, expected `key` and `value` to be 3-D but found 2-D and 3-D tensors respectively',
  ),
  shape(
    'MultiheadAttention: features',
    () => heads.forward(zeros([3, 2, 7]), x(), x()),
    'was expecting embedding dimension of 8, but got 7',
  ),
  shape('MultiheadAttention: values', () => heads.forward(x(), x(), zeros([2, 2, 8])), 'does not match value shape'),
  shape(
    'MultiheadAttention: values of another size',
    () => apart.forward(x(), zeros([3, 2, 6]), zeros([2, 2, 4])),
    "key's sequence and batch dims",
  ),
  shape(
    'MultiheadAttention: features of keys',
    () => apart.forward(x(), zeros([3, 2, 5]), zeros([3, 2, 4])),
    'expected a key of 6 features',
  ),
  shape(
    'MultiheadAttention: batches',
    () => heads.forward(x(), zeros([3, 1, 8]), zeros([3, 1, 8])),
    'a batch of 2 queries has 1 rows of keys',
  ),
  argument(
    'MultiheadAttention: causal without a mask',
    () => heads.forward(x(), x(), x(), { isCausal: true }),
    'Need attn_mask if specifying the is_causal hint.',
  ),
  shape(
    'MultiheadAttention: mask',
    () => heads.forward(x(), x(), x(), { attnMask: zeros([3, 2]) }),
    'The shape of the 2D attn_mask is [3, 2], but should be (3, 3).',
  ),
  shape(
    'MultiheadAttention: mask of each head',
    () => heads.forward(x(), x(), x(), { attnMask: zeros([3, 3, 3]) }),
    'The shape of the 3D attn_mask is [3, 3, 3], but should be (4, 3, 3).',
  ),
  shape(
    'MultiheadAttention: rank of the mask',
    () => heads.forward(x(), x(), x(), { attnMask: zeros([3]) }),
    'expected `attn_mask` to be `None`, 2-D or 3-D but found 1-D tensor instead',
  ),
  shape(
    'MultiheadAttention: padding',
    () => heads.forward(x(), x(), x(), { keyPaddingMask: zeros([3, 2]) }),
    'Expected key_padded_mask.shape[0] to be 2, but got 3',
  ),
  shape(
    'MultiheadAttention: rank of padding',
    () => heads.forward(x(), x(), x(), { keyPaddingMask: zeros([2]) }),
    'For batched (3-D) `query`, expected `key_padding_mask` to be `None` or 2-D but found 1-D tensor instead',
  ),
  argument(
    'MultiheadAttention: dtype of a mask',
    () => heads.forward(x(), x(), x(), { attnMask: zeros([3, 3], { dtype: 'float64' }) }),
    'a mask must be int32 or float32',
  ),
  argument(
    'TransformerEncoderLayer: activation',
    ({ generator }) => new nn.TransformerEncoderLayer(8, 2, { activation: bad('tanh'), generator }),
    'activation should be relu/gelu, not tanh',
  ),
  argument(
    'TransformerEncoderLayer: an option',
    () => layer.forward(x(), bad({ mask: null })),
    'unknown option "mask"',
  ),
  argument(
    'TransformerEncoder: no layer',
    () => new nn.TransformerEncoder(bad(new nn.Identity()), 2),
    'expected a TransformerEncoderLayer',
  ),
  argument('TransformerEncoder: no layers', () => new nn.TransformerEncoder(layer, 0), 'numLayers must be at least 1'),
];
