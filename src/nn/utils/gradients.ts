/** The gradients of parameters, for what changes them. */
import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isIterable } from '../../realm.js';
import { Tensor } from '../../tensor/tensor.js';

/** One parameter, or several. */
export type OneOrMore = Tensor | Iterable<Tensor>;

/** @throws ArgumentError for anything but a tensor or an iterable of tensors. */
export function readTensors(caller: string, given: unknown): Tensor[] {
  if (given instanceof Tensor) return [given];
  if (!isIterable(given))
    throw new ArgumentError(`${caller}: expected a Tensor or an iterable of Tensors, got ${show(given)}`);
  return Array.from(given, (each: unknown) => {
    if (each instanceof Tensor) return each;
    throw new ArgumentError(`${caller}: expected a Tensor or an iterable of Tensors, got ${show(each)} among them`);
  });
}

/** The gradients there are; parameters without one are left out. */
export const gradientsOf = (parameters: readonly Tensor[]): Tensor[] =>
  parameters.flatMap(({ grad }) => (grad === null ? [] : [grad]));
