/** The step of an optimizer as one pointwise program for each parameter. */
import { currentOps } from '../ops/backend.js';
import type { DynamicScalar } from '../ops/ops.js';
import { type PointwiseProgram, plainCall } from '../ops/pointwise-program.js';
import { emit } from '../pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../pointwise/expression.js';
import { denseLayout } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** What an update computes with, by name. */
export type Values = Readonly<Record<string, Expression | undefined>>;

/** Flags that choose what an update does. */
export type Form = Readonly<Record<string, boolean>>;

/** An update for one form of a kind of optimizer. */
export interface Update {
  readonly program: PointwiseProgram;
  /** The state that it keeps for a parameter, by PyTorch's names. */
  readonly buffers: readonly string[];
  readonly countsSteps: boolean;
}

/**
 * Traces an update.
 * @param rule is given the parameter, its gradient, the buffers and the number of the step (from 1), and the options; returns
 * the new parameter and buffers.
 */
export function traceUpdate(
  buffers: readonly string[],
  numbers: readonly string[],
  countsSteps: boolean,
  rule: (values: Readonly<Record<string, Expression>>, numbers: Readonly<Record<string, Expression>>) => Values,
): Update {
  const graph = new ExpressionGraph();
  const named = (names: readonly string[], make: (index: number) => Expression) =>
    Object.fromEntries(names.map((name, index) => [name, make(index)]));
  const inputs = ['grad', 'param', ...buffers];
  const scalars = countsSteps ? [...numbers, 'step'] : numbers;
  const given = named(inputs, (i) => graph.input(i));
  const options = named(scalars, (i) => graph.scalar(i));
  const { step, ...rest } = options;
  const results = rule({ ...given, ...(step === undefined ? {} : { step }) }, rest);
  // A buffer that is not given back stays as it is.
  const outputs = ['param', ...buffers].map((name) => graph.read(results[name] ?? given[name]));
  const { program } = emit(outputs, { inputs: inputs.length, scalars: scalars.length });
  return { program, buffers, countsSteps };
}

/** What a step of one parameter is made with: all memory is there before the first number moves. */
export interface StepArguments {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly buffers: readonly Tensor[];
  /** int32, counted up; null where steps are not counted. */
  readonly step: Tensor | null;
  readonly numbers: readonly DynamicScalar[];
}

/** Takes a step of one parameter. */
export function runUpdate({ program }: Update, { param, grad, buffers, step, numbers }: StepArguments): void {
  const changed = [param.storage, ...buffers.map(({ storage }) => storage)];
  currentOps().pointwise({
    ...plainCall,
    program,
    inputs: [grad.storage, ...changed],
    scalars: numbers,
    outputs: changed,
    step: step?.storage ?? null,
    layout: denseLayout(param.numel, 1 + changed.length),
  });
}
