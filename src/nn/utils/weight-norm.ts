import { show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { norm } from '../../functional/index.js';
import { noGrad } from '../../tensor/tape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkModule } from '../check-module.js';
import { fields } from '../fields.js';
import type { AnyModule } from '../module.js';
import { Parameter } from '../parameter.js';
import { className } from '../repr.js';

/** Parameters of a class that are computed of a size and a direction: name to dimension. */
const computed = Symbol('weight norm');

interface Normed {
  readonly [computed]?: { readonly name: string; readonly dim: number | null };
}

/** All dimensions but one; all of them for null. */
function otherDims(tensor: Tensor, dim: number | null): number[] {
  return [...tensor.shape.keys()].filter((each) => each !== dim);
}

/** The norm over all other dimensions, kept as 1; of everything, a scalar. */
function sizeOf(v: Tensor, dim: number | null): Tensor {
  if (dim === null) return norm(v);
  const over = otherDims(v, dim);
  return over.length === 0 ? v.abs() : norm(v, 2, { dim: over, keepdim: true });
}

/**
 * Replaces a parameter w of a module by its size and its direction: w = g·v/‖v‖, with the parameters `weight_g` and `weight_v` in its place, after the
 * others. The norm is taken over all dimensions but `dim` (null: over all). w is computed whenever `forward` reads it; its numbers are the same at first.
 *
 * The module gets a new class for that, derived from the one it has, with a property in the parameter's place.
 *
 * Salimans and Kingma, Weight Normalization (NeurIPS 2016);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html | torch.nn.utils.weight_norm}.
 * @returns the module.
 * @throws ArgumentError for a name that is no parameter of the module, or one that is normed already.
 */
export function weightNorm<M extends AnyModule>(module: M, name = 'weight', dim: number | null = 0): M {
  const caller = 'weightNorm';
  checkModule(caller, module);
  if (isNormed(module, name))
    throw new ArgumentError(`${caller}: Cannot register two weight_norm hooks on the same parameter ${name}`);
  const weight: unknown = Object.hasOwn(module, name) ? Reflect.get(module, name) : undefined;
  if (!(weight instanceof Parameter))
    throw new ArgumentError(`${caller}: ${className(module)} has no parameter ${show(name)}`);
  const at = dim === null || dim === -1 ? null : checkDim(caller, weight, dim);
  const [g, v] = noGrad(() => [sizeOf(weight, at).clone(), weight.detach().clone()]);
  module.registerParameter(`${name}_g`, new Parameter(g, weight.requiresGrad));
  module.registerParameter(`${name}_v`, new Parameter(v, weight.requiresGrad));
  module[fields].delete(name);
  Reflect.deleteProperty(module, name);
  Object.setPrototypeOf(module, normedClass(module, name, at).prototype);
  return module;
}

/**
 * Takes back what {@link weightNorm} has done: w is a parameter again, with the numbers that it has.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html | torch.nn.utils.remove_weight_norm}
 * @throws ArgumentError for a parameter that is not normed.
 */
export function removeWeightNorm<M extends AnyModule>(module: M, name = 'weight'): M {
  checkModule('removeWeightNorm', module);
  const prototype: (Normed & object) | null = Object.getPrototypeOf(module);
  // The norm that was added last has to go first: its class lies above the others.
  if (prototype?.[computed]?.name !== name || !Object.hasOwn(prototype, computed))
    throw new ArgumentError(`removeWeightNorm: weight_norm of '${name}' not found in ${className(module)}`);
  const weight = Reflect.get(module, name) as Tensor;
  const direction = Reflect.get(module, `${name}_v`) as Parameter;
  for (const part of [`${name}_g`, `${name}_v`]) {
    module[fields].delete(part);
    Reflect.deleteProperty(module, part);
  }
  Object.setPrototypeOf(module, Object.getPrototypeOf(prototype));
  module.registerParameter(
    name,
    new Parameter(
      noGrad(() => weight.detach().clone()),
      direction.requiresGrad,
    ),
  );
  return module;
}

function isNormed(module: object, name: string): boolean {
  for (let at: object | null = module; at !== null; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, computed) && (at as Normed)[computed]!.name === name) return true;
  return false;
}

function checkDim(caller: string, { ndim }: Tensor, dim: number): number {
  if (!Number.isSafeInteger(dim) || dim < -ndim || dim >= ndim)
    throw new ArgumentError(
      `${caller}: Dimension out of range (expected to be in range of [${-ndim}, ${ndim - 1}], but got ${show(dim)})`,
    );
  return dim < 0 ? dim + ndim : dim;
}

/** A class between the module and its own, so that copies of the module are of it too. */
function normedClass(module: AnyModule, name: string, dim: number | null): { prototype: object } {
  const Base = module.constructor as new () => AnyModule;
  const Normed = class extends Base {};
  Object.defineProperty(Normed, 'name', { value: Base.name });
  Object.defineProperty(Normed.prototype, computed, { value: { name, dim } });
  Object.defineProperty(Normed.prototype, name, {
    get(this: AnyModule): Tensor {
      const [g, v] = [`${name}_g`, `${name}_v`].map((part) => Reflect.get(this, part) as Parameter);
      return v!.mul(g!.div(sizeOf(v!, dim)));
    },
    configurable: true,
  });
  return Normed;
}
