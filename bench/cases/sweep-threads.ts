/** More threads, from one to all. */
import { layerSizes } from '../mlp.js';
import { sweep, sweepPoint } from '../sweep.js';

const batches = [128, 1024];
const quick = 128;

export default sweep(
  'threads',
  batches.map((batch) =>
    sweepPoint('threads', null, { layers: layerSizes, batch }, { threads: 'every', quick: batch === quick }),
  ),
);
