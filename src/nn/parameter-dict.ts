import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isMap, isPlainObject } from '../realm.js';
import type { Tensor } from '../tensor/tensor.js';
import { fields } from './fields.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { asParameter, parameterLine } from './parameter-list.js';
import { className } from './repr.js';

/** Tensors by name. Keys of an object that are whole numbers come first; a Map keeps its order. */
export type NamedTensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * Parameters by name that a module finds in a field. Tensors become parameters. It computes nothing itself.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html | torch.nn.ParameterDict}, with the methods of a Map.
 */
export class ParameterDict extends Module<never, never> {
  /** @param named the members, none by default. */
  constructor(named: NamedTensors = {}) {
    super();
    this.update(named);
  }

  /** How many there are. */
  get length(): number {
    return entriesOf(this).length;
  }

  /** The names and parameters, in order. */
  entries(): IterableIterator<[string, Parameter]> {
    return entriesOf(this).values();
  }

  /** The names, in order. */
  keys(): IterableIterator<string> {
    return entriesOf(this)
      .map(([name]) => name)
      .values();
  }

  /** The parameters, in order. */
  values(): IterableIterator<Parameter> {
    return entriesOf(this)
      .map(([, parameter]) => parameter)
      .values();
  }

  /** The parameter of that name, or undefined. */
  get(name: string): Parameter | undefined {
    return entriesOf(this).find(([each]) => each === name)?.[1];
  }

  /** Whether there is a parameter of that name. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Adds a parameter, or replaces the one of that name. Returns this. */
  set(name: string, parameter: Tensor): this {
    this.registerParameter(name, asParameter(`${className(this)}.set`, parameter));
    return this;
  }

  /** Adds parameters, or replaces those of the same names. Returns this. */
  update(named: NamedTensors): this {
    const caller = `${className(this)}.update`;
    if (!isMap(named) && !isPlainObject(named))
      throw new ArgumentError(`${caller}: expected an object or Map of tensors, got ${show(named)}`);
    const entries = (isMap(named) ? [...named] : Object.entries(named)) as [string, unknown][];
    const checked = entries.map(([name, value]) => [name, asParameter(caller, value)] as const);
    for (const [name, parameter] of checked) this.registerParameter(name, parameter);
    return this;
  }

  /** Takes a parameter out; returns whether there was one. */
  delete(name: string): boolean {
    if (!this.has(name)) return false;
    this[fields].delete(name);
    return Reflect.deleteProperty(this, name);
  }

  /** Takes a parameter out and returns it. @throws ArgumentError when there is none of that name. */
  pop(name: string): Parameter {
    const parameter = this.get(name);
    if (parameter === undefined) throw new ArgumentError(`${className(this)}.pop: there is no parameter ${show(name)}`);
    this.delete(name);
    return parameter;
  }

  /** Takes all parameters out. */
  clear(): void {
    for (const name of [...this.keys()]) this.delete(name);
  }

  override toString(): string {
    const types = { float32: 'FloatTensor', float64: 'DoubleTensor', int32: 'IntTensor' } as const;
    const lines = entriesOf(this).map(([name, each]) => parameterLine(name, each, types[each.dtype]));
    return lines.length === 0 ? `${className(this)}()` : `${className(this)}(\n${lines.join('\n')}\n)`;
  }
}

function entriesOf(dict: ParameterDict): [string, Parameter][] {
  dict.namedParameters();
  return Object.keys(dict).flatMap((name): [string, Parameter][] => {
    const value: unknown = Reflect.get(dict, name);
    return value instanceof Parameter ? [[name, value]] : [];
  });
}
