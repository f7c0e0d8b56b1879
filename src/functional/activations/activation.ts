/** What an activation is, as data: its function is made of it here, and its layer in `nn/activation-layer.ts`. */
import { checkBoolean, checkNumber, checkOptions } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Expression } from '../../pointwise/expression.js';
import type { Tensor } from '../../tensor/tensor.js';
import { PointwiseFunction } from '../pointwise.js';
import { checkFloat, checkTensor } from '../support.js';

/** A number that an activation is told, and its default; null: it has to be given. */
export type Setting = readonly [name: string, standard: number | null];

/** Numbers by position, all of them optional. */
export type Positional<S extends readonly Setting[]> = { -readonly [I in keyof S]?: number };

/** Numbers by name. */
export type Named<S extends readonly Setting[]> = { [Each in S[number] as Each[0]]: number };

/** Settings as a caller gives them: by position, as PyTorch's users write them, or by name. */
export type SettingArguments<S extends readonly Setting[]> =
  | Positional<S>
  | (S extends readonly [] ? [] : [options?: Partial<Named<S>>]);

type Scalars<S extends readonly Setting[]> = { readonly [Each in S[number] as Each[0]]: Expression };

/** What is written down of an activation. */
export interface ActivationDefinition<S extends readonly Setting[]> {
  /** Of the function; messages begin with it. */
  readonly name: string;
  /** Of the gradient, as PyTorch has it: `SiluBackward0`. */
  readonly gradName: string;
  /** In the order in which PyTorch takes them by position. */
  readonly settings: S;
  readonly build: (x: Expression, numbers: Scalars<S>) => Expression;
  /** The gradient, where the rules of the nodes do not give PyTorch's: at kinks, and where a branch that is not taken is infinite. */
  readonly gradient?: (grad: Expression, y: Expression, x: Expression, numbers: Scalars<S>) => Expression;
  /** Refuses numbers, with PyTorch's sentence. */
  readonly check?: (caller: string, numbers: Named<S>) => void;
  /** What the function does with integers. Default: it refuses them. */
  readonly integers?: (input: Tensor) => Tensor;
}

/** An activation that can be applied. */
export interface Activation<S extends readonly Setting[]> extends ActivationDefinition<S> {
  readonly function: PointwiseFunction;
}

/** A function of one tensor and of settings. */
export type ActivationFunction<S extends readonly Setting[]> = (
  input: Tensor,
  ...settings: SettingArguments<S>
) => Tensor;

type AnyActivation = Activation<readonly Setting[]>;

const known = new WeakMap<object, AnyActivation>();

/** What a function was made of. @internal */
export function activationOf<S extends readonly Setting[]>(made: ActivationFunction<S>): Activation<S> {
  return known.get(made) as AnyActivation as Activation<S>;
}

/** Makes the function of an activation. */
export function activation<const S extends readonly Setting[] = readonly []>(
  definition: ActivationDefinition<S>,
): ActivationFunction<S> {
  const { name, gradName, settings, build, gradient } = definition;
  const named = (scalars: readonly Expression[]) =>
    Object.fromEntries(settings.map(([setting], i) => [setting, scalars[i]!])) as Scalars<S>;
  const pointwise = new PointwiseFunction({
    gradName,
    inputs: 1,
    scalars: settings.length,
    build: ([x], scalars) => build(x!, named(scalars)),
    ...(gradient && { gradient: (grad, y, [x], scalars) => [gradient(grad, y, x!, named(scalars))] }),
  });
  const entry: Activation<S> = { ...definition, function: pointwise };
  const made: ActivationFunction<S> = (input, ...given) =>
    applyActivation(entry, name, checkTensor(name, input), readSettings(name, entry, given));
  Object.defineProperty(made, 'name', { value: name });
  known.set(made, entry as AnyActivation);
  return made;
}

/** The activation of a tensor, once its settings have been read. @internal */
export function applyActivation<S extends readonly Setting[]>(
  { function: pointwise, settings, check, integers }: Activation<S>,
  caller: string,
  input: Tensor,
  numbers: Named<S>,
): Tensor {
  check?.(caller, numbers);
  if (integers !== undefined && input?.dtype === 'int32') return integers(input);
  const scalars = settings.map(([setting]) => (numbers as Record<string, number>)[setting]!);
  return pointwise.apply(caller, [checkFloat(caller, input)], scalars);
}

/**
 * Settings by position, then by name in an object of options behind them.
 * @param flags names of booleans that may follow the numbers.
 */
export function readSettings<S extends readonly Setting[]>(
  caller: string,
  { settings }: { readonly settings: S },
  given: readonly unknown[],
  flags: readonly string[] = [],
): Named<S> & Record<string, unknown> {
  const names = [...settings.map(([name]) => name), ...flags];
  const options = given.findIndex((each) => !['number', 'boolean', 'undefined'].includes(typeof each));
  const count = options < 0 ? given.length : options;
  if (count > names.length || given.length > count + 1)
    throw new ArgumentError(
      `${caller}: expected ${names.length === 0 ? 'no settings' : `at most ${names.join(', ')}`}, got ${given.length} arguments`,
    );
  const named = checkOptions(caller, given[count] as Record<string, unknown> | undefined, names.slice(count));
  const values: Record<string, unknown> = {};
  names.forEach((name, i) => {
    const value = (i < count ? given[i] : undefined) ?? named[name] ?? settings[i]?.[1] ?? undefined;
    values[name] = i < settings.length ? checkNumber(caller, name, value) : checkBoolean(caller, name, value ?? false);
  });
  return values as Named<S> & Record<string, unknown>;
}
