/** Convolution of one, two or three dimensions, its gradients, and with them transposed convolution. */
import { BackendError } from '../../errors.js';
import { type ConvGeometry, decodeGeometry, pixelsOf } from '../convolution.js';
import type { FloatArray, Memory, Ops } from '../ops.js';
import { type PostOp, postOp } from './linear.js';
import { readFloats, writeFloats } from './memory.js';

/** Where the images of an operand lie: element (n, c, p) at n·image + c·channel + p·pixel. */
interface Images {
  readonly image: number;
  readonly channel: number;
  readonly pixel: number;
}

const imagesOf = (channels: number, pixels: number, channelsLast: boolean): Images => ({
  image: channels * pixels,
  channel: channelsLast ? 1 : pixels,
  pixel: channelsLast ? channels : 1,
});

/** For each output pixel and each tap of it within the image: the output pixel, the input pixel, the tap; one behind the other. */
function tapsOf({ dims }: ConvGeometry): readonly (readonly [out: number, input: number, tap: number])[] {
  let taps: (readonly [number, number, number])[] = [[0, 0, 0]];
  for (const { size, outSize, kernel, stride, dilation, padLow } of dims) {
    const next: (readonly [number, number, number])[] = [];
    for (const [out, input, tap] of taps) {
      for (let o = 0; o < outSize; o++) {
        for (let t = 0; t < kernel; t++) {
          const at = o * stride - padLow + t * dilation;
          if (at >= 0 && at < size) next.push([out * outSize + o, input * size + at, tap * kernel + t]);
        }
      }
    }
    taps = next;
  }
  return taps;
}

/** Calls back for each output channel and each channel of its group: the channels, and where their kernel begins. */
function forEachPair(
  { channels, outChannels, groups }: ConvGeometry,
  taps: number,
  visit: (o: number, c: number, kernel: number) => void,
): void {
  const perGroup = channels / groups;
  const outPerGroup = outChannels / groups;
  for (let o = 0; o < outChannels; o++) {
    const first = Math.floor(o / outPerGroup) * perGroup;
    for (let c = 0; c < perGroup; c++) visit(o, first + c, (o * perGroup + c) * taps);
  }
}

/** Sums of one image, [channels, pixels], started at the bias and written where they belong. */
function writeImage(
  { sums, bias, out, offset }: { sums: Float64Array; bias: FloatArray | null; out: FloatArray; offset: number },
  channels: number,
  { channel, pixel }: Images,
): void {
  const pixels = sums.length / channels;
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < pixels; p++)
      out[offset + c * channel + p * pixel] = sums[c * pixels + p]! + (bias === null ? 0 : bias[c]!);
}

function follow(args: PostOp & { outChannelsLast: boolean }, rows: number, columns: number): void {
  if (args.program !== null && !args.outChannelsLast)
    throw new BackendError('reference: a program after a convolution needs its channels last');
  postOp(args, rows, columns);
}

const optional = (memory: Memory | null): FloatArray | null => (memory === null ? null : readFloats(memory));

export const convOps: Pick<Ops, 'conv' | 'convInputGradient' | 'convWeightGradient'> = {
  conv(args) {
    const g = decodeGeometry(args.geometry);
    const { inputs, outputs, taps } = pixelsOf(g);
    const x = readFloats(args.x);
    const weight = readFloats(args.weight);
    const from = imagesOf(g.channels, inputs, args.xChannelsLast);
    const to = imagesOf(g.outChannels, outputs, args.outChannelsLast);
    const seen = tapsOf(g);
    const out = writeFloats(args.out);
    const sums = new Float64Array(g.outChannels * outputs);
    for (let n = 0; n < g.batch; n++) {
      sums.fill(0);
      forEachPair(g, taps, (o, c, kernel) => {
        const at = n * from.image + c * from.channel;
        for (const [p, q, t] of seen) sums[o * outputs + p]! += x[at + q * from.pixel]! * weight[kernel + t]!;
      });
      const target = { sums, bias: optional(args.bias), out, offset: n * to.image };
      writeImage(target, g.outChannels, to);
    }
    follow(args, g.batch * outputs, g.outChannels);
  },

  convInputGradient(args) {
    const g = decodeGeometry(args.geometry);
    const { inputs, outputs, taps } = pixelsOf(g);
    const grad = readFloats(args.grad);
    const weight = readFloats(args.weight);
    const from = imagesOf(g.outChannels, outputs, args.gradChannelsLast);
    const to = imagesOf(g.channels, inputs, args.outChannelsLast);
    const seen = tapsOf(g);
    const out = writeFloats(args.out);
    const sums = new Float64Array(g.channels * inputs);
    for (let n = 0; n < g.batch; n++) {
      sums.fill(0);
      forEachPair(g, taps, (o, c, kernel) => {
        const at = n * from.image + o * from.channel;
        for (const [p, q, t] of seen) sums[c * inputs + q]! += grad[at + p * from.pixel]! * weight[kernel + t]!;
      });
      const target = { sums, bias: optional(args.bias), out, offset: n * to.image };
      writeImage(target, g.channels, to);
    }
    follow(args, g.batch * inputs, g.channels);
  },

  convWeightGradient(args) {
    const g = decodeGeometry(args.geometry);
    const { inputs, outputs, taps } = pixelsOf(g);
    const grad = readFloats(args.grad);
    const x = readFloats(args.x);
    const of = imagesOf(g.outChannels, outputs, args.gradChannelsLast);
    const from = imagesOf(g.channels, inputs, args.xChannelsLast);
    const seen = tapsOf(g);
    const out = writeFloats(args.out);
    const sums = new Float64Array(taps);
    forEachPair(g, taps, (o, c, kernel) => {
      sums.fill(0);
      for (let n = 0; n < g.batch; n++) {
        const left = n * of.image + o * of.channel;
        const right = n * from.image + c * from.channel;
        for (const [p, q, t] of seen) sums[t]! += grad[left + p * of.pixel]! * x[right + q * from.pixel]!;
      }
      out.set(sums, kernel);
    });
    if (args.biasGrad === null) return;
    const biasGrad = writeFloats(args.biasGrad);
    for (let o = 0; o < g.outChannels; o++) {
      let sum = 0;
      for (let n = 0; n < g.batch; n++)
        for (let p = 0; p < outputs; p++) sum += grad[n * of.image + o * of.channel + p * of.pixel]!;
      biasGrad[o] = sum;
    }
  },
};
