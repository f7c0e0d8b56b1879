import { ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { broadcastShapes, formatShape, numelOf, sameShape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { add } from './arithmetic.js';
import { checkFloat, checkSameDtype, empty } from './support.js';

/**
 * y = x·Wᵀ + b on the last dimension: input [..., in], weight [out, in], bias [out], none, or one that broadcasts to
 * the output [..., out].
 * Gradients: dx = dy·W, dW = dyᵀ·x, db = Σ dy over all rows; only those that are needed are computed.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html | torch.nn.functional.linear}.
 * @throws ShapeError when the sizes do not fit.
 */
export function linear(input: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (bias instanceof Tensor && weight instanceof Tensor && (bias.ndim !== 1 || bias.numel !== weight.shape[0]))
    return addBias(linear(input, weight), bias);
  const { rows, inFeatures, outFeatures } = checkLinear(input, weight, bias);
  const output = empty([...input.shape.slice(0, -1), outFeatures], input.dtype);
  currentOps().linear({
    x: input.storage,
    weight: weight.storage,
    bias: bias === null ? null : bias.storage,
    out: output.storage,
    rows,
    inFeatures,
    outFeatures,
    ...noPostOp,
  });
  const inputs = bias === null ? [input, weight] : [input, weight, bias];
  const saved = [...(weight.requiresGrad ? [input] : []), ...(input.requiresGrad ? [weight] : [])];
  const plain = { batch: 1, transA: false, transB: false, aStride: 0, bStride: 0 };
  return setGradFn('AddmmBackward0', output, inputs, saved, (grad) => {
    const ops = currentOps();
    const room = (like: Tensor | null) => (like?.requiresGrad ? empty(like.shape, like.dtype) : null);
    const gradInput = room(input);
    if (gradInput !== null) {
      const sizes = { ...plain, m: rows, n: inFeatures, k: outFeatures };
      ops.matmul({ a: grad.storage, b: weight.storage, out: gradInput.storage, ...sizes });
    }
    const gradWeight = room(weight);
    if (gradWeight !== null) {
      const sizes = { ...plain, m: outFeatures, n: inFeatures, k: rows, transA: true };
      ops.matmul({ a: grad.storage, b: input.storage, out: gradWeight.storage, ...sizes });
    }
    const gradBias = room(bias);
    if (gradBias !== null)
      ops.sum({ x: grad.storage, out: gradBias.storage, outer: 1, size: rows, inner: outFeatures });
    return [gradInput, gradWeight, gradBias];
  });
}

const noPostOp = {
  packed: false,
  program: null,
  inputs: [],
  keys: [],
  scalars: [],
  outputs: [],
  rowOffset: 0,
} as const;

/** A bias of another shape than [out], which PyTorch lets broadcast to the output. */
function addBias(output: Tensor, bias: Tensor): Tensor {
  checkFloat('linear', bias);
  checkSameDtype('linear', output, bias);
  const shape = broadcastShapes('linear', output.shape, bias.shape);
  if (!sameShape(shape, output.shape))
    throw new ShapeError(
      `linear: a bias of shape ${formatShape(bias.shape)} does not broadcast to the output ${formatShape(output.shape)}`,
    );
  return add(output, bias);
}

function checkLinear(input: Tensor, weight: Tensor, bias: Tensor | null) {
  checkFloat('linear', input);
  checkFloat('linear', weight);
  checkSameDtype('linear', input, weight);
  if (weight.ndim !== 2)
    throw new ShapeError(`linear: expected a weight of shape [out, in], got ${formatShape(weight.shape)}`);
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  if (input.ndim === 0 || input.shape.at(-1) !== inFeatures)
    throw new ShapeError(
      `linear: expected ${inFeatures} features in the last dimension, got shape ${formatShape(input.shape)}`,
    );
  if (bias !== null) {
    checkFloat('linear', bias);
    checkSameDtype('linear', input, bias);
  }
  // Not numel / inFeatures: a layer of no input features has rows all the same.
  const rows = numelOf(input.shape.slice(0, -1));
  return { rows, inFeatures, outFeatures };
}
