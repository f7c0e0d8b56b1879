/** Comparing gradients with differences. */
import { checkBoolean, checkNumber, checkOptions, show } from '../check.js';
import { ArgumentError, StateError } from '../errors.js';
import { isArray } from '../realm.js';
import { grad } from '../tensor/autograd.js';
import { tensor } from '../tensor/from-values.js';
import { enableGrad, noGrad } from '../tensor/grad-scope.js';
import { Tensor } from '../tensor/tensor.js';

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /** Half the distance between the points of a difference. Default 1e-6. */
  eps?: number;
  /** How far a derivative may be off. Default 1e-5. */
  atol?: number;
  /** The same as a share of the difference. Default 1e-3. */
  rtol?: number;
  /** Whether a mismatch is an error, or `false` is returned. Default true. */
  raiseException?: boolean;
}

type Fn = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/**
 * Compares the gradients of a function with central differences, at some inputs, element by element: |analytical - numerical| <= atol + rtol·|numerical|.
 * Inputs had better be float64; others earn a warning. Those that require no gradient, and int32 ones, are passed on as they are.
 *
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html | torch.autograd.gradcheck}
 *
 * @param fn gives a tensor, or an array of tensors
 * @returns true, or false for a mismatch without `raiseException`.
 * @throws StateError for a mismatch, in PyTorch's words, with both Jacobians; ArgumentError for other arguments.
 */
export function gradcheck(fn: Fn, inputs: Tensor | readonly Tensor[], options?: GradcheckOptions): boolean {
  const caller = 'gradcheck';
  if (typeof fn !== 'function') throw new ArgumentError(`${caller}: expected a function, got ${show(fn)}`);
  const given = checkOptions(caller, options, ['eps', 'atol', 'rtol', 'raiseException']);
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, raiseException = true } = given;
  for (const [name, value] of Object.entries({ eps, atol, rtol })) checkNumber(caller, name, value);
  checkBoolean(caller, 'raiseException', raiseException);
  const points: readonly unknown[] = isArray(inputs) ? inputs : [inputs];
  const all = points.map((point) => {
    if (point instanceof Tensor) return point;
    throw new ArgumentError(`${caller}: inputs must be tensors, got ${show(point)}`);
  });
  const wanted = [...all.keys()].filter((i) => all[i]!.requiresGrad);
  if (wanted.length === 0)
    throw new ArgumentError(
      `${caller}: gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.`,
    );
  for (const i of wanted)
    if (all[i]!.dtype !== 'float64')
      process.emitWarning(
        `Input #${i} requires gradient and is not a double precision floating point. This check will likely fail if all the inputs are not of ` +
          'double precision floating point.',
        { code: 'LANEWISE_GRADCHECK' },
      );
  const outputs = outputsOf(
    caller,
    enableGrad(() => fn(...all)),
  );
  for (const [o, output] of outputs.entries()) {
    if (!output.requiresGrad) continue;
    const analytical = analyticalOf(
      output,
      wanted.map((i) => all[i]!),
    );
    for (const [position, i] of wanted.entries()) {
      const numerical = numericalOf((...args) => outputsOf(caller, fn(...args))[o]!, all, i, eps);
      if (isClose(analytical[position]!, numerical, atol, rtol)) continue;
      if (!raiseException) return false;
      const show = (jacobian: Jacobian) => String(tensor(jacobian as number[][], { dtype: 'float64' }));
      throw new StateError(
        `${caller}: Jacobian mismatch for output ${o} with respect to input ${i},\n` +
          `numerical:${show(numerical)}\nanalytical:${show(analytical[position]!)}\n`,
      );
    }
  }
  return true;
}

/** [elements of the input][elements of the output] */
type Jacobian = readonly (readonly number[])[];

function outputsOf(caller: string, value: unknown): Tensor[] {
  const list: readonly unknown[] = isArray(value) ? value : [value];
  return list.map((each) => {
    if (each instanceof Tensor) return each;
    throw new ArgumentError(`${caller}: the function must give tensors, got ${show(each)}`);
  });
}

function analyticalOf(output: Tensor, inputs: readonly Tensor[]): Jacobian[] {
  const rows = Array.from({ length: output.numel }, (_, element) => {
    const seed = Float64Array.from({ length: output.numel }, (_, i) => Number(i === element));
    const gradOutputs = tensor(seed, { shape: output.shape }).to(output.dtype);
    const grads = grad(output, inputs, { gradOutputs, retainGraph: true, allowUnused: true });
    return grads.map((each, i) =>
      each === null ? new Array<number>(inputs[i]!.numel).fill(0) : [...each.toTypedArray()],
    );
  });
  return inputs.map(({ numel }, i) =>
    Array.from({ length: numel }, (_, element) => rows.map((row) => row[i]![element]!)),
  );
}

function numericalOf(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  which: number,
  eps: number,
): Jacobian {
  const point = inputs[which]!;
  const values = Float64Array.from(point.toTypedArray());
  const at = (element: number, shift: number) => {
    const moved = tensor(values.with(element, values[element]! + shift), { shape: point.shape }).to(point.dtype);
    const args = inputs.map((input, i) => (i === which ? moved : input.detach()));
    return Float64Array.from(noGrad(() => fn(...args)).toTypedArray());
  };
  return Array.from({ length: point.numel }, (_, element) => {
    const [above, below] = [at(element, eps), at(element, -eps)];
    return Array.from(above, (value, i) => (value - below[i]!) / (2 * eps));
  });
}

function isClose(a: Jacobian, b: Jacobian, atol: number, rtol: number): boolean {
  return a.every((row, i) =>
    row.every((value, j) => value === b[i]![j]! || Math.abs(value - b[i]![j]!) <= atol + rtol * Math.abs(b[i]![j]!)),
  );
}
