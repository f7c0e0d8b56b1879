import { readList, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray, isIterable } from '../realm.js';
import { checkModule } from './check-module.js';
import { empty } from './clone.js';
import { Container } from './container.js';
import { type AnyModule, Module } from './module.js';
import { className } from './repr.js';
import { slicePlaces } from './slice-places.js';

/** What Sequential and ModuleList have in common: members that are counted, their names being `0`, `1`, ... */
export abstract class ListContainer<M extends AnyModule, In extends readonly unknown[], Out> extends Container<
  M,
  In,
  Out
> {
  /** The module at `index`, counted from the end when negative. @throws ArgumentError when there is none. */
  at(index: number): M {
    return this.#entryAt('at', index)[1];
  }

  /** Replaces the module at `index`; the name stays. Returns this. */
  set(index: number, module: M): this {
    const [name] = this.#entryAt('set', index);
    this.setMember(name, checkModule(`${className(this)}.set`, module));
    return this;
  }

  /** Adds a module at the end. Its mode stays as it is, whatever the mode of this one. Returns this. */
  append(module: M): this {
    return this.extend([module]);
  }

  /** Adds modules at the end: all of them, or none when one is no module. Returns this. */
  extend(modules: Iterable<M>): this {
    const caller = `${className(this)}.extend`;
    if (!isIterable(modules))
      throw new ArgumentError(`${caller}: expected an iterable of modules, got ${show(modules)}`);
    const check = (each: unknown) => checkModule(caller, each as AnyModule);
    const checked = isArray(modules) ? readList(caller, 'modules', modules, check) : Array.from(modules, check);
    for (const module of checked) this.setMember(this.#nextName(), module as M);
    return this;
  }

  /**
   * Adds a module before the one at `index`, from -length to length; those behind it move up by one. Returns this.
   * @throws ArgumentError when there is no such place, or the members have names that are not numbers, which cannot move up.
   */
  insert(index: number, module: M): this {
    const caller = `${className(this)}.insert`;
    if (!(module instanceof Module))
      throw new ArgumentError(`${caller}: module should be of type: Module, got ${show(module)}`);
    checkInteger(caller, index);
    if (index < -this.length || index > this.length) throw new ArgumentError(`${caller}: Index out of range: ${index}`);
    const members = this.members();
    const named = members.find(([name], i) => name !== String(i));
    if (named !== undefined)
      throw new ArgumentError(
        `${caller}: members with names that are not numbers cannot be renumbered, and one is called '${named[0]}'`,
      );
    const modules = members.map(([, each]) => each);
    modules.splice(index, 0, module);
    this.#setNumbered(modules);
    return this;
  }

  /** Takes the module at `index` out, the last by default, and returns it. The others are renumbered, and lose names that are not numbers. */
  pop(index = -1): M {
    const [name, module] = this.#entryAt('pop', index);
    this.#setNumbered(
      this.members()
        .filter(([each]) => each !== name)
        .map(([, each]) => each),
    );
    return module;
  }

  /** Takes the module at `index` out, as Python's `del`. The others are renumbered, and lose names that are not numbers. Returns this. */
  delete(index: number): this {
    this.pop(index);
    return this;
  }

  /** @internal */
  override [empty](): this {
    // Private methods belong to this class.
    return Reflect.construct(ListContainer, [], this.constructor) as this;
  }

  /** Names and modules of a Python slice: `start`, `end` and `step` may be negative. @internal */
  protected sliced(start?: number, end?: number, step?: number): [string, M][] {
    const members = this.members();
    const places = slicePlaces(`${className(this)}.slice`, members.length, start, end, step);
    return places.map((at) => members[at]!);
  }

  /** The modules of this container and of others, checked. @internal */
  protected joined(method: string, others: readonly Iterable<M>[]): M[] {
    const caller = `${className(this)}.${method}`;
    return [this as Iterable<M>, ...others].flatMap((other) => {
      if (!isIterable(other)) throw new ArgumentError(`${caller}: expected modules, got ${show(other)}`);
      return Array.from(other, (module) => checkModule(caller, module as M));
    });
  }

  #entryAt(method: string, index: number): [string, M] {
    const caller = `${className(this)}.${method}`;
    const entry = this.members().at(checkInteger(caller, index));
    if (entry === undefined || index < -this.length)
      throw new ArgumentError(`${caller}: index ${index} is out of range`);
    return entry;
  }

  #setNumbered(modules: readonly M[]): void {
    this.setMembers(modules.map((module, i) => [String(i), module] as const));
  }

  /** The length; or the next number that is free, where a slice has kept higher ones (PyTorch replaces a member there). */
  #nextName(): string {
    let number = this.length;
    while (this.member(String(number)) !== undefined) number++;
    return String(number);
  }
}

function checkInteger(caller: string, index: unknown): number {
  if (typeof index !== 'number' || !Number.isSafeInteger(index))
    throw new ArgumentError(`${caller}: index must be an integer, got ${show(index)}`);
  return index;
}
