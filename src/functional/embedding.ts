/** Rows of a table by index. */
import { checkBoolean, checkNumber, checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { formatShape } from '../tensor/shape.js';
import { noGrad, setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { to } from './cast.js';
import { ne } from './comparison.js';
import { checkRange } from './losses/reduction.js';
import { norm } from './norm.js';
import { PointwiseFunction } from './pointwise.js';
import { checkFloat, checkTensor, empty, expanded, filled, scalarOf, viewAs } from './support.js';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** The row that gets no gradient; counted from the end when negative. Default: none. */
  paddingIdx?: number | null;
  /** What the norms of rows that are used may be at most: those above are shrunk in `weight` itself. Default: none. */
  maxNorm?: number | null;
  /** The exponent of that norm. Default 2. */
  normType?: number;
  /** Whether gradients are divided by how often their row stands in the batch. Default false. */
  scaleGradByFreq?: boolean;
  /**
   * Whether optimizers change only the rows that are looked up, and their state, where they can: {@link optim.SGD} and {@link optim.Adagrad} without weight decay,
   * {@link optim.SparseAdam}; others refuse such gradients. The gradient is a dense tensor all the same. In a compiled step what it costs does not grow
   * with the table. Default false.
   */
  sparse?: boolean;
}

export const embeddingOptionNames = ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse'] as const;

/** Reads and checks options of a table with this number of rows. @internal */
export function readEmbeddingOptions(caller: string, options: EmbeddingOptions | undefined, rows: number) {
  const given = checkOptions(caller, options, embeddingOptionNames);
  const { paddingIdx = null, maxNorm = null, normType = 2, scaleGradByFreq = false, sparse = false } = given;
  if (maxNorm !== null) checkNumber(caller, 'maxNorm', maxNorm);
  checkNumber(caller, 'normType', normType);
  checkBoolean(caller, 'scaleGradByFreq', scaleGradByFreq);
  checkBoolean(caller, 'sparse', sparse);
  return { paddingIdx: readPadding(caller, paddingIdx, rows), maxNorm, normType, scaleGradByFreq, sparse };
}

function readPadding(caller: string, given: number | null, rows: number): number | null {
  if (given === null) return null;
  if (!Number.isSafeInteger(given))
    throw new ArgumentError(`${caller}: paddingIdx must be an integer, got ${show(given)}`);
  if (given >= rows || given < -rows) throw new ArgumentError(`${caller}: Padding_idx must be within num_embeddings`);
  return given < 0 ? given + rows : given;
}

/** grad times the factor of its row, and 0 where that is 0: not a product, which would be NaN for an infinite gradient. */
const scaled = new PointwiseFunction({
  inputs: 2,
  build: ([grad, factor]) => factor!.eq(0).where(0, grad!.mul(factor!)),
});
const shrinking = new PointwiseFunction({
  inputs: 1,
  scalars: 1,
  build: ([norm], [most]) => norm!.gt(most!).where(most!.div(norm!.add(1e-7)), 1),
});
const reciprocal = new PointwiseFunction({ inputs: 1, build: ([x]) => x!.reciprocal() });
/** a·b. @internal */
export const times = new PointwiseFunction({ gradName: 'MulBackward0', inputs: 2, build: ([a, b]) => a!.mul(b!) });

/**
 * The rows of weight that `input` names: output[..., :] = weight[input[...], :]. Gradient: rows of grad added up where they came from, none for
 * `paddingIdx`.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html | torch.nn.functional.embedding}
 * @param input int32 of any shape, each in [0, rows). @param weight [rows, width].
 * @throws ArgumentError when an index is out of range.
 */
export function embedding(input: Tensor, weight: Tensor, options?: EmbeddingOptions): Tensor {
  const caller = 'embedding';
  const [rows, width] = checkTable(caller, input, weight);
  const settings = readEmbeddingOptions(caller, options, rows);
  checkRange(input, 'index out of range in self', 0, rows - 1);
  return lookUp(input, weight, [rows, width], settings);
}

type Settings = ReturnType<typeof readEmbeddingOptions>;

/** @internal */
export function checkTable(caller: string, input: Tensor, weight: Tensor): [rows: number, width: number] {
  checkTensor(caller, input, 'an int32 Tensor');
  if (input.dtype !== 'int32') throw new ArgumentError(`${caller}: expected int32 indices, got ${input.dtype}`);
  checkFloat(`${caller}: weight`, weight);
  if (weight.ndim !== 2)
    throw new ShapeError(`${caller}: 'weight' must be 2-D, got shape ${formatShape(weight.shape)}`);
  return weight.shape as [number, number];
}

/** The rows, once everything has been checked. @internal */
export function lookUp(input: Tensor, weight: Tensor, [rows, width]: [number, number], settings: Settings): Tensor {
  const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = settings;
  const count = input.numel;
  const at = { index: input.storage, rows, width, count };
  if (maxNorm !== null) noGrad(() => shrinkRows(input, weight, maxNorm, normType));
  const output = empty([...input.shape, width], weight.dtype);
  currentOps().indexSelect({ x: weight.storage, out: output.storage, ...at });
  return setGradFn('EmbeddingBackward0', output, [weight], [input], (grad) => {
    if (sparse && scaleGradByFreq)
      throw new StateError('embedding_backward: scale_grad_by_freq not supported with sparse gradients');
    const factor = noGrad(() => factorsOf(viewAs(input, [count]), rows, paddingIdx, scaleGradByFreq, weight.dtype));
    const own =
      factor === null ? grad : scaled.compute('embedding', [viewAs(grad, [count, width]), viewAs(factor, [count, 1])]);
    const gradWeight = empty(weight.shape, weight.dtype);
    currentOps().indexAdd({ grad: own.storage, out: gradWeight.storage, ...at });
    if (sparse) {
      // A row that only padding names is not named.
      const each = factor ?? filled([count], 1, weight.dtype);
      gradWeight.rowCounts = empty([rows], weight.dtype);
      currentOps().indexAdd({ grad: each.storage, out: gradWeight.rowCounts.storage, ...at, width: 1 });
    }
    return [gradWeight];
  });
}

/** What the gradient of each row is multiplied by: 0 for padding, one over how often it stands there; null for 1 everywhere. */
function factorsOf(
  index: Tensor,
  rows: number,
  paddingIdx: number | null,
  byFrequency: boolean,
  dtype: Tensor['dtype'],
): Tensor | null {
  if (paddingIdx === null && !byFrequency) return null;
  const counts = paddingIdx === null ? null : to(ne(index, paddingIdx), dtype);
  if (!byFrequency) return counts;
  const at = { index: index.storage, rows, width: 1, count: index.numel };
  const [total, own] = [empty([rows], dtype), empty(index.shape, dtype)];
  const ones = expanded(scalarOf(1, dtype), index.shape);
  currentOps().indexAdd({ grad: ones.storage, out: total.storage, ...at });
  currentOps().indexSelect({ x: total.storage, out: own.storage, ...at });
  const share = reciprocal.compute('embedding', [own]);
  return counts === null ? share : times.compute('embedding', [share, counts]);
}

/** Shrinks the rows that are used, in place; a row that stands twice is written twice with the same numbers. */
function shrinkRows(input: Tensor, weight: Tensor, most: number, p: number): void {
  const [rows, width] = weight.shape as [number, number];
  const count = input.numel;
  if (count === 0 || width === 0) return;
  weight.assertWritable('embedding');
  const used = empty([count, width], weight.dtype);
  currentOps().indexSelect({ x: weight.storage, out: used.storage, index: input.storage, rows, width, count });
  const factor = shrinking.compute('embedding', [norm(used, p, { dim: 1, keepdim: true })], [most]);
  const shrunk = times.compute('embedding', [used, factor]);
  const index = expanded(viewAs(input.detach(), [count, 1]), [count, width]);
  const at = { index: index.storage, outer: 1, size: rows, count, inner: width };
  currentOps().scatter({ x: shrunk.storage, out: weight.storage, ...at });
}
