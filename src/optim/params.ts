/** Reading the parameters that an optimizer is given: tensors, or groups of tensors with options. */
import { readList, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { holds, isArray, isIterable, isRecord } from '../realm.js';
import { Tensor } from '../tensor/tensor.js';
import { toPythonName } from './names.js';

/** What an optimizer takes as parameters. */
export type Params<Options extends object> = Iterable<Tensor> | Iterable<GroupOptions<Options>>;

/** A group as it is given: its parameters, and the options in which it differs from the other groups. */
export type GroupOptions<Options extends object> = Partial<Options> & {
  /** One tensor or several. */
  params: Tensor | Iterable<Tensor>;
  /** The caller's own, kept with the group and its state as in PyTorch: a name, say. */
  [own: string]: unknown;
};

/** The groups that `params` means: a list of tensors is one. */
export function readGroups(caller: string, params: unknown): object[] {
  if (holds(params, 'parameters'))
    throw new ArgumentError(
      `${caller}: expected an iterable of Tensors or groups, got a module; pass its parameters()`,
    );
  if (params instanceof Tensor || !isIterable(params))
    throw new ArgumentError(
      `${caller}: params argument given to the optimizer should be an iterable of Tensors or groups, but got ${show(params)}`,
    );
  const items = readItems(caller, params);
  if (items.length === 0) throw new ArgumentError(`${caller}: optimizer got an empty parameter list`);
  const isGroups = !(items[0] instanceof Tensor) && typeof items[0] === 'object' && items[0] !== null;
  if (!isGroups) return [{ params: items }];
  return items.map((item) => checkGroup(caller, item));
}

/** A group is a plain object with its own `params`. */
export function checkGroup(caller: string, group: unknown): object {
  if (!isRecord(group) || group instanceof Tensor || !Object.hasOwn(group, 'params'))
    throw new ArgumentError(`${caller}: a parameter group is an object with params, got ${show(group)}`);
  return group;
}

/** The parameters of a group: one tensor, or an iterable of them. */
export function readParams(caller: string, params: unknown): Tensor[] {
  if (params instanceof Tensor) return checkParams(caller, [params]);
  if (!isIterable(params))
    throw new ArgumentError(`${caller}: params of a group should be an iterable of Tensors, but got ${show(params)}`);
  return checkParams(caller, readItems(caller, params));
}

/** Checks that a list of parameters is an array of leaves of a float dtype. */
export function checkParams(caller: string, params: readonly unknown[]): Tensor[] {
  if (!isArray(params)) throw new ArgumentError(`${caller}: params of a group is an array, got ${show(params)}`);
  return params.map((param) => {
    if (!(param instanceof Tensor))
      throw new ArgumentError(
        `${caller}: optimizer can only optimize Tensors, but one of the params is ${show(param)}`,
      );
    if (!param.isLeaf) throw new ArgumentError(`${caller}: can't optimize a non-leaf Tensor`);
    if (param.dtype === 'int32') throw new ArgumentError(`${caller}: can't optimize an int32 Tensor`);
    return param;
  });
}

/** Checks that no parameter would be stepped twice. */
export function checkDistinct(caller: string, groups: readonly (readonly Tensor[])[]): void {
  const seen = new Set<Tensor>();
  for (const params of groups) {
    const own = new Set(params);
    if (own.size < params.length)
      throw new ArgumentError(`${caller}: optimizer contains a parameter group with duplicate parameters`);
    for (const param of own) {
      if (seen.has(param))
        throw new ArgumentError(`${caller}: some parameters appear in more than one parameter group`);
      seen.add(param);
    }
  }
}

/** Ends at the first that can be neither a parameter nor a group: an array may say to be huge. */
function readItems(caller: string, params: Iterable<unknown>): unknown[] {
  if (!isArray(params)) return [...params];
  return readList(caller, 'parameters', params, (item) => {
    if (typeof item === 'object' && item !== null) return item;
    throw new ArgumentError(`${caller}: optimizer can only optimize Tensors, but one of the params is ${show(item)}`);
  });
}

/**
 * Splits what stands in a group into options of the optimizer, unchecked, and keys of the caller's own.
 * @throws ArgumentError for an own key that is an option in PyTorch's spelling (`weight_decay`), or a symbol.
 */
export function splitOptions(
  caller: string,
  group: object,
  known: readonly string[],
): { options: object; own: object } {
  const entries = Reflect.ownKeys(group).map((key) => [key, Reflect.get(group, key)] as const);
  const own = entries.filter(([key]) => typeof key === 'symbol' || !known.includes(key));
  for (const [key] of own) {
    const option = known.find((name) => toPythonName(name) === key);
    if (option !== undefined) throw new ArgumentError(`${caller}: unknown option ${show(key)}: it is called ${option}`);
    if (typeof key === 'symbol') throw new ArgumentError(`${caller}: unknown option ${show(key)}`);
  }
  const options = entries.filter(([key]) => typeof key === 'string' && known.includes(key));
  return { options: Object.fromEntries(options), own: Object.fromEntries(own) };
}
