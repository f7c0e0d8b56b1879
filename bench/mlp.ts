/** The network that the benchmark is about, and the arithmetic of its training step. */
import type { Product } from './protocol.js';

export const layerSizes = [784, 256, 128, 10];
export const batchSizes = [32, 128, 1024];

/**
 * At usual rates a network learns one fixed batch by heart within a run, and its subnormal gradients slow those contenders
 * that do not flush them. So thousands of steps stay where training starts.
 */
export const learningRate = 1e-5;

/** The products of one training step. The first layer has no input gradient. */
export function stepProducts(batch: number, sizes: readonly number[] = layerSizes): Product[] {
  const layers = sizes.slice(1).map((outSize, i) => ({ inSize: sizes[i]!, outSize }));
  return [
    ...layers.map(({ inSize, outSize }) => ({ form: 'nt', m: batch, n: outSize, k: inSize }) as const),
    ...layers.slice(1).map(({ inSize, outSize }) => ({ form: 'nn', m: batch, n: inSize, k: outSize }) as const),
    ...layers.map(({ inSize, outSize }) => ({ form: 'tn', m: outSize, n: inSize, k: batch }) as const),
  ];
}

/** Floating-point operations of matrix products only, so that no contender gains by doing more of anything else. */
export const productFlops = (...products: readonly Product[]): number =>
  products.reduce((total, { m, n, k }) => total + 2 * m * n * k, 0);
