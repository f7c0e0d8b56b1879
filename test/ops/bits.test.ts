/**
 * Results of native backends do not depend on the number of threads: whole trainings, to the bit. And what native code
 * flushes to zero it flushes on every path and thread alike.
 */
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  backend,
  compile,
  functional as F,
  manualSeed,
  nn,
  optim,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { runOn } from '../helpers/backends.js';

const natives = backend.available.filter((name) => name.startsWith('native'));
const threadCounts = [1, 2, 3, 4, 8];

/** Products of 40·96·128 multiply-adds, eight times the 60,000 below which a thread is not worth waking. */
const [batch, inputs, hidden, classes] = [40, 96, 128, 10];

interface Outcome {
  readonly losses: readonly number[];
  readonly numbers: readonly Float32Array[];
}

function train(make: (params: Tensor[]) => optim.Optimizer, compiled: boolean, steps: number): Outcome {
  manualSeed(3);
  const model = new nn.Sequential(
    ...[new nn.Linear(inputs, hidden), new nn.ReLU(), new nn.Dropout(0.5)],
    ...[new nn.Linear(hidden, inputs), new nn.ReLU(), new nn.Dropout(0.25)],
    new nn.Linear(inputs, classes),
  );
  const optimizer = make([...model.parameters()]);
  const labels = Int32Array.from({ length: batch }, (_, i) => (i * 7) % classes);
  const [x, y] = [randn([batch, inputs]), tensor(labels)];
  const body = (input: Tensor, target: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const program = compiled ? compile(body) : null;
  const step = program ?? body;
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = step(x, y);
    if (i % 50 === 0 || i === steps - 1) losses.push(loss.item());
  }
  program?.dispose();
  const state = Object.values(optimizer.stateDict().state).flatMap((own) => Object.values(own)) as Tensor[];
  const tensors = [...model.parameters(), ...state.filter((t) => typeof t === 'object' && t !== null)];
  return { losses, numbers: tensors.map((t) => Float32Array.from(t.toTypedArray())) };
}

const bytes = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Threads of this process, where the system tells. */
const threadsAlive = (): number | null =>
  existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : null;

const optimizers: Readonly<Record<string, (params: Tensor[]) => optim.Optimizer>> = {
  momentum: (params) => new optim.SGD(params, { lr: 0.02, momentum: 0.9, weightDecay: 1e-4 }),
  Adam: (params) => new optim.Adam(params, { lr: 1e-3 }),
};

describe.runIf(natives.length > 0)(`training steps with dropout on ${natives.at(-1)}`, () => {
  let before = 1;
  runOn(natives.at(-1) ?? 'reference');
  beforeAll(() => {
    before = backend.threads;
  });
  afterAll(() => {
    backend.threads = before;
  });

  it.each([
    { name: 'momentum', mode: 'eager', steps: 1000 },
    { name: 'momentum', mode: 'compiled', steps: 1000 },
    { name: 'Adam', mode: 'eager', steps: 50 },
    { name: 'Adam', mode: 'compiled', steps: 1000 },
  ])('end in the same bits for 1, 2, 3, 4 and 8 threads: $steps with $name, $mode', ({ name, mode, steps }) => {
    const alone = threadsAlive();
    const outcomes = threadCounts.map((threads) => {
      backend.threads = threads;
      return train(optimizers[name]!, mode === 'compiled', steps);
    });
    const expected = outcomes[0]!;
    expect(expected.losses.at(-1)).toBeLessThan(0.5 * expected.losses[0]!);
    expect(expected.numbers.length).toBeGreaterThan(6);
    outcomes.forEach(({ losses, numbers }, i) => {
      expect(losses, `${threadCounts[i]} threads`).toEqual(expected.losses);
      numbers.forEach((values, t) => {
        const same = bytes(values).equals(bytes(expected.numbers[t]!));
        expect(same, `tensor ${t} with ${threadCounts[i]} threads`).toBe(true);
      });
    });
    // Workers are started by the first run that has this number of parts, and stay: the work was split. No more of them than there are CPUs for; the
    // C++ tests have pools without that limit.
    const workers = Math.min(8, availableParallelism()) - 1;
    if (alone !== null && name === 'momentum' && mode === 'eager')
      expect(threadsAlive()! - alone).toBeGreaterThanOrEqual(workers);
  });
});

describe.runIf(natives.length > 0).each(natives)('subnormal numbers are zero in results of %s', (name) => {
  runOn(name);

  it('on this thread, on workers, in programs and in jobs', async () => {
    const before = backend.threads;
    const length = 5 * 32768;
    const x = tensor(new Float32Array(length).fill(2 ** -126));
    const halve = (t: Tensor): Tensor => t.mul(0.5);
    const step = compile(halve);
    try {
      for (const threads of [1, 5]) {
        backend.threads = threads;
        for (const result of [halve(x), step(x), await step.async(x)]) {
          const wrong = result.toTypedArray().findIndex((value) => value !== 0);
          expect(wrong, `first result that is not zero, ${threads} threads`).toBe(-1);
        }
      }
    } finally {
      backend.threads = before;
      step.dispose();
    }
    expect(Math.fround(2 ** -126 * 0.5)).toBe(2 ** -127);
  });
});
