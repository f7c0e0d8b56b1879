/** A convolutional network trains to the same bits on every instruction set with fused multiply-adds, any number of threads, eager and compiled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend, compile, Generator, manualSeed, nn, optim, rand, randint, type Tensor } from '../../src/index.js';
import { runOn } from '../helpers/backends.js';
import { bits } from './models.js';

// Scalar code multiplies and adds in two steps where others fuse them.
const sets = backend.available.filter((name) => name.startsWith('native') && name !== 'native:scalar');
const [steps, batches, batch, size] = [100, 4, 8, 12];

function train(isCompiled: boolean) {
  const generator = new Generator(7);
  const inputs = rand([batches, batch, 1, size, size], { generator });
  const targets = randint(0, 10, [batches, batch], { generator });
  manualSeed(0);
  // 32 channels: the second convolution is one by Winograd. The third has a stride, and a batch has more pixels than a thread's least share.
  const model = new nn.Sequential(
    ...[new nn.Conv2d(1, 32, 3, { padding: 1, bias: false }), new nn.BatchNorm2d(32), new nn.ReLU()],
    ...[new nn.Conv2d(32, 33, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Dropout2d(0.25)],
    ...[new nn.Conv2d(33, 16, 3, { stride: 2, padding: 1 }), new nn.BatchNorm2d(16, { momentum: null }), new nn.ReLU()],
    ...[new nn.Flatten(), new nn.Linear(16 * 9, 32), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(32, 10)],
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.02, momentum: 0.9 });
  const criterion = new nn.CrossEntropyLoss();
  const body = (input: Tensor, target: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const program = isCompiled ? compile(body) : null;
  const step = program ?? body;
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = step(inputs.select(0, i % batches), targets.select(0, i % batches));
    if (i % 10 === 0 || i === steps - 1) losses.push(loss.item());
  }
  program?.dispose();
  const state = Object.entries(model.stateDict()).map(([name, tensor]) => [name, bits(tensor)] as const);
  return { losses, state: Object.fromEntries(state) };
}

describe.runIf(sets.length > 0)('100 steps of a convolutional network', () => {
  let expected: ReturnType<typeof train>;
  let threads = 1;
  runOn(sets[0] ?? 'reference');
  beforeAll(() => {
    threads = backend.threads;
    backend.threads = 1;
    expected = train(false);
  });
  afterAll(() => {
    backend.threads = threads;
  });

  it('lower the loss', () => {
    expect(expected.losses.at(-1)).toBeLessThan(0.5 * expected.losses[0]!);
    expect(expected.state['1.num_batches_tracked']).toBe(expected.state['8.num_batches_tracked']);
  });

  const ways = sets.flatMap((set) =>
    [1, 2, 8].flatMap((count) => [false, true].map((isCompiled) => [set, count, isCompiled] as const)),
  );
  it.each(ways.slice(1))('end in the same bits on %s, %i threads, compiled: %s', (set, count, isCompiled) => {
    backend.use(set);
    backend.threads = count;
    expect(train(isCompiled)).toEqual(expected);
  });
});
