/** Gradients that travel as bfloat16: rounding, sums, error feedback, and a training with them. */
import { describe, expect, it } from 'vitest';
import { compressWithFeedback, fromBfloat16, toBfloat16 } from '../../src/distributed/bfloat16.js';
import type { ProcessGroup } from '../../src/distributed/group.js';
import { reduceLeaves } from '../../src/distributed/tree.js';
import { compile, functional as F, nn, optim } from '../../src/index.js';
import { withFakeRanks } from './fake-group.js';
import { inputs, labels, largest, makeModel, weightsOf } from './training.js';

const { DistributedDataParallel } = nn.parallel;
const halvesOf = (...numbers: number[]): Uint16Array => {
  const halves = new Uint16Array(numbers.length);
  toBfloat16(Float32Array.from(numbers), halves);
  return halves;
};
const numbersOf = (halves: Uint16Array): number[] => {
  const numbers = new Float32Array(halves.length);
  fromBfloat16(halves, numbers);
  return [...numbers];
};

describe('bfloat16', () => {
  it('rounds as torch.tensor(x).to(torch.bfloat16)', () => {
    // Ties go to the even neighbour; what is beyond the largest number becomes infinite.
    const given = [1, -2.5, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 0.1, 3.3895e38, 3.4e38, Infinity, -0];
    const rounded = [1, -2.5, 1, 1 + 2 ** -6, 0.10009765625, 3.3895313892515355e38, Infinity, Infinity, -0];
    expect(numbersOf(halvesOf(...given))).toEqual(rounded);
    expect(numbersOf(halvesOf(Number.NaN))).toEqual([Number.NaN]);
  });

  it('is added as float32, and rounded once', () => {
    // Rounded after each step, 256 + 1 + 1 + 1 would be 256.
    const leaves = [256, 1, 1, 1].map((value) => halvesOf(value));
    reduceLeaves(leaves, 'sum', 1);
    expect(numbersOf(leaves[0]!)).toEqual([260]);
    const mean = [halvesOf(3), halvesOf(4), halvesOf(5)];
    reduceLeaves(mean, 'sum', 3);
    expect(numbersOf(mean[0]!)).toEqual([4]);
  });

  it('loses nothing over several steps with error feedback', () => {
    const errors = new Float32Array(2);
    const sums = [0, 0];
    // Each number lies between two that travel.
    for (let step = 0; step < 256; step++) {
      const sent = numbersOf(compressWithFeedback(Float32Array.of(1 + 2 ** -10, -3.003), errors));
      for (const [i, value] of sent.entries()) sums[i]! += value;
    }
    expect(sums[0]! + errors[0]!).toBeCloseTo(256 * (1 + 2 ** -10), 6);
    expect(sums[1]! + errors[1]!).toBeCloseTo(256 * Math.fround(-3.003), 2);
    expect(Math.abs(errors[0]!)).toBeLessThan(2 ** -7);
    compressWithFeedback(Float32Array.of(Number.NaN, Infinity), errors);
    expect([...errors]).toEqual([0, 0]);
  });
});

async function train(processGroup: ProcessGroup, options: nn.parallel.DistributedDataParallelOptions) {
  const model = makeModel();
  const ddp = new DistributedDataParallel(model, { processGroup, ...options });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  model.eval(); // no dropout
  await ddp.synchronize();
  const rows = 52 / processGroup.size;
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const part = [inputs, labels].map((each) => each.narrow(0, processGroup.rank * rows, rows));
    optimizer.zeroGrad();
    const loss = F.crossEntropy(ddp.forward(part[0]!), part[1]!);
    loss.backward();
    await ddp.synchronize();
    optimizer.step();
    losses.push(loss.item());
  }
  return { losses, weights: weightsOf(model) };
}

describe("commHook: 'bf16Compress'", () => {
  it('halves what travels, and trains like float32 on 2 ranks, to the same bits each time', async () => {
    const sent: string[] = [];
    const run = (options: nn.parallel.DistributedDataParallelOptions) =>
      withFakeRanks(2, async (group) => {
        const found = await train(group, options);
        if (group.rank === 0) sent.push(group.world.log.filter((each) => each.startsWith('allReduce'))[0]!);
        return found;
      });
    const [exact, halves, again] = [
      await run({}),
      await run({ commHook: 'bf16Compress' }),
      await run({ commHook: 'bf16Compress' }),
    ];
    expect(sent.map((each) => each.includes('Uint16Array'))).toEqual([false, true, true]);
    expect(halves).toEqual(again);
    expect(halves[1]!.weights).toEqual(halves[0]!.weights);
    // Other numbers, and close to those of float32.
    const difference = largest(halves[0]!.weights, exact[0]!.weights);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.02);
    const last = (found: typeof exact) => (found[0]!.losses.at(-1)! + found[1]!.losses.at(-1)!) / 2;
    expect(last(exact)).toBeLessThan(0.9 * ((exact[0]!.losses[0]! + exact[1]!.losses[0]!) / 2));
    expect(Math.abs(last(halves) - last(exact))).toBeLessThan(0.002);
  });

  it('is refused in a compiled step, which says what to do', async () => {
    await withFakeRanks(2, async (processGroup) => {
      const model = makeModel();
      const ddp = new DistributedDataParallel(model, { processGroup, commHook: 'bf16Compress' });
      await ddp.synchronize();
      const step = compile((x: typeof inputs, y: typeof labels) => {
        const loss = F.crossEntropy(ddp.forward(x), y);
        loss.backward();
        return loss;
      });
      expect(() => step(inputs, labels)).toThrow('DistributedDataParallel with a commHook');
    });
  });
});
