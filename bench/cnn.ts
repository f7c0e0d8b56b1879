/** The convolutional network that the benchmark is about, and the arithmetic of its training step. */
import { learningRate, productFlops, stepProducts } from './mlp.js';
import type { ConvTrainStep } from './protocol.js';

/** 3x3 convolutions of 1 to 32 to 64 channels on 28x28, each with ReLU and a pool that halves the image; then 3136-128-10. */
export const standardCnn: ConvTrainStep = {
  ...{ image: 28, channels: [1, 32, 64], kernel: 3, hidden: 128, classes: 10 },
  ...{ batch: 32, optimizer: 'SGD', featureDropout: 0.25, dropout: 0.5, learningRate },
};

/** Inputs of the first linear layer: channels of the last convolution times the pixels that its pool leaves. */
export function flattened({ image, channels }: ConvTrainStep): number {
  const side = channels.slice(1).reduce((size) => Math.floor(size / 2), image);
  return channels.at(-1)! * side * side;
}

/**
 * Floating-point operations of the step: for each convolution three products of 2·N·H·W·O·C·k² (outputs, input gradient, weight gradient; the first
 * needs no input gradient), taps outside the image counted as any other, whatever algorithm computes them; and those of the linear layers.
 */
export function cnnStepFlops(step: ConvTrainStep): number {
  const { image, channels, kernel, batch, hidden, classes } = step;
  let side = image;
  let total = 0;
  channels.slice(1).forEach((out, i) => {
    const product = { form: 'nt', m: batch * side * side, n: out, k: channels[i]! * kernel * kernel } as const;
    total += (i === 0 ? 2 : 3) * productFlops(product);
    side = Math.floor(side / 2);
  });
  const products = stepProducts(batch, [flattened(step), hidden, classes]);
  // In front of these layers there are others, so the first has an input gradient, too.
  const inputGradient = { form: 'nn', m: batch, n: flattened(step), k: hidden } as const;
  return total + productFlops(...products, inputGradient);
}
