import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isIterable } from '../realm.js';
import { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { className } from './repr.js';
import { slicePlaces } from './slice-places.js';

/** A line of a printed list: PyTorch indents these by 4. @internal */
export function parameterLine(name: string, { dtype, shape }: Parameter, type: string): string {
  return `    (${name}): Parameter containing: [torch.${type === 'dtype' ? dtype : type} of size ${shape.join('x')}]`;
}

/** A tensor as a parameter; a parameter as it is. @throws ArgumentError for anything else. @internal */
export function asParameter(caller: string, value: unknown): Parameter {
  if (value instanceof Parameter) return value;
  if (value instanceof Tensor) return new Parameter(value);
  throw new ArgumentError(`${caller}: expected a Tensor or Parameter, got ${show(value)}`);
}

/**
 * A list of parameters that a module finds in a field, which it does not in an array. Tensors become parameters. It computes nothing itself.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html | torch.nn.ParameterList}.
 */
export class ParameterList extends Module<never, never> {
  /** @param parameters the members, none by default. */
  constructor(parameters: Iterable<Tensor> = []) {
    super();
    this.extend(parameters);
  }

  /** How many there are. */
  get length(): number {
    return this.parametersInOrder().length;
  }

  /** The parameters in order. */
  [Symbol.iterator](): IterableIterator<Parameter> {
    return this.parametersInOrder().values();
  }

  /** The parameter at `index`, counted from the end when negative. @throws ArgumentError when there is none. */
  at(index: number): Parameter {
    return Reflect.get(this, nameAt(this, 'at', index)) as Parameter;
  }

  /** Replaces the parameter at `index`. Returns this. */
  set(index: number, parameter: Tensor): this {
    const name = nameAt(this, 'set', index);
    this.registerParameter(name, asParameter(`${className(this)}.set`, parameter));
    return this;
  }

  /** Adds a parameter at the end. Returns this. */
  append(parameter: Tensor): this {
    return this.extend([parameter]);
  }

  /** Adds parameters at the end: all of them, or none when one is no tensor. Returns this. */
  extend(parameters: Iterable<Tensor>): this {
    const caller = `${className(this)}.extend`;
    if (!isIterable(parameters))
      throw new ArgumentError(
        `${caller}: ParameterList.extend should be called with an iterable, but got ${show(parameters)}`,
      );
    const checked = Array.from(parameters, (each) => asParameter(caller, each));
    let { length } = this;
    for (const parameter of checked) this.registerParameter(String(length++), parameter);
    return this;
  }

  /**
   * A list of the parameters from `start` to before `end`, each `step`th, as a slice in Python counts: the same parameters, renumbered.
   * @throws ArgumentError for anything but whole numbers, or a step of 0.
   */
  slice(start?: number, end?: number, step?: number): ParameterList {
    const all = this.parametersInOrder();
    const places = slicePlaces(`${className(this)}.slice`, all.length, start, end, step);
    return new ParameterList(places.map((at) => all[at]!));
  }

  override toString(): string {
    const lines = this.parametersInOrder().map((each, i) => parameterLine(String(i), each, 'dtype'));
    return lines.length === 0 ? `${className(this)}()` : `${className(this)}(\n${lines.join('\n')}\n)`;
  }

  /** By number: one that stands there twice comes twice. @internal */
  protected parametersInOrder(): Parameter[] {
    // Registered names are whole numbers, which come in their order.
    this.namedParameters();
    const found: Parameter[] = [];
    for (let i = 0; ; i++) {
      const value: unknown = Object.hasOwn(this, String(i)) ? Reflect.get(this, String(i)) : null;
      if (!(value instanceof Parameter)) return found;
      found.push(value);
    }
  }
}

function nameAt(list: ParameterList, method: string, index: number): string {
  const { length } = list;
  if (typeof index !== 'number' || !Number.isSafeInteger(index))
    throw new ArgumentError(`${className(list)}.${method}: index must be an integer, got ${show(index)}`);
  if (index < -length || index >= length)
    throw new ArgumentError(`${className(list)}.${method}: index ${index} is out of range`);
  return String(index < 0 ? index + length : index);
}
