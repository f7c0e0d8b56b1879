/** The state dict of an optimizer: PyTorch's structure, and its names in Python's spelling. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray, isRecord } from '../realm.js';
import type { Tensor } from '../tensor/tensor.js';
import { toPythonName } from './names.js';

/** What {@link Optimizer.stateDict} gives, in PyTorch's structure. */
export interface OptimizerStateDict {
  /** By the number of the parameter. */
  state: Record<number, Record<string, Tensor>>;
  /** Options by PyTorch's names (`weight_decay`), and `params`: numbers of the parameters. */
  param_groups: Record<string, unknown>[];
}

/** A group of a state dict, checked as far as it can be without knowing the optimizer. */
export interface SavedGroup<Options> {
  readonly options: Options;
  /** What is no option of the optimizer: the caller's own. */
  readonly own: object;
  readonly params: readonly number[];
}

/** Options that PyTorch saves and lanewise has no use for: they say how to compute, not what. */
const ignored = ['foreach', 'fused', 'capturable', 'differentiable', 'decoupled_weight_decay'];

/** `weightDecay` becomes `weight_decay`; keys that are no options of the optimizer stay as they are. */
export function toPythonNames(options: object, known: readonly string[]): Record<string, unknown> {
  const rename = (name: string) => (known.includes(name) ? toPythonName(name) : name);
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [rename(name), value]));
}

/**
 * Checks the structure of a state dict against the sizes of an optimizer's groups.
 * @param defaults of the options: which there are, and what stands for one that is missing.
 */
export function readStateDict<Options extends object>(
  caller: string,
  given: unknown,
  sizes: readonly number[],
  defaults: Readonly<Options>,
): { groups: SavedGroup<Options>[]; state: Map<number, unknown> } {
  const isStateDict = isRecord(given) && isRecord(given.state) && isArray(given.param_groups);
  if (!isStateDict)
    throw new ArgumentError(`${caller}: a state dict is an object of state and param_groups, got ${show(given)}`);
  const savedGroups = given.param_groups as unknown[];
  if (savedGroups.length !== sizes.length)
    throw new ArgumentError(
      `${caller}: loaded state dict has a different number of parameter groups: ${savedGroups.length}, expected ${sizes.length}`,
    );
  const groups = savedGroups.map((group, index) => readGroup(caller, group, sizes[index]!, defaults));
  const numbers = groups.flatMap(({ params }) => params);
  if (new Set(numbers).size < numbers.length)
    throw new ArgumentError(`${caller}: loaded state dict names a parameter twice`);
  const entries = Object.entries(given.state as object).map(([key, value]) => [Number(key), value] as const);
  return { groups, state: new Map(entries) };
}

function readGroup<Options extends object>(
  caller: string,
  group: unknown,
  size: number,
  defaults: Readonly<Options>,
): SavedGroup<Options> {
  if (!isRecord(group) || !isArray(group.params))
    throw new ArgumentError(
      `${caller}: a saved parameter group is an object with numbers in params, got ${show(group)}`,
    );
  if (group.params.length !== size)
    throw new ArgumentError(
      `${caller}: loaded state dict contains a parameter group that doesn't match the size of optimizer's group: ` +
        `${group.params.length} parameters, expected ${size}`,
    );
  if (!Array.from(group.params).every(Number.isInteger))
    throw new ArgumentError(
      `${caller}: a saved parameter group is an object with numbers in params, got ${show(group)}`,
    );
  const names = new Map(Object.keys(defaults).map((name) => [toPythonName(name), name]));
  const found: [string, unknown][] = [];
  const own: [string, unknown][] = [];
  for (const [key, value] of Object.entries(group)) {
    const name = names.get(key);
    if (name !== undefined) found.push([name, isArray(value) ? [...value] : value]);
    else if (key === 'maximize' && value === true) throw new ArgumentError(`${caller}: maximize is not supported`);
    else if (key !== 'params' && key !== 'maximize' && !ignored.includes(key)) own.push([key, value]);
  }
  return { options: { ...defaults, ...Object.fromEntries(found) }, own: Object.fromEntries(own), params: group.params };
}
