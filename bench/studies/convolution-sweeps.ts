/**
 * One convolution whose channels, image, batch or kernel grow while the rest stays: how fast its three passes are at each point, and the largest fall from
 * a point to the next, for sizes between the convenient ones are where implementations fall off. On all threads, channels last.
 */
import { median } from 'simple-statistics';
import type { Library } from '../contenders/library.js';
import type { Figure } from '../protocol.js';
import { figure, type Study } from './study.js';

interface Sizes {
  readonly batch: number;
  readonly channels: number;
  /** Rows and columns. */
  readonly image: number;
  readonly kernel: number;
}

const plain: Sizes = { batch: 32, channels: 64, image: 16, kernel: 3 };
const sweeps: Readonly<Record<keyof Sizes, readonly number[]>> = {
  channels: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512],
  image: [7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64],
  batch: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256],
  kernel: [1, 3, 5, 7, 9, 11],
};
const passes = ['forward', 'input gradient', 'weight gradient'] as const;

/** The three passes of a convolution with as many channels behind it as in front. */
function passesOf({ lanewise: { randn, zeros }, ops }: Library, { batch, channels, image, kernel }: Sizes) {
  const pad = (kernel - 1) / 2;
  const dim = [image, image, kernel, 1, 1, pad, pad];
  const geometry = Float64Array.of(batch, channels, channels, 1, 2, ...dim, ...dim);
  const images = () => randn([batch, image, image, channels]).storage;
  const [x, grad, weight] = [images(), images(), randn([channels, channels, kernel, kernel]).storage];
  const [out, gradWeight] = [zeros([x.length]).storage, zeros([weight.length]).storage];
  const noPostOp = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 };
  const product = { weight, bias: null, out, geometry, outChannelsLast: true, ...noPostOp };
  const layouts = { gradChannelsLast: true, xChannelsLast: true };
  return {
    forward: () => ops.conv({ ...product, x, xChannelsLast: true }),
    'input gradient': () => ops.convInputGradient({ ...product, grad, gradChannelsLast: true }),
    'weight gradient': () => ops.convWeightGradient({ grad, x, out: gradWeight, biasGrad: null, geometry, ...layouts }),
  } satisfies Record<(typeof passes)[number], () => void>;
}

/** Of a pass, padding counted. */
const flopsOf = ({ batch, channels, image, kernel }: Sizes): number =>
  2 * batch * image * image * channels * channels * kernel * kernel;

/** The median of calls that take that long together; two at least. */
function medianMs(run: () => void, ms: number): number {
  run();
  const times: number[] = [];
  const end = performance.now() + ms;
  while (times.length < 2 || performance.now() < end) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  return median(times);
}

export const convolutionSweeps: Study = {
  name: 'convolution-sweeps',
  workload: { shape: '16x16 64-64 3x3', batch: plain.batch, optimizer: null },
  async measure(library, seconds) {
    const points = Object.values(sweeps).reduce((sum, { length }) => sum + length, 0);
    const ms = (1000 * seconds) / (points * passes.length);
    const figures: Figure[] = [];
    for (const [name, values] of Object.entries(sweeps)) {
      const falls = passes.map(() => ({ share: 0, where: 'nowhere' }));
      let before: { readonly value: number; readonly speeds: readonly number[] } | null = null;
      for (const value of values) {
        const sizes = { ...plain, [name]: value };
        const code = passesOf(library, sizes);
        const speeds = passes.map((pass) => flopsOf(sizes) / medianMs(code[pass], ms) / 1e6);
        for (const [i, speed] of speeds.entries()) {
          figures.push(figure(`${name} ${value}, ${passes[i]}`, speed, ' GFLOP/s'));
          const share = before === null ? 0 : 1 - speed / before.speeds[i]!;
          if (share > falls[i]!.share) falls[i] = { share, where: `from ${before!.value} to ${value}` };
        }
        before = { value, speeds };
      }
      for (const [i, { share, where }] of falls.entries())
        figures.push(figure(`largest fall along ${name}, ${passes[i]}: ${where}`, 100 * share, ' %'));
    }
    return figures;
  },
};
