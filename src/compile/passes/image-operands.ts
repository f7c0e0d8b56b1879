/** The arguments of ops that hold images, which may lie channels first or channels last. */
import { decodeGeometry, pixelsOf } from '../../ops/convolution.js';
import type { Instruction, ValueId } from '../../ops/graph.js';
import type { Layout } from '../../ops/ops.js';
import { decodeWindows } from '../../ops/windows.js';
import { isOp } from './instruction.js';

/** What a value holds: [batch, channels, pixels], or [batch, pixels, channels] when its channels are last. */
export interface Images {
  readonly batch: number;
  readonly channels: number;
  readonly pixels: number;
}

export const sameImages = (a: Images, b: Images): boolean =>
  a.batch === b.batch && a.channels === b.channels && a.pixels === b.pixels;

/** Values of one instruction that lie alike: as its flag says. */
export interface ImageOperands {
  readonly flag: string;
  readonly values: readonly ValueId[];
  readonly images: Images;
}

/** The images that an instruction names, by the flag that says how they lie. Empty for ops that know nothing of channels. */
export function imageOperands(each: Instruction): readonly ImageOperands[] {
  if (isOp(each, 'conv')) {
    const { inputs, outputs } = ofGeometry(each.args.geometry);
    return [
      { flag: 'xChannelsLast', values: [each.args.x], images: inputs },
      // What a post-op reads and writes lies as the product does, which then has its channels last for good.
      ...(each.args.program === null ? [{ flag: 'outChannelsLast', values: [each.args.out], images: outputs }] : []),
    ];
  }
  if (isOp(each, 'convInputGradient')) {
    const { inputs, outputs } = ofGeometry(each.args.geometry);
    return [
      { flag: 'gradChannelsLast', values: [each.args.grad], images: outputs },
      ...(each.args.program === null ? [{ flag: 'outChannelsLast', values: [each.args.out], images: inputs }] : []),
    ];
  }
  if (isOp(each, 'convWeightGradient')) {
    const { inputs, outputs } = ofGeometry(each.args.geometry);
    return [
      { flag: 'gradChannelsLast', values: [each.args.grad], images: outputs },
      { flag: 'xChannelsLast', values: [each.args.x], images: inputs },
    ];
  }
  if (isOp(each, 'batchNorm') || isOp(each, 'batchNormBackward')) {
    const { batch, channels, pixels, x, out } = each.args;
    const all = isOp(each, 'batchNorm') ? [x, out] : [each.args.grad, x, out];
    const values = all.filter((value) => value !== null);
    return [{ flag: 'channelsLast', values, images: { batch, channels, pixels } }];
  }
  return pooledImages(each);
}

function pooledImages(each: Instruction): readonly ImageOperands[] {
  if (isOp(each, 'maxPool') || isOp(each, 'avgPool')) {
    const { inputs, outputs } = ofWindows(each.args.windows);
    const { x, out } = each.args;
    const index = isOp(each, 'maxPool') ? each.args.index : null;
    const values = index === null ? [out] : [out, index];
    return [
      { flag: 'xChannelsLast', values: [x], images: inputs },
      { flag: 'outChannelsLast', values, images: outputs },
    ];
  }
  if (isOp(each, 'maxPoolBackward') || isOp(each, 'avgPoolBackward')) {
    const { inputs, outputs } = ofWindows(each.args.windows);
    const { grad, out } = each.args;
    const values = isOp(each, 'maxPoolBackward') ? [grad, each.args.index] : [grad];
    return [
      { flag: 'gradChannelsLast', values, images: outputs },
      { flag: 'outChannelsLast', values: [out], images: inputs },
    ];
  }
  return [];
}

interface Sides {
  readonly inputs: Images;
  readonly outputs: Images;
}

/** The images in front of a convolution and behind it. */
export function ofGeometry(layout: Layout): Sides {
  const geometry = decodeGeometry(layout);
  const { batch, channels, outChannels } = geometry;
  const { inputs, outputs } = pixelsOf(geometry);
  return {
    inputs: { batch, channels, pixels: inputs },
    outputs: { batch, channels: outChannels, pixels: outputs },
  };
}

/** The images in front of a pool and behind it. */
export function ofWindows(layout: Layout): Sides {
  const { batch, channels, dims } = decodeWindows(layout);
  const pixels = (of: 'size' | 'outSize') => dims.reduce((product, dim) => product * dim[of], 1);
  return {
    inputs: { batch, channels, pixels: pixels('size') },
    outputs: { batch, channels, pixels: pixels('outSize') },
  };
}
