/** Batch normalisation by the statistics of the batches of all ranks. */
import { ArgumentError } from '../errors.js';
import { Storage } from '../tensor/storage.js';
import { noGrad, setGradFn } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { type BatchNormSettings, checkBatchNorm, normalizeBy, updateRunning } from './batch-norm.js';
import { PointwiseFunction } from './pointwise.js';
import { reduceTo } from './reduce-to.js';
import { cat, narrow } from './strided.js';
import { viewAs } from './support.js';

/** What adds up over ranks. */
export interface RankSums {
  readonly rank: number;
  readonly size: number;
  /** The sum of the tensors that all ranks call it with, of one shape. */
  sum(own: Tensor): Tensor;
}

const quotient = new PointwiseFunction({ inputs: 2, build: ([a, b]) => a!.div(b!) });
const product = new PointwiseFunction({ inputs: 2, build: ([a, b]) => a!.mul(b!) });
const squaresAround = new PointwiseFunction({
  inputs: 2,
  build: ([x, mean]) => x!.sub(mean!).mul(x!.sub(mean!)),
});
/** What a rank's mean adds to the squares around the mean of all: count·(own - mean)². */
const squaresOfMean = new PointwiseFunction({
  inputs: 3,
  build: ([sum, count, mean], _, graph) => {
    const apart = sum!.sub(count!.mul(mean!));
    return apart.mul(apart).div(count!.maximum(graph.constant(1)));
  },
});
const meanOfSquares = new PointwiseFunction({
  inputs: 3,
  build: ([within, between, count]) => within!.add(between!).div(count!),
});
const unbiased = new PointwiseFunction({
  inputs: 2,
  build: ([variance, count], _, graph) => variance!.mul(count!.div(count!.sub(graph.constant(1)))),
});
const inverseDeviation = new PointwiseFunction({
  inputs: 1,
  scalars: 1,
  build: ([variance], [eps], graph) => graph.constant(1).div(variance!.add(eps!).sqrt()),
});
const productAround = new PointwiseFunction({
  inputs: 3,
  build: ([grad, x, mean]) => grad!.mul(x!.sub(mean!)),
});
/** (grad - Σ grad/n - (x - mean)·rstd²·Σ grad·(x - mean)/n)·rstd·weight. */
const inputGradients = [false, true].map(
  (weighted) =>
    new PointwiseFunction({
      inputs: weighted ? 8 : 7,
      build: ([grad, x, mean, rstd, sum, products, count, weight]) => {
        const along = x!.sub(mean!).mul(rstd!).mul(rstd!).mul(products!.div(count!));
        const result = grad!.sub(sum!.div(count!)).sub(along).mul(rstd!);
        return weighted ? result.mul(weight!) : result;
      },
    }),
);

/**
 * Batch norm in training, with mean and variance over the inputs of all ranks: each element counts the same, whatever number of rows a rank has. One sum over the ranks in the forward
 * pass (each rank's sums, squares around its mean, and count, put together as Chan, Golub and LeVeque do), one in the backward pass. Gradients of the input are those of the sum of all
 * ranks' losses; those of weight and bias are of this rank's, as in PyTorch: DistributedDataParallel puts them together.
 * @throws ArgumentError for float64, of which programs of ranks have none; as {@link normalizeBatch}. @internal
 */
export function normalizeOverRanks(
  caller: string,
  input: Tensor,
  settings: BatchNormSettings,
  ranks: RankSums,
): Tensor {
  const { weight, bias, eps, running } = settings;
  checkBatchNorm(caller, input, settings);
  if (input.dtype === 'float64' && ranks.size > 1)
    throw new ArgumentError(`${caller}: ranks put statistics of float32 together, got float64`);
  const [, channels = 0] = input.shape;
  const each = input.numel / channels;
  const perChannel = [channels, ...input.shape.slice(2).map(() => 1)];
  const asChannels = (tensor: Tensor) => viewAs(tensor, perChannel);
  const sumOf = (tensor: Tensor) => viewAs(reduceTo(tensor, [1, ...perChannel]), [channels]);

  const all = noGrad(() => {
    const sums = sumOf(input);
    const own = quotient.compute(caller, [sums, constant(input, [Math.max(each, 1)], [1])]);
    const squares = sumOf(squaresAround.compute(caller, [input, asChannels(own)]));
    return gather(caller, cat([sums, squares, constant(input, [each], [1])]), ranks);
  });
  const { mean, variance, count } = noGrad(() => {
    const [sums, squares] = [0, 1].map((i) => narrow(all, 1, i * channels, channels)) as [Tensor, Tensor];
    const counts = narrow(all, 1, 2 * channels, 1);
    const total = reduceTo(counts, [1, 1]);
    const overRanks = (tensor: Tensor) => reduceTo(tensor, [1, channels]);
    const center = quotient.compute(caller, [overRanks(sums), total]);
    const between = overRanks(squaresOfMean.compute(caller, [sums, counts, center]));
    const spread = meanOfSquares.compute(caller, [overRanks(squares), between, total]);
    return { mean: viewAs(center, [channels]), variance: viewAs(spread, [channels]), count: viewAs(total, [1]) };
  });
  const output = noGrad(() => {
    updateRunning(running, mean, unbiased.compute(caller, [variance, count]), 1, 1);
    return normalizeBy(caller, input, mean, variance, settings);
  });

  const inputs = [input, weight, bias].filter((tensor) => tensor !== null);
  const saved = [input, mean, variance, count, ...(weight === null ? [] : [weight])];
  return setGradFn('SyncBatchNormBackward', output, inputs, saved, (grad) => {
    const rstd = inverseDeviation.compute(caller, [variance], [eps]);
    const sums = sumOf(grad);
    const products = sumOf(productAround.compute(caller, [grad, input, asChannels(mean)]));
    let gradInput: Tensor | null = null;
    if (input.requiresGrad) {
      const total = ranks.sum(cat([sums, products]));
      const [allSums, allProducts] = [0, 1].map((i) => narrow(total, 0, i * channels, channels)) as [Tensor, Tensor];
      const ofChannels = [mean, rstd, allSums, allProducts].map(asChannels);
      const ofAll = viewAs(
        count,
        perChannel.map(() => 1),
      );
      const scale = weight === null ? [] : [asChannels(weight)];
      const inputGradient = inputGradients[scale.length]!;
      gradInput = inputGradient.compute(caller, [grad, input, ...ofChannels, ofAll, ...scale]);
    }
    const gradWeight = weight?.requiresGrad ? product.compute(caller, [products, rstd]) : null;
    const gradBias = bias?.requiresGrad ? sums : null;
    return [gradInput, ...(weight === null ? [] : [gradWeight]), ...(bias === null ? [] : [gradBias])];
  });
}

/** What all ranks give, [ranks, numbers]: a sum in which each rank has a row, and zeros elsewhere. */
function gather(caller: string, row: Tensor, ranks: RankSums): Tensor {
  const { rank, size } = ranks;
  if (size === 1) return viewAs(ranks.sum(row), [1, row.numel]);
  const place = constant(
    row,
    Array.from({ length: size }, (_, i) => (i === rank ? 1 : 0)),
    [size, 1],
  );
  return ranks.sum(product.compute(caller, [place, viewAs(row, [1, row.numel])]));
}

/** Numbers that differ from rank to rank are memory, not part of the program, which is to be the same on all. */
const constant = ({ dtype }: Tensor, numbers: readonly number[], shape: readonly number[]): Tensor =>
  new Tensor(new Storage(dtype, (dtype === 'float64' ? Float64Array : Float32Array).from(numbers)), shape);
