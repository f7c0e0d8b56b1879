import { checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { checkProbability } from '../../functional/dropout-noise.js';
import { defaultGenerator, Generator } from '../../random/generator.js';
import { arange } from '../../tensor/creation.js';
import { rand } from '../../tensor/random.js';
import type { Tensor } from '../../tensor/tensor.js';
import { samplePixels } from './sample.js';
import { asBatch, type Transform } from './transform.js';

/** Options of transforms that draw. */
export interface RandomTransformOptions {
  /** Where random numbers come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/**
 * Mirrors each image, left to right, with probability p. As
 * {@link https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomHorizontalFlip.html | torchvision's} for one image, of which
 * it has the draw: `rand(1) < p`. Of a batch each image has its own draw, `rand(N)`; torchvision mirrors all or none.
 */
export class RandomHorizontalFlip implements Transform {
  /** Probability of a flip. */
  readonly p: number;
  /** Where random numbers come from. */
  readonly generator: Generator;

  /** @param p in [0, 1]. Default 0.5. @throws ArgumentError */
  constructor(p = 0.5, options?: RandomTransformOptions) {
    this.p = checkProbability('RandomHorizontalFlip', p);
    this.generator = readGenerator('RandomHorizontalFlip', options);
  }

  /** Gives the transformed images. */
  forward(images: Tensor): Tensor {
    const batch = asBatch('RandomHorizontalFlip', images);
    const [count, , height, width] = batch.shape as readonly [number, number, number, number];
    const mirrored = rand([count, 1], { generator: this.generator }).lt(this.p);
    const columns = arange(width, { dtype: 'int32' }).reshape([1, width]);
    // x, or width - 1 - x.
    const chosen = columns.add(mirrored.mul(columns.mul(-2).add(width - 1)));
    const rows = arange(height, { dtype: 'int32' }).reshape([1, height]);
    return samplePixels(batch, rows, chosen).reshape(images.shape);
  }
}

/** The option `generator` of a transform. @throws ArgumentError */
export function readGenerator(caller: string, options: RandomTransformOptions | undefined): Generator {
  const { generator = defaultGenerator } = checkOptions(caller, options, ['generator']);
  if (generator instanceof Generator) return generator;
  throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
}
