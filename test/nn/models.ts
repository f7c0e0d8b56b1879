/** Models that several tests of nn and optim use. */
import { nn, type Tensor, tensor } from '../../src/index.js';
import { type GoldenTensor, values } from '../golden/load.js';

/** The network of PyTorch's `mlp()` in test/golden/makers/randomness.py. */
export function mlp(): nn.Sequential {
  return new nn.Sequential(
    new nn.Linear(784, 256),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(256, 128),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(128, 10),
  );
}

/** The class `Residual` of test/golden/makers/printing.py; a user would write it so. */
export class Residual extends nn.Module {
  readonly inner: nn.Sequential;
  readonly dropout = new nn.Dropout2d(0.25);

  constructor(features: number) {
    super();
    this.inner = new nn.Sequential(new nn.Linear(features, features), new nn.ReLU());
  }

  override forward(x: Tensor): Tensor {
    return this.inner.forward(x).add(x);
  }
}

/** A tensor from a golden file. */
export function load(from: GoldenTensor): Tensor {
  return tensor(values(from), { shape: from.shape });
}

/** Everything that an error must leave alone, as a string: parameters, gradients, buffers, modes. */
export function snapshot(model: nn.AnyModule): string {
  const state = Object.entries(model.stateDict()).map(([name, value]) => [name, bits(value)]);
  const grads = model
    .namedParameters()
    .map(([name, { grad, requiresGrad }]) => [name, grad && bits(grad), requiresGrad]);
  const modes = model.namedModules().map(([name, module]) => [name, module.training, module.constructor.name]);
  return JSON.stringify({ state, grads, modes });
}

/** Shape and bits, so that -0 and NaN count. */
export function bits(value: Tensor): string {
  const array = value.toTypedArray();
  return `${value.dtype} ${value.shape} ${Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex')}`;
}
