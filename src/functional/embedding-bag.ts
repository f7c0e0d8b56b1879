/** Sums, means and maxima of bags of rows of a table. */
import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { currentTrace } from '../ops/trace.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { noGrad, setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { sub } from './arithmetic.js';
import { to } from './cast.js';
import { ne } from './comparison.js';
import {
  checkTable,
  type EmbeddingOptions,
  embeddingOptionNames,
  lookUp,
  readEmbeddingOptions,
  times,
} from './embedding.js';
import { max } from './extremum.js';
import { checkRange } from './losses/reduction.js';
import { cumsum } from './order.js';
import { PointwiseFunction } from './pointwise.js';
import { narrow, stack } from './strided.js';
import { empty, expanded, scalarOf, viewAs, zeroed } from './support.js';
import { reshape } from './views.js';

/** What becomes of the rows of a bag. */
export type BagMode = 'sum' | 'mean' | 'max';

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** `'mean'` (the default), `'sum'` or `'max'`. An empty bag gives 0. */
  mode?: BagMode;
  /** What each row is multiplied by, of the shape of input; with mode `'sum'` only. */
  perSampleWeights?: Tensor | null;
  /** Whether the last offset is the length of input, and no bag. Default false. */
  includeLastOffset?: boolean;
}

/** Checks the mode, with PyTorch's sentence. @internal */
export function checkBagMode(caller: string, mode: unknown): BagMode {
  if (mode !== 'sum' && mode !== 'mean' && mode !== 'max')
    throw new ArgumentError(`${caller}: mode has to be one of sum, mean or max, got ${show(mode)}`);
  return mode;
}

/** Rows where they count, 0 elsewhere; maxima likewise, by whether any row of their bag counts. */
const masked = new PointwiseFunction({
  gradName: 'WhereBackward0',
  inputs: 2,
  build: ([x, counts]) => counts!.eq(0).where(0, x!),
});
/** Rows where they count, else what no maximum is. */
const lowered = new PointwiseFunction({
  gradName: 'WhereBackward0',
  inputs: 2,
  build: ([x, counts]) => counts!.eq(0).where(Number.NEGATIVE_INFINITY, x!),
});
/** Sums divided by how many rows a bag has; an empty one has a sum of 0. */
const divided = new PointwiseFunction({
  gradName: 'DivBackward0',
  inputs: 2,
  build: ([sum, count]) => sum!.div(count!.maximum(1)),
  gradient: (grad, _y, [, count]) => [grad.div(count!.maximum(1)), null],
});

/**
 * The rows of weight that `input` names, bag by bag: their mean, sum or largest elements; rows of `paddingIdx` are in no bag.
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html | torch.nn.functional.embedding_bag}
 * @param input int32 [bags, length], or a vector of bags one behind the other.
 * @param weight [rows, width].
 * @param offsets int32: where in the vector each bag begins; none next to a matrix. With mode `'max'` they are read, so `compile` refuses them there.
 * @returns [bags, width].
 * @throws ShapeError, ArgumentError for what does not fit.
 */
export function embeddingBag(
  input: Tensor,
  weight: Tensor,
  offsets?: Tensor | null,
  options?: EmbeddingBagOptions,
): Tensor {
  const caller = 'embeddingBag';
  const table = checkTable(caller, input, weight);
  const [rows, width] = table;
  const names = [...embeddingOptionNames, 'mode', 'perSampleWeights', 'includeLastOffset'] as const;
  const given = checkOptions(caller, options, names);
  const { mode: wanted = 'mean', perSampleWeights = null, includeLastOffset = false, ...rest } = given;
  const mode = checkBagMode(caller, wanted);
  const settings = readEmbeddingOptions(caller, rest, rows);
  checkCombination(caller, mode, settings.scaleGradByFreq, settings.sparse);
  const weights = readWeights(caller, input, perSampleWeights, mode);
  const starts = checkBags(caller, input, offsets, checkBoolean(caller, 'includeLastOffset', includeLastOffset));
  checkRange(input, 'index out of range in self', 0, rows - 1);

  const count = input.numel;
  const all = reshape(lookUp(input, weight, table, settings), [count, width]);
  const { paddingIdx } = settings;
  const counts = noGrad(() =>
    paddingIdx === null
      ? expanded(scalarOf(1, weight.dtype), [count, 1])
      : viewAs(to(ne(viewAs(input, [count]), paddingIdx), weight.dtype), [count, 1]),
  );
  if (mode === 'max') {
    const own = paddingIdx === null ? all : lowered.apply(caller, [all, counts]);
    const counted = paddingIdx === null ? null : counts;
    if (starts !== null) return maxima(bagsOf(own, starts), counted && bagsOf(counted, starts), own);
    const [bags, length] = input.shape as [number, number];
    if (count === 0) return zeroed([bags, width], weight.dtype);
    return largest(reshape(own, [bags, length, width]), counted && reshape(counted, [bags, length, 1]), 1);
  }
  const kept = paddingIdx === null ? all : masked.apply(caller, [all, counts]);
  const terms = weights === null ? kept : times.apply(caller, [kept, reshape(to(weights, weight.dtype), [count, 1])]);
  const bags = starts === null ? input.shape[0]! : starts.numel;
  const ids = noGrad(() => bagOfEach(input, starts));
  const sums = summed(terms, ids, bags);
  if (mode === 'sum') return sums;
  return divided.apply(caller, [sums, noGrad(() => summed(counts, ids, bags))]);
}

function checkCombination(caller: string, mode: BagMode, byFrequency: boolean, sparse: boolean): void {
  if (mode !== 'max') return;
  if (byFrequency)
    throw new ArgumentError(`${caller}: max mode does not support scaling the gradient by the frequency`);
  if (sparse) throw new ArgumentError(`${caller}: max mode does not support sparse weights`);
}

function readWeights(caller: string, input: Tensor, weights: Tensor | null, mode: BagMode): Tensor | null {
  if (weights === null) return null;
  if (!(weights instanceof Tensor)) throw new ArgumentError(`${caller}: expected a Tensor, got ${show(weights)}`);
  if (mode !== 'sum')
    throw new ArgumentError(
      `${caller}: perSampleWeights was not null. perSampleWeights is only supported for mode='sum' (got mode='${mode}').`,
    );
  if (!sameShape(weights.shape, input.shape))
    throw new ShapeError(
      `${caller}: If perSampleWeights (${formatShape(weights.shape)}) is not null, then it must have the same shape as the ` +
        `input (${formatShape(input.shape)})`,
    );
  return weights;
}

const zeroFirst = 'offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0';

/** The offsets where bags begin, or null next to a matrix. */
function checkBags(caller: string, input: Tensor, offsets: unknown, includesLast: boolean): Tensor | null {
  if (input.ndim === 2) {
    if (offsets === undefined || offsets === null) return null;
    throw new ArgumentError(
      `${caller}: if input is 2D, then offsets has to be null, as input is treated is a mini-batch of fixed length sequences.`,
    );
  }
  if (input.ndim !== 1)
    throw new ShapeError(`${caller}: input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.ndim}`);
  if (!(offsets instanceof Tensor) || offsets.ndim !== 1)
    throw new ArgumentError(`${caller}: offsets has to be a 1D Tensor but got ${show(offsets)}`);
  if (offsets.dtype !== 'int32') throw new ArgumentError(`${caller}: expected int32 offsets, got ${offsets.dtype}`);
  if (includesLast && offsets.numel === 0)
    throw new ArgumentError(`${caller}: includeLastOffset: number of offset should be at least 1`);
  if (offsets.numel > 0) {
    checkRange(narrow(offsets, 0, 0, 1), zeroFirst, 0, 0);
    checkRange(offsets, "offsets[-1] can not be greater than input's length", 0, input.numel);
  }
  return includesLast ? narrow(offsets, 0, 0, offsets.numel - 1) : offsets;
}

/** The number of the bag of each row: how many bags begin up to it, less one. */
function bagOfEach(input: Tensor, starts: Tensor | null): Tensor {
  const count = input.numel;
  if (starts === null) {
    const [bags, length] = input.shape as [number, number];
    const ones = expanded(scalarOf(1, 'int32'), [bags]);
    return viewAs(expanded(viewAs(sub(cumsum(ones, 0), 1), [bags, 1]), [bags, length]), [count]);
  }
  // float32 counts to 2^24 only.
  const begins = zeroed([count + 1], 'float64');
  const ones = expanded(scalarOf(1, 'float64'), starts.shape);
  const at = { index: starts.storage, outer: 1, size: count + 1, count: starts.numel, inner: 1 };
  currentOps().scatterAdd({ x: ones.storage, out: begins.storage, ...at });
  return sub(to(cumsum(narrow(begins, 0, 0, count), 0), 'int32'), 1);
}

/** The sums of rows by bag. Gradient: that of its bag for each row. */
function summed(rows: Tensor, ids: Tensor, bags: number): Tensor {
  const [count, width] = rows.shape as [number, number];
  const output = empty([bags, width], rows.dtype);
  const at = { index: ids.storage, rows: bags, width, count };
  currentOps().indexAdd({ grad: rows.storage, out: output.storage, ...at });
  return setGradFn('EmbeddingBagBackward0', output, [rows], [ids], (grad) => {
    const gradRows = empty(rows.shape, rows.dtype);
    currentOps().indexSelect({ x: grad.storage, out: gradRows.storage, ...at });
    return [gradRows];
  });
}

/** The largest elements along `dim`, 0 where nothing of it counts; all does for null. */
function largest(rows: Tensor, counts: Tensor | null, dim: number): Tensor {
  const { values } = max(rows, { dim });
  return counts === null ? values : masked.apply('embeddingBag', [values, max(counts, { dim }).values]);
}

/** The largest elements of each bag of `rows`, 0 for an empty one. */
function maxima(bags: readonly Tensor[], counts: readonly Tensor[] | null, { shape, dtype }: Tensor): Tensor {
  if (bags.length === 0) return zeroed([0, shape[1]!], dtype);
  return stack(
    bags.map((bag, i) => (bag.shape[0] === 0 ? zeroed([shape[1]!], dtype) : largest(bag, counts && counts[i]!, 0))),
  );
}

/** The bags of a vector, each [length, width]. */
function bagsOf(rows: Tensor, starts: Tensor): Tensor[] {
  const now = currentTrace();
  if (now !== null)
    throw now.refuse("embeddingBag() of mode 'max' with offsets", 'bags have other sizes at each run; pass a matrix');
  const ends = [...starts.storage.read(), rows.shape[0]!];
  return ends.slice(0, -1).map((start, i) => narrow(rows, 0, start, ends[i + 1]! - start));
}
