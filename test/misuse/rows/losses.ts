/** Losses: shapes, numbers and settings that they refuse. Sentences are PyTorch's where it has one. */
import { functional as F, nn, ones, tensor, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const labels = (...values: number[]) => tensor(values, { dtype: 'int32' });
const none = (...shape: number[]) => zeros(shape, { dtype: 'int32' });

/** Two samples of five steps and four classes. */
const ctc = (targets = none(2, 3), inputs: unknown = [5, 5], lengths: unknown = [3, 2], options?: object) =>
  F.ctcLoss(zeros(5, 2, 4), targets, bad(inputs), bad(lengths), options);

const ctcRows: readonly Row[] = [
  argument('CTCLoss: blank', () => ctc(none(2, 3), [5, 5], [3, 2], { blank: 4 }), 'blank must be in label range'),
  argument('CTCLoss: blank below 0', () => new nn.CTCLoss({ blank: -1 }), 'blank must be in label range'),
  argument('CTCLoss: blank as text', () => new nn.CTCLoss(bad({ blank: '0' })), 'blank must be an integer'),
  argument('CTCLoss: zeroInfinity', () => new nn.CTCLoss(bad({ zeroInfinity: 1 })), 'zeroInfinity must be a boolean'),
  argument(
    'CTCLoss: zero_infinity',
    () => new nn.CTCLoss(bad({ zero_infinity: true })),
    'unknown option "zero_infinity"',
  ),
  argument('CTCLoss: avg', () => new nn.CTCLoss(bad({ reduction: 'avg' })), 'reduction must be one of'),
  shape('CTCLoss: input lengths', () => ctc(none(2, 3), [5]), 'input_lengths must be of size batch_size'),
  shape('CTCLoss: target lengths', () => ctc(none(2, 3), [5, 5], none(3)), 'target_lengths must be of size batch_size'),
  argument('CTCLoss: float lengths', () => ctc(none(2, 3), ones(2)), 'input_lengths must be integral'),
  argument('CTCLoss: lengths that are no list', () => ctc(none(2, 3), 5), 'input_lengths must be an array or an int32'),
  argument('CTCLoss: a length of 1.5', () => ctc(none(2, 3), [5, 1.5]), 'a length must be an integer, got 1.5'),
  argument('CTCLoss: steps', () => ctc(none(2, 3), [5, 6]), 'Expected input_lengths to have value at most 5, but got'),
  argument('CTCLoss: steps below 0', () => ctc(none(2, 3), [5, -1]), 'Expected input_lengths to have value at least 0'),
  argument(
    'CTCLoss: labels below 0',
    () => ctc(none(2, 3), [5, 5], [3, -2]),
    'Expected target_lengths to have value at',
  ),
  argument(
    'CTCLoss: labels',
    () => ctc(none(2, 3), [5, 5], [4, 2]),
    'Expected tensor to have size at least 4 at dimens',
  ),
  argument(
    'CTCLoss: labels in one',
    () => ctc(none(4)),
    'Expected tensor to have size 5 at dimension 0, but got size 4',
  ),
  argument('CTCLoss: no class', () => ctc(labels(0, 1, 4, 0, 1)), 'label 4 of sample 0 is out of range: there are 4'),
  argument('CTCLoss: float targets', () => ctc(zeros(2, 3)), 'expected int32 targets, got float32'),
  shape(
    'CTCLoss: rows of targets',
    () => ctc(none(1, 3)),
    'Expected tensor to have size 2 at dimension 0, but got size 1',
  ),
  shape('CTCLoss: targets', () => ctc(none(1, 2, 3)), 'Expected 1 to 2 dimensions, but got 3-dimensional tensor'),
  shape('CTCLoss: input', () => F.ctcLoss(zeros(4), none(1), [1], [1]), 'Expected 3-dimensional tensor, but got 1-'),
  argument(
    'CTCLoss: empty',
    () => F.ctcLoss(zeros(0, 2, 4), none(2, 1), [0, 0], [0, 0]),
    'log_probs tensor must not be em',
  ),
];

export const lossRows: readonly Row[] = [
  ...ctcRows,
  argument('NLLLoss: label 3 of 3', () => F.nllLoss(ones(2, 3), labels(0, 3)), 'Target 3 is out of bounds.'),
  argument('NLLLoss: float labels', () => F.nllLoss(ones(2, 3), ones(2)), 'labels are int32, got float32'),
  argument('NLLLoss: smoothing', () => new nn.NLLLoss(bad({ labelSmoothing: 0.1 })), 'unknown option "labelSmoothing"'),
  shape('NLLLoss: rows', () => F.nllLoss(ones(2, 3), none(3)), 'Expected input batch_size (2) to match target batch_'),
  shape('NLLLoss: columns', () => F.nllLoss(ones(2, 3), none(2, 2)), '0D or 1D target tensor expected, multi-target'),
  shape('NLLLoss: places', () => F.nllLoss(ones(2, 3, 4), none(2, 5)), 'Expected target size [2, 4], got [2, 5]'),
  shape(
    'NLLLoss: weights',
    () => F.nllLoss(ones(2, 3), none(2), { weight: ones(2) }),
    'weight tensor should be defined either for all 3 classes or no classes but got weight tensor of shape: [2]',
  ),
  shape('L1Loss: shapes', () => F.l1Loss(ones(2), ones(2, 1)), 'that is different to the input size ([2])'),
  argument('L1Loss: avg', () => F.l1Loss(ones(2), ones(2), bad({ reduction: 'avg' })), 'reduction must be one of'),
  argument('L1Loss: batchmean', () => new nn.L1Loss(bad({ reduction: 'batchmean' })), 'reduction must be one of'),
  argument('SmoothL1Loss: beta', () => new nn.SmoothL1Loss({ beta: -1 }), 'does not support negative values for beta.'),
  argument(
    'BCELoss: input',
    () => F.binaryCrossEntropy(tensor([2]), ones(1)),
    'all elements of input should be between',
  ),
  argument('BCELoss: target', () => F.binaryCrossEntropy(ones(1), tensor([-1])), 'all elements of target should be be'),
  shape(
    'BCELoss: shapes',
    () => F.binaryCrossEntropy(ones(2), ones(1)),
    'Using a target size ([1]) that is different to the input size ([2]) is deprecated.',
  ),
  shape('BCELoss: weight', () => F.binaryCrossEntropy(ones(2, 3), ones(2, 3), { weight: ones(2) }), 'do not broadcast'),
  shape(
    'BCEWithLogitsLoss: weight that is larger',
    () => F.binaryCrossEntropyWithLogits(ones(3), ones(3), { weight: ones(2, 1) }),
    "output with shape [3] doesn't match the broadcast shape [2, 3]",
  ),
  argument('BCELoss: weight 2', () => F.binaryCrossEntropy(ones(1), ones(1), { weight: bad(2) }), 'expected a Tensor'),
  shape(
    'BCEWithLogitsLoss: shapes',
    () => F.binaryCrossEntropyWithLogits(ones(2), ones(1)),
    'Target size ([1]) must be the same as input size ([2])',
  ),
  argument('KLDivLoss: logTarget', () => new nn.KLDivLoss(bad({ logTarget: 1 })), 'logTarget must be a boolean, got 1'),
  argument('PoissonNLLLoss: full', () => new nn.PoissonNLLLoss(bad({ full: 1 })), 'full must be a boolean, got 1'),
  argument(
    'GaussianNLLLoss: variance',
    () => F.gaussianNllLoss(ones(2), ones(2), tensor([1, -1])),
    'var has negative en',
  ),
  argument('GaussianNLLLoss: -1', () => F.gaussianNllLoss(ones(2), ones(2), -1), 'var has negative entry/entries'),
  shape('GaussianNLLLoss: rows', () => F.gaussianNllLoss(ones(2, 3), ones(2, 3), ones(3)), 'var is of incorrect size'),
  argument(
    'HingeEmbeddingLoss: margin',
    () => new nn.HingeEmbeddingLoss({ margin: bad('1') }),
    'margin must be a number',
  ),
  argument('MultiMarginLoss: label', () => F.multiMarginLoss(ones(2, 3), labels(0, 3)), 'target out of range'),
  argument('MultiMarginLoss: p', () => new nn.MultiMarginLoss({ p: 3 }), 'only p == 1 and p == 2 supported'),
  shape('MultiMarginLoss: rows', () => F.multiMarginLoss(ones(2, 3), none(3)), 'Expected target size [2], but got [3]'),
  shape(
    'MultiMarginLoss: dims',
    () => F.multiMarginLoss(ones(2, 3, 4), none(2)),
    'Expected non-empty vector or matrix',
  ),
  shape(
    'MultiMarginLoss: weight',
    () => F.multiMarginLoss(ones(2, 3), none(2), { weight: ones(2) }),
    'inconsistent weight size, expected 3 but got [2]',
  ),
  argument(
    'MultiLabelMarginLoss: label -2',
    () => F.multilabelMarginLoss(ones(3), labels(0, -2, 1)),
    "argument #2 'target' is out of range",
  ),
  shape(
    'MultiLabelMarginLoss: shapes',
    () => F.multilabelMarginLoss(ones(2, 3), none(2)),
    'inconsistent target size: [2] for input of size: [2, 3]',
  ),
  shape(
    'CosineEmbeddingLoss: dims',
    () => F.cosineEmbeddingLoss(ones(1, 1, 1), ones(1, 1, 1), ones(1)),
    '1D target tensor expects 2D input tensors, but found inputs with sizes [1, 1, 1] and [1, 1, 1].',
  ),
  shape(
    'CosineEmbeddingLoss: a matrix of targets',
    () => F.cosineEmbeddingLoss(ones(2, 3), ones(2, 3), ones(2, 1)),
    '0D or 1D target tensor expected, multi-target not supported',
  ),
  argument(
    'TripletMarginLoss: margin 0',
    () => new nn.TripletMarginLoss({ margin: 0 }),
    'TripletMarginLoss: expected margin to be greater than 0, got 0 instead',
  ),
  argument(
    'tripletMarginLoss: margin',
    () => F.tripletMarginLoss(ones(2, 3), ones(2, 3), ones(2, 3), { margin: -1 }),
    'margin must be greater than 0, got -1',
  ),
  shape(
    'TripletMarginLoss: dims',
    () => F.tripletMarginLoss(ones(2, 3), ones(2, 3), ones(3)),
    'anchor 2D, positive 2D, and negative 1D inputs',
  ),
  shape(
    'MarginRankingLoss: dims',
    () => F.marginRankingLoss(ones(2, 3), ones(2, 3), ones(2)),
    'margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: [2, 3]',
  ),
  argument('CosineSimilarity: dim', () => F.cosineSimilarity(ones(2), ones(2)), 'Dimension out of range'),
  shape('PairwiseDistance: sizes', () => F.pairwiseDistance(ones(2, 3), ones(2, 4)), 'do not broadcast'),
];
