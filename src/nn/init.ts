/** Initial weights, number for number PyTorch's. */
import type { FloatArray } from '../ops/ops.js';
import type { Generator } from '../random/generator.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Half the width of `kaiming_uniform_(weight, a=sqrt(5))`: 1/sqrt(fanIn) in exact arithmetic, here with PyTorch's roundings.
 * He et al., Delving Deep into Rectifiers (ICCV 2015);
 * {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_ | torch.nn.init.kaiming_uniform_}
 */
export function kaimingUniformBound(fanIn: number): number {
  const gain = Math.sqrt(2 / (1 + Math.sqrt(5) ** 2));
  return Math.sqrt(3) * (gain / Math.sqrt(fanIn));
}

/** Fills a tensor with numbers uniform in [-bound, bound). */
export function fillUniform(tensor: Tensor, bound: number, generator: Generator): void {
  generator.uniformFill(tensor.storage.write() as FloatArray, -bound, bound);
}

let warned = false;

/** Says once a process what PyTorch says of weights without elements. */
export function warnOfEmptyWeight(layer: string): void {
  if (warned) return;
  warned = true;
  process.emitWarning(`${layer}: Initializing zero-element tensors is a no-op`, { code: 'LANEWISE_EMPTY_WEIGHT' });
}
