/** Pointwise functions of the caller's own. */
import { checkNumber, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { emit } from '../pointwise/emit.js';
import { Expression, ExpressionGraph } from '../pointwise/expression.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOperands, floatDtype, type Operand, toTensor } from './operands.js';
import { PointwiseFunction } from './pointwise.js';

/** Options of {@link pointwise}. */
export interface PointwiseOptions {
  /** For messages and for `gradFn`. Default: the name of the function, or `pointwise`. */
  name?: string;
}

/** A tensor, or a number in its place, for each expression. */
type Arguments<Parameters extends readonly Expression[]> = { [K in keyof Parameters]: Operand };

/** The numbers of a call, and what stands for them in the formula. */
type Numbers<Name extends string> = Readonly<Record<Name, number>>;
type Expressions<Name extends string> = Readonly<Record<Name, Expression>>;
type ScalarOptions<Name extends string> = PointwiseOptions & { scalars: Numbers<Name> };
/** How many tensors there are, from two on: with it the compiler knows the types of the formula's parameters. */
type Inputs<Count extends number> = { inputs: Count };

/**
 * Makes a differentiable function of a formula for one element. The formula is traced once, on {@link Expression | expressions} instead of
 * tensors; its gradient follows by rule. The function broadcasts its tensors, runs as one pass over memory, and becomes a part of
 * what stands before or behind it when it is compiled: the epilogue of a linear layer, say.
 *
 * ```ts
 * const swish = pointwise((x, { beta }) => x.mul(x.mul(beta).sigmoid()), { scalars: { beta: 1 } });
 * swish(x);
 * swish(x, { beta: 1.5 });
 * const mish = pointwise((x) => x.mul(x.exp().log1p().tanh()));
 * ```
 * int32 tensors are converted to float32; float32 and float64 together give float64. Everything in the formula is rounded to the
 * tensors' dtype one by one, but what depends on scalars alone, which is computed in float64.
 * @param formula computes with the methods of expressions and with numbers. Choose with `where`: an expression has no value to branch on.
 * @param options `scalars`: names and defaults of numbers that are given at each call, in an object behind the tensors.
 * `inputs`: how many tensors it takes, to be given from two on.
 * @throws ArgumentError when the formula returns no expression, or another one when it is called again.
 */
export function pointwise<Name extends string>(
  formula: (x: Expression, numbers: Expressions<Name>) => Expression,
  options: ScalarOptions<Name> & Partial<Inputs<1>>,
): (x: Tensor | number, numbers?: Partial<Numbers<Name>>) => Tensor;
/** The same of two tensors. */
export function pointwise<Name extends string>(
  formula: (x: Expression, y: Expression, numbers: Expressions<Name>) => Expression,
  options: ScalarOptions<Name> & Inputs<2>,
): (x: Tensor | number, y: Tensor | number, numbers?: Partial<Numbers<Name>>) => Tensor;
/** The same of three tensors. */
export function pointwise<Name extends string>(
  formula: (x: Expression, y: Expression, z: Expression, numbers: Expressions<Name>) => Expression,
  options: ScalarOptions<Name> & Inputs<3>,
): (x: Tensor | number, y: Tensor | number, z: Tensor | number, numbers?: Partial<Numbers<Name>>) => Tensor;
/** The same without numbers, of any count of tensors. */
export function pointwise<Parameters extends readonly Expression[]>(
  formula: (...inputs: Parameters) => Expression,
  options?: PointwiseOptions,
): (...inputs: Arguments<Parameters>) => Tensor;
export function pointwise(
  formula: (...inputs: never[]) => Expression,
  options?: PointwiseOptions & { scalars?: Numbers<string>; inputs?: number },
): (...inputs: unknown[]) => Tensor {
  if (typeof formula !== 'function') throw new ArgumentError(`pointwise: expected a function, got ${show(formula)}`);
  const { name = formula.name || 'pointwise', scalars } = checkOptions('pointwise', options, [
    'name',
    'scalars',
    'inputs',
  ]);
  if (typeof name !== 'string') throw new ArgumentError(`pointwise: name must be a string, got ${show(name)}`);
  const defaults = scalars === undefined ? null : readScalars(scalars);
  const names = Object.keys(defaults ?? {});
  const inputs = formula.length - (defaults === null ? 0 : 1);
  if (options?.inputs !== undefined && options.inputs !== inputs)
    throw new ArgumentError(
      `pointwise: ${name} takes ${inputs} tensors, not the ${show(options.inputs)} that inputs says`,
    );
  if (inputs < 1) throw new ArgumentError(`pointwise: ${name} takes no tensor; its parameters have no defaults`);
  const build = (given: readonly Expression[], numbers: readonly Expression[]): Expression => {
    const named = Object.fromEntries(names.map((each, i) => [each, numbers[i]!]));
    const result: unknown = Reflect.apply(formula, undefined, defaults === null ? given : [...given, named]);
    if (!(result instanceof Expression) && typeof result !== 'number')
      throw new ArgumentError(`pointwise: ${name} must return an expression, got ${show(result)}`);
    return given[0]!.graph.read(result);
  };
  const gradName = `${name[0]!.toUpperCase()}${name.slice(1)}Backward`;
  const made = new PointwiseFunction({ gradName, inputs, scalars: names.length, build });
  assertPure(name, made, inputs, names.length, build);
  return (...given: unknown[]): Tensor => {
    const tensors = readTensors(name, given, inputs, defaults !== null);
    return made.apply(name, tensors, defaults === null ? [] : readNumbers(name, given[inputs], defaults));
  };
}

/** A formula that is not a function of its arguments alone would be another one in each program. */
function assertPure(
  name: string,
  made: PointwiseFunction,
  inputs: number,
  scalars: number,
  build: (inputs: readonly Expression[], scalars: readonly Expression[]) => Expression,
): void {
  const graph = new ExpressionGraph();
  const again = build(
    Array.from({ length: inputs }, (_, i) => graph.input(i)),
    Array.from({ length: scalars }, (_, i) => graph.scalar(i)),
  );
  if (emit([again]).program !== made.program)
    throw new ArgumentError(
      `pointwise: ${name} gives another expression when it is called again; a formula must depend on its arguments alone`,
    );
}

function readScalars(scalars: unknown): Numbers<string> {
  if (typeof scalars !== 'object' || scalars === null)
    throw new ArgumentError(`pointwise: scalars must be an object of numbers, got ${show(scalars)}`);
  for (const [name, value] of Object.entries(scalars)) checkNumber('pointwise', name, value);
  return { ...(scalars as Numbers<string>) };
}

function readNumbers(caller: string, given: unknown, defaults: Numbers<string>): number[] {
  const numbers = { ...defaults, ...checkOptions(caller, given as Partial<Numbers<string>>, Object.keys(defaults)) };
  return Object.entries(numbers).map(([name, value]) => checkNumber(caller, name, value));
}

function readTensors(caller: string, given: readonly unknown[], inputs: number, hasNumbers: boolean): Tensor[] {
  const most = inputs + (hasNumbers ? 1 : 0);
  if (given.length < inputs || given.length > most)
    throw new ArgumentError(
      `${caller}: expected ${inputs} ${inputs === 1 ? 'tensor' : 'tensors'}, got ${given.length} arguments`,
    );
  const operands = given.slice(0, inputs) as Operand[];
  checkOperands(caller, ...operands);
  const dtype = floatDtype(operands);
  return operands.map((operand) => toTensor(caller, operand, dtype));
}
