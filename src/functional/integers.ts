/** Arithmetic on int32 tensors, without gradients: they have none. */

import { currentOps } from '../ops/backend.js';
import { type IntegerOperation, integerOperations } from '../ops/ops.js';
import { checkInt32 } from '../tensor/creation.js';
import { broadcastShapes, broadcastStrides, layoutOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { empty, scalarOf } from './support.js';

/** The op on two int32 tensors that broadcast. */
export function integers(caller: string, operation: IntegerOperation, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes(caller, a.shape, b.shape);
  const output = empty(shape, 'int32');
  const layout = layoutOf(shape, broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape));
  const code = integerOperations[operation];
  currentOps().integers({ a: a.storage, b: b.storage, out: output.storage, operation: code, layout });
  return output;
}

/** The same with a number on the right. @throws ArgumentError when it is no int32. */
export function integersWith(caller: string, operation: IntegerOperation, a: Tensor, b: number): Tensor {
  return integers(caller, operation, a, scalarOf(checkInt32(caller, b), 'int32'));
}

/** -input. */
export function negated(input: Tensor): Tensor {
  return integers('neg', 'sub', scalarOf(0, 'int32'), input);
}
