/** predict in pieces and with rows behind: what forward gives, whatever the model does with rows. */
import { expect, it } from 'vitest';
import {
  cat,
  functional,
  Generator,
  nn,
  noGrad,
  ones,
  predict,
  rand,
  randint,
  randn,
  stack,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const features = 6;
const input = (rows: number, seed = rows) => rand([rows, features], { generator: new Generator(seed) });

class Of extends nn.Module {
  readonly fn: (x: Tensor) => Tensor;
  readonly parts: nn.ModuleList;
  /** How often forward was called: once for each program. */
  readonly calls = { count: 0 };
  constructor(fn: (x: Tensor) => Tensor, ...parts: nn.Module[]) {
    super();
    this.fn = fn;
    this.parts = new nn.ModuleList(parts);
  }
  override forward(x: Tensor): Tensor {
    this.calls.count++;
    return this.fn(x);
  }
}

const fc = new nn.Linear(features, 4);
const table = rand([9, 5]);
const mix = rand([3, 3]);
const digits = (x: Tensor) => x.mul(9).to('int32');

/** Models whose rows do not know each other: few programs serve all numbers of rows. */
const rowWise: Readonly<Record<string, () => Of>> = {
  'layers and a softmax': () => new Of((x) => fc.forward(x).relu().softmax(1), fc),
  'means and extrema of rows': () =>
    new Of((x) =>
      cat([x.mean({ dim: 1, keepdim: true }), x.max({ dim: 1, keepdim: true }).values, x.narrow(1, 1, 2)], 1),
    ),
  labels: () => new Of((x) => fc.forward(x).argmax({ dim: 1 }), fc),
  broadcasting: () =>
    new Of((x) =>
      x
        .mul(x.sum({ dim: 1, keepdim: true }))
        .add(ones([features]))
        .div(3),
    ),
  'more dimensions': () => new Of((x) => x.reshape([-1, 2, 3]).matmul(mix).permute([0, 2, 1])),
  'products of rows': () => new Of((x) => x.reshape([-1, 2, 3]).matmul(x.reshape([-1, 3, 2]))),
  'zeros to begin with': () => new Of((x) => fc.forward(x).add(zeros([x.shape[0]!, 4])), fc),
  'rows of a table': () =>
    new Of((x) => functional.indexSelect(table, x.sum({ dim: 1 }).clamp(0, 8).to('int32')).mul(2)),
  'whole numbers': () =>
    new Of((x) =>
      digits(x)
        .mul(digits(x))
        .sub(digits(x.sum({ dim: 1, keepdim: true })))
        .add(3),
    ),
  'sums and extrema of whole numbers': () =>
    new Of((x) => stack([digits(x).sum({ dim: 1 }), digits(x).max({ dim: 1 }).values], 1)),
  'running sums of each row': () => new Of((x) => x.cumsum(1)),
  'each row in its own order': () => new Of((x) => x.gather(1, x.argsort({ dim: 1 }))),
};

/** Models whose rows do; each must be computed as a whole. */
const mixing: Readonly<Record<string, () => Of>> = {
  'a mean of the batch': () => new Of((x) => x.sub(x.mean({ dim: 0 }))),
  'a softmax over the rows': () => new Of((x) => x.softmax(0)),
  'rows in another order': () => new Of((x) => cat([x.narrow(0, 1, x.shape[0]! - 1), x.narrow(0, 0, 1)])),
  'the first row for all': () => new Of((x) => x.sub(x.narrow(0, 0, 1))),
  'all pairs of rows': () => new Of((x) => x.matmul(x.transpose(0, 1)).matmul(x)),
  'the number of rows': () => new Of((x) => x.mul(1 / x.shape[0]!)),
  'a vector for each number of rows': () =>
    new Of((x) =>
      x.add(
        tensor(
          Array.from({ length: x.shape[0]! * 6 }, (_, i) => i),
          { shape: [...x.shape] },
        ),
      ),
    ),
  'one row for all': () => new Of((x) => x.sum({ dim: 0 })),
  'the rows as columns': () => new Of((x) => x.transpose(0, 1)),
  'twice as many rows': () => new Of((x) => cat([x, x])),
  'a stack': () => new Of((x) => stack([x, x])),
  'running sums over the rows': () => new Of((x) => x.cumsum(0)),
  'rows in the order of a column': () =>
    new Of((x) => functional.indexSelect(x, x.narrow(1, 0, 1).squeeze().argsort())),
  'columns in their own orders': () => new Of((x) => x.gather(0, x.argsort({ dim: 0 }))),
  'sums of whole numbers over the rows': () => new Of((x) => digits(x).sub(digits(x).sum({ dim: 0 }))),
};

/** Models that draw: the rows themselves do not mix, but draws for other numbers of rows would be others. */
const drawing: Readonly<Record<string, (generator: Generator) => Of>> = {
  noise: (generator) => new Of((x) => x.add(randn([...x.shape], { generator }))),
  'noise that is not used': (generator) =>
    new Of((x) => {
      randn([...x.shape], { generator });
      return x.mul(2);
    }),
  'masks of numbers': (generator) => new Of((x) => functional.dropout(x, 0.5, true, generator)),
};

const evaluate = (model: Of, x: Tensor) => noGrad(() => model.fn(x));

function expectSame(found: Tensor, wanted: Tensor): void {
  expect(found.shape).toEqual(wanted.shape);
  expect(found.dtype).toBe(wanted.dtype);
  const [a, b] = [found.toTypedArray(), wanted.toTypedArray()];
  a.forEach((value, i) => {
    if (Math.abs(value - b[i]!) > 1e-5) expect(value).toBeCloseTo(b[i]!, 5);
  });
}

describeEachBackend('predict gives what forward gives', () => {
  const sizes = Array.from({ length: 40 }, (_, i) => i + 1);

  it.each(Object.keys(rowWise))('of %s: any number of rows with few programs, in pieces too', async (name) => {
    const model = rowWise[name]!();
    for (const rows of sizes) expectSame(await predict(model, input(rows)), evaluate(model, input(rows)));
    // 8 of just as many rows; then 12, 16, 24, 32, 48, which an exact one may be already.
    expect(model.calls.count).toBeLessThanOrEqual(8 + 6);
    const again = rowWise[name]!();
    for (const batchSize of [1, 2, 7]) {
      const found = await predict(again, input(23), { batchSize });
      expect(found.toArray()).toEqual((await predict(again, input(23))).toArray());
      expectSame(found, evaluate(again, input(23)));
    }
  });

  it.each(Object.keys(mixing))('of %s: as a whole', async (name) => {
    const model = mixing[name]!();
    for (const rows of sizes.slice(1)) expectSame(await predict(model, input(rows)), evaluate(model, input(rows)));
    const again = mixing[name]!();
    for (const batchSize of [1, 2, 4, 7, 22])
      expectSame(await predict(again, input(23), { batchSize }), evaluate(again, input(23)));
  });

  it.each(
    Object.keys(drawing).flatMap((name) => (['counter', 'mt19937'] as const).map((masks) => [name, masks] as const)),
  )('of %s (%s): as a whole, with the draws of eager code', async (name, masks) => {
    const [own, eager] = [new Generator(5, { masks }), new Generator(5, { masks })];
    const [model, same] = [drawing[name]!(own), drawing[name]!(eager)];
    for (const rows of [...sizes, ...sizes]) {
      expectSame(await predict(model, input(rows)), evaluate(same, input(rows)));
      expect(own.getState()).toEqual(eager.getState());
    }
    for (const batchSize of [2, 7, 22]) {
      expectSame(await predict(model, input(23), { batchSize }), evaluate(same, input(23)));
      expect(own.getState()).toEqual(eager.getState());
    }
  });

  it('of a model that goes by the number of rows: pieces far from it in size are told apart', async () => {
    const model = new Of((x) => (x.shape[0]! > 5 ? x.mul(2) : x));
    for (const rows of sizes) expectSame(await predict(model, input(rows)), evaluate(model, input(rows)));
    for (const batchSize of [7, 22])
      expectSame(await predict(model, input(23), { batchSize }), evaluate(model, input(23)));
  });

  it('to the bit, whatever the number of other rows', async () => {
    const model = rowWise['layers and a softmax']!();
    const whole = (await predict(model, input(64, 1))).toArray() as number[][];
    for (let rows = 1; rows < 64; rows++)
      expect((await predict(model, input(64, 1).narrow(0, 0, rows))).toArray()).toEqual(whole.slice(0, rows));
  });

  it('of vectors longer than batchSize', async () => {
    const x = rand([2000], { generator: new Generator(1) });
    const deep = new nn.Linear(2000, 3);
    expectSame(
      await predict(deep, x),
      noGrad(() => deep.forward(x)),
    );
    for (const model of [new nn.Softmax(0), new nn.Softmax(-1), new nn.LogSoftmax(0)]) {
      expectSame(
        await predict(model, x),
        noGrad(() => model.forward(x)),
      );
      expectSame(
        await predict(model, x, { batchSize: 700 }),
        noGrad(() => model.forward(x)),
      );
    }
    const total = (await predict(new nn.Softmax(0), x)).sum().item();
    expect(total).toBeCloseTo(1, 4);
    expectSame(await predict(new nn.ReLU(), x), x.relu());
    const narrow = new nn.Linear(1024, 3);
    const two = rand([2048]);
    await expect(predict(narrow, two)).rejects.toThrow('Linear: expected 1024 features in the last dimension');
  });

  it('of inputs that have not as many rows each', async () => {
    class Scaled extends nn.Module<readonly [x: Tensor, scale: Tensor]> {
      override forward(x: Tensor, scale: Tensor): Tensor {
        return x.mul(scale);
      }
    }
    const scale = rand([features]);
    const found = await predict(new Scaled(), [input(23), scale], { batchSize: 4 });
    expectSame(found, input(23).mul(scale));
    expectSame(await predict(new Scaled(), [input(9), tensor(2)]), input(9).mul(2));
  });

  it('of labels as inputs: rows behind are labels too', async () => {
    const model = new Of((labels) => functional.indexSelect(table, labels).relu());
    for (const rows of sizes) {
      const labels = randint(0, 9, [rows]);
      expectSame(await predict(model, labels), evaluate(model, labels));
    }
    expect(model.calls.count).toBeLessThanOrEqual(14);
    await expect(predict(model, tensor([9], { dtype: 'int32' }))).rejects.toThrow('out of');
  });

  it('of a model whose forward changes what it goes by', async () => {
    class Counting extends nn.Module {
      fc = fc;
      calls = 0;
      override forward(x: Tensor): Tensor {
        this.calls++;
        return this.fc.forward(x);
      }
    }
    const model = new Counting();
    for (const rows of sizes)
      expectSame(
        await predict(model, input(rows)),
        noGrad(() => fc.forward(input(rows))),
      );
  });
});
