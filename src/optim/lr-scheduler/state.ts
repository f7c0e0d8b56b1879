/** Reading the state dicts of schedulers. */
import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray } from '../../realm.js';

/** What else PyTorch's state dicts have: how its own code works, or what follows from the rest. */
const ignored = [
  '_is_initial',
  '_get_lr_called_within_step',
  '_schedule_phases',
  '_anneal_func_type',
  'use_beta1',
  'lr_lambdas',
  '_scale_fn_custom',
  'mode_worse',
  'default_min_lr',
];

/** The entries of a state dict that are named `known`; any other that PyTorch would not write is refused. */
export function readSaved(caller: string, state: unknown, known: readonly string[]): Map<string, unknown> {
  if (typeof state !== 'object' || state === null || isArray(state))
    throw new ArgumentError(`${caller}: a state dict is an object, got ${show(state)}`);
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(state)) {
    if (known.includes(key)) found.set(key, value);
    else if (!ignored.includes(key)) throw new ArgumentError(`${caller}: unknown entry ${show(key)}`);
  }
  return found;
}

/** A list of numbers, one for each group. */
export function readNumbers(caller: string, what: string, value: unknown, length: number): number[] {
  if (!isArray(value) || value.length !== length || !value.every((each) => Number.isFinite(each)))
    throw new ArgumentError(`${caller}: ${what} must be ${length} numbers, got ${show(value)}`);
  return [...value];
}
