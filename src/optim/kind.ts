/** What tells one kind of optimizer from another. */
import type { DynamicScalar } from '../ops/ops.js';
import type { Expression } from '../pointwise/expression.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Form } from './form.js';

/** What every optimizer has to set. */
export interface BaseOptions {
  /** Learning rate. */
  lr: number;
}

/** As the type of a method, so that an Adam is an Optimizer to a function that takes any. */
type ReadNumber<Options> = { read(group: Readonly<Options>): number }['read'];

/** What tells one kind of optimizer from another: everything that `class MyRule extends Optimizer` has to give. */
export interface OptimizerKind<
  Options extends object,
  NumberName extends string = string,
  StateName extends string = string,
  CoefficientName extends string = never,
> {
  /** For messages. */
  readonly name: string;
  /** Options that neither constructor nor group gives. */
  readonly defaults: Readonly<Options>;
  /** Throws an ArgumentError unless all options of a group are valid. */
  check(caller: string, options: Readonly<Options>): void;
  /** The numbers that the update computes with, by name. They are read at each step, so that schedules act on compiled steps. */
  readonly numbers: Readonly<Record<NumberName, ReadNumber<Options>>>;
  /** Flags that choose what the update does: a compiled step is traced again when one changes. Default: none. */
  form?(group: Readonly<Options>): Form;
  /** The state that it keeps for a parameter, by PyTorch's names: tensors of its shape. */
  readonly state: {
    /** What a parameter that has been stepped has in any case. */
    readonly required: readonly StateName[];
    /** What it has in some forms only. */
    readonly optional: readonly StateName[];
    /** Whether the state dict has a `step`. */
    readonly countsSteps: boolean;
    /** Which of the optional ones a form has. Default: none. */
    uses?(form: Form): readonly StateName[];
    /** What stands in them before the first step, in a group of such options. Default: 0. */
    initial?(group: Readonly<Options>): Readonly<Partial<Record<StateName, number>>>;
    /** Whether it is made, and saved, as soon as the optimizer has the parameter, not at its first step. Default false. */
    isMadeAtOnce?: boolean;
  };
  /** What it does with gradients of the rows of a table with `sparse`. Default: it refuses them. */
  readonly sparse?: {
    /** Whether the step of a group of this form changes the rows that were looked up, and leaves the others and their state; else it takes the gradient as it is. */
    onlyRows(form: Form): boolean;
    /** Why a group cannot take them, or null. Default: it can. */
    refusal?(group: Readonly<Options>): string | null;
    /** What it says of all other gradients. Default: it takes these, too. */
    readonly refusesDense?: string;
  };
  /** Numbers that it keeps for a parameter in addition, as float32. Default: none. */
  readonly scalars?: ScalarState<Options, NumberName>;
  /**
   * What {@link update} has as `grad`, where that takes more than its elements: products, say. It may write state. Called without a tape, also while a
   * function is traced; numbers are read when the ops run. Default: the gradient.
   */
  direction?(
    given: {
      readonly param: Tensor;
      readonly grad: Tensor;
      /** State, by its name. */
      readonly buffer: (name: StateName) => Tensor;
    },
    numbers: Readonly<Record<NumberName, DynamicScalar>>,
    form: Form,
  ): Tensor;
  /**
   * One step, elementwise: from `param`, `grad`, the state by its names and `step` (1 at the first, where there is state) to the
   * new `param` and state. Where there are {@link scalars}, it has their coefficients instead of `step`. Sums and products are rounded one by one; `x.fma(y, z)` is x·y + z rounded once.
   */
  update(
    values: Readonly<Record<'param' | 'grad' | 'step' | StateName | CoefficientName, Expression>>,
    numbers: Readonly<Record<NumberName, Expression>>,
    form: Form,
  ): Readonly<
    {
      /** The new parameter. */
      param: Expression;
    } & Partial<Record<StateName, Expression>>
  >;
}

/**
 * State that is one number for a parameter, and what an update has of it. Kept as float32, as PyTorch keeps it also for parameters of float64.
 * What depends on it is computed once for a parameter, not for each of its elements.
 */
export interface ScalarState<Options extends object, NumberName extends string = string> {
  /** By PyTorch's names. */
  readonly names: readonly string[];
  /** What they are before the first step, in a group of such options. */
  initial(group: Readonly<Options>): Readonly<Record<string, number>>;
  /** Whether {@link coefficients} go by the numbers after {@link advance}, not by those before it. */
  readonly advancesFirst: boolean;
  /** The numbers after a step, from those before it and `step` (1 at the first). */
  advance(
    values: Readonly<Record<string, Expression>>,
    numbers: Readonly<Record<NumberName, Expression>>,
  ): Readonly<Record<string, Expression>>;
  /** What {@link OptimizerKind.update} is given, from the numbers and `step`. In the dtype of the parameter. */
  readonly coefficientNames: readonly string[];
  /** By {@link coefficientNames}. */
  coefficients(
    values: Readonly<Record<string, Expression>>,
    numbers: Readonly<Record<NumberName, Expression>>,
  ): Readonly<Record<string, Expression>>;
}
