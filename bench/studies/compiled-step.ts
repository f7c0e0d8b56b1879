/**
 * What it costs to run a compiled step from JavaScript: a step of a tiny network on one thread, called from JavaScript
 * once for each run, against as many runs of the same program in a single native job. Half of what a large step takes is
 * noise against a microsecond; the way into native code and back is the same for all.
 */
import { median } from 'simple-statistics';
import { createStep } from '../contenders/network.js';
import { learningRate } from '../mlp.js';
import { figure, type Study } from './study.js';

const network = { layers: [16, 16, 4], batch: 4, optimizer: 'SGD', dropout: 0, learningRate } as const;
const [runs, rounds] = [2000, 101];

export const compiledStep: Study = {
  name: 'compiled-step',
  workload: { shape: network.layers.join('-'), batch: network.batch, optimizer: network.optimizer, quick: true },
  async measure({ lanewise, Program }) {
    const { step, input, target } = createStep(lanewise, network);
    const compiled = lanewise.compile(step);
    const program = Program.trace(step, [input, target]);
    const { threads } = lanewise.backend;
    lanewise.backend.threads = 1;
    const [called, inside]: [number[], number[]] = [[], []];
    try {
      for (let round = 0; round < rounds; round++) {
        const start = performance.now();
        for (let i = 0; i < runs; i++) compiled(input, target);
        const between = performance.now();
        await program.submit([input, target], { times: runs, threads: 1 }).done;
        // The first round is there to warm up.
        if (round === 0) continue;
        called.push(((between - start) * 1000) / runs);
        inside.push(((performance.now() - between) * 1000) / runs);
      }
    } finally {
      lanewise.backend.threads = threads;
      program.release();
      compiled.dispose();
    }
    return [
      figure('a tiny step called from JavaScript, median', median(called), ' us'),
      figure('the same step inside of one native job, median', median(inside), ' us'),
      figure('a call from JavaScript, over the native run time', median(called) - median(inside), ' us'),
    ];
  },
};
