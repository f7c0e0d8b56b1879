/** Variance, deviation and product over dimensions, made of differentiable functions. */
import { checkBoolean, checkNumber, checkOptions } from '../check.js';
import { checkDim, type Shape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { absolute, root, zeroWhere } from './plain.js';
import { cat, narrow } from './strided.js';
import { mean, type ReduceOptions, sum } from './sum.js';
import { around, checkFloat, viewAs } from './support.js';
import { reshape } from './views.js';

/** Options of {@link variance} and {@link std}. */
export interface VarOptions extends ReduceOptions {
  /** What is taken from the number of elements to divide by. Default 1, Bessel's. */
  correction?: number;
}

/** Options of {@link prod}. */
export interface ProdOptions {
  /** The dimension, counted from the end when negative. Default: all. */
  dim?: number;
  /** Keep the reduced dimension with size 1. Default false. */
  keepdim?: boolean;
}

/**
 * The variance over `dim`: Σ(x - mean)²/(n - correction), NaN where n - correction is 0 or nothing is there. Gradient:
 * grad·2(x - mean)/(n - correction). As `torch.var`.
 */
function variance(input: Tensor, options?: VarOptions): Tensor {
  return spread('var', input, options);
}

// `var` is a reserved word, but not as the name of an export.
export { variance as var };

/** The square root of the variance. Gradient: grad·(x - mean)/((n - correction)·output), 0 where output is 0. As `torch.std`. */
export function std(input: Tensor, options?: VarOptions): Tensor {
  const square = spread('std', input, options);
  const output = root(square);
  return setGradFn('StdBackward0', output, [square], [output], (grad) => [
    zeroWhere(div(grad, mul(output.detach(), 2)), absolute(output.detach())),
  ]);
}

function spread(caller: string, input: Tensor, options: VarOptions | undefined): Tensor {
  checkFloat(caller, input);
  const { correction = 1, dim, keepdim = false } = checkOptions(caller, options, ['dim', 'keepdim', 'correction']);
  checkNumber(caller, 'correction', correction);
  checkBoolean(caller, 'keepdim', keepdim);
  const over = { ...(dim === undefined ? {} : { dim }), keepdim: true };
  const x = input.detach();
  const center = mean(x, over);
  const apart = sub(x, center);
  const count = center.numel === 0 ? 1 : input.numel / center.numel;
  const divisor = Math.max(0, count - correction);
  // The mean is rounded: what that adds to the squares is taken away again.
  const rest = sum(apart, over);
  const squares = sub(sum(mul(apart, apart), over), div(mul(rest, rest), count));
  const result = div(squares, divisor);
  const output = keepdim ? result : viewAs(result, without(input, dim));
  return setGradFn('VarBackward0', output, [input], [input], (grad) => [
    mul(mul(viewAs(grad, center.shape), 2 / divisor), sub(x, center)),
  ]);
}

/** The shape without the dimensions that go. */
function without(input: Tensor, dim: ReduceOptions['dim']): Shape {
  if (dim === undefined || dim === null) return [];
  const dims = (typeof dim === 'number' ? [dim] : dim).map((one) => checkDim('dim', one, input.ndim));
  return dims.length === 0 ? [] : input.shape.filter((_, d) => !dims.includes(d));
}

/**
 * The product of all elements, or along `dim`; 1 over nothing. Gradient: grad times the product of the others, also where one
 * is 0. As `torch.prod`; multiplied in pairs.
 */
export function prod(input: Tensor, options?: ProdOptions): Tensor {
  const caller = 'prod';
  checkFloat(caller, input);
  const { dim, keepdim = false } = checkOptions(caller, options, ['dim', 'keepdim']);
  checkBoolean(caller, 'keepdim', keepdim);
  const along = dim === undefined ? null : checkDim(caller, dim, input.ndim);
  const { outer, size, inner } =
    along === null ? { outer: 1, size: input.numel, inner: 1 } : around(input.shape, along);
  const kept = input.shape.map((length, d) => (along === null || d === along ? 1 : length));
  const shape = keepdim ? kept : along === null ? [] : input.shape.toSpliced(along, 1);
  // The sum of nothing and 1, which the gradient of nothing flows through.
  if (size === 0) return add(reshape(sum(reshape(input, [outer, size, inner]), { dim: 1 }), shape), 1);
  let factors = reshape(input, [outer, size, inner]);
  while (factors.shape[1]! > 1) {
    const count = factors.shape[1]!;
    const half = Math.floor(count / 2);
    const pairs = mul(narrow(factors, 1, 0, half), narrow(factors, 1, half, half));
    factors = count % 2 === 0 ? pairs : cat([pairs, narrow(factors, 1, count - 1, 1)], 1);
  }
  return reshape(size === 1 ? mul(factors, 1) : factors, shape);
}
