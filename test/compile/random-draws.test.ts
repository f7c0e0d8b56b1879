/** Random numbers drawn inside of traced functions: at each run, in the order of eager calls, given back when no run is made. */
import { expect, it } from 'vitest';
import { Program } from '../../src/compile/program.js';
import {
  bernoulli,
  compile,
  defaultGenerator,
  functional as F,
  Generator,
  manualSeed,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { noGrad } from '../../src/tensor/tape.js';
import { describeEachBackend } from '../helpers/backends.js';

const flat = (t: Tensor) => [...t.toTypedArray()];

/** Every function that draws, with a generator. */
const functions: Readonly<Record<string, (generator: Generator) => Tensor>> = {
  rand: (generator) => rand([3, 5], { generator }),
  'randn of few': (generator) => randn([3], { generator }),
  'randn of many': (generator) => randn([37], { generator }),
  randint: (generator) => randint(-5, 900, [11], { generator }),
  'randint as float32': (generator) => randint(0, 2 ** 24, [4], { generator, dtype: 'float32' }),
  'randint of a wide range': (generator) => randint(-(2 ** 31), 2 ** 31, [4], { generator }),
  randperm: (generator) => randperm(17, { generator }),
  'nothing at all': (generator) => rand([0, 3], { generator }),
  randLike: (generator) => randLike(zeros([2, 2]), { generator }),
  randnLike: (generator) => randnLike(zeros([16]), { generator }),
  randintLike: (generator) => randintLike(randint(0, 3, [2, 3], { generator }), 4, 9, { generator }),
  bernoulli: (generator) => bernoulli(rand([40], { generator }), { generator }),
};

describeEachBackend('random numbers in a traced function', () => {
  it.each(Object.entries(functions))('%s draws what eager calls draw', async (_name, draw) => {
    const [eager, own] = [new Generator(3), new Generator(3)];
    const compiled = compile(() => draw(own));
    const expected = Array.from({ length: 3 }, () => draw(eager));
    for (const [i, each] of expected.entries()) {
      const drawn = i === 1 ? await compiled.async() : compiled();
      expect([drawn.dtype, drawn.shape, flat(drawn)]).toEqual([each.dtype, each.shape, flat(each)]);
    }
    expect(own.getState()).toEqual(eager.getState());
    expect(compiled.describe()).not.toContain('nothing has been traced');
  });

  it('are other numbers at each of many runs, as often as one asks', async () => {
    const seen = zeros([6]);
    const noisy = () => noGrad(() => seen.copy_(seen.mul(3).add(randn([6]))));
    manualSeed(1);
    for (let i = 0; i < 5; i++) noisy();
    const expected = flat(seen);
    const after = defaultGenerator.getState();
    noGrad(() => seen.copy_(zeros([6])));
    manualSeed(1);
    const program = Program.trace(noisy, []);
    expect(await program.submit([], { times: 5 }).done).toBe(5);
    expect(flat(seen)).toEqual(expected);
    expect(defaultGenerator.getState()).toEqual(after);
    program.release();
  });

  it('have gradients that see the numbers of their run', () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const step = compile(() => {
      x.grad = null;
      const noise = randn([3]);
      x.mul(noise).sum().backward();
      return { noise, gradient: x.grad! };
    });
    for (let i = 0; i < 3; i++) {
      const { noise, gradient } = step();
      expect(flat(gradient)).toEqual(flat(noise));
    }
  });

  it('go back when the run fails, here and off the event loop', async () => {
    const generator = new Generator(4);
    const step = compile((labels: Tensor) => F.crossEntropy(randn([2, 3], { generator }), labels));
    const before = generator.getState();
    const wrong = tensor([0, 3], { dtype: 'int32' });
    expect(() => step(wrong)).toThrow('Target 3 is out of bounds');
    expect(generator.getState()).toEqual(before);
    await expect(step.async(wrong)).rejects.toThrow('Target 3 is out of bounds');
    expect(generator.getState()).toEqual(before);
  });

  it('go back in whatever order queued runs fail, and not past what was drawn since', async () => {
    const generator = new Generator(4);
    const bad = (labels: Tensor) =>
      F.crossEntropy(F.dropout(randn([2, 3], { generator }), 0.5, true, generator), labels);
    const program = Program.trace(bad, [zeros([2], { dtype: 'int32' })]);
    const [wrong, right] = [tensor([0, 9], { dtype: 'int32' }), tensor([0, 1], { dtype: 'int32' })];
    const before = generator.getState();
    const both = [program.submit([wrong]), program.submit([wrong])];
    for (const { done } of both) await expect(done).rejects.toThrow('Target 9');
    expect(generator.getState()).toEqual(before);

    const mixed = [program.submit([wrong]), program.submit([right])];
    await expect(mixed[0]!.done).rejects.toThrow('Target 9');
    await mixed[1]!.done;
    const expected = new Generator(4);
    for (let i = 0; i < 2; i++) {
      expected.normalFill(new Float32Array(6));
      expected.nextKey();
    }
    expect(generator.getState()).toEqual(expected.getState());
    program.release();
  });
});
