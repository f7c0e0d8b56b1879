// Tensors in JavaScript's own operators, loops and comparisons.
import assert from 'node:assert';
import { describe, expect, it } from 'vitest';
import { compile, nn, noGrad, ones, StateError, tensor, zeros } from '../../src/index.js';

describe('a tensor of one element', () => {
  const loss = tensor(0.5, { requiresGrad: true });

  it('is its number in arithmetic, as float(t)', () => {
    let total = 0;
    total += loss as never;
    expect(total).toBe(0.5);
    expect(+loss).toBe(0.5);
    expect(Number(loss)).toBe(0.5);
    expect((loss as never) * 3).toBe(1.5);
    expect(Math.max(loss as never, 0)).toBe(0.5);
    expect(Number.isNaN(Number(tensor(Number.NaN)))).toBe(true);
    expect(Number(tensor([[2.5]]))).toBe(2.5);
  });

  it('compares', () => {
    expect([(loss as never) < 1, (loss as never) > 1, (loss as never) >= 0.5]).toEqual([true, false, true]);
  });

  it('prints in templates, as String(t)', () => {
    expect(`${tensor(0.5)}`).toBe('tensor(0.5000)');
    expect(String(loss)).toBe('tensor(0.5000, requires_grad=True)');
  });
});

it.each([
  ['no', zeros([0])],
  ['two', ones([2])],
])('a tensor of %s elements is an error in arithmetic, and prints', (_many, t) => {
  for (const use of [() => +t, () => (t as never) < 1, () => 1 + (t as never)]) {
    expect(use).toThrow(StateError);
    expect(use).toThrow('only one element tensors can');
  }
  expect(`${t}`).toMatch(/^tensor\(\[/);
});

it('is no number while a function is traced', () => {
  expect(() => compile((x) => x.mul(+x.sum()))(ones([2]))).toThrow(StateError);
});

describe('iteration', () => {
  it('goes over the first dimension', () => {
    expect(
      [
        ...tensor([
          [1, 2],
          [3, 4],
        ]),
      ].map((row) => row.toArray()),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([...tensor([1, 2])].map((each) => [each.ndim, each.item()])).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect([...zeros([0, 3])]).toEqual([]);
    const [first, second] = tensor([7, 8]);
    expect([first?.item(), second?.item()]).toEqual([7, 8]);
  });

  it('passes gradients', () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    let sum = zeros([]);
    for (const each of x) sum = sum.add(each.mul(each));
    sum.backward();
    expect(x.grad?.toArray()).toEqual([2, 4, 6]);
  });

  it('is not for scalars, and length is the first size', () => {
    expect(() => [...tensor(1)]).toThrow(TypeError);
    expect([zeros([2, 3]).length, zeros([0]).length]).toEqual([2, 0]);
    expect(() => tensor(1).length).toThrow('len() of a 0-d tensor');
    expect(() => Array.from(tensor(1))).toThrow('len() of a 0-d tensor');
  });
});

/** Pairs that differ in one thing. */
const pairs: [string, unknown, unknown][] = [
  ['a number', tensor([1, 2]), tensor([1, 3])],
  [
    'the last of many numbers',
    zeros([40, 5]),
    tensor(
      Float32Array.from({ length: 200 }, (_, i) => +(i === 199)),
      { shape: [40, 5] },
    ),
  ],
  ['a scalar', tensor(1), tensor(2)],
  ['the sizes', zeros([2, 3]), zeros([3, 2])],
  ['sizes without numbers', zeros([0, 3]), zeros([0, 2])],
  ['the dtype', tensor([1]), tensor([1], { dtype: 'int32' })],
  ['the class', tensor([1]), new nn.Parameter(tensor([1]))],
  ['a state dict', filled(1).stateDict(), filled(2).stateDict()],
  ['a model', filled(1), filled(2)],
  ['a container', new nn.Sequential(filled(1)), new nn.Sequential(filled(2))],
  ['what holds a tensor', { a: [tensor(1)] }, { a: [tensor(2)] }],
];

function filled(value: number): nn.Linear {
  const layer = new nn.Linear(2, 2);
  noGrad(() => {
    for (const parameter of layer.parameters()) parameter.copy_(tensor(value));
  });
  return layer;
}

describe('assert.deepStrictEqual and toEqual', () => {
  it.each(pairs)('tell %s apart', (_what, a, b) => {
    expect(() => assert.deepStrictEqual(a, b)).toThrow(assert.AssertionError);
    expect(() => expect(a).toStrictEqual(b)).toThrow();
    if (_what !== 'the class') expect(() => expect(a).toEqual(b)).toThrow();
  });

  it('take equal ones for equal, whatever made them', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const same: [unknown, unknown][] = [
      [tensor([Number.NaN, 1]), tensor([Number.NaN, 1])],
      [x.mul(2), tensor([2, 4])],
      [tensor(1), tensor(1)],
      [filled(3), filled(3)],
      [filled(3).stateDict(), filled(3).stateDict()],
    ];
    for (const [a, b] of same) {
      assert.deepStrictEqual(a, b);
      expect(a).toEqual(b);
      expect(a).toStrictEqual(b);
    }
  });

  it('write every number into a snapshot', () => {
    expect(JSON.stringify(tensor([[1, -0]]))).toMatchInlineSnapshot(
      `"{"dtype":"float32","shape":[1,2],"data":[[1,"-0"]]}"`,
    );
    expect(tensor([1.5, 2])).toMatchInlineSnapshot(`
      {
        "data": [
          1.5,
          2,
        ],
        "dtype": "float32",
        "shape": [
          2,
        ],
      }
    `);
  });
});
