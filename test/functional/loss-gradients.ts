/** Gradient checks of losses and distances, away from their kinks. */
import { functional as F, type Tensor, tensor } from '../../src/index.js';
import { labels, numbers, of, on } from './gradient-inputs.js';

const pair = () => [numbers([3, 4]), numbers([3, 4])];
const probabilities = () => [numbers([3, 4], 0.1, 0.9), numbers([3, 4], 0.1, 0.9)];
const signs = (like: Tensor) =>
  tensor([1, -1, 1, -1, 1, 1, -1, -1, 1, -1, 1, -1], { shape: [3, 4], dtype: like.dtype });
const weights = (like: Tensor) => tensor([0.5, 2, 1, 1.5], { dtype: like.dtype });

export const lossGradients = [
  of('l1Loss', '', pair, (x, y) => F.l1Loss(x!, y!)),
  of('smoothL1Loss', 'both sides of beta', pair, (x, y) => F.smoothL1Loss(x!, y!, { beta: 0.5 })),
  of('huberLoss', 'both sides of delta', pair, (x, y) => F.huberLoss(x!, y!, { delta: 0.5 })),
  of(
    'poissonNllLoss',
    'logarithms, full',
    () => [numbers([3, 4]), numbers([3, 4], 0.5, 3)],
    (x, y) => F.poissonNllLoss(x!, y!, { full: true, reduction: 'none' }),
  ),
  of('poissonNllLoss', 'rates', probabilities, (x, y) => F.poissonNllLoss(x!, y!, { logInput: false })),
  of(
    'gaussianNllLoss',
    '',
    () => [...pair(), numbers([3, 1], 0.2, 2)],
    (x, y, v) => F.gaussianNllLoss(x!, y!, v!, { full: true }),
  ),
  of('binaryCrossEntropy', 'weights', probabilities, (x, y) =>
    F.binaryCrossEntropy(x!, y!, { weight: weights(x!), reduction: 'none' }),
  ),
  of('binaryCrossEntropy', '', probabilities, (x, y) => F.binaryCrossEntropy(x!, y!)),
  of('binaryCrossEntropyWithLogits', '', pair, (x, y) => F.binaryCrossEntropyWithLogits(x!, y!)),
  of('binaryCrossEntropyWithLogits', 'both weights', pair, (x, y) =>
    F.binaryCrossEntropyWithLogits(x!, y!, { weight: weights(x!), posWeight: weights(x!), reduction: 'sum' }),
  ),
  of('multilabelSoftMarginLoss', 'weights', pair, (x, y) =>
    F.multilabelSoftMarginLoss(x!, y!, { weight: weights(x!), reduction: 'none' }),
  ),
  of('klDiv', '', probabilities, (x, y) => F.klDiv(x!, y!, { reduction: 'batchmean' })),
  of('klDiv', 'logarithms', pair, (x, y) => F.klDiv(x!, y!, { logTarget: true, reduction: 'sum' })),
  on('nllLoss', 'weights, ignored rows', [3, 4], (x) =>
    F.nllLoss(x, labels([0, -1, 2]), { weight: weights(x), ignoreIndex: -1 }),
  ),
  on('nllLoss', 'places', [2, 3, 2], (x) => F.nllLoss(x, labels([0, 2, 1, 1], [2, 2]), { reduction: 'none' })),
  // Of the numbers whose log-softmax it is given: for that alone is its gradient the true one, as in PyTorch.
  on('ctcLoss', 'padded', [6, 3, 4], (x) =>
    F.ctcLoss(F.logSoftmax(x, 2), labels([1, 1, 3, 2, 0, 0, 3, 2, 1], [3, 3]), [6, 5, 6], [3, 1, 0]),
  ),
  on('ctcLoss', 'concatenated, a blank that is not 0', [5, 2, 3], (x) =>
    F.ctcLoss(F.logSoftmax(x, 2), labels([1, 0, 0, 1]), labels([5, 4]), labels([3, 1]), {
      blank: 2,
      reduction: 'none',
    }),
  ),
  on('ctcLoss', 'one sample', [4, 3], (x) =>
    F.ctcLoss(F.logSoftmax(x, 1), labels([1, 2]), [4], [2], { reduction: 'sum' }),
  ),
  on('hingeEmbeddingLoss', '', [3, 4], (x) => F.hingeEmbeddingLoss(x, signs(x), { margin: 0.7 })),
  on('softMarginLoss', '', [3, 4], (x) => F.softMarginLoss(x, signs(x))),
  on('multiMarginLoss', '', [3, 4], (x) => F.multiMarginLoss(x, labels([3, 0, 1]), { weight: weights(x) })),
  on('multiMarginLoss', 'squares', [3, 4], (x) => F.multiMarginLoss(x, labels([3, 0, 1]), { p: 2, reduction: 'none' })),
  on('multilabelMarginLoss', '', [2, 3], (x) => F.multilabelMarginLoss(x, labels([1, 0, -1, 2, -1, 0], [2, 3]))),
  of('cosineEmbeddingLoss', '', pair, (x, y) =>
    F.cosineEmbeddingLoss(x!, y!, tensor([1, -1, 1], { dtype: x!.dtype }), { margin: -0.9, reduction: 'none' }),
  ),
  of('marginRankingLoss', '', pair, (x, y) => F.marginRankingLoss(x!, y!, signs(x!), { margin: 0.3 })),
  of(
    'tripletMarginLoss',
    'swap',
    () => [...pair(), numbers([3, 4])],
    (a, b, c) => F.tripletMarginLoss(a!, b!, c!, { swap: true, margin: 2 }),
  ),
  of('cosineSimilarity', '', pair, (x, y) => F.cosineSimilarity(x!, y!)),
  of(
    'cosineSimilarity',
    'broadcast',
    () => [numbers([2, 3, 4]), numbers([3, 1])],
    (x, y) => F.cosineSimilarity(x!, y!),
  ),
  of(
    'pairwiseDistance',
    'broadcast',
    () => [numbers([3, 4]), numbers([4])],
    (x, y) => F.pairwiseDistance(x!, y!),
  ),
  of('pairwiseDistance', 'p = 3, kept', pair, (x, y) => F.pairwiseDistance(x!, y!, { p: 3, keepdim: true })),
];
