import { checkOptions, show } from '../check.js';
import { markAsOwn } from '../copies.js';
import { ArgumentError, StateError } from '../errors.js';
import type { DynamicScalar } from '../ops/ops.js';
import { currentTrace } from '../ops/trace.js';
import { isArray } from '../realm.js';
import { wasConverted } from '../tensor/converted.js';
import { replaceGradMode } from '../tensor/grad-mode.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { stateTensors } from '../tensor/snapshot.js';
import { noGrad } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { type ZeroGradOptions, zeroGrad } from '../tensor/zero-grad.js';
import { dynamicScalar } from './dynamic-scalar.js';
import type { Form } from './form.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { zeroIfRounding } from './options.js';
import {
  checkDistinct,
  checkGroup,
  checkParams,
  type GroupOptions,
  type Params,
  readGroups,
  readParams,
  splitOptions,
} from './params.js';
import { type LoadedState, ParamState, readState } from './state.js';
import { type OptimizerStateDict, readStateDict, type SavedGroup, toPythonNames } from './state-dict.js';
import { runUpdate, type StepArguments, stepArguments, updateOf } from './update.js';

/** Parameters and the options they are stepped with. Options may be changed at any time; the next step reads them. */
export type ParamGroup<Options extends object> = Options & {
  /** What the optimizer changes. */
  params: Tensor[];
  /** Keys of the caller's own, which the optimizer keeps. */
  [own: string]: unknown;
};

/** The text is that of the error: `Symbol(...) could not be cloned`. */
const noClone = Symbol('an optimizer: send its stateDict(), which loadStateDict() takes on the other side');

/**
 * The base of optimizers, as {@link https://docs.pytorch.org/docs/stable/optim.html | torch.optim.Optimizer}.
 * Everything is checked when it is given, and again before each step, since groups may be changed; after an error no
 * number has moved.
 */
export abstract class Optimizer<Options extends BaseOptions = BaseOptions> {
  /** Has `structuredClone`, `postMessage` and `v8.serialize` throw, where they would lose all that is private. @internal */
  readonly '~clone' = noClone;
  /** The groups, in order. Change their options (`paramGroups[0].lr = 0.01`); add a group with {@link addParamGroup}. */
  readonly paramGroups: ParamGroup<Options>[] = [];
  readonly #kind: OptimizerKind<Options>;
  readonly #defaults: Readonly<Options>;
  /** The groups as they were added. */
  readonly #groups: ParamGroup<Options>[] = [];
  readonly #states = new WeakMap<Tensor, ParamState>();
  readonly #dynamicScalars = new WeakMap<object, readonly DynamicScalar[]>();

  protected constructor(kind: OptimizerKind<Options>, params: Params<Options>, options: Partial<Options> | undefined) {
    const { name } = kind;
    const keys = Object.keys(kind.defaults) as (keyof Options & string)[];
    const defaults: Options = {
      ...kind.defaults,
      ...checkOptions<Partial<Options>>(name, options, keys),
    };
    kind.check(name, defaults);
    this.#kind = kind;
    this.#defaults = defaults;
    for (const group of readGroups(name, params)) this.addParamGroup(group as GroupOptions<Options>);
  }

  /** Adds parameters, with the options of the constructor where `group` has none. Other keys are kept as they are, as in PyTorch. */
  addParamGroup(group: GroupOptions<Options>): void;
  /** @param refuse throws for parameters that the kind of optimizer cannot have @internal */
  addParamGroup(group: GroupOptions<Options>, refuse: (params: readonly Tensor[]) => void): void;
  addParamGroup(group: GroupOptions<Options>, refuse?: (params: readonly Tensor[]) => void): void {
    const { name, check } = this.#kind;
    assertNotTracing(`${name}.addParamGroup`);
    const { params, ...rest }: { params?: unknown } = checkGroup(name, group);
    const keys = Object.keys(this.#defaults) as (keyof Options & string)[];
    const { options, own } = splitOptions(name, rest, keys);
    const given = checkOptions<Partial<Options>>(name, options as Partial<Options>, keys);
    const checked: Options = { ...this.#defaults, ...given };
    check(name, checked);
    const tensors = readParams(name, params);
    checkDistinct(name, [...this.#groups.map((each) => each.params), tensors]);
    refuse?.(tensors);
    const added = { params: tensors, ...copyOptions(checked), ...own } as ParamGroup<Options>;
    this.#groups.push(added);
    this.paramGroups.push(added);
    const { required, isMadeAtOnce } = this.#kind.state;
    if (isMadeAtOnce)
      for (const param of tensors) for (const part of required) this.#stateOf(param, added).buffer(part);
  }

  /**
   * Changes each parameter that has a gradient by one step.
   * @throws ArgumentError for an option that has been set to something invalid since; no parameter is changed then.
   */
  step(): undefined;
  /**
   * The same after a call of `closure`.
   * @param closure is called with gradients enabled; what it returns, the loss, is returned.
   */
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    if (closure !== undefined && typeof closure !== 'function')
      throw new ArgumentError(`${this.#kind.name}.step: expected a function, got ${show(closure)}`);
    this.#checkGroups();
    let result: T | undefined;
    if (closure !== undefined) {
      result = withGrad(closure);
      // Again, since the closure may have changed them.
      this.#checkGroups();
    }
    this.#checkSparse();
    this.#guardGroups();
    // All memory is there before the first number moves.
    const updates = this.#groups.flatMap((group) => this.#prepareGroup(group));
    for (const update of updates) update();
    return result;
  }

  /** Forgets the gradients of all parameters; with `setToNone: false` fills those there are with zeros. */
  zeroGrad(options?: ZeroGradOptions): void {
    zeroGrad(`${this.#kind.name}.zeroGrad`, this.#params(), options);
  }

  /**
   * State and options in PyTorch's own structure and names, parameters by their number:
   * `{ state: { 0: { momentum_buffer } }, param_groups: [{ lr, weight_decay, ..., params: [0, 1] }] }`. As in PyTorch the
   * tensors share their memory with the optimizer: `clone()` what is to last. While it is training by `fit` or by a job they are
   * copies instead, all of them as the same step has left them. `step` is an int32 scalar.
   */
  stateDict(): OptimizerStateDict {
    const params = this.#params();
    const kept = params.flatMap((param, index) => {
      const own = this.#states.get(param);
      return own === undefined ? [] : [...own.tensors()].map(([name, tensor]) => ({ index, name, tensor }));
    });
    const tensors = stateTensors(
      kept.map(({ tensor }) => tensor),
      [...params, ...kept.map(({ tensor }) => tensor)],
    );
    const state: OptimizerStateDict['state'] = {};
    let isEmpty = true;
    kept.forEach(({ index, name }, i) => {
      const tensor = tensors[i]!;
      // The first of each parameter: without a step there is no state.
      if (name === 'step') isEmpty = tensor.item() === 0 && !this.#kind.state.isMadeAtOnce;
      if (isEmpty) return;
      state[index] ??= {};
      if (name !== 'step' || this.#kind.state.countsSteps) state[index][name] = tensor;
    });
    let next = 0;
    const groups = this.#groups.map(({ params, ...options }) => ({
      ...toPythonNames(copyOptions(options), Object.keys(this.#defaults)),
      params: params.map(() => next++),
    }));
    return { state, param_groups: groups };
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which {@link loadStateDict} takes after `JSON.parse`. */
  toJSON(): OptimizerStateDict {
    return this.stateDict();
  }

  /**
   * Takes over options and state saved by {@link Optimizer.stateDict | stateDict}, or by PyTorch; parameters correspond by their order. The
   * numbers are copied, converted to the dtype of the parameter. Keys of a group that are no options replace those it had.
   * Nothing is changed when anything does not fit.
   * @throws ArgumentError or ShapeError when the groups, their sizes, their options or the state do not fit.
   */
  loadStateDict(stateDict: OptimizerStateDict): void {
    const caller = `${this.#kind.name}.loadStateDict`;
    assertNotTracing(caller);
    const { saved, states } = this['~readStateDict'](caller, stateDict);
    // Before anything is changed: a compiled step may be counting on it.
    for (const param of this.#params()) this.#states.get(param)?.assertUnpinned();
    for (const [index, group] of this.#groups.entries()) {
      const { options, own } = saved.groups[index]!;
      const { own: before } = splitOptions(caller, group, ['params', ...Object.keys(options)]);
      for (const key of Object.keys(before)) Reflect.deleteProperty(group, key);
      Object.assign(group, options, own);
    }
    noGrad(() => {
      for (const group of this.#groups)
        for (const param of group.params)
          if (states.has(param) || this.#states.has(param)) this.#stateOf(param, group).load(states.get(param));
    });
  }

  /** Reads and checks all of a state. @throws what {@link loadStateDict} throws. @internal */
  '~readStateDict'(caller: string, stateDict: OptimizerStateDict) {
    const sizes = this.#groups.map((group) => group.params.length);
    const saved = readStateDict<Options>(caller, stateDict, sizes, this.#kind.defaults);
    for (const { options } of saved.groups) {
      options.lr = zeroIfRounding(options.lr); // of a state that PyTorch saved at the end of a schedule
      this.#kind.check(caller, options);
    }
    return { saved, states: this.#readStates(caller, saved.groups, saved.state) };
  }

  /** The groups with their options by PyTorch's names, as PyTorch prints them. */
  toString(): string {
    const groups = this.stateDict().param_groups.map(({ params: _, ...options }, index) => {
      const entries = Object.entries(options).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const text = (value: unknown) => (typeof value === 'string' ? value : pythonRepr(value));
      return `Parameter Group ${index}\n${entries.map(([key, value]) => `    ${key}: ${text(value)}\n`).join('')}`;
    });
    return `${this.#kind.name} (\n${groups.join('\n')})`;
  }

  /** What `console.log` shows: the same as {@link toString}. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What is kept for a parameter. */
  #stateOf(param: Tensor, group: ParamGroup<Options>): ParamState {
    let state = this.#states.get(param);
    if (state === undefined) {
      const { state: parts, scalars } = this.#kind;
      state = new ParamState(param, () => ({ ...parts.initial?.(group), ...scalars?.initial(group) }));
      this.#states.set(param, state);
    }
    return state;
  }

  #prepareGroup(group: ParamGroup<Options>): (() => void)[] {
    const params = group.params.filter(({ grad }) => grad !== null);
    if (params.length === 0) return [];
    const form = this.#formOf(group);
    const onlyRows = this.#kind.sparse?.onlyRows(form) ?? false;
    let numbers = this.#dynamicScalars.get(group);
    if (numbers === undefined) {
      numbers = Object.values(this.#kind.numbers).map((read) => dynamicScalar(() => read(group)));
      this.#dynamicScalars.set(group, numbers);
    }
    return params.map((param) => {
      const update = updateOf(this.#kind, form, onlyRows && param.grad!.rowCounts !== null);
      const given = stepArguments(update, param, numbers, () => this.#stateOf(param, group));
      if (this.#kind.direction === undefined) return () => runUpdate(update, given);
      return () => runUpdate(update, { ...given, grad: this.#directionOf(given, numbers, group, form) });
    });
  }

  /** What {@link OptimizerKind.direction} makes of a gradient. */
  #directionOf(
    { param, grad }: StepArguments,
    numbers: readonly DynamicScalar[],
    group: ParamGroup<Options>,
    form: Form,
  ): Tensor {
    const { direction, numbers: readers } = this.#kind;
    const named = Object.fromEntries(Object.keys(readers).map((name, i) => [name, numbers[i]!]));
    const state = this.#stateOf(param, group);
    return noGrad(() => direction!({ param, grad, buffer: (name) => state.buffer(name) }, named, form));
  }

  #formOf(group: ParamGroup<Options>): Form {
    const kind = this.#kind;
    const form = kind.form?.(group) ?? {};
    const now = currentTrace();
    if (now !== null)
      for (const name of Object.keys(form)) now.guard(group, `form ${name}`, () => kind.form?.(group)[name]);
    return form;
  }

  /** What a step writes: parameters, and the state kept for them. @internal */
  '~tensors'(): Tensor[] {
    return this.#params().flatMap((param) => [param, ...(this.#states.get(param)?.written() ?? [])]);
  }

  /** @throws as {@link step}, for an optimizer whose step is another. @internal */
  '~checkGroups'(): void {
    this.#checkGroups();
  }

  #params(): Tensor[] {
    return this.#groups.flatMap((group) => group.params);
  }

  #checkGroups(): void {
    const { name, check } = this.#kind;
    const isSame =
      this.paramGroups.length === this.#groups.length && this.#groups.every((g, i) => g === this.paramGroups[i]);
    if (!isSame)
      throw new StateError(
        `${name}: paramGroups has been replaced; change the options in a group, or use addParamGroup`,
      );
    for (const group of this.#groups) {
      check(name, group);
      for (const param of checkParams(name, group.params)) this.#checkNumbers(param);
    }
    checkDistinct(
      name,
      this.#groups.map((group) => group.params),
    );
  }

  /** Before any state is made. @throws StateError, in PyTorch's words, where a gradient has few rows and the optimizer does not take such. */
  #checkSparse(): void {
    const { name, sparse } = this.#kind;
    for (const group of this.#groups)
      for (const { grad } of group.params) {
        if (grad === null) continue;
        const isSparse = grad.rowCounts !== null;
        const refusal = isSparse
          ? sparse === undefined
            ? `${name} does not support sparse gradients`
            : sparse.refusal?.(group)
          : sparse?.refusesDense;
        if (typeof refusal === 'string') throw new StateError(refusal);
      }
  }

  /** Before any number moves: a compiled step may have left a gradient without numbers, or be training the parameter. */
  #checkNumbers(param: Tensor): void {
    if (wasConverted(param))
      throw new StateError(
        `${this.#kind.name}: a parameter of the model has been replaced by Module.to(dtype): make the optimizer behind it`,
      );
    const { storage, grad } = param;
    if (grad === null) return;
    if (currentTrace() !== null) return;
    grad.storage.assertNumbers();
    grad.rowCounts?.storage.assertNumbers();
    storage.assertUnpinned();
  }

  /** Tells a trace what the step depends on, and has it check the options, which are read again, before each run. */
  #guardGroups(): void {
    const now = currentTrace();
    if (now === null) return;
    const { name, check } = this.#kind;
    now.guard(this.paramGroups, 'length', () => this.paramGroups.length);
    this.#groups.forEach((group, index) => {
      now.guard(this, `group ${index}`, () => this.paramGroups[index]);
      now.guard(group, 'params', () => group.params);
      now.guard(group, 'number of params', () => group.params.length);
      for (const i of group.params.keys()) now.guard(group, `param ${i}`, () => group.params[i]);
      now.check(() => check(name, group));
    });
  }

  #readStates(
    caller: string,
    groups: readonly SavedGroup<Options>[],
    saved: ReadonlyMap<number, unknown>,
  ): Map<Tensor, LoadedState> {
    const states = new Map<Tensor, LoadedState>();
    const numbers = new Map(groups.flatMap(({ params }) => params).map((number, index) => [number, index]));
    const params = this.#params();
    for (const [number, state] of saved) {
      const index = numbers.get(number);
      if (index === undefined)
        throw new ArgumentError(`${caller}: there is state for a parameter ${number}, which no group has`);
      states.set(params[index]!, readState(caller, params[index]!, state, this.#kind.state, this.#kind.scalars?.names));
    }
    return states;
  }
}

markAsOwn(Optimizer);

export function assertNotTracing(caller: string): void {
  const now = currentTrace();
  if (now !== null) throw now.refuse(caller, 'call it outside of the function');
}

/** Arrays among the options (betas) are copied, so that no two groups share one. */
function copyOptions<T extends object>(options: T): T {
  const copies = Object.entries(options).map(([key, value]) => [key, isArray(value) ? [...value] : value]);
  return Object.fromEntries(copies) as T;
}

export function withGrad<T>(closure: () => T): T {
  const before = replaceGradMode(true);
  try {
    return closure();
  } finally {
    replaceGradMode(before);
  }
}
