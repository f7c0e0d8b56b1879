/** Dropout of whole channels, and of features over all steps of a sequence: one draw for all that it shares. */
import { checkBoolean, checkOptions } from '../check.js';
import { ShapeError } from '../errors.js';
import { defaultGenerator, drawnFrom, type Generator } from '../random/generator.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mul } from './arithmetic.js';
import { checkGenerator, checkProbability, scaledNoise } from './dropout-noise.js';
import { checkFloat, checkTensor } from './support.js';

/**
 * Dropout of whole channels of signals: one draw for each channel of [N, C, L] or, unbatched, [C, L]. Otherwise as
 * {@link dropout2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html | torch.nn.functional.dropout1d}.
 * @throws ShapeError for another number of dimensions, also in evaluation.
 */
export function dropout1d(input: Tensor, p = 0.5, training = true, generator: Generator = defaultGenerator): Tensor {
  const isDropped = check('dropout1d', input, p, training, generator);
  if (input.ndim !== 2 && input.ndim !== 3)
    throw new ShapeError(
      `dropout1d: Expected 2D or 3D input, but received a ${input.ndim}D input. Note that dropout1d exists to provide ` +
        'channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension ' +
        '(i.e. 2D or 3D inputs).',
    );
  return isDropped ? dropped('dropout1d', input, leading(input, input.ndim - 1), p, generator) : input;
}

/**
 * Dropout of whole channels: one draw for each of the first two dimensions [N, C], shared by all that follow. Zeroed with
 * probability p, else multiplied by 1/(1-p); in evaluation, and for p = 0, returns `input` itself.
 * Input [N, C, H, W]; a 3-dimensional one is read as (N, C, L), as in PyTorch, with PyTorch's warning.
 *
 * Tompson et al., Efficient Object Localization Using Convolutional Networks (CVPR 2015);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html | torch.nn.functional.dropout2d}.
 * @throws as {@link dropout}; ShapeError for fewer than two dimensions.
 */
export function dropout2d(input: Tensor, p = 0.5, training = true, generator: Generator = defaultGenerator): Tensor {
  const isDropped = check('dropout2d', input, p, training, generator);
  if (input.ndim < 2) throw tooFew('dropout2d', input);
  if (input.ndim === 3) warn(asChannels, 'LANEWISE_DROPOUT2D_RANK');
  else if (input.ndim !== 4) warn(deprecated(2, input.ndim, '3D or 4D'), 'LANEWISE_DROPOUT2D_RANK');
  return isDropped ? dropped('dropout2d', input, leading(input, 2), p, generator) : input;
}

/**
 * Dropout of whole channels of volumes: one draw for each channel of [N, C, D, H, W] or, unbatched, [C, D, H, W]. Any other number of
 * dimensions is taken for unbatched, as in PyTorch, with PyTorch's warning. Otherwise as {@link dropout2d}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html | torch.nn.functional.dropout3d}.
 */
export function dropout3d(input: Tensor, p = 0.5, training = true, generator: Generator = defaultGenerator): Tensor {
  const isDropped = check('dropout3d', input, p, training, generator);
  if (input.ndim === 0) throw tooFew('dropout3d', input);
  if (input.ndim !== 4 && input.ndim !== 5) warn(deprecated(3, input.ndim, '4D or 5D'), 'LANEWISE_DROPOUT3D_RANK');
  return isDropped ? dropped('dropout3d', input, leading(input, input.ndim === 5 ? 2 : 1), p, generator) : input;
}

/** Options of {@link lockedDropout}. */
export interface LockedDropoutOptions {
  /** Whether the batch stands in front of the steps: [N, T, C] instead of [T, N, C]. Default false. */
  batchFirst?: boolean;
}

/**
 * Dropout of features over all steps of a sequence: input [T, N, C] (or [T, C], unbatched), one draw for each of [N, C], shared by the T
 * steps. Otherwise as {@link dropout2d}. PyTorch has no such function.
 *
 * Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks (NeurIPS 2016); Merity et al.,
 * Regularizing and Optimizing LSTM Language Models (ICLR 2018), whose `LockedDropout` draws the same mask.
 * @throws ShapeError unless input has 2 or 3 dimensions, also in evaluation.
 */
export function lockedDropout(
  input: Tensor,
  p = 0.5,
  training = true,
  options?: LockedDropoutOptions,
  generator: Generator = defaultGenerator,
): Tensor {
  const caller = 'lockedDropout';
  const isDropped = check(caller, input, p, training, generator);
  const { batchFirst = false } = checkOptions(caller, options, ['batchFirst']);
  checkBoolean(caller, 'batchFirst', batchFirst);
  if (input.ndim !== 2 && input.ndim !== 3)
    throw new ShapeError(
      `${caller}: expected an input [steps, batch, features], or [steps, features], got shape ${formatShape(input.shape)}`,
    );
  const steps = batchFirst && input.ndim === 3 ? 1 : 0;
  return isDropped ? dropped(caller, input, input.shape.with(steps, 1), p, generator) : input;
}

/** Whether anything is to be dropped. */
function check(caller: string, input: Tensor, p: number, training: boolean, generator: Generator): boolean {
  checkTensor(caller, input);
  checkProbability(caller, p);
  checkGenerator(caller, generator);
  return checkBoolean(caller, 'training', training) && p !== 0 && input.numel > 0;
}

/** The first dimensions, and 1 in place of those that share their draws. */
const leading = ({ shape }: Tensor, count: number): Shape => shape.map((size, dim) => (dim < count ? size : 1));

function dropped(caller: string, input: Tensor, shape: Shape, p: number, generator: Generator): Tensor {
  if (p === 1) return mul(input, 0);
  checkFloat(caller, input);
  return mul(input, scaledNoise(shape, input, p, drawnFrom(generator)));
}

const tooFew = (caller: string, { shape }: Tensor): ShapeError =>
  new ShapeError(
    `${caller}: Feature dropout requires at least 2 dimensions in the input, got shape ${formatShape(shape)}`,
  );

const deprecated = (spatial: number, rank: number, ranks: string): string =>
  `dropout${spatial}d: Received a ${rank}-D input to dropout${spatial}d, which is deprecated and will result in an error in a ` +
  `future release. To retain the behavior and silence this warning, please use dropout instead. Note that dropout${spatial}d ` +
  `exists to provide channel-wise dropout on inputs with ${spatial} spatial dimensions, a channel dimension, and an optional ` +
  `batch dimension (i.e. ${ranks} inputs).`;
const asChannels =
  'dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is ' +
  'interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to ' +
  'interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout ' +
  'behavior, please switch to using dropout1d instead.';
const warned = new Set<string>();

/** Says once a process what PyTorch says of ranks that it would rather not see. */
function warn(message: string, code: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  process.emitWarning(message, { code });
}
