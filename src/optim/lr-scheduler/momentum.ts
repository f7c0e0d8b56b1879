/** The momentum that OneCycleLR and CyclicLR move: `momentum`, or beta1 of Adam and its kin. */
import { ArgumentError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';

/** @throws ArgumentError unless every group has one, in PyTorch's words. */
export function checkMomentum(caller: string, option: string, optimizer: Optimizer): void {
  if (optimizer.paramGroups.some((group) => !('momentum' in group) && !('betas' in group)))
    throw new ArgumentError(
      `${caller}: optimizer must support momentum or beta1 with \`${option}\` option enabled; set it to false`,
    );
}

/** @param momentumOf of a group, by its number */
export function setMomentum(optimizer: Optimizer, momentumOf: (group: number) => number): void {
  for (const [i, group] of optimizer.paramGroups.entries()) {
    const momentum = momentumOf(i);
    if ('betas' in group) Object.assign(group, { betas: [momentum, (group.betas as readonly number[])[1]] });
    else Object.assign(group, { momentum });
  }
}
