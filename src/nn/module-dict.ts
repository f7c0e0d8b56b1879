import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { Container, type NamedModules, readNamed } from './container.js';
import type { AnyModule } from './module.js';
import { className } from './repr.js';

/**
 * Modules by name that a module finds in a field. It computes nothing itself.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html | torch.nn.ModuleDict}, with the methods of
 * a Map.
 */
export class ModuleDict<M extends AnyModule = AnyModule> extends Container<M, never, never> {
  /** @param named the members, none by default. */
  constructor(named: NamedModules<M> = {}) {
    super();
    for (const [name, module] of readNamed<M>('ModuleDict', named))
      this.setMember(this.checkMember('ModuleDict', name, module), module);
  }

  /** The module of that name, or undefined. */
  get(name: string): M | undefined {
    return this.member(name);
  }

  /** Adds a module, or replaces the one of that name. Returns this. */
  set(name: string, module: M): this {
    this.registerModule(name, module);
    return this;
  }

  /** Whether there is a module of that name. */
  has(name: string): boolean {
    return this.member(name) !== undefined;
  }

  /** Takes a module out; returns whether there was one. */
  delete(name: string): boolean {
    const found = this.has(name);
    this.setMembers(this.members().filter(([each]) => each !== name));
    return found;
  }

  /** Takes a module out and returns it. @throws ArgumentError when there is none of that name. */
  pop(name: string): M {
    const module = this.member(name);
    if (module === undefined) throw new ArgumentError(`${className(this)}.pop: there is no module ${show(name)}`);
    this.delete(name);
    return module;
  }

  /** Takes all modules out. */
  clear(): void {
    this.setMembers([]);
  }

  /** Adds modules, or replaces those of the same names: all of them, or none when one is not valid. Returns this. */
  update(named: NamedModules<M>): this {
    const caller = `${className(this)}.update`;
    const entries = readNamed<M>(caller, named);
    for (const [name, module] of entries) this.checkMember(caller, name, module);
    for (const [name, module] of entries) this.setMember(name, module);
    return this;
  }

  /** The modules, in order. */
  values(): IterableIterator<M> {
    return this[Symbol.iterator]();
  }

  /** Name and module of each member, in order. */
  entries(): IterableIterator<[string, M]> {
    return this.members().values();
  }

  /** The names of the members, in order. */
  keys(): IterableIterator<string> {
    return this.members()
      .map(([name]) => name)
      .values();
  }
}
