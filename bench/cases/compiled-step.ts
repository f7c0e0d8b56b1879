/**
 * What it costs to run a compiled step from JavaScript: a step of a tiny network on one thread, called from JavaScript
 * once for each run, against as many runs of the same program in a single native job. Half of what a large step takes is
 * noise against a microsecond; the way into native code and back is the same for all.
 */
import { median } from 'simple-statistics';
import type { Tensor } from '../../src/index.js';
import { figure, type Study, workload } from '../case.js';

const [inSize, hidden, classes] = [16, 16, 4];
const [batch, runs, rounds] = [4, 2000, 101];

const compiledStep: Study = {
  name: 'compiled-step',
  contenders: 'study',
  workloads: [workload({ shape: `${inSize}-${hidden}-${classes}`, batch, optimizer: 'SGD', quick: true })],
  duration: () => 3,
  async measure(_params, contender) {
    const { lanewise, Program } = contender.library();
    const { backend, compile, nn, optim, randn, randint } = lanewise;
    lanewise.manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(inSize, hidden), new nn.ReLU(), new nn.Linear(hidden, classes));
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-5 });
    const criterion = new nn.CrossEntropyLoss();
    const [input, target] = [randn([batch, inSize]), randint(0, classes, [batch])];
    const step = (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const compiled = compile(step);
    const program = Program.trace(step, [input, target]);
    const { threads } = backend;
    backend.threads = 1;
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
      backend.threads = threads;
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

export default compiledStep;
