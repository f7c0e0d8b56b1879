/** Arithmetic with broadcasting: each function next to its gradient. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType, OpName } from '../ops/ops.js';
import { checkInt32 } from '../tensor/creation.js';
import { broadcastShapes, broadcastStrides, layoutOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { integers } from './integers.js';
import { sumTo } from './sum.js';
import { empty, scalarOf, unary, zeroWhere } from './support.js';

/**
 * A tensor, or a number that takes part as a scalar of the other operand's dtype: next to int32 a number with a fraction,
 * NaN and infinity make the result float32, as in PyTorch.
 */
export type Operand = Tensor | number;

/**
 * input + other, broadcast. int32 with a float is converted; float32 with float64 gives float64, unless the float64 is
 * a scalar. Two int32 operands give int32, modulo 2^32, as in PyTorch; an integer number is one.
 * @throws ShapeError when the shapes do not broadcast. @throws ArgumentError for an integer number that int32 cannot hold.
 */
export function add(input: Operand, other: Operand): Tensor {
  const [a, b] = operands('add', input, other);
  return record('AddBackward0', apply('add', a, b), [a, b], [], (grad) => [sumTo(grad, a), sumTo(grad, b)]);
}

/** input - other, broadcast; rules as for {@link add}. */
export function sub(input: Operand, other: Operand): Tensor {
  const [a, b] = operands('sub', input, other);
  return record('SubBackward0', apply('sub', a, b), [a, b], [], (grad) => [
    sumTo(grad, a),
    b.requiresGrad ? sumTo(unary('neg', grad), b) : null,
  ]);
}

/** input · other elementwise, broadcast; rules as for {@link add}. */
export function mul(input: Operand, other: Operand): Tensor {
  const [a, b] = operands('mul', input, other);
  return record('MulBackward0', apply('mul', a, b), [a, b], savedFor(a, b), (grad) => [
    a.requiresGrad ? sumTo(apply('mul', grad, b), a) : null,
    b.requiresGrad ? sumTo(apply('mul', grad, a), b) : null,
  ]);
}

/** input / other elementwise, broadcast; division by 0 gives infinity or NaN. int32 by int32 is float32, as in PyTorch. */
export function div(input: Operand, other: Operand): Tensor {
  const [a, b] = operands('div', input, other);
  const output = apply('div', a, b);
  const saved = b.requiresGrad ? [b, output] : a.requiresGrad ? [b] : [];
  return record('DivBackward0', output, [a, b], saved, (grad) => {
    // -grad·((a/b)/b), in this order: b² and grad/b leave the range of floats where the gradient does not.
    return [
      a.requiresGrad ? sumTo(apply('div', grad, b), a) : null,
      b.requiresGrad ? sumTo(apply('mul', unary('neg', grad), apply('div', output, b)), b) : null,
    ];
  });
}

/**
 * input to the power of exponent, elementwise and broadcast, with C's special cases (`pow(x, 0)` is 1 even for NaN).
 * int32 to the power of int32 is int32. Gradients: exponent·input^(exponent-1), and output·log(input), which is 0 where input is 0 and exponent is not negative.
 * @throws ArgumentError for int32 to the power of a negative integer number.
 */
export function pow(input: Operand, exponent: Operand): Tensor {
  const [a, b] = operands('pow', input, exponent);
  const output = raise(a, b, exponent);
  const saved = b.requiresGrad ? [a, b, output] : savedFor(a, b);
  return record('PowBackward0', output, [a, b], saved, (grad) => [
    a.requiresGrad ? sumTo(powGradInput(grad, a, b, exponent), a) : null,
    b.requiresGrad ? sumTo(powGradExponent(grad, a, b, output), b) : null,
  ]);
}

/** As PyTorch, takes the square root for the numbers 0.5 and -0.5: the power of -infinity is NaN then, not infinity. */
function raise(a: Tensor, b: Tensor, exponent: Operand): Tensor {
  if (a.dtype === 'int32' && typeof exponent === 'number' && exponent < 0)
    throw new ArgumentError('pow: Integers to negative integer powers are not allowed.');
  if (exponent === 0.5) return unary('sqrt', a);
  if (exponent === -0.5) return apply('div', scalarOf(1, a.dtype), unary('sqrt', a));
  return apply('pow', a, b);
}

/** grad·b·a^(b-1), and 0 where b is 0 (a^(b-1) may be infinite there). */
function powGradInput(grad: Tensor, a: Tensor, b: Tensor, exponent: Operand): Tensor {
  const less = apply('sub', b, scalarOf(1, b.dtype));
  const lowered = raise(a, less, typeof exponent === 'number' ? exponent - 1 : less);
  // The zero last, so that an infinite gradient does not make it NaN.
  return zeroWhere(apply('mul', grad, apply('mul', b, lowered)), unary('abs', b));
}

/** grad·output·log(a), and 0 where a is 0 and b >= 0 (log is -infinity there). */
function powGradExponent(grad: Tensor, a: Tensor, b: Tensor, output: Tensor): Tensor {
  const distance = apply('add', unary('abs', a), unary('relu', unary('neg', b)));
  return apply('mul', grad, zeroWhere(apply('mul', output, unary('log', a)), distance));
}

/** Which operands the gradients of a product need: each needs the other. */
function savedFor(a: Tensor, b: Tensor): Tensor[] {
  return [...(a.requiresGrad ? [b] : []), ...(b.requiresGrad ? [a] : [])];
}

type BinaryOp = Extract<OpName, 'add' | 'sub' | 'mul' | 'div' | 'pow'>;

/** The op itself on tensors of one dtype, without a gradient. */
function apply(name: BinaryOp, a: Tensor, b: Tensor): Tensor {
  // div has made float32 of both.
  if (a.dtype === 'int32' && name !== 'div') return integers(name, `${name}Int`, a, b);
  const shape = broadcastShapes(name, a.shape, b.shape);
  const output = empty(shape, a.dtype);
  const layout = layoutOf(shape, broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape));
  currentOps()[name]({ a: a.storage, b: b.storage, out: output.storage, layout });
  return output;
}

/** Turns the operands into tensors of one dtype whose shapes broadcast. */
function operands(place: string, input: Operand, other: Operand): [Tensor, Tensor] {
  for (const operand of [input, other])
    if (!(operand instanceof Tensor) && typeof operand !== 'number')
      throw new ArgumentError(`${place}: expected a Tensor or a number, got ${show(operand)}`);
  if (typeof input === 'number' && typeof other === 'number')
    throw new ArgumentError(`${place}: expected at least one Tensor, got two numbers`);
  if (input instanceof Tensor && other instanceof Tensor) broadcastShapes(place, input.shape, other.shape);
  const dtype = resultDtype(place, input, other);
  return [toOperand(place, input, dtype), toOperand(place, other, dtype)];
}

function toOperand(place: string, operand: Operand, dtype: DType): Tensor {
  if (typeof operand !== 'number') return to(operand, dtype);
  return scalarOf(dtype === 'int32' ? checkInt32(place, operand) : operand, dtype);
}

/** PyTorch's promotion among float32, float64 and int32: floats before integers, then arrays before scalars. */
function resultDtype(place: string, a: Operand, b: Operand): DType {
  const floats = [a, b].filter((operand) => operand instanceof Tensor && operand.dtype !== 'int32') as Tensor[];
  const hasFraction = [a, b].some((operand) => typeof operand === 'number' && !Number.isInteger(operand));
  if (floats.length === 0) return place === 'div' || hasFraction ? 'float32' : 'int32';
  const arrays = floats.filter((operand) => operand.ndim > 0);
  const deciding = arrays.length > 0 ? arrays : floats;
  return deciding.some((operand) => operand.dtype === 'float64') ? 'float64' : 'float32';
}
