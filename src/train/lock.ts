/** Who is being trained: nobody by two trainings at once. */
import { StateError } from '../errors.js';
import { hold } from '../tensor/held.js';
import type { Settings } from './options.js';

const taken = new WeakSet<object>();

/**
 * Marks model, optimizer and all that they hold as being trained. Returns what ends that.
 * @throws StateError when a training that has not ended holds any of it.
 */
export function lock(place: string, { model, optimizer }: Settings): () => void {
  const parameters = [...model.parameters(), ...optimizer.paramGroups.flatMap(({ params }) => params)];
  const storages = parameters.map(({ storage }) => storage);
  const held = new Set<object>([model, optimizer, ...storages]);
  for (const each of held)
    if (taken.has(each)) {
      const what = each === optimizer ? 'optimizer' : each === model ? 'model' : 'model (or a part of it)';
      throw new StateError(
        `${place}: the ${what} is being trained already: wait for that training to end, or abort it`,
      );
    }
  for (const each of held) taken.add(each);
  const release = hold(storages);
  return () => {
    release();
    for (const each of held) taken.delete(each);
  };
}
