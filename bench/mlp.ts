/** The network that the benchmark is about: 784-256-128-10 with dropout. */

export const layerSizes = [784, 256, 128, 10] as const;
export const batchSizes = [32, 128, 1024] as const;
/** The batch size that the targets are stated for. */
export const targetBatch = 128;

/** The three products of a linear layer: y = x·Wᵀ, dx = dy·W, dW = dyᵀ·x. */
export type ProductForm = 'nt' | 'nn' | 'tn';

/** One matrix product: [m, k] by [k, n]. */
export interface Product {
  readonly form: ProductForm;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** The products of one training step. The first layer has no input gradient. */
export function stepProducts(batch: number, sizes: readonly number[] = layerSizes): Product[] {
  const layers = sizes.slice(1).map((outSize, i) => ({ inSize: sizes[i]!, outSize }));
  return [
    ...layers.map(({ inSize, outSize }) => ({ form: 'nt', m: batch, n: outSize, k: inSize }) as const),
    ...layers.slice(1).map(({ inSize, outSize }) => ({ form: 'nn', m: batch, n: inSize, k: outSize }) as const),
    ...layers.map(({ inSize, outSize }) => ({ form: 'tn', m: outSize, n: inSize, k: batch }) as const),
  ];
}

/** Floating-point operations of a product, a multiply-add counting two. */
export const productFlops = ({ m, n, k }: Product): number => 2 * m * n * k;

/** Those of a step: its matrix products only, so that no contender gains by doing more of anything else. */
export function stepFlops(batch: number, sizes: readonly number[] = layerSizes): number {
  return stepProducts(batch, sizes).reduce((sum, product) => sum + productFlops(product), 0);
}

/** Those of a forward pass. */
export function forwardFlops(batch: number, sizes: readonly number[] = layerSizes): number {
  return stepProducts(batch, sizes)
    .filter(({ form }) => form === 'nt')
    .reduce((sum, product) => sum + productFlops(product), 0);
}
