import { ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { broadcastShapes, formatShape, numelOf, type Shape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sumTo } from './reduce-to.js';
import { checkFloat, checkSameDtype, empty, expanded, viewAs } from './support.js';

/**
 * The matrix product, as {@link https://docs.pytorch.org/docs/stable/generated/torch.matmul.html | torch.matmul}:
 * [..., m, k] × [..., k, n] gives [..., m, n], leading dimensions broadcast; a vector counts as a row on the left and
 * as a column on the right, and its dimension is dropped from the result. Gradients: grad·otherᵀ and inputᵀ·grad.
 * @throws ShapeError when the inner sizes differ or the leading dimensions do not broadcast.
 */
export function matmul(input: Tensor, other: Tensor): Tensor {
  checkFloat('matmul', input);
  checkFloat('matmul', other);
  checkSameDtype('matmul', input, other);
  if (input.ndim === 0 || other.ndim === 0)
    throw new ShapeError(
      `both arguments to matmul need to be at least 1D, but they are ${input.ndim}D and ${other.ndim}D`,
    );
  const a = input.ndim === 1 ? view(input, [1, input.numel]) : input;
  const b = other.ndim === 1 ? view(other, [other.numel, 1]) : other;
  const output = matrices(a, b);
  if (input.ndim > 1 && other.ndim > 1) return output;
  const shape = output.shape.slice(0, -2);
  if (input.ndim > 1) shape.push(output.shape.at(-2)!);
  if (other.ndim > 1) shape.push(output.shape.at(-1)!);
  return view(output, shape);
}

function view(input: Tensor, shape: Shape): Tensor {
  return setGradFn('ViewBackward0', viewAs(input, shape), [input], [], (grad) => [viewAs(grad, input.shape)]);
}

/** input·otherᵀ for every matrix of the leading dimensions, without a transposed copy: [..., m, k] and [..., n, k] give [..., m, n]. @internal */
export function matmulTransposed(input: Tensor, other: Tensor): Tensor {
  const [m, k] = input.shape.slice(-2) as [number, number];
  const n = other.shape.at(-2)!;
  const lead = broadcastShapes('matmul', input.shape.slice(0, -2), other.shape.slice(0, -2));
  const output = multiply(input, other, lead, { m, n, k, transA: false, transB: true });
  const saved = [...(other.requiresGrad ? [input] : []), ...(input.requiresGrad ? [other] : [])];
  return setGradFn('BmmBackward0', output, [input, other], saved, (grad) => [
    input.requiresGrad
      ? sumTo(multiply(grad, other, lead, { m, n: k, k: n, transA: false, transB: false }), input)
      : null,
    other.requiresGrad
      ? sumTo(multiply(grad, input, lead, { m: n, n: k, k: m, transA: true, transB: false }), other)
      : null,
  ]);
}

function matrices(a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [inner, n] = b.shape.slice(-2) as [number, number];
  if (k !== inner)
    throw new ShapeError(
      `matmul: mat1 and mat2 shapes cannot be multiplied (${m}x${k} and ${inner}x${n}), ` +
        `got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  const lead = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const output = multiply(a, b, lead, { m, n, k, transA: false, transB: false });
  const saved = [...(b.requiresGrad ? [a] : []), ...(a.requiresGrad ? [b] : [])];
  const name = a.ndim === 2 && b.ndim === 2 ? 'MmBackward0' : 'BmmBackward0';
  return setGradFn(name, output, [a, b], saved, (grad) => [
    a.requiresGrad ? sumTo(multiply(grad, b, lead, { m, n: k, k: n, transA: false, transB: true }), a) : null,
    b.requiresGrad ? sumTo(multiply(a, grad, lead, { m: k, n, k: m, transA: true, transB: false }), b) : null,
  ]);
}

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

/** [...lead, m, n] = op(a)·op(b) for every matrix of the leading dimensions; one matrix on a side serves them all. */
function multiply(a: Tensor, b: Tensor, lead: Shape, product: Product): Tensor {
  const output = empty([...lead, product.m, product.n], a.dtype);
  const left = batched(a, lead);
  const right = batched(b, lead);
  currentOps().matmul({
    a: left.tensor.storage,
    b: right.tensor.storage,
    out: output.storage,
    batch: numelOf(lead),
    ...product,
    aStride: left.stride,
    bStride: right.stride,
  });
  return output;
}

function batched(matrix: Tensor, lead: Shape): { tensor: Tensor; stride: number } {
  const size = numelOf(matrix.shape.slice(-2));
  if (numelOf(matrix.shape.slice(0, -2)) === 1) return { tensor: matrix, stride: 0 };
  return { tensor: expanded(matrix, [...lead, ...matrix.shape.slice(-2)]), stride: size };
}
