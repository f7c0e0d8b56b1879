/** Attention in blocks against the products and the softmax that it stands for: a mask that requires a gradient has these computed. */
import { describe, expect, it } from 'vitest';
import {
  compile,
  functional as F,
  Generator,
  manualSeed,
  nn,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';

type Options = NonNullable<Parameters<typeof F.scaledDotProductAttention>[3]>;

const drawn = (shapes: readonly (readonly number[])[]) => {
  const generator = new Generator(8);
  return shapes.map((shape) => randn(shape, { generator }).requiresGrad_());
};

/** The mask that hides from each query the keys behind it. */
const future = (queries: number, keys: number): Tensor =>
  tensor(Array.from({ length: queries }, (_, i) => Array.from({ length: keys }, (_, j) => (j > i ? -Infinity : 0))));

/** The result, and gradients of the inputs. */
function run(shapes: readonly (readonly number[])[], options: Options, isComposed: boolean): Float32Array[] {
  const inputs = drawn(shapes);
  const [query, key, value] = inputs as [Tensor, Tensor, Tensor];
  const scores: [number, number] = [query.shape.at(-2)!, key.shape.at(-2)!];
  const { isCausal, ...others } = options;
  const mask = () => (isCausal ? future(...scores) : (options.attnMask ?? zeros(scores)).detach()).requiresGrad_();
  const given = isComposed ? { ...others, attnMask: mask() } : options;
  manualSeed(3);
  const output = F.scaledDotProductAttention(query, key, value, given);
  output
    .mul(randn(output.shape, { generator: new Generator(9) }))
    .sum()
    .backward();
  return [output, ...inputs.map(({ grad }) => grad!)].map((each) => each.toTypedArray('float32'));
}

const heads = (queries: number, keys: number, features = 5): number[][] => [
  [2, 3, queries, features],
  [2, 3, keys, features],
  [2, 3, keys, 4],
];
const addedOf = (shape: readonly number[]) => randn(shape, { generator: new Generator(5) });

describeEachBackend('attention in blocks', () => {
  it.each([
    ['one block', heads(7, 9), {}],
    ['several blocks', heads(101, 131), {}],
    ['dropout', heads(50, 70), { dropoutP: 0.4 }],
    ['causal', heads(101, 131), { isCausal: true }],
    ['causal, fewer keys, dropout', heads(70, 50), { isCausal: true, dropoutP: 0.2 }],
    [
      'operands that broadcast',
      [
        [3, 1, 5, 4],
        [2, 7, 4],
        [7, 6],
      ],
      {},
    ],
    [
      'two dimensions',
      [
        [5, 4],
        [70, 4],
        [70, 6],
      ],
      {},
    ],
    [
      'five dimensions',
      [
        [2, 1, 2, 5, 4],
        [2, 3, 2, 7, 4],
        [2, 3, 2, 7, 6],
      ],
      { dropoutP: 0.1, scale: 0.3 },
    ],
  ] as const)('%s', (_, shapes, options) => {
    const blocks = run(shapes, options, false);
    const composed = run(shapes, options, true);
    blocks.forEach((values, i) => {
      expectClose(values, composed[i]!, { what: ['output', 'query', 'key', 'value'][i]!, tolerance: 1e-5 });
    });
  });

  it.each([[[7, 9]], [[9]], [[1]], [[7, 1]], [[2, 1, 1, 9]], [[3, 7, 9]], [[1, 3, 7, 1]], [[2, 3, 7, 9]]])(
    'takes a mask of shape %j',
    (shape) => {
      const blocks = run(heads(7, 9), { attnMask: addedOf(shape) }, false);
      const composed = run(heads(7, 9), { attnMask: addedOf(shape) }, true);
      blocks.forEach((values, i) => {
        expectClose(values, composed[i]!, { tolerance: 1e-5 });
      });
    },
  );

  it('repeats a mask of some dimensions of batches', () => {
    const shapes = [
      [2, 3, 2, 4, 5],
      [2, 3, 2, 6, 5],
      [2, 3, 2, 6, 5],
    ];
    const blocks = run(shapes, { attnMask: addedOf([3, 1, 4, 6]) }, false);
    const composed = run(shapes, { attnMask: addedOf([3, 1, 4, 6]) }, true);
    blocks.forEach((values, i) => {
      expectClose(values, composed[i]!, { tolerance: 1e-5 });
    });
  });

  it('serves groups of heads as repeated keys and values', () => {
    const [query, key, value] = drawn([
      [2, 6, 5, 4],
      [2, 2, 70, 4],
      [2, 2, 70, 3],
    ]) as [Tensor, Tensor, Tensor];
    const repeat = (x: Tensor) => F.repeatInterleave(x, 3, { dim: 1 });
    const grouped = F.scaledDotProductAttention(query, key, value, { enableGqa: true });
    const plain = F.scaledDotProductAttention(query, repeat(key), repeat(value));
    expectClose(grouped.toTypedArray(), plain.toTypedArray());
    grouped.sum().backward();
    const own = [query, key, value].map(({ grad }) => grad!.toTypedArray());
    for (const each of [query, key, value]) each.grad = null;
    plain.sum().backward();
    [query, key, value].forEach(({ grad }, i) => {
      expectClose(own[i]!, grad!.toTypedArray(), { tolerance: 1e-5 });
    });
  });

  it('drops the same weights compiled', () => {
    const [query, key, value] = drawn(heads(9, 70)).map((each) => each.detach()) as [Tensor, Tensor, Tensor];
    const attend = (q: Tensor, k: Tensor, v: Tensor) => F.scaledDotProductAttention(q, k, v, { dropoutP: 0.5 });
    using compiled = compile(attend);
    const twice = (fn: typeof attend) => {
      manualSeed(4);
      return [fn(query, key, value), fn(query, key, value)].map((each) => each.toTypedArray());
    };
    const eager = twice(attend);
    expect(twice(compiled)).toEqual(eager);
    expect(eager[0]).not.toEqual(eager[1]);
  });

  it('gives 0 and no gradient to a query that sees no key, and keeps NaN', () => {
    const [query, key, value] = drawn([
      [2, 4],
      [3, 4],
      [3, 2],
    ]) as [Tensor, Tensor, Tensor];
    const attnMask = tensor([0, 0, 0, 1, 0, 1], { shape: [2, 3], dtype: 'int32' });
    const output = F.scaledDotProductAttention(query, key, value, { attnMask });
    expect([...output.toTypedArray()].slice(0, 2)).toEqual([0, 0]);
    output.sum().backward();
    expect([...query.grad!.toTypedArray()].slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(key.grad!.toTypedArray().every(Number.isFinite)).toBe(true);
    const broken = key.detach().mul(Number.NaN);
    const withNaN = F.scaledDotProductAttention(query.detach(), broken, value.detach()).toTypedArray();
    expect(withNaN.every(Number.isNaN)).toBe(true);
  });
});

describe('memory', () => {
  it('holds no scores in a compiled step', () => {
    const [batch, heads_, steps, features] = [2, 4, 160, 16];
    const layer = new nn.TransformerEncoderLayer(features, heads_, { dimFeedforward: 16, dropout: 0.1 });
    const step = (x: Tensor) => {
      layer.zeroGrad();
      const loss = layer.forward(x).pow(2).mean();
      loss.backward();
      return loss;
    };
    using compiled = compile(step);
    compiled(randn([steps, batch, features]));
    const text = compiled.describe();
    expect(text).toContain('attentionBackward');
    const arena = Number(/arena of (\d+) bytes/.exec(text)![1]);
    expect(arena).toBeGreaterThan(0);
    expect(arena).toBeLessThan((4 * batch * heads_ * steps * steps) / 2);
  });
});
