import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { type AnyModule, Module } from '../nn/module.js';
import { isArray, isIterable } from '../realm.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';

/** What is seen of a BatchNorm. */
type Norm = AnyModule & { momentum: number | null; resetRunningStats(): void };

const isNorm = (module: AnyModule): module is Norm =>
  'momentum' in module && 'resetRunningStats' in module && typeof module.resetRunningStats === 'function';

/**
 * Computes the running statistics of all BatchNorm layers again, by one pass over data in training mode, as the mean over all batches: an
 * {@link AveragedModel} has never seen data with its weights. Modes and momenta are put back. A model without such layers is left alone.
 *
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html | torch.optim.swa_utils.update_bn}
 *
 * @param loader batches: a tensor, or an array whose first member is what the model is called with
 * @throws ArgumentError for batches of another form, and what the model throws; modes, momenta and statistics are put back then too.
 */
export function updateBn(loader: Iterable<unknown>, model: Module<readonly [Tensor], unknown>): void {
  const caller = 'updateBn';
  if (!(model instanceof Module)) throw new ArgumentError(`${caller}: expected a module, got ${show(model)}`);
  if (!isIterable(loader)) throw new ArgumentError(`${caller}: expected an iterable of batches, got ${show(loader)}`);
  const norms = model.modules().filter(isNorm);
  if (norms.length === 0) return;
  const momenta = norms.map(({ momentum }) => momentum);
  const statistics = norms.flatMap((norm) => norm.buffers().map((buffer) => [buffer, buffer.clone()] as const));
  const modes = model.modules().map((module) => [module, module.training] as const);
  try {
    for (const norm of norms) {
      norm.resetRunningStats();
      norm.momentum = null;
    }
    model.train();
    noGrad(() => {
      for (const batch of loader) {
        const input: unknown = isArray(batch) ? batch[0] : batch;
        if (!(input instanceof Tensor))
          throw new ArgumentError(
            `${caller}: a batch must be a tensor, or an array that begins with one, got ${show(batch)}`,
          );
        model.forward(input);
      }
    });
  } catch (error) {
    noGrad(() => {
      for (const [buffer, before] of statistics) buffer.copy_(before);
    });
    throw error;
  } finally {
    for (const [i, norm] of norms.entries()) norm.momentum = momenta[i]!;
    for (const [module, mode] of modes) module.training = mode;
  }
}
