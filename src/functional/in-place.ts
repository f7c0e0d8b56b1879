/**
 * Methods that write into their tensor, as PyTorch's of the same names. They return the tensor and count versions, so that
 * backward notices what was saved. No gradient flows through them.
 */
import { checkNumber, checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { FloatArray } from '../ops/ops.js';
import { checkNormal, checkUniform } from '../random/checks.js';
import { defaultGenerator, drawnFrom, Generator } from '../random/generator.js';
import { checkInt32 } from '../tensor/creation.js';
import { isGradEnabled } from '../tensor/grad-mode.js';
import { zeros } from '../tensor/host-memory.js';
import { drawn } from '../tensor/random.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { add, div, mul, sub, writeOver } from './arithmetic.js';
import { to } from './cast.js';
import { checkOperands, type Operand } from './operands.js';
import { checkTensor } from './support.js';

/** Options of `add_` and `sub_`. */
export interface AlphaOptions {
  /** What `other` is multiplied by first. Default 1. */
  alpha?: number;
}

/** Options of `uniform_` and `normal_`. */
export interface FillRandomOptions {
  /** Where the numbers come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

const functions = { add, sub, mul, div } as const;
type Name = keyof typeof functions;

/** this += alpha·other, broadcast to this shape. */
export function add_(input: Tensor, other: Operand, options?: AlphaOptions): Tensor {
  return combine('add', input, scaled('add_', other, options));
}

/** this -= alpha·other, broadcast to this shape. */
export function sub_(input: Tensor, other: Operand, options?: AlphaOptions): Tensor {
  return combine('sub', input, scaled('sub_', other, options));
}

/** this *= other, broadcast to this shape. */
export function mul_(input: Tensor, other: Operand): Tensor {
  return combine('mul', input, other);
}

/** this /= other, broadcast to this shape. */
export function div_(input: Tensor, other: Operand): Tensor {
  return combine('div', input, other);
}

/** Fills with a number, or with that of a scalar tensor; int32 cuts fractions off. */
export function fill_(input: Tensor, value: Operand): Tensor {
  const caller = 'fill_';
  checkTensor(caller, input);
  if (value instanceof Tensor) {
    if (value.ndim > 0)
      throw new ShapeError(
        `fill_ only supports 0-dimension value tensor but got tensor with ${value.ndim} dimensions.`,
      );
    checkNoGradient(caller, value);
    return input.copy_(value);
  }
  if (typeof value !== 'number')
    throw new ArgumentError(`${caller}: expected a Tensor or a number, got ${show(value)}`);
  const number = input.dtype === 'int32' ? checkInt32(caller, value) : value;
  input.assertWritable(caller);
  currentOps().fill({ out: input.storage, value: number, n: input.numel });
  return input;
}

/** Fills with 0. */
export function zero_(input: Tensor): Tensor {
  checkTensor('zero_', input).assertWritable('zero_');
  currentOps().fill({ out: input.storage, value: 0, n: input.numel });
  return input;
}

/** Fills with numbers uniform in [from, to), as PyTorch draws them. float32 or float64. In a compiled function at each run. */
export function uniform_(input: Tensor, from = 0, to = 1, options?: FillRandomOptions): Tensor {
  const caller = 'uniform_';
  const generator = checkDraw(caller, input, options);
  checkUniform(caller, zeros(input.dtype, 0) as FloatArray, from, to);
  return input.copy_(
    drawn(input.shape, input.dtype, generator, (array) => generator.uniformFill(array as FloatArray, from, to)),
  );
}

/** Fills with numbers of the normal distribution, as PyTorch draws them. float32 or float64. In a compiled function at each run. */
export function normal_(input: Tensor, mean = 0, std = 1, options?: FillRandomOptions): Tensor {
  const caller = 'normal_';
  const generator = checkDraw(caller, input, options);
  checkNormal(caller, mean, std);
  return input.copy_(
    drawn(input.shape, input.dtype, generator, (array) => generator.normalFill(array as FloatArray, mean, std)),
  );
}

/** Everything that could refuse the tensor is looked at before anything is drawn. */
function checkDraw(caller: string, input: Tensor, options: FillRandomOptions | undefined): Generator {
  if (checkTensor(caller, input).dtype === 'int32')
    throw new ArgumentError(`${caller}: expected a float32 or float64 tensor, got int32`);
  const { generator = defaultGenerator } = checkOptions(caller, options, ['generator']);
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
  input.assertWritable(caller);
  input.storage.assertUnpinned();
  return drawnFrom(generator);
}

function scaled(caller: string, other: Operand, options: AlphaOptions | undefined): Operand {
  const { alpha = 1 } = checkOptions(caller, options, ['alpha']);
  checkNumber(caller, 'alpha', alpha);
  if (alpha === 1) return other;
  if (typeof other === 'number') return other * alpha;
  checkNoGradient(caller, checkTensor(caller, other, 'a Tensor or a number'));
  return mul(other.detach(), alpha);
}

function combine(name: Name, input: Tensor, other: Operand): Tensor {
  const caller = `${name}_`;
  checkTensor(caller, input);
  if (other instanceof Tensor) {
    const shape = broadcastShapes(caller, input.shape, other.shape);
    if (!sameShape(shape, input.shape))
      throw new ShapeError(
        `${caller}: output with shape ${formatShape(input.shape)} doesn't match the broadcast shape ${formatShape(shape)}`,
      );
    checkNoGradient(caller, other);
  } else checkOperands(caller, other);
  input.assertWritable(caller);
  // Over its own numbers; where dtypes differ the function works out the result's.
  if (input.dtype !== 'int32' && (typeof other === 'number' || other.dtype === input.dtype)) {
    writeOver(name, input, other);
    return input;
  }
  const result = functions[name](input.detach(), other instanceof Tensor ? other.detach() : other);
  if (input.dtype === 'int32' && result.dtype !== 'int32')
    throw new ArgumentError(`${caller}: result type ${result.dtype} can't be cast to the desired output type int32`);
  return input.copy_(to(result, input.dtype));
}

/** In PyTorch the tensor becomes a result that the gradient flows through; here nothing is lost without a word. */
function checkNoGradient(caller: string, other: Tensor): void {
  if (other.requiresGrad && isGradEnabled())
    throw new StateError(
      `${caller}: the operand requires grad, and no gradient flows through an in-place operation; use ` +
        `${caller.slice(0, -1)}(), or detach() the operand`,
    );
}
