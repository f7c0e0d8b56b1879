/** More samples a step. */
import { layerSizes } from '../mlp.js';
import { sweep, sweepPoint } from '../sweep.js';

const batches = Array.from({ length: 13 }, (_, i) => 2 ** i);
const quick = [32, 128];

export default sweep(
  'batch',
  batches.map((batch) =>
    sweepPoint('batch', batch, { layers: layerSizes, batch }, { threads: 'all', quick: quick.includes(batch) }),
  ),
);
