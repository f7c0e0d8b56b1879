/** Whether two tensors hold the same numbers, exactly or nearly. Answers are booleans: no gradient, and nothing while tracing. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { broadcastShapes, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkTensor, expanded } from './support.js';

/**
 * Whether both have the same shape and the same numbers, whatever their dtypes. NaN equals nothing, and 0 equals -0.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.equal.html | torch.equal}
 */
export function equal(input: Tensor, other: Tensor): boolean {
  const [a, b] = numbersOf('equal', input, other);
  return sameShape(input.shape, other.shape) && a.every((value, i) => value === b[i]);
}

/** Options of {@link allclose}. */
export interface AllcloseOptions {
  /** Relative to |other|. Default 1e-5. */
  rtol?: number;
  /** Default 1e-8. */
  atol?: number;
  /** Whether NaN is close to NaN. Default false. */
  equalNan?: boolean;
}

/**
 * Whether |input - other| <= atol + rtol·|other| for all elements, broadcast; infinities are close to themselves only.
 * @throws ArgumentError for tensors of different dtypes, and tolerances below 0; ShapeError for shapes that do not broadcast.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.allclose.html | torch.allclose}
 */
export function allclose(input: Tensor, other: Tensor, options?: AllcloseOptions): boolean {
  const caller = 'allclose';
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = checkOptions(caller, options, ['rtol', 'atol', 'equalNan']);
  checkTolerance(caller, 'rtol', rtol);
  checkTolerance(caller, 'atol', atol);
  checkBoolean(caller, 'equalNan', equalNan);
  checkTensor(caller, input);
  checkTensor(caller, other);
  if (input.dtype !== other.dtype) throw new ArgumentError(`${caller}: ${input.dtype} did not match ${other.dtype}`);
  const shape = broadcastShapes(caller, input.shape, other.shape);
  const [a, b] = numbersOf(caller, expanded(input, shape), expanded(other, shape));
  // In the arithmetic of the dtype, as PyTorch computes; integers as float32.
  const round = input.dtype === 'float64' ? (x: number) => x : Math.fround;
  return a.every((x, i) => {
    const y = b[i]!;
    if (x === y || (equalNan && Number.isNaN(x) && Number.isNaN(y))) return true;
    const error = Math.abs(round(round(x) - round(y)));
    return error < Infinity && error <= round(round(atol) + Math.abs(round(round(rtol) * y)));
  });
}

function numbersOf(caller: string, input: Tensor, other: Tensor) {
  checkTensor(caller, input);
  checkTensor(caller, other);
  const now = currentTrace();
  if (now !== null) throw now.refuse(`${caller}()`);
  return [input.storage.read(), other.storage.read()] as const;
}

function checkTolerance(caller: string, what: string, value: unknown): void {
  if (typeof value !== 'number' || !(value >= 0))
    throw new ArgumentError(`${caller}: ${what} must be greater than or equal to zero, but got ${show(value)}`);
}
