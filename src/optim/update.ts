/** The step of an optimizer as one pointwise program for each parameter. */
import { currentOps } from '../ops/backend.js';
import type { DynamicScalar } from '../ops/ops.js';
import { type PointwiseProgram, plainCall } from '../ops/pointwise-program.js';
import type { Layout } from '../ops/roles.js';
import { emit } from '../pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../pointwise/expression.js';
import { allocate } from '../tensor/creation.js';
import { denseLayout, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Form } from './form.js';
import type { OptimizerKind, ScalarState } from './kind.js';
import type { ParamState } from './state.js';

/** What an update computes with, by name. */
export type Values = Readonly<Record<string, Expression | undefined>>;

/** An update for one form of a kind of optimizer. */
export interface Update {
  readonly program: PointwiseProgram;
  /** The state that it keeps for a parameter, by PyTorch's names. */
  readonly buffers: readonly string[];
  /** Whether the program is given the number of the step. */
  readonly countsSteps: boolean;
  /** What becomes of the numbers that are kept for a parameter, and the coefficients that follow from them. */
  readonly scalars: ScalarUpdate | null;
  /** Whether the last input of the program says how often each row was named: it leaves rows with 0 as they are. */
  readonly onlyRows: boolean;
}

/** Programs over one element each. */
interface ScalarUpdate {
  readonly names: readonly string[];
  readonly coefficientNames: readonly string[];
  readonly advancesFirst: boolean;
  /** From the numbers to the next ones. */
  readonly advance: PointwiseProgram;
  /** From the numbers to the coefficients. */
  readonly coefficients: PointwiseProgram;
}

type Rule = (
  values: Readonly<Record<string, Expression>>,
  numbers: Readonly<Record<string, Expression>>,
) => Readonly<Record<string, Expression | undefined>>;

/** A rule as a program: from inputs and numbers, and the step behind them, to results by name; an input that is not given back stays. */
function traceRule(
  inputs: readonly string[],
  numbers: readonly string[],
  countsSteps: boolean,
  results: readonly string[],
  rule: Rule,
): PointwiseProgram {
  const graph = new ExpressionGraph();
  const named = (names: readonly string[], make: (index: number) => Expression) =>
    Object.fromEntries(names.map((name, index) => [name, make(index)]));
  const scalars = countsSteps ? [...numbers, 'step'] : numbers;
  const given = named(inputs, (i) => graph.input(i));
  const options = named(scalars, (i) => graph.scalar(i));
  const { step, ...rest } = options;
  const found = rule({ ...given, ...(step === undefined ? {} : { step }) }, rest);
  const outputs = results.map((name) => graph.read(found[name] ?? given[name]));
  return emit(outputs, { inputs: inputs.length, scalars: scalars.length }).program;
}

/**
 * Traces an update.
 * @param rule is given the parameter, its gradient, the buffers and the number of the step (from 1), and the options; returns
 * the new parameter and buffers.
 * @param coefficients of the parameter that it is given in addition
 */
export function traceUpdate(
  buffers: readonly string[],
  numbers: readonly string[],
  countsSteps: boolean,
  rule: Rule,
  coefficients: readonly string[] = [],
): Update {
  const inputs = ['grad', 'param', ...buffers, ...coefficients];
  const program = traceRule(inputs, numbers, countsSteps, ['param', ...buffers], rule);
  return { program, buffers, countsSteps, scalars: null, onlyRows: false };
}

/** A rule that leaves everything as it is where `rowCounts` is 0. */
const ofNamedRows =
  (rule: Rule): Rule =>
  ({ rowCounts, ...values }, numbers) => {
    const found = Object.entries(rule(values, numbers));
    return Object.fromEntries(found.map(([name, next]) => [name, next && rowCounts!.eq(0).where(values[name]!, next)]));
  };

function traceScalars(state: ScalarState<never>, numbers: readonly string[]): ScalarUpdate {
  const { names, coefficientNames, advancesFirst } = state;
  const advance = traceRule(names, numbers, true, names, (values, given) => state.advance(values, given));
  const derive: Rule = (values, given) => state.coefficients(values, given);
  const coefficients = traceRule(names, numbers, true, coefficientNames, derive);
  return { names, coefficientNames, advancesFirst, advance, coefficients };
}

const updates = new WeakMap<object, Map<string, Update>>();

/** The update of a form, traced once. @param onlyRows of gradients that tell how often each row was named @internal */
export function updateOf<Options extends object>(kind: OptimizerKind<Options>, form: Form, onlyRows = false): Update {
  let ofKind = updates.get(kind);
  if (ofKind === undefined) updates.set(kind, (ofKind = new Map()));
  const key = [...Object.values(form), onlyRows].map(Number).join();
  const known = ofKind.get(key);
  if (known !== undefined) return known;
  const { required, uses, countsSteps } = kind.state;
  const buffers = [...required, ...(uses?.(form) ?? [])];
  const numbers = Object.keys(kind.numbers);
  const rule: Rule = (values, given) =>
    kind.update(values as Readonly<Record<'param' | 'grad' | 'step', Expression>>, given, form);
  const scalars = kind.scalars === undefined ? null : traceScalars(kind.scalars, numbers);
  const counts = scalars === null && (countsSteps || buffers.length > 0);
  const more = [...(scalars?.coefficientNames ?? []), ...(onlyRows ? ['rowCounts'] : [])];
  const update = traceUpdate(buffers, numbers, counts, onlyRows ? ofNamedRows(rule) : rule, more);
  const made = { ...update, scalars, onlyRows };
  ofKind.set(key, made);
  return made;
}

/** What a step of one parameter is made with: all memory is there before the first number moves. */
export interface StepArguments {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly buffers: readonly Tensor[];
  /** int32, counted up; null where steps are not counted. */
  readonly step: Tensor | null;
  readonly numbers: readonly DynamicScalar[];
  /** What {@link Update.scalars} work on; null where there are none. */
  readonly scalars: ScalarArguments | null;
}

interface ScalarArguments {
  readonly scalars: readonly Tensor[];
  readonly coefficients: readonly Tensor[];
  /** A copy of the step, for the first of the two programs that count it. */
  readonly stepBefore: Tensor;
}

/** The memory of a step of a parameter. */
export function stepArguments(
  update: Update,
  param: Tensor,
  numbers: readonly DynamicScalar[],
  stateOf: () => ParamState,
): StepArguments {
  const { buffers, countsSteps, scalars } = update;
  const isPlain = !countsSteps && scalars === null && buffers.length === 0;
  const state = isPlain ? null : stateOf();
  return {
    param,
    grad: param.grad!,
    buffers: buffers.map((name) => state!.buffer(name)),
    step: state?.step ?? null,
    numbers,
    scalars: scalars && {
      scalars: scalars.names.map((name) => state!.scalar(name)),
      coefficients: scalars.coefficientNames.map((name) => state!.coefficient(name)),
      stepBefore: allocate([], 'int32'),
    },
  };
}

/** Takes a step of one parameter. */
export function runUpdate(update: Update, given: StepArguments): void {
  const { param, grad, buffers, step, numbers, scalars } = given;
  if (update.scalars !== null) runScalars(update.scalars, given, true);
  const changed = [param.storage, ...buffers.map(({ storage }) => storage)];
  const coefficients = scalars?.coefficients ?? [];
  const counts = update.onlyRows ? [grad.rowCounts!] : [];
  currentOps().pointwise({
    ...plainCall,
    program: update.program,
    inputs: [grad.storage, ...changed, ...[...coefficients, ...counts].map(({ storage }) => storage)],
    scalars: numbers,
    outputs: changed,
    step: update.countsSteps ? (step?.storage ?? null) : null,
    layout: (update.onlyRows ? rowLayout : elementLayout)(param, 1 + changed.length, coefficients.length),
  });
  if (update.scalars !== null) runScalars(update.scalars, given, false);
}

/** Of tensors of the size of the parameter, and of coefficients: each is one element, read again and again. */
function elementLayout({ numel }: Tensor, tensors: number, coefficients: number): Layout {
  return denseLayout(numel, tensors + coefficients).fill(0, 1 + tensors);
}

/** The same over rows and their elements, with the counts of the rows behind them. */
function rowLayout({ shape }: Tensor, tensors: number, coefficients: number): Layout {
  const whole = stridesOf(shape);
  const tables = Array.from({ length: tensors }, () => whole);
  const ones = Array.from({ length: coefficients }, () => [0, 0]);
  return Float64Array.from([shape, ...tables, ...ones, [1, 0]].flat());
}

/** The programs of one element that come before the update of the parameter, or after it. */
function runScalars(update: ScalarUpdate, given: StepArguments, isBefore: boolean): void {
  const ops = currentOps();
  const { scalars, coefficients, stepBefore } = given.scalars!;
  const step = given.step!;
  const run = (program: PointwiseProgram, outputs: readonly Tensor[], counter: Tensor) =>
    ops.pointwise({
      ...plainCall,
      program,
      inputs: scalars.map(({ storage }) => storage),
      scalars: given.numbers,
      outputs: outputs.map(({ storage }) => storage),
      step: counter.storage,
      layout: denseLayout(1, scalars.length),
    });
  if (!isBefore) {
    if (!update.advancesFirst) run(update.advance, scalars, step);
    return;
  }
  ops.copy({
    x: step.storage,
    out: stepBefore.storage,
    layout: Float64Array.of(1, 1, 1),
    xOffset: 0,
    outOffset: 0,
  });
  if (update.advancesFirst) run(update.advance, scalars, stepBefore);
  run(update.coefficients, coefficients, update.advancesFirst ? step : stepBefore);
}
