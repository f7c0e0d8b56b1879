import { checkBoolean, checkOptions, show } from '../check.js';
import { describeForeign, markAsOwn } from '../copies.js';
import { ArgumentError, StateError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { stateTensors } from '../tensor/snapshot.js';
import { Tensor } from '../tensor/tensor.js';
import { type ZeroGradOptions, zeroGrad } from '../tensor/zero-grad.js';
import { checkModule } from './check-module.js';
import { copyField, copyOf, copyOnce, empty, noteCopy } from './clone.js';
import { ConvertibleModule } from './convertible-module.js';
import { defineField, type Field, type FieldKind, fields, kindAfter } from './fields.js';
import { hookForward } from './hooked-module.js';
import { lookUp } from './lookup.js';
import { checkMode, scopedMode } from './mode-scope.js';
import { checkName, isInherited, joinNames, unique } from './names.js';
import { Parameter } from './parameter.js';
import { className, formatModule } from './repr.js';
import { type IncompatibleKeys, loadState, type StateDict, type StateDictLike, type StateEntry } from './state-dict.js';

/** The text is that of the error: `Symbol(...) could not be cloned`. */
const noClone = Symbol('a module: send its stateDict(), which loadStateDict() takes on the other side');

/** A module of any signature: what `children()` and `modules()` hand out. Narrow it with `instanceof`. */
export type AnyModule = Module<never, unknown>;

/**
 * The base of layers, losses and models. A subclass keeps Parameters and other modules in fields, where they are found by
 * themselves, and says in {@link forward} what it computes:
 *
 * ```ts
 * class Residual extends nn.Module {
 *   inner = new nn.Linear(64, 64);
 *   override forward(x: Tensor): Tensor {
 *     return this.inner.forward(x).relu().add(x);
 *   }
 * }
 * ```
 *
 * Found are enumerable fields of the object itself, in the order in which they were first set (names that are whole
 * numbers come first, as always in JavaScript), also those set or replaced later; once one has been found, only what PyTorch takes can
 * be assigned to it: a parameter's place takes a Parameter or null. Not found are `#private` fields and arrays
 * of modules: use {@link ModuleList}. A module or parameter under several names counts once, but for the state dict.
 *
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html | torch.nn.Module}.
 *
 * @typeParam In the arguments of `forward`: one Tensor unless told otherwise.
 * @typeParam Out what `forward` returns.
 */
export class Module<In extends readonly unknown[] = readonly [input: Tensor], Out = Tensor> extends ConvertibleModule<
  In,
  Out
> {
  /** Has `structuredClone`, `postMessage` and `v8.serialize` throw, where they would lose all that is private. @internal */
  readonly '~clone' = noClone;
  #training = true;
  /** Names of the fields that are buffers, and whether the state dict has them. */
  readonly #buffers = new Map<string, boolean>();
  /** Names that were registered without a module. */
  readonly #moduleNames = new Set<string>();
  /** Fields that have been found or registered: an assignment to them is checked. @internal */
  declare readonly [fields]: Map<string, Field>;

  constructor() {
    super();
    Object.defineProperty(this, fields, { value: new Map() });
  }

  /** Whether layers such as Dropout behave as in training. Set it for a whole model by {@link train} and {@link eval}. */
  get training(): boolean {
    const scoped = scopedMode(this);
    if (scoped !== undefined) return scoped;
    const now = currentTrace();
    now?.guardFields(this);
    now?.guard(this, 'training', () => this.#training);
    return this.#training;
  }

  /** Sets the mode of this module alone. @throws ArgumentError unless mode is a boolean. */
  set training(mode: boolean) {
    this.#setTraining(checkMode(this, mode));
  }

  /** Sets the mode of this module and all below it. Returns this. @throws ArgumentError unless mode is a boolean. */
  train(mode = true): this {
    checkMode(this, mode);
    // Throws for a module that contains itself, before any mode is changed.
    this.modules();
    this.#setTraining(mode);
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Sets evaluation mode: `train(false)`. Returns this. */
  eval(): this {
    return this.train(false);
  }

  /** All parameters of this module and those below it, each once. */
  override parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** {@link parameters} with their names (`0.weight`), all below `prefix` if one is given. */
  namedParameters(prefix = ''): [string, Parameter][] {
    return unique(this.namedModules(prefix), (module) => module.#ownParameters());
  }

  /** All buffers (tensors of the state that are not learnt) of this module and those below it, each once. */
  override buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** {@link buffers} with their names, all below `prefix` if one is given. */
  namedBuffers(prefix = ''): [string, Tensor][] {
    return unique(this.namedModules(prefix), (module) => module.#ownBuffers());
  }

  /** This module and all below it, parents before children, each once. */
  override modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** {@link modules} with their names; the name of this one is `prefix`, empty by default. */
  namedModules(prefix = ''): [string, AnyModule][] {
    if (typeof prefix !== 'string') throw new ArgumentError(`prefix must be a string, got ${show(prefix)}`);
    return unique([['', this]], () => this.#walk(prefix, []));
  }

  /** The module of that name: `'0.inner'`, `''` for this one. @throws ArgumentError when there is none, as PyTorch says it. */
  getSubmodule(target: string): AnyModule {
    return lookUp(this as AnyModule, target, 'module', (each) => each.ownModules());
  }

  /** The parameter of that name: `'0.weight'`. @throws ArgumentError when there is none, as PyTorch says it. */
  getParameter(target: string): Parameter {
    return lookUp(this as AnyModule, target, 'parameter', (each) => each.ownModules());
  }

  /** The buffer of that name. @throws ArgumentError when there is none, as PyTorch says it. */
  getBuffer(target: string): Tensor {
    return lookUp(this as AnyModule, target, 'buffer', (each) => each.ownModules());
  }

  /** The modules directly below this one, each once. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** {@link children} with their names. */
  namedChildren(): [string, AnyModule][] {
    return unique([['', this]], () => this.ownModules());
  }

  /** Calls `fn` with each module below this one, children before parents, and with this one last. Returns this. */
  apply(fn: (module: AnyModule) => void): this {
    if (typeof fn !== 'function')
      throw new ArgumentError(`${className(this)}.apply: expected a function, got ${show(fn)}`);
    this.modules();
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * All parameters and persistent buffers by name, as PyTorch names and shapes them; a shared one under each of its names.
   * As in PyTorch the tensors share their memory with the model: training on changes them, so `clone()` what is to last. While the
   * model is being trained by `fit` or by a job they are copies instead, all of them as the same step has left them.
   */
  stateDict(): StateDict {
    const entries = [...this.#stateEntries()];
    const tensors = stateTensors(entries.map(([, tensor]) => tensor));
    const state: StateDict = Object.create(null);
    entries.forEach(([name], i) => {
      state[name] = tensors[i]!;
    });
    return state;
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which {@link loadStateDict} takes after `JSON.parse`. */
  toJSON(): StateDict {
    return this.stateDict();
  }

  /**
   * Copies the tensors of `state` into those of the same names here, converted to their dtypes.
   * @param options `strict` (default true) refuses a state with names missing or left over; shapes must fit in any case.
   * @returns the names missing and left over. @throws ArgumentError or, when only sizes are at fault, ShapeError, with all
   * faults in PyTorch's words; nothing is changed then.
   */
  loadStateDict(state: StateDictLike, options?: { strict?: boolean }): IncompatibleKeys {
    const caller = `${className(this)}.loadStateDict`;
    const given = checkOptions(caller, options, ['strict']);
    const { strict = true } = given;
    checkBoolean(caller, 'strict', strict);
    return loadState(className(this), [...this.#stateEntries()], state, strict);
  }

  /**
   * A deep copy, as `copy.deepcopy` makes it: structure, parameters, buffers, modes and fields. What stands in it twice (tied weights)
   * is copied once; shared with this one are functions, the default generator, and objects of classes without a method `clone`, as
   * optimizers are. Parameters of the copy have no gradients. While the model is being trained, the copy is as one step has left it.
   * Constructors do not run, so a class with `#private` members overrides this method:
   *
   * ```ts
   * override clone(): this {
   *   const copy = new Mine(this.size) as this;
   *   copy.loadStateDict(this.stateDict());
   *   return copy.train(this.training);
   * }
   * ```
   *
   * @throws StateError for a field that holds a result which gradients flow through, as in PyTorch, for a module that contains itself,
   * and while a function is traced.
   */
  clone(): this {
    const state = () => [...this.parameters(), ...this.buffers()];
    return copyOnce(className(this), this, state, () => {
      const copy = noteCopy(this, this[empty]());
      copy.#training = this.#training;
      copy.copyHooks(this as AnyModule);
      for (const [name, persistent] of this.#buffers) copy.#buffers.set(name, persistent);
      for (const name of this.#moduleNames) copy.#moduleNames.add(name);
      for (const key of Reflect.ownKeys(this)) {
        const known = typeof key === 'string' ? this[fields].get(key) : undefined;
        if (known !== undefined) copy.#define(String(key), known.kind, copyOf<unknown>(Reflect.get(this, key)));
        else copyField(this, copy, key);
      }
      return copy;
    });
  }

  /** Forgets the gradients of all parameters; with `setToNone: false` fills those there are with zeros. */
  zeroGrad(options?: ZeroGradOptions): void {
    zeroGrad(`${className(this)}.zeroGrad`, this.parameters(), options);
  }

  /** Sets whether gradients are wanted for all parameters: `requiresGrad_(false)` freezes the module. Returns this. */
  requiresGrad_(requiresGrad = true): this {
    const parameters = this.parameters();
    checkBoolean(`${className(this)}.requiresGrad_`, 'requiresGrad', requiresGrad);
    const integers = requiresGrad && parameters.some((parameter) => parameter.dtype === 'int32');
    if (integers) throw new StateError('only Tensors of floating point dtype can require gradients, got int32');
    for (const parameter of parameters) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /** Sets the field `name` to a tensor that belongs to the state but is not learnt. `persistent: false` keeps it out of the state dict. */
  registerBuffer(name: string, tensor: Tensor | null, options?: { persistent?: boolean }): void {
    const caller = `${className(this)}.registerBuffer`;
    const given = checkOptions(caller, options, ['persistent']);
    const { persistent = true } = given;
    checkBoolean(caller, 'persistent', persistent);
    checkName(caller, 'buffer', name);
    if (tensor !== null && (!(tensor instanceof Tensor) || tensor instanceof Parameter))
      throw new ArgumentError(`${caller}: cannot assign ${show(tensor)} to buffer '${name}' (Tensor or null required)`);
    this.#setField(caller, name, 'buffer', tensor, this.#buffers.has(name));
    this.#buffers.set(name, persistent);
  }

  /** Sets the field `name` to a parameter: the same as an assignment, with the name checked. */
  registerParameter(name: string, parameter: Parameter | null): void {
    const caller = `${className(this)}.registerParameter`;
    checkName(caller, 'parameter', name);
    if (parameter !== null && !(parameter instanceof Parameter))
      throw new ArgumentError(
        `${caller}: cannot assign ${show(parameter)} to parameter '${name}' (Parameter or null required)`,
      );
    const isParameter = this.#ownParameters().some(([own]) => own === name);
    this.#setField(caller, name, 'parameter', parameter, isParameter);
  }

  /** Sets the field `name` to a module, or to null, which prints as `None`: the same as an assignment, with the name checked. */
  registerModule(name: string, module: AnyModule | null): void {
    const caller = `${className(this)}.registerModule`;
    checkName(caller, 'module', name);
    if (module !== null) checkModule(caller, module);
    const isOwn = this.#moduleNames.has(name) || this.ownModules().some(([own]) => own === name);
    this.#setField(caller, name, 'module', module, isOwn);
    if (module === null) this.#moduleNames.add(name);
  }

  /** The same as {@link registerModule}, as in PyTorch. */
  addModule(name: string, module: AnyModule | null): void {
    this.registerModule(name, module);
  }

  /** What stands between the parentheses when the module is printed; one line, or several. Empty by default. */
  extraRepr(): string {
    return '';
  }

  /** The module and all below it, as PyTorch prints them. */
  override toString(): string {
    this.modules();
    const children = this.ownModules().map(([name, child]) => [name, child.toString()] as const);
    const isNull = (name: string) => this.#moduleNames.has(name) && Reflect.get(this, name) === null;
    // Among the fields, behind the members of a container, in the order of assignment.
    const order = [
      ...children.map(([name]) => name).filter((name) => !Object.hasOwn(this, name)),
      ...Object.keys(this),
    ];
    for (const name of this.#moduleNames) if (isNull(name)) children.push([name, 'None']);
    children.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    return formatModule(className(this), this.extraRepr(), children);
  }

  /** What `console.log` shows: the same as {@link toString}. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Names of own buffers that a state dict may lack. */
  protected optionalState(): readonly string[] {
    return [];
  }

  /** A module of this class whose constructors below this one have not run. @internal */
  [empty](): this {
    return Reflect.construct(Module, [], this.constructor) as this;
  }

  /** The modules directly below this one by name, repeated ones too. Containers that keep modules elsewhere add theirs. */
  protected override ownModules(): [string, AnyModule][] {
    return this.#fields('module', (value) => value instanceof Module);
  }

  #ownParameters(): [string, Parameter][] {
    return this.#fields('parameter', (value) => value instanceof Parameter);
  }

  #ownBuffers(): [string, Tensor][] {
    const isBuffer = (value: unknown, name: string): value is Tensor =>
      value instanceof Tensor && !(value instanceof Parameter) && this.#buffers.has(name);
    return this.#fields('buffer', isBuffer);
  }

  #fields<T>(kind: FieldKind, is: (value: unknown, name: string) => value is T): [string, T][] {
    const found: [string, T][] = [];
    const names = Object.keys(this);
    currentTrace()?.guardFields(this);
    for (const name of names) {
      const value: unknown = Reflect.get(this, name);
      const foreign = describeForeign(value);
      if (foreign !== null) throw new ArgumentError(`${className(this)}: the field '${name}' holds ${foreign}`);
      const known = this[fields].get(name);
      // A subclass may have defined its own field over the accessor.
      if (known !== undefined && known.value !== value)
        this.#define(name, kindAfter(className(this), name, known.kind, value), value);
      if (!is(value, name)) continue;
      if (known === undefined) this.#define(name, kind, value);
      found.push([checkName(className(this), kind, name), value]);
    }
    return found;
  }

  #setTraining(mode: boolean): void {
    currentTrace()?.sideEffect(
      this,
      'training',
      () => this.#training,
      (to) => {
        this.#training = to;
      },
    );
    this.#training = mode;
  }

  #setField(caller: string, name: string, kind: FieldKind, value: unknown, isOfKind: boolean): void {
    // A field that is only declared is there already, as undefined.
    const isFree = Object.hasOwn(this, name) ? Reflect.get(this, name) === undefined : !isInherited(this, name);
    if (!isFree && !isOfKind) throw new ArgumentError(`${caller}: attribute '${name}' already exists`);
    this.#define(name, kind, value);
  }

  /** Has assignments to a field checked from now on; not in a frozen module, to which nothing can be assigned. */
  #define(name: string, kind: FieldKind, value: unknown): void {
    const own = Object.getOwnPropertyDescriptor(this, name);
    if (own?.configurable === false || (own === undefined && !Object.isExtensible(this))) return;
    defineField(this, name, { kind, value });
  }

  /** Every place where a module stands, parents first. */
  *#walk(path: string, above: readonly AnyModule[]): Generator<[string, AnyModule]> {
    if (above.includes(this))
      throw new StateError(`${className(above[0]!)}: a module cannot contain itself, but '${path}' does`);
    hookForward(this as AnyModule);
    yield [path, this];
    for (const [name, child] of this.ownModules()) yield* child.#walk(joinNames(path, name), [...above, this]);
  }

  *#stateEntries(): Generator<StateEntry> {
    for (const [path, module] of this.#walk('', [])) {
      for (const [name, parameter] of module.#ownParameters()) yield [joinNames(path, name), parameter];
      for (const [name, buffer] of module.#ownBuffers())
        if (module.#buffers.get(name)) yield [joinNames(path, name), buffer, module.optionalState().includes(name)];
    }
  }
}

markAsOwn(Module);
