/** Initial weights that take more than one draw each. */
import { checkNumber, checkOptions, show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { erf } from '../../functional/elementwise.js';
import { checkFloat, checkTensor } from '../../functional/support.js';
import type { FloatArray } from '../../ops/ops.js';
import { currentTrace } from '../../ops/trace.js';
import { defaultGenerator, drawnFrom, Generator } from '../../random/generator.js';
import { isFloat32Array } from '../../realm.js';
import { tensor as tensorOf } from '../../tensor/from-values.js';
import { zeros } from '../../tensor/host-memory.js';
import { Storage } from '../../tensor/storage.js';
import { noGrad } from '../../tensor/tape.js';
import { Tensor } from '../../tensor/tensor.js';
import type { InitOptions } from './fills.js';

/** Everything that could refuse the tensor is looked at before anything is drawn. */
function prepare(caller: string, tensor: Tensor, options: InitOptions | undefined): Generator {
  checkFloat(caller, tensor);
  const { generator = defaultGenerator } = checkOptions(caller, options, ['generator']);
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
  const now = currentTrace();
  if (now !== null)
    throw now.refuse(`${caller}()`, 'how often it draws depends on what it has drawn; initialize outside');
  noGrad(() => tensor.assertWritable(caller));
  tensor.storage.assertUnpinned();
  return drawnFrom(generator);
}

const roomFor = (tensor: Tensor): FloatArray => zeros(tensor.dtype, tensor.numel) as FloatArray;

function put(tensor: Tensor, values: FloatArray): Tensor {
  return noGrad(() => tensor.copy_(new Tensor(new Storage(tensor.dtype, values), tensor.shape)));
}

/** The distribution function of the standard normal distribution. */
const cumulative = (x: number): number => (1 + erf(tensorOf(Float64Array.of(x / Math.SQRT2))).item()) / 2;

/**
 * Fills with normal numbers that lie in [a, b]: drawn again until they do, or, where few would, by rejection from a uniform distribution. The order
 * of draws is that of PyTorch 2.13: each round draws a whole tensor.
 * As {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_ | torch.nn.init.trunc_normal_}.
 * @throws ArgumentError for a > b, or a std that is not greater than 0.
 */
export function truncNormal_(tensor: Tensor, mean = 0, std = 1, a = -2, b = 2, options?: InitOptions): Tensor {
  const caller = 'truncNormal_';
  checkTensor(caller, tensor);
  for (const [what, value] of Object.entries({ mean, std, a, b })) checkNumber(caller, what, value);
  if (!(std > 0)) throw new ArgumentError(`${caller}: std must be greater than 0, got ${std}`);
  if (a > b)
    throw new ArgumentError(`${caller}: uniform_ expects to return a [from, to) range, but found from=${a} > to=${b}`);
  const generator = prepare(caller, tensor, options);
  if (mean < a - 2 * std || mean > b + 2 * std)
    process.emitWarning(
      'mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.',
      { code: 'LANEWISE_TRUNC_NORMAL' },
    );
  const share = cumulative((b - mean) / std) - cumulative((a - mean) / std);
  const values = roomFor(tensor);
  if (share > 0.3) drawUntilInside(generator, values, mean, std, a, b);
  else drawByRejection(generator, values, mean, std, a, b);
  return put(tensor, values);
}

function drawUntilInside(generator: Generator, values: FloatArray, mean: number, std: number, a: number, b: number) {
  // Bounds as the dtype has them.
  const [low, high] = isFloat32Array(values) ? [Math.fround(a), Math.fround(b)] : [a, b];
  generator.normalFill(values, mean, std);
  const isInside = (value: number) => value >= low && value <= high;
  while (!values.every(isInside)) {
    const again = values.slice();
    generator.normalFill(again, mean, std);
    for (let i = 0; i < values.length; i++) if (!isInside(values[i]!)) values[i] = again[i]!;
  }
}

function drawByRejection(generator: Generator, values: FloatArray, mean: number, std: number, a: number, b: number) {
  const peak = -0.5 * ((Math.max(a, Math.min(mean, b)) - mean) / std) ** 2;
  const f = isFloat32Array(values) ? Math.fround : (x: number) => x;
  const [m, s, top] = [f(mean), f(std), f(peak)];
  const heights = values.slice();
  const candidates = values.slice();
  const draw = (array: FloatArray, from: number, to: number) => generator.uniformFill(array, from, to);
  /** Whether a candidate lies above the density. */
  const isRefused = (i: number) => {
    const distance = f(f(candidates[i]! - m) / s);
    return f(Math.log(heights[i]!)) > f(f(f(distance * distance) * -0.5) - top);
  };
  let pending = Array.from(values, () => true);
  do {
    draw(candidates, a, b);
    for (let i = 0; i < values.length; i++) if (pending[i]) values[i] = candidates[i]!;
    draw(heights, 0, 1);
    pending = pending.map((is, i) => is && isRefused(i));
  } while (pending.includes(true));
}

/**
 * Fills with a (semi-)orthogonal matrix, uniformly distributed, times gain: the rows or the columns, whichever are fewer, are orthogonal. Dimensions behind the
 * first are taken together.
 * Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear neural networks (2013); Mezzadri, How to generate random
 * matrices from the classical compact groups (2007);
 * {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_ | torch.nn.init.orthogonal_}, to rounding.
 * @throws ShapeError for fewer than 2 dimensions.
 */
export function orthogonal_(tensor: Tensor, gain = 1, options?: InitOptions): Tensor {
  const caller = 'orthogonal_';
  if (checkTensor(caller, tensor).ndim < 2)
    throw new ShapeError(`${caller}: Only tensors with 2 or more dimensions are supported`);
  checkNumber(caller, 'gain', gain);
  if (tensor.numel === 0) return tensor;
  const generator = prepare(caller, tensor, options);
  const rows = tensor.shape[0]!;
  const columns = tensor.numel / rows;
  const values = roomFor(tensor);
  generator.normalFill(values, 0, 1);
  const isWide = rows < columns;
  const [count, length] = isWide ? [rows, columns] : [columns, rows];
  const place = (vector: number, i: number) => (isWide ? vector * columns + i : i * columns + vector);
  const vectors = Array.from({ length: count }, (_, v) =>
    Float64Array.from({ length }, (_, i) => values[place(v, i)]!),
  );
  orthogonalize(vectors);
  vectors.forEach((vector, v) => {
    for (let i = 0; i < length; i++) values[place(v, i)] = vector[i]! * gain;
  });
  return put(tensor, values);
}

/**
 * Makes vectors orthonormal, each in the plane of those before it and itself: modified Gram and Schmidt in float64, which loses as many digits as the
 * vectors are near to dependent, few for random ones. It is the QR decomposition whose diagonal of R is positive.
 */
function orthogonalize(vectors: readonly Float64Array[]): void {
  vectors.forEach((vector, v) => {
    let square = 0;
    for (const each of vector) square += each * each;
    const length = Math.sqrt(square);
    for (let i = 0; i < vector.length; i++) vector[i]! /= length;
    for (const other of vectors.slice(v + 1)) {
      let dot = 0;
      for (let i = 0; i < vector.length; i++) dot += vector[i]! * other[i]!;
      for (let i = 0; i < vector.length; i++) other[i]! -= dot * vector[i]!;
    }
  });
}

/**
 * Fills a matrix with N(0, std²) and sets ceil(sparsity·rows) elements of each column, drawn by permutations of the default generator as in PyTorch, to 0.
 * Martens, Deep learning via Hessian-free optimization (ICML 2010);
 * {@link https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_ | torch.nn.init.sparse_}.
 * @param options its generator draws the numbers, not the permutations: PyTorch's too.
 * @throws ShapeError for another number of dimensions.
 */
export function sparse_(tensor: Tensor, sparsity: number, std = 0.01, options?: InitOptions): Tensor {
  const caller = 'sparse_';
  if (checkTensor(caller, tensor).ndim !== 2)
    throw new ShapeError(`${caller}: Only tensors with 2 dimensions are supported`);
  checkNumber(caller, 'sparsity', sparsity);
  if (!(checkNumber(caller, 'std', std) >= 0))
    throw new ArgumentError(`${caller}: normal expects std >= 0.0, but found std ${std}`);
  const generator = prepare(caller, tensor, options);
  const [rows, columns] = tensor.shape as [number, number];
  const values = roomFor(tensor);
  generator.normalFill(values, 0, std);
  const zeroes = Math.ceil(sparsity * rows);
  for (let column = 0; column < columns; column++) {
    const order = drawnFrom(defaultGenerator).randperm(rows);
    for (const row of order.slice(0, zeroes)) values[row * columns + column] = 0;
  }
  return put(tensor, values);
}
