/**
 * A service that trains in the background while it answers: what the event loop, Node's own calls, the requests and the
 * training itself feel of each other, and whether memory or handles grow.
 */
import type { Study } from '../case.js';
import { layerSizes, targetBatch } from '../mlp.js';
import { measureBeside } from '../service/beside.js';
import { measureGrowth } from '../service/growth.js';

const service: Study = {
  name: 'service',
  contenders: 'study',
  workloads: [
    {
      shape: layerSizes.join('-'),
      batch: targetBatch,
      optimizer: 'SGD',
      flops: null,
      threads: 'one',
      quick: false,
      params: {},
    },
  ],
  // A quarter at rest, twice in training, then the steps that show whether memory grows.
  duration: (seconds) => 2.25 * seconds + 45,
  async measure(_params, contender, seconds) {
    const { lanewise } = contender.library();
    lanewise.manualSeed(0);
    return [...(await measureBeside(lanewise, seconds * 1000)), ...(await measureGrowth(lanewise))];
  },
};

export default service;
