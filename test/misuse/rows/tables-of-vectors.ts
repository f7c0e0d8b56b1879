/** Embedding, EmbeddingBag and Bilinear: what they refuse. Sentences are PyTorch's where it has one. */
import { functional as F, nn, ones, tensor } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const int = (...values: number[]) => tensor(values, { dtype: 'int32' });
const matrix = () => tensor([[1, 2]], { dtype: 'int32' });
const bag = (options: object, ...rest: readonly unknown[]) =>
  nn.EmbeddingBag.fromPretrained(ones(3, 2), bad(options)).forward(...(rest as [never]));

export const vectorTableRows: readonly Row[] = [
  argument(
    'Embedding: paddingIdx 5 of 3',
    () => new nn.Embedding(3, 4, { paddingIdx: 5 }),
    'Padding_idx must be within',
  ),
  argument(
    'Embedding: paddingIdx -4 of 3',
    () => new nn.Embedding(3, 4, { paddingIdx: -4 }),
    'Padding_idx must be within',
  ),
  argument(
    'Embedding: paddingIdx 1.5',
    () => new nn.Embedding(3, 4, { paddingIdx: 1.5 }),
    'paddingIdx must be an integer',
  ),
  argument('Embedding: -1 rows', () => new nn.Embedding(-1, 2), 'numEmbeddings must not be negative, got -1'),
  argument('Embedding: sparse', () => new nn.Embedding(1, 2, bad({ sparse: 1 })), 'sparse must be a boolean, got 1'),
  argument('Embedding: index 3 of 3', () => F.embedding(int(3), ones(3, 2)), 'index out of range in self'),
  argument('Embedding: index -1', () => F.embedding(int(-1), ones(3, 2)), 'index out of range in self'),
  argument('Embedding: float indices', () => F.embedding(ones(2), ones(3, 2)), 'expected int32 indices, got float32'),
  shape('embedding: a vector of weights', () => F.embedding(int(0), ones(3)), "'weight' must be 2-D"),
  shape(
    'Embedding.fromPretrained of a vector',
    () => nn.Embedding.fromPretrained(ones(3)),
    'expected to be 2-dimensional',
  ),
  argument('EmbeddingBag: a vector alone', () => bag({}, int(1, 2)), 'offsets has to be a 1D Tensor but got undefined'),
  argument(
    'EmbeddingBag: first offset',
    () => bag({}, int(1, 2), int(1)),
    'offsets[0] has to be 0, i.e., the first seq',
  ),
  argument(
    'EmbeddingBag: last offset',
    () => bag({}, int(1, 2), int(0, 3)),
    "offsets[-1] can not be greater than input's",
  ),
  argument(
    'EmbeddingBag: matrix and offsets',
    () => bag({}, matrix(), int(0)),
    'if input is 2D, then offsets has to be',
  ),
  argument('EmbeddingBag: mode', () => bag({ mode: 'x' }, matrix()), 'mode has to be one of sum, mean or max, got "x"'),
  argument(
    'EmbeddingBag: weights',
    () => bag({ mode: 'mean' }, matrix(), null, ones(1, 2)),
    "only supported for mode='sum'",
  ),
  shape(
    'EmbeddingBag: shapes',
    () => bag({ mode: 'sum' }, matrix(), null, ones(2)),
    'it must have the same shape as the',
  ),
  shape(
    'EmbeddingBag: a cube',
    () => bag({}, matrix().unsqueeze(0)),
    'input has to be 1D or 2D Tensor, but got Tensor of',
  ),
  argument(
    'EmbeddingBag: frequencies',
    () => bag({ mode: 'max', scaleGradByFreq: true }, matrix()),
    'max mode does not support',
  ),
  argument(
    'Bilinear: in1Features 0',
    () => new nn.Bilinear(0, 1, 1),
    'in1_features must be > 0, but got (in1_features=0)',
  ),
  shape(
    'Bilinear: input1',
    () => F.bilinear(ones(5, 3), ones(5, 3), ones(4, 2, 3)),
    'bilinear(): input1 size does not match weight size: got 3 but expected 2',
  ),
  shape(
    'Bilinear: rows',
    () => F.bilinear(ones(5, 2), ones(4, 3), ones(1, 2, 3)),
    'bilinear(): input batch dimensions do not match at dim 0: got 5 and 4',
  ),
  argument(
    'Bilinear: a bias of another dtype',
    () => F.bilinear(ones(5, 2), ones(5, 3), ones(1, 2, 3), ones([1], { dtype: 'float64' })),
    'bilinear: expected tensors of the same dtype, got float32 and float64',
  ),
];
