/** Copies of states that training on does not change. */
import type { AnyModule } from '../nn/module.js';
import type { StateDict } from '../nn/state-dict.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { OptimizerStateDict } from '../optim/state-dict.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

const copyOf = (tensor: Tensor) => new Tensor(new Storage(tensor.dtype, tensor.toTypedArray()), tensor.shape);

export function copyModelState(model: AnyModule): StateDict {
  const state = model.stateDict();
  for (const [name, tensor] of Object.entries(state)) state[name] = copyOf(tensor);
  return state;
}

export function copyOptimizerState(optimizer: Optimizer): OptimizerStateDict {
  const { state, param_groups } = optimizer.stateDict();
  const copies = Object.entries(state).map(([index, own]) => {
    const tensors = Object.entries(own).map(([name, tensor]) => [name, copyOf(tensor)] as const);
    return [index, Object.fromEntries(tensors)] as const;
  });
  return { state: Object.fromEntries(copies), param_groups };
}
