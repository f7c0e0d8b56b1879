import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { to } from '../functional/cast.js';
import type { DType } from '../ops/ops.js';
import { currentTrace } from '../ops/trace.js';
import { noteConverted } from '../tensor/converted.js';
import { noGrad } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { HookedModule } from './hooked-module.js';
import { Parameter } from './parameter.js';
import { className } from './repr.js';

/** The dtypes that a module can have. */
export type FloatDType = Exclude<DType, 'int32'>;

const dtypes: readonly unknown[] = ['float32', 'float64'];

/** The part of {@link Module} that changes its dtype. */
export abstract class ConvertibleModule<In extends readonly unknown[], Out> extends HookedModule<In, Out> {
  /** The parameters of this module and those below it, each once. */
  abstract parameters(): Parameter[];
  /** The buffers of this module and those below it, each once. */
  abstract buffers(): Tensor[];
  /** This module and all below it, each once, from the top. */
  abstract modules(): HookedModule<never, unknown>[];

  /**
   * Has all parameters and buffers with fractions, of this module and those below it, in another dtype, with their gradients; integers stay. Returns this.
   *
   * Other parameters take the places of those there are, so **make the optimizer behind it**: `step` of one that was made before is an error. (In PyTorch, where the
   * memory of a parameter can be exchanged, it would go on.) Tied parameters stay tied; a module that has the dtype already is left alone.
   *
   * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to | torch.nn.Module.to}.
   *
   * @throws ArgumentError for another dtype; StateError while a function is traced.
   */
  to(dtype: FloatDType): this {
    const caller = `${className(this)}.to`;
    if (!dtypes.includes(dtype))
      throw new ArgumentError(
        `${caller}: nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${show(dtype)}`,
      );
    const now = currentTrace();
    if (now !== null) throw now.refuse(`${caller}()`, 'call it outside of the function');
    const made = new Map<unknown, Tensor>();
    for (const each of [...this.parameters(), ...this.buffers()])
      if (each.dtype !== 'int32' && each.dtype !== dtype) made.set(each, convert(each, dtype));
    for (const module of this.modules())
      for (const key of Object.keys(module)) {
        const other = made.get(Reflect.get(module, key));
        if (other !== undefined) Reflect.set(module, key, other);
      }
    for (const each of made.keys()) noteConverted(each as Tensor);
    return this;
  }

  /** float64, which the reference computes whatever the backend: {@link to}. Returns this. */
  double(): this {
    return this.to('float64');
  }

  /** float32: {@link to}. Returns this. */
  float(): this {
    return this.to('float32');
  }
}

function convert(tensor: Tensor, dtype: FloatDType): Tensor {
  return noGrad(() => {
    const other = to(tensor, dtype);
    if (!(tensor instanceof Parameter)) return other;
    const parameter = new Parameter(other, tensor.requiresGrad);
    parameter.hooks = tensor.hooks;
    // A compiled step may have used the numbers of the gradient up.
    if (tensor.grad?.storage.hasNumbers) parameter.grad = to(tensor.grad, dtype);
    return parameter;
  });
}
