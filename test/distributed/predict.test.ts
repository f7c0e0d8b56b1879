/** `predict` on ranks in one process: each computes a share of the rows, and all get the output of one process. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, Generator, nn, predict, rand, type Tensor } from '../../src/index.js';
import { withFakeRanks } from './fake-group.js';
import { makeModel } from './training.js';

class Parts extends nn.Module<[{ a: Tensor; b: Tensor }], { sum: Tensor; product: Tensor[] }> {
  override forward({ a, b }: { a: Tensor; b: Tensor }) {
    return { sum: a.add(b), product: [a.mul(b).sum({ dim: 1 })] };
  }
}

class Centered extends nn.Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return x.sub(x.mean({ dim: 0 }));
  }
}

const x = rand([23, 6], { generator: new Generator(2) });

describe('predict on ranks', () => {
  it.each([2, 3, 4])('%d ranks give the bits of one process, and compute each row once', async (size) => {
    let computed = 0;
    class Counted extends nn.Module<[Tensor], Tensor> {
      model = makeModel();
      override forward(input: Tensor): Tensor {
        computed = Math.max(computed, input.shape[0]!);
        return this.model.forward(input);
      }
    }
    const wanted = (await predict(makeModel(), x)).toArray();
    const found = await withFakeRanks(size, (processGroup) =>
      predict(new Counted(), x, { distributed: { processGroup } }),
    );
    for (const each of found) expect(each.toArray()).toEqual(wanted);
    expect(computed).toBeLessThan(23);
    const [a, b] = [x, x.mul(2)];
    const parts = await predict(new Parts(), { a, b });
    for (const { sum, product } of await withFakeRanks(size, (processGroup) =>
      predict(new Parts(), { a, b }, { distributed: { processGroup }, batchSize: 4 }),
    )) {
      expect(sum.toArray()).toEqual(parts.sum.toArray());
      expect(product[0]!.toArray()).toEqual(parts.product[0]!.toArray());
    }
  });

  it('computes everything on each rank where rows depend on each other, and where there are few', async () => {
    const wanted = (await predict(new Centered(), x)).toArray();
    const few = (await predict(makeModel(), x.narrow(0, 0, 3))).toArray();
    await withFakeRanks(2, async (processGroup) => {
      const options = { distributed: { processGroup } };
      expect((await predict(new Centered(), x, options)).toArray()).toEqual(wanted);
      expect((await predict(makeModel(), x.narrow(0, 0, 3), options)).toArray()).toEqual(few);
    });
  });

  it('computes everything on each rank where one of them cannot share', async () => {
    const wanted = [makeModel(), new Centered()].map(async (model) => (await predict(model, x)).toArray());
    const found = await withFakeRanks(2, (processGroup) =>
      predict(processGroup.rank === 1 ? new Centered() : makeModel(), x, { distributed: { processGroup } }),
    );
    expect(found.map((each) => each.toArray())).toEqual(await Promise.all(wanted));
  });

  it('another input, or what fails on one rank, is an error on all', async () => {
    const texts = (of: (rank: number) => readonly [nn.Module<[Tensor], Tensor>, Tensor, (AbortSignal | undefined)?]) =>
      withFakeRanks(3, (processGroup) => {
        const [model, input, signal] = of(processGroup.rank);
        const options = { distributed: { processGroup }, ...(signal !== undefined && { signal }) };
        return predict(model, input, options).then(String, (error: unknown) =>
          String((error as Error)?.message ?? error),
        );
      });
    for (const text of await texts((rank) => [makeModel(), rank === 2 ? x.narrow(0, 0, 20) : x]))
      expect(text).toContain('rank 2 has another input than rank 0');
    const aborted = await texts((rank) => [makeModel(), x, rank === 1 ? AbortSignal.abort('enough') : undefined]);
    expect(aborted).toEqual([
      'predict: rank 1 has failed; its own error says why',
      'enough',
      'predict: rank 1 has failed; its own error says why',
    ]);
    await expect(predict(makeModel(), x, { distributed: 1 as never })).rejects.toThrow(ArgumentError);
    await expect(predict(makeModel(), x, { distributed: { shards: 2 } as never })).rejects.toThrow('unknown option');
    await expect(predict(makeModel(), x, { distributed: true })).rejects.toThrow('has not been initialized');
  });
});
