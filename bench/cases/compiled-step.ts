/**
 * What it costs to run a compiled step from JavaScript: a step of a tiny network on one thread, called from JavaScript
 * once for each run, against as many runs of the same program in a single native job. Half of what a large step takes is
 * noise beside a microsecond; the way into native code and back is the same for all.
 */
import type { Tensor } from '../../src/index.js';
import type { Study } from '../case.js';
import { atMost, explains } from '../figure.js';
import { quantile } from '../report/statistics.js';

const layerSizes = [16, 16, 4] as const;
const batch = 4;
const runs = 2000;
const rounds = 101;
const microseconds = 1000;

const compiledStep: Study = {
  name: 'compiled-step',
  contenders: 'study',
  workloads: [
    { shape: layerSizes.join('-'), batch, optimizer: 'SGD', flops: null, threads: 'one', quick: true, params: {} },
  ],
  duration: () => 3,
  async measure(_params, contender) {
    const { lanewise, Program } = contender.library();
    const { backend, compile, nn, optim, randn, randint } = lanewise;
    lanewise.manualSeed(0);
    const [inSize, hidden, classes] = layerSizes;
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
    const program = Program.record(step, [input, target]);
    const { threads } = backend;
    backend.threads = 1;
    const [fromJavaScript, native]: [number[], number[]] = [[], []];
    try {
      for (let round = 0; round < rounds; round++) {
        const start = performance.now();
        for (let i = 0; i < runs; i++) compiled(input, target);
        const between = performance.now();
        await program.submit([input, target], { times: runs, threads: 1 }).done;
        // The first round is there to warm up.
        if (round === 0) continue;
        fromJavaScript.push(((between - start) * microseconds) / runs);
        native.push(((performance.now() - between) * microseconds) / runs);
      }
    } finally {
      backend.threads = threads;
      program.release();
      compiled.dispose();
    }
    const [called, inside] = [quantile(fromJavaScript, 0.5), quantile(native, 0.5)];
    return [
      explains('a tiny step called from JavaScript, median', called, ' us'),
      explains('the same step inside of one native job, median', inside, ' us'),
      atMost('a call from JavaScript, over the native run time', called - inside, 3, ' us'),
    ];
  },
};

export default compiledStep;
