/** Deeper: more hidden layers of 256 between the pixels and the ten classes. */
import { sweep, sweepPoint, sweptBatch } from '../sweep.js';

const width = 256;
const depths = [2, 3, 4, 6, 8, 12, 16];
const quick = [2, 4];

export default sweep(
  'depth',
  depths.map((depth) => {
    const layers = [784, ...Array<number>(depth).fill(width), 10];
    return sweepPoint('depth', depth, { layers, batch: sweptBatch }, { threads: 'all', quick: quick.includes(depth) });
  }),
);
