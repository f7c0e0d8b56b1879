/** The operands of functions that broadcast: what a caller may give, and the dtype that they have together. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { DType } from '../ops/ops.js';
import { checkInt32 } from '../tensor/creation.js';
import { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { scalarOf } from './support.js';

/**
 * A tensor, or a number that takes part as a scalar of the other operand's dtype: with int32 a number with a fraction,
 * NaN and infinity make the result float32, as in PyTorch.
 */
export type Operand = Tensor | number;

/** @throws ArgumentError unless each is a tensor or a number. */
export function checkOperands(caller: string, ...operands: readonly unknown[]): void {
  for (const operand of operands)
    if (!(operand instanceof Tensor) && typeof operand !== 'number')
      throw new ArgumentError(`${caller}: expected a Tensor or a number, got ${show(operand)}`);
}

/** The dtype that operands have together in a function of floats: floats decide before integers, arrays before scalars. */
export function floatDtype(operands: readonly Operand[]): 'float32' | 'float64' {
  const floats = operands.filter((operand) => typeof operand !== 'number' && operand.dtype !== 'int32') as Tensor[];
  const arrays = floats.filter((operand) => operand.ndim > 0);
  const deciding = arrays.length > 0 ? arrays : floats;
  return deciding.some((operand) => operand.dtype === 'float64') ? 'float64' : 'float32';
}

/** The operand in this dtype; a number as a 0-dimensional tensor. @throws ArgumentError for a number that int32 cannot hold. */
export function toTensor(caller: string, operand: Operand, dtype: DType): Tensor {
  if (typeof operand !== 'number') return to(operand, dtype);
  return scalarOf(dtype === 'int32' ? checkInt32(caller, operand) : operand, dtype);
}
