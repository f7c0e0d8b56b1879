import { show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { cat, flatten, narrow } from '../../functional/index.js';
import { noGrad } from '../../tensor/tape.js';
import { Tensor } from '../../tensor/tensor.js';
import { readTensors } from './gradients.js';

/**
 * All elements of the parameters in one vector, in their order. Gradients flow through it.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html | torch.nn.utils.parameters_to_vector}
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  const caller = 'parametersToVector';
  const all = readTensors(caller, parameters);
  if (all.length === 0) throw new ArgumentError(`${caller}: expected a non-empty list of Tensors`);
  return cat(all.map((parameter) => flatten(parameter)));
}

/**
 * Copies the elements of a vector into the parameters, in their order; what is left over is ignored, as in PyTorch.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html | torch.nn.utils.vector_to_parameters}
 * @throws ShapeError for a vector that is too short; nothing has been copied then.
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const caller = 'vectorToParameters';
  if (!(vector instanceof Tensor))
    throw new ArgumentError(`${caller}: expected torch.Tensor, but got: ${show(vector)}`);
  const all = readTensors(caller, parameters);
  const needed = all.reduce((sum, { numel }) => sum + numel, 0);
  if (vector.ndim !== 1 || vector.numel < needed)
    throw new ShapeError(`${caller}: expected a vector of at least ${needed} elements, got shape [${vector.shape}]`);
  noGrad(() => {
    let at = 0;
    for (const parameter of all) {
      parameter.copy_(narrow(vector, 0, at, parameter.numel).reshape(parameter.shape));
      at += parameter.numel;
    }
  });
}
