/** Activations in which elements meet others: of the other half, or of the same row. */
import { ShapeError } from '../../errors.js';
import { currentOps } from '../../ops/backend.js';
import { checkDim, layoutOf } from '../../tensor/shape.js';
import { setGradFn } from '../../tensor/tape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { neg } from '../elementwise.js';
import { PointwiseFunction } from '../pointwise.js';
import { softmaxOf } from '../softmax.js';
import { around, checkFloat, empty } from '../support.js';

const gate = new PointwiseFunction({ inputs: 2, build: ([a, b]) => a!.mul(b!.sigmoid()) });
const gradientOfA = new PointwiseFunction({ inputs: 2, build: ([grad, b]) => grad!.mul(b!.sigmoid()) });
const gradientOfB = new PointwiseFunction({
  inputs: 3,
  build([grad, a, b]) {
    const s = b!.sigmoid();
    return grad!.mul(a!).mul(s).mul(s.neg().add(1));
  },
});

/**
 * a·sigmoid(b), a being the first half of input along `dim` and b the second. Gradients: grad·s and grad·a·s·(1 - s), s = sigmoid(b).
 * Dauphin et al., Language Modeling with Gated Convolutional Networks (ICML 2017);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html | torch.nn.functional.glu}.
 * @param dim default -1.
 * @throws ShapeError unless the size of `dim` is even.
 */
export function glu(input: Tensor, dim = -1): Tensor {
  const caller = 'glu';
  checkFloat(caller, input);
  if (input.ndim === 0)
    throw new ShapeError(`${caller}: glu does not support scalars because halving size must be even`);
  const along = checkDim(caller, dim, input.ndim);
  const size = input.shape[along]!;
  if (size % 2 !== 0)
    throw new ShapeError(`${caller}: Halving dimension must be even, but dimension ${along} is size ${size}`);
  const { outer, inner } = around(input.shape, along);
  const shape = input.shape.with(along, size / 2);
  const length = (size / 2) * inner;
  /** Copies a half from or to where both are. */
  const move = (from: Tensor, to: Tensor, half: number) => {
    const isWhole = from.numel === 2 * outer * length;
    const strides = (whole: boolean) => [whole ? 2 * length : length, 1];
    const layout = layoutOf([outer, length], strides(isWhole), strides(!isWhole));
    const [xOffset, outOffset] = isWhole ? [half * length, 0] : [0, half * length];
    currentOps().copy({ x: from.storage, out: to.storage, layout, xOffset, outOffset });
  };
  const halfOf = (half: number) => {
    const output = empty(shape, input.dtype);
    move(input, output, half);
    return output;
  };
  const [a, b] = [halfOf(0), halfOf(1)];
  return setGradFn('GluBackward0', gate.compute(caller, [a, b]), [input], [input], (grad) => {
    const gradInput = empty(input.shape, input.dtype);
    move(gradientOfA.compute(caller, [grad, b]), gradInput, 0);
    move(gradientOfB.compute(caller, [grad, a, b]), gradInput, 1);
    return [gradInput];
  });
}

/**
 * e^-x / Σ e^-x along `dim`: softmax of -input.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html | torch.nn.functional.softmin}.
 * @param dim without it, as in PyTorch with a warning: 0 for 0, 1 and 3 dimensions, else 1.
 */
export function softmin(input: Tensor, dim?: number | null): Tensor {
  return softmaxOf('softmin', neg(checkFloat('softmin', input)), dim);
}
