import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { holds, isArray, isMap, isPlainObject } from '../realm.js';
import { checkModule } from './check-module.js';
import { empty } from './clone.js';
import { type AnyModule, Module } from './module.js';
import { checkName } from './names.js';
import { className } from './repr.js';

/** Modules by name: what a container can be made of. The keys of an object that are whole numbers come first; a Map keeps its order. */
export type NamedModules<M extends AnyModule = AnyModule> = Readonly<Record<string, M>> | ReadonlyMap<string, M>;

/** Key of the members of a container. @internal */
export const list = Symbol('members');

/** A module that keeps others in an ordered list of names, as PyTorch's `_modules`, in addition to those in its fields. */
export abstract class Container<M extends AnyModule, In extends readonly unknown[], Out> extends Module<In, Out> {
  /** Own and enumerable, so that comparisons of tests tell models apart, under a symbol, so that it takes no name. @internal */
  [list] = new Map<string, M>();
  /** Grows with every change of the list. */
  #edits = 0;

  get #members(): Map<string, M> {
    const now = currentTrace();
    now?.guardFields(this);
    now?.guard(this, 'members', () => this.#edits);
    return this[list];
  }

  /** How many modules there are. */
  get length(): number {
    return this.#members.size;
  }

  /** The modules in order. */
  [Symbol.iterator](): IterableIterator<M> {
    return this.#members.values();
  }

  /** Adds a module under a name, or replaces the one of that name. */
  override registerModule(name: string, module: M): void {
    const caller = `${className(this)}.registerModule`;
    this.setMember(this.checkMember(caller, name, module), module);
  }

  /** @internal */
  override [empty](): this {
    return Reflect.construct(Container, [], this.constructor) as this;
  }

  protected override ownModules(): [string, AnyModule][] {
    return [...this.#members, ...super.ownModules()];
  }

  /** Name and module of each member, in order: a copy. @internal */
  protected members(): [string, M][] {
    return [...this.#members];
  }

  /** Checks a name and a module without adding them; returns the name. @internal */
  protected checkMember(caller: string, name: unknown, module: M): string {
    checkModule(caller, module);
    const checked = checkName(caller, 'module', name);
    if (checked in this) throw new ArgumentError(`${caller}: attribute '${checked}' already exists`);
    return checked;
  }

  /** Adds or replaces what has been checked. @internal */
  protected setMember(name: string, module: M): void {
    this.#edits++;
    this[list].set(name, module);
  }

  /** @internal */
  protected setMembers(members: Iterable<readonly [string, M]>): void {
    this.#edits++;
    this[list] = new Map(members);
  }

  /** @internal */
  protected member(name: string): M | undefined {
    return this.#members.get(name);
  }
}

/** The entries of an object or Map of modules, all of them checked by `check` before any is used. @internal */
export function readNamed<M extends AnyModule>(caller: string, named: unknown): [string, M][] {
  if (isMap(named)) return [...named] as [string, M][];
  if (!isPlainObject(named)) throw new ArgumentError(`${caller}: ${describe(named)} is not a Module subclass`);
  return Object.entries(named as Record<string, M>);
}

function describe(value: unknown): string {
  if (isArray(value)) return 'an array (pass the modules one by one)';
  const isClass = typeof value === 'function' && holds(value, 'prototype') && value.prototype instanceof Module;
  return isClass ? `the class ${value.name} (make one with new)` : show(value);
}
