/** Wider: two hidden layers from what fits in the first cache to far more than the last one holds. */
import { sweep, sweepPoint, sweptBatch } from '../sweep.js';

const widths = [64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];
const quick = [128, 256];

export default sweep(
  'width',
  widths.map((width) => {
    const layers = [784, width, width, 10];
    return sweepPoint('width', width, { layers, batch: sweptBatch }, { threads: 'all', quick: quick.includes(width) });
  }),
);
