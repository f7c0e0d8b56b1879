/** Arithmetic with broadcasting: each function beside its gradient. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import type { DType, OpName } from '../ops/ops.js';
import { broadcastShapes, broadcastStrides, layoutOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { sumTo } from './sum.js';
import { empty, scalarOf, unary, zeroWhere } from './support.js';

/** A tensor, or a number that takes part as a scalar of the other operand's dtype. */
export type Operand = Tensor | number;

/**
 * input + other, broadcast. int32 beside a float is converted; float32 beside float64 gives float64, unless the float64 is
 * a scalar. @throws ShapeError when the shapes do not broadcast. @throws ArgumentError for two int32 tensors.
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

/** input / other elementwise, broadcast; division by 0 gives infinity or NaN. Rules as for {@link add}. */
export function div(input: Operand, other: Operand): Tensor {
  const [a, b] = operands('div', input, other);
  const output = apply('div', a, b);
  const saved = b.requiresGrad ? [b, output] : a.requiresGrad ? [b] : [];
  return record('DivBackward0', output, [a, b], saved, (grad) => {
    const overB = apply('div', grad, b);
    return [
      a.requiresGrad ? sumTo(overB, a) : null,
      b.requiresGrad ? sumTo(unary('neg', apply('mul', overB, output)), b) : null,
    ];
  });
}

/**
 * input to the power of exponent, elementwise and broadcast, with C's special cases (`pow(x, 0)` is 1 even for NaN).
 * Gradients: exponent·input^(exponent-1), and output·log(input), which is 0 where input is 0 and exponent is not negative.
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
  if (exponent === 0.5) return unary('sqrt', a);
  if (exponent === -0.5) return apply('div', scalarOf(1, a.dtype), unary('sqrt', a));
  return apply('pow', a, b);
}

/** grad·b·a^(b-1), and 0 where b is 0 (a^(b-1) may be infinite there). */
function powGradInput(grad: Tensor, a: Tensor, b: Tensor, exponent: Operand): Tensor {
  const less = apply('sub', b, scalarOf(1, b.dtype));
  const lowered = raise(a, less, typeof exponent === 'number' ? exponent - 1 : less);
  return apply('mul', grad, zeroWhere(apply('mul', b, lowered), unary('abs', b)));
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
  return [toOperand(input, dtype), toOperand(other, dtype)];
}

function toOperand(operand: Operand, dtype: DType): Tensor {
  return typeof operand === 'number' ? scalarOf(operand, dtype) : to(operand, dtype);
}

/** PyTorch's promotion among float32, float64 and int32: floats before integers, then arrays before scalars. */
function resultDtype(place: string, a: Operand, b: Operand): DType {
  const floats = [a, b].filter((operand) => operand instanceof Tensor && operand.dtype !== 'int32') as Tensor[];
  if (floats.length === 0)
    throw new ArgumentError(
      `${place}: arithmetic on int32 tensors needs a float operand; convert one with to('float32')`,
    );
  const arrays = floats.filter((operand) => operand.ndim > 0);
  const deciding = arrays.length > 0 ? arrays : floats;
  return deciding.some((operand) => operand.dtype === 'float64') ? 'float64' : 'float32';
}
