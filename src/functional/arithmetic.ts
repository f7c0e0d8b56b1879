/** Arithmetic with broadcasting. */
import { ArgumentError } from '../errors.js';
import type { DType } from '../ops/ops.js';
import type { Expression } from '../pointwise/expression.js';
import { broadcastShapes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { integers } from './integers.js';
import { checkOperands, floatDtype, type Operand, toTensor } from './operands.js';
import { PointwiseFunction } from './pointwise.js';

/** The function of two tensors, and those of one tensor and a number on its right or left. */
interface Forms {
  readonly tensors: PointwiseFunction;
  readonly right: PointwiseFunction;
  readonly left: PointwiseFunction;
}

function formsOf(gradName: string, build: (a: Expression, b: Expression) => Expression): Forms {
  return {
    tensors: new PointwiseFunction({ gradName, inputs: 2, build: ([a, b]) => build(a!, b!) }),
    right: new PointwiseFunction({ gradName, inputs: 1, scalars: 1, build: ([a], [b]) => build(a!, b!) }),
    left: new PointwiseFunction({ gradName, inputs: 1, scalars: 1, build: ([b], [a]) => build(a!, b!) }),
  };
}

const forms = {
  add: formsOf('AddBackward0', (a, b) => a.add(b)),
  sub: formsOf('SubBackward0', (a, b) => a.sub(b)),
  mul: formsOf('MulBackward0', (a, b) => a.mul(b)),
  div: formsOf('DivBackward0', (a, b) => a.div(b)),
  pow: formsOf('PowBackward0', (a, b) => a.pow(b)),
  maximum: formsOf('MaximumBackward0', (a, b) => a.maximum(b)),
  minimum: formsOf('MinimumBackward0', (a, b) => a.minimum(b)),
} as const;

type Name = keyof typeof forms;

/** Operands of one dtype: two tensors, or a tensor and a number. */
type Operands = readonly [Tensor, Tensor] | readonly [Tensor, number] | readonly [number, Tensor];

function apply(name: Name, [a, b]: Operands): Tensor {
  if (typeof a === 'number') return forms[name].left.apply(name, [b as Tensor], [a]);
  return typeof b === 'number' ? forms[name].right.apply(name, [a], [b]) : forms[name].tensors.apply(name, [a, b]);
}

/** The result of two int32 operands, else null. */
function ofIntegers(name: Exclude<Name, 'div'>, [a, b]: Operands): Tensor | null {
  const tensors = [a, b].filter((operand) => typeof operand !== 'number');
  if (tensors.some(({ dtype }) => dtype !== 'int32')) return null;
  return integers(name, name, toTensor(name, a, 'int32'), toTensor(name, b, 'int32'));
}

const arithmetic = (name: Exclude<Name, 'div'>, input: Operand, other: Operand): Tensor => {
  const pair = operands(name, input, other);
  return ofIntegers(name, pair) ?? apply(name, pair);
};

/**
 * input + other, broadcast. int32 with a float is converted; float32 with float64 gives float64, unless the float64 is
 * a scalar. Two int32 operands give int32, modulo 2^32, as in PyTorch; an integer number is one.
 * @throws ShapeError when the shapes do not broadcast. @throws ArgumentError for an integer number that int32 cannot hold.
 */
export function add(input: Operand, other: Operand): Tensor {
  return arithmetic('add', input, other);
}

/** input - other, broadcast; rules as for {@link add}. */
export function sub(input: Operand, other: Operand): Tensor {
  return arithmetic('sub', input, other);
}

/** input · other elementwise, broadcast; rules as for {@link add}. */
export function mul(input: Operand, other: Operand): Tensor {
  return arithmetic('mul', input, other);
}

/** input / other elementwise, broadcast; division by 0 gives infinity or NaN. int32 by int32 is float32, as in PyTorch. */
export function div(input: Operand, other: Operand): Tensor {
  return apply('div', operands('div', input, other));
}

/**
 * The larger of the two, elementwise and broadcast; NaN where either is. The gradient goes to the larger one, half to each of two
 * equal ones. Rules as for {@link add}. As `torch.maximum`.
 */
export function maximum(input: Operand, other: Operand): Tensor {
  return arithmetic('maximum', input, other);
}

/** The smaller of the two; rules as for {@link maximum}. */
export function minimum(input: Operand, other: Operand): Tensor {
  return arithmetic('minimum', input, other);
}

/** Powers whose number is written into the program: PyTorch takes some of them in other ways. */
const powers = new Map<number, PointwiseFunction>();
const mostPowers = 64;

function powerOf(exponent: number): PointwiseFunction {
  const known = powers.get(exponent);
  if (known !== undefined) return known;
  const made = new PointwiseFunction({
    gradName: 'PowBackward0',
    inputs: 1,
    build: ([a]) => a!.pow(exponent),
    // Of the power also where that is taken as a root.
    gradient: (grad, _y, [a]) => [
      exponent === 0 ? grad.graph.constant(0) : grad.mul(a!.pow(exponent - 1).mul(exponent)),
    ],
  });
  if (powers.size < mostPowers) powers.set(exponent, made);
  return made;
}

/**
 * input to the power of exponent, elementwise and broadcast, with C's special cases (`pow(x, 0)` is 1 even for NaN).
 * int32 to the power of int32 is int32. Gradients: exponent·input^(exponent-1), and output·log(input), which is 0 where input is 0 and exponent is not negative.
 * @throws ArgumentError for int32 to the power of a negative integer number.
 */
export function pow(input: Operand, exponent: Operand): Tensor {
  const pair = operands('pow', input, exponent);
  const [a, b] = pair;
  if (typeof a !== 'number' && a.dtype === 'int32' && typeof exponent === 'number' && exponent < 0)
    throw new ArgumentError('pow: Integers to negative integer powers are not allowed.');
  const whole = ofIntegers('pow', pair);
  if (whole !== null) return whole;
  return typeof b === 'number' ? powerOf(b).apply('pow', [a as Tensor]) : apply('pow', pair);
}

/** Writes a op b over a: of its shape and dtype, as b is, which broadcasts to it. No gradient. @internal */
export function writeOver(name: 'add' | 'sub' | 'mul' | 'div', a: Tensor, b: Tensor | number): void {
  if (typeof b === 'number') forms[name].right.write([a], [b]);
  else forms[name].tensors.write([a, b]);
}

/** Turns the operands into tensors of one dtype whose shapes broadcast; a number stays one. */
function operands(caller: string, input: Operand, other: Operand): Operands {
  checkOperands(caller, input, other);
  if (typeof input === 'number' && typeof other === 'number')
    throw new ArgumentError(`${caller}: expected at least one Tensor, got two numbers`);
  if (input instanceof Tensor && other instanceof Tensor) broadcastShapes(caller, input.shape, other.shape);
  const dtype = resultDtype(caller, input, other);
  const read = (operand: Operand) => (typeof operand === 'number' ? operand : to(operand, dtype));
  return [read(input), read(other)] as Operands;
}

/** PyTorch's promotion among float32, float64 and int32: floats before integers, then arrays before scalars. */
function resultDtype(caller: string, a: Operand, b: Operand): DType {
  const hasFraction = [a, b].some((operand) => typeof operand === 'number' && !Number.isInteger(operand));
  const hasFloats = [a, b].some((operand) => typeof operand !== 'number' && operand.dtype !== 'int32');
  if (!hasFloats && caller !== 'div' && !hasFraction) return 'int32';
  return floatDtype([a, b]);
}
