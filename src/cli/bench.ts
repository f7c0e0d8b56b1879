/** `lanewise bench`: how much faster native kernels are here than TypeScript. */
import { backend, compile, manualSeed, nn, optim, randint, randn, type Tensor } from '../index.js';
import { type Command, numberOption, type Terminal } from './command.js';

export const benchCommand: Command = {
  name: 'bench',
  summary: 'time a training step on this machine',
  usage: '[options]',
  about: `Times compiled training steps of a network 784-256-128-10 with dropout and Adam at a batch of 128, with the backend in use and
with the pure-TypeScript one. A quick look: the repository's 'npm run bench' measures with care.`,
  options: {
    seconds: { type: 'string', value: 'N', help: 'for each backend; default: 2' },
    json: { type: 'boolean', help: 'print the result as JSON' },
  },
  examples: [
    'lanewise bench',
    'LANEWISE_NUM_THREADS=1 lanewise bench --seconds 5',
    'LANEWISE_BACKEND=wasm lanewise bench',
  ],
  arguments: [0, 0],
  async run(_positionals, values, terminal) {
    const seconds = numberOption(values, 'seconds', 2, { least: 0.01, most: 600 });
    const chosen = backend.name;
    const names = chosen === 'reference' ? [chosen] : [chosen, 'reference'];
    const results = [];
    for (const name of names) {
      backend.use(name);
      results.push({
        backend: name,
        threads: name.startsWith('native') ? backend.threads : 1,
        ...(await time(seconds, terminal)),
      });
    }
    backend.use(chosen);
    if (values.json === true) terminal.print(JSON.stringify(results));
    else {
      for (const { backend: name, threads, milliseconds, steps } of results)
        terminal.print(
          `${name.padEnd(16)}${threads} thread${threads === 1 ? ' ' : 's'}  ${milliseconds.toPrecision(3).padStart(8)} ms a step ` +
            `(median of ${steps}), ${Math.round(batch / (milliseconds / 1000))} samples a second`,
        );
      const [fast, slow] = results;
      if (slow !== undefined)
        terminal.print(`${fast!.backend} is ${(slow.milliseconds / fast!.milliseconds).toPrecision(3)} times as fast`);
      else terminal.print('no native backend here: see lanewise info');
    }
    return 0;
  },
};

const batch = 128;

async function time(seconds: number, { signal }: Terminal): Promise<{ milliseconds: number; steps: number }> {
  manualSeed(0);
  const model = new nn.Sequential(
    ...[new nn.Linear(784, 256), new nn.ReLU(), new nn.Dropout(0.5)],
    ...[new nn.Linear(256, 128), new nn.ReLU(), new nn.Dropout(0.5)],
    new nn.Linear(128, 10),
  );
  const optimizer = new optim.Adam(model.parameters());
  const criterion = new nn.CrossEntropyLoss();
  const step = compile((input: Tensor, target: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const input = randn([batch, 784]);
  const target = randint(0, 10, [batch]);
  const times: number[] = [];
  await step.async(input, target);
  const end = performance.now() + seconds * 1000;
  do {
    signal.throwIfAborted();
    const start = performance.now();
    await step.async(input, target);
    times.push(performance.now() - start);
  } while (performance.now() < end);
  step.dispose();
  times.sort((a, b) => a - b);
  return { milliseconds: times[times.length >> 1]!, steps: times.length };
}
