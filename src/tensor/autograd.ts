/** Gradients as values: `torch.autograd`. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError, StateError } from '../errors.js';
import { isArray } from '../realm.js';
import { checkRoot, checkSeed, handOut, walk } from './tape.js';
import { Tensor } from './tensor.js';

export { type AnomalyOptions, detectAnomaly } from './anomaly.js';

/** Options of {@link grad}. */
export interface GradOptions {
  /** d(something)/d(output) for each output; null for 1, where the output has a single element. Default: all null. */
  gradOutputs?: Tensor | null | readonly (Tensor | null)[];
  /** Keep what the graph saved, so that it can be walked again. Default false. */
  retainGraph?: boolean;
  /** Give null for an input that the outputs do not depend on, instead of an error. Default false. */
  allowUnused?: boolean;
}

/**
 * The sum of the gradients of the outputs with respect to each input, as `torch.autograd.grad`. Nothing is added to `grad` of any
 * leaf; inputs may be results. Hooks of tensors on the way are called. Gradients of gradients are not recorded.
 * @throws StateError when an output or an input requires no gradient, an output of several elements has no `gradOutputs`, an input
 * is unused (without `allowUnused`), or the graph has been walked before.
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): (Tensor | null)[] {
  const caller = 'autograd.grad';
  const given = checkOptions(caller, options, ['gradOutputs', 'retainGraph', 'allowUnused']);
  const { gradOutputs = null, retainGraph = false, allowUnused = false } = given;
  checkBoolean(caller, 'retainGraph', retainGraph);
  checkBoolean(caller, 'allowUnused', allowUnused);
  const from = tensorList(caller, 'outputs', outputs);
  const targets = tensorList(caller, 'inputs', inputs);
  if (targets.length === 0) throw new ArgumentError(`${caller}: \`inputs\` argument to \`grad()\` cannot be empty.`);
  const seeds = seedList(caller, gradOutputs, from.length);
  from.forEach((output, i) => {
    checkRoot(caller, output, i);
  });
  if (targets.some((target) => !target.requiresGrad))
    throw new StateError(`${caller}: One of the differentiated Tensors does not require grad`);
  const roots = from.map((root, i) => ({ root, seed: checkSeed(caller, root, seeds[i]) }));
  const found = walk(roots, targets, retainGraph, (isUsed) => {
    const unused = targets.findIndex((target) => !isUsed(target));
    if (unused >= 0 && !allowUnused)
      throw new StateError(
        `${caller}: The differentiated Tensor at index ${unused} appears to not have been used in the graph. Set ` +
          'allowUnused: true if this is the desired behavior.',
      );
  });
  const own = handOut(
    found,
    seeds.filter((seed) => seed !== null),
  );
  return targets.map((target) => own.get(target) ?? null);
}

function tensorList(caller: string, what: string, value: unknown): Tensor[] {
  const list: unknown[] = isArray(value) ? Array.from(value) : [value];
  return list.map((item) => {
    if (!(item instanceof Tensor)) throw new ArgumentError(`${caller}: ${what}: expected a Tensor, got ${show(item)}`);
    return item;
  });
}

function seedList(caller: string, given: unknown, count: number): (Tensor | null)[] {
  if (given === null) return new Array<null>(count).fill(null);
  const list: unknown[] = isArray(given) ? Array.from(given) : [given];
  if (list.length !== count) throw new ArgumentError(`${caller}: got ${count} tensors and ${list.length} gradients`);
  return list.map((item) => {
    if (item !== null && !(item instanceof Tensor))
      throw new ArgumentError(`${caller}: gradOutputs: expected a Tensor or null, got ${show(item)}`);
    return item;
  });
}
