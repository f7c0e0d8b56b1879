/** Losses of an input and a target, as modules: what each computes stands with its function. */
import { checkBoolean, checkNumber } from '../check.js';
import * as functions from '../functional/losses/index.js';
import { checkExponent } from '../functional/losses/margin.js';
import { checkBeta, checkDelta } from '../functional/losses/regression.js';
import { lossOf } from './loss.js';

/** @throws ArgumentError for a margin that is no number. */
const checkMargin = (caller: string, { margin }: { margin: number }) => void checkNumber(caller, 'margin', margin);

/**
 * (input - target)², reduced: see {@link functions.mseLoss}. The shapes must be equal.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html | torch.nn.MSELoss}.
 */
export class MSELoss extends lossOf(functions.mseLoss, { settings: {} }) {}

/**
 * |input - target|, reduced: see {@link functions.l1Loss}. The shapes must be equal.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html | torch.nn.L1Loss}.
 */
export class L1Loss extends lossOf(functions.l1Loss, { settings: {} }) {}

/**
 * A square near 0, a line of slope 1 from `beta` on: see {@link functions.smoothL1Loss}. The shapes must be equal. Setting: `beta`, default 1.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html | torch.nn.SmoothL1Loss}.
 */
export class SmoothL1Loss extends lossOf<functions.SmoothL1LossOptions>(functions.smoothL1Loss, {
  settings: { beta: 1 },
  check: (caller, { beta }) => void checkBeta(caller, beta),
}) {}

/**
 * A square near 0, a line of slope `delta` from there on: see {@link functions.huberLoss}. The shapes must be equal. Setting: `delta`, default 1.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html | torch.nn.HuberLoss}; a bad `delta` is refused here already.
 */
export class HuberLoss extends lossOf<functions.HuberLossOptions>(functions.huberLoss, {
  settings: { delta: 1 },
  check: (caller, { delta }) => void checkDelta(caller, delta),
}) {}

/**
 * Poisson's negative log likelihood: see {@link functions.poissonNllLoss}. Settings: `logInput`, default true; `full`, default false;
 * `eps`, default 1e-8.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html | torch.nn.PoissonNLLLoss}.
 */
export class PoissonNLLLoss extends lossOf<functions.PoissonNLLLossOptions>(functions.poissonNllLoss, {
  settings: { logInput: true, full: false, eps: 1e-8 },
  check(caller, { logInput, full, eps }) {
    checkBoolean(caller, 'logInput', logInput);
    checkBoolean(caller, 'full', full);
    checkNumber(caller, 'eps', eps);
  },
}) {}

/**
 * Cross-entropy of probabilities, one yes or no at each place: see {@link functions.binaryCrossEntropy}. `weight` is a buffer.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html | torch.nn.BCELoss}.
 */
export class BCELoss extends lossOf<functions.WeightedLossOptions>(functions.binaryCrossEntropy, {
  settings: {},
  buffers: ['weight'],
}) {}

/**
 * {@link BCELoss} of sigmoid(input), for inputs of any size: see {@link functions.binaryCrossEntropyWithLogits}. `weight` and `posWeight` (in the
 * state dict `pos_weight`) are buffers.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html | torch.nn.BCEWithLogitsLoss}.
 */
export class BCEWithLogitsLoss extends lossOf<functions.BCEWithLogitsOptions>(functions.binaryCrossEntropyWithLogits, {
  settings: {},
  buffers: ['weight', 'posWeight'],
}) {}

/**
 * The mean over the classes of {@link BCEWithLogitsLoss}: see {@link functions.multilabelSoftMarginLoss}. `weight` is a buffer.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html | torch.nn.MultiLabelSoftMarginLoss}.
 */
export class MultiLabelSoftMarginLoss extends lossOf<functions.WeightedLossOptions>(
  functions.multilabelSoftMarginLoss,
  {
    settings: {},
    buffers: ['weight'],
  },
) {}

/**
 * The divergence of Kullback and Leibler: see {@link functions.klDiv}. Setting: `logTarget`, default false. `reduction` may be `'batchmean'`.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html | torch.nn.KLDivLoss}.
 */
export class KLDivLoss extends lossOf<functions.KLDivOptions>(functions.klDiv, {
  settings: { logTarget: false },
  check: (caller, { logTarget }) => void checkBoolean(caller, 'logTarget', logTarget),
  reductions: ['batchmean'],
}) {}

/**
 * input where target is 1, max(0, margin - input) where it is -1: see {@link functions.hingeEmbeddingLoss}. Setting: `margin`, default 1.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html | torch.nn.HingeEmbeddingLoss}.
 */
export class HingeEmbeddingLoss extends lossOf<functions.MarginLossOptions>(functions.hingeEmbeddingLoss, {
  settings: { margin: 1 },
  check: checkMargin,
}) {}

/**
 * log(1 + e^(-target·input)): see {@link functions.softMarginLoss}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html | torch.nn.SoftMarginLoss}.
 */
export class SoftMarginLoss extends lossOf(functions.softMarginLoss, { settings: {} }) {}

/**
 * How far other classes come within a margin of the label's score: see {@link functions.multiMarginLoss}. Settings: `p`, default 1; `margin`,
 * default 1. `weight` is a buffer.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html | torch.nn.MultiMarginLoss}.
 */
export class MultiMarginLoss extends lossOf<functions.MultiMarginLossOptions>(functions.multiMarginLoss, {
  settings: { p: 1, margin: 1 },
  buffers: ['weight'],
  check(caller, { p, margin }) {
    checkExponent(caller, p);
    checkNumber(caller, 'margin', margin);
  },
}) {}

/**
 * {@link MultiMarginLoss} with several labels a row: see {@link functions.multilabelMarginLoss}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html | torch.nn.MultiLabelMarginLoss}.
 */
export class MultiLabelMarginLoss extends lossOf(functions.multilabelMarginLoss, { settings: {} }) {}
