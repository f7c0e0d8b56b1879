/** Softmax and its logarithm along one dimension. */
import { currentOps } from '../ops/backend.js';
import { checkDim } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { around, checkFloat, emptyLike } from './support.js';

/**
 * e^x / Σ e^x along `dim`. Gradient: y·(grad - Σ grad·y). As `torch.nn.functional.softmax`.
 * @param dim without it, as in PyTorch with a warning: 0 for 0, 1 and 3 dimensions, else 1.
 */
export function softmax(input: Tensor, dim?: number | null): Tensor {
  return softmaxOf('softmax', input, dim);
}

/** {@link softmax} under the name of the caller. @internal */
export function softmaxOf(caller: 'softmax' | 'softmin', input: Tensor, dim?: number | null): Tensor {
  return along(caller, 'SoftmaxBackward0', input, dim);
}

/** x - log Σ e^x along `dim`. Gradient: grad - e^y·Σ grad. As `torch.nn.functional.log_softmax`; dim as for {@link softmax}. */
export function logSoftmax(input: Tensor, dim?: number | null): Tensor {
  return along('logSoftmax', 'LogSoftmaxBackward0', input, dim);
}

type Name = 'softmax' | 'logSoftmax' | 'softmin';

function along(forward: Name, node: string, input: Tensor, given: number | null | undefined): Tensor {
  checkFloat(forward, input);
  const dim = given ?? implicitDim(forward, input.ndim);
  const sizes = { ...around(input.shape, checkDim(forward, dim, input.ndim)), log: forward === 'logSoftmax' };
  const output = emptyLike(input);
  currentOps().softmax({ x: input.storage, out: output.storage, ...sizes });
  return setGradFn(node, output, [input], [output], (grad) => {
    const gradInput = emptyLike(input);
    currentOps().softmaxBackward({ grad: grad.storage, y: output.storage, out: gradInput.storage, ...sizes });
    return [gradInput];
  });
}

const warned = new Set<string>();

/** PyTorch's choice, with its warning, once a process for each function. */
function implicitDim(name: Name, rank: number): number {
  if (!warned.has(name)) {
    warned.add(name);
    const inPython = name === 'logSoftmax' ? 'log_softmax' : name;
    process.emitWarning(
      `Implicit dimension choice for ${inPython} has been deprecated. Change the call to include dim=X as an argument.`,
      { code: 'LANEWISE_IMPLICIT_DIM' },
    );
  }
  return rank === 0 || rank === 1 || rank === 3 ? 0 : 1;
}
