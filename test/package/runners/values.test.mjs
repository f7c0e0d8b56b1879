// A user's test of a model, in whichever realm the runner has made for it. `test` and `expect` are the runner's own.
import assert from 'node:assert';
import * as lanewise from 'lanewise';

const { allclose, backend, compile, data, equal, fit, manualSeed, nn, noGrad, optim, predict, randn, tensor } =
  lanewise;

test('computes natively', () => {
  expect(backend.name).toMatch(/^native:/);
});

test('makes tensors of this realm’s arrays', () => {
  for (const Kind of [Float32Array, Float64Array, Int32Array, Uint8Array, Int16Array])
    expect(tensor(new Kind([1, 2])).toArray()).toEqual([1, 2]);
  expect(tensor([[1], [2]]).toArray()).toEqual([[1], [2]]);
  expect(data.readIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 1, 7])).item()).toBe(7);
  expect(data.readIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 1, 7]).buffer).item()).toBe(7);
});

test('throws its own errors for what the addon refuses', () => {
  const refused = () => tensor([[1, 2]]).indexSelect(tensor([5], { dtype: 'int32' }));
  expect(refused).toThrow(lanewise.LanewiseError);
  const labels = tensor([9], { dtype: 'int32' });
  expect(() => new nn.CrossEntropyLoss().forward(tensor([[1, 2]]), labels)).toThrow(lanewise.ArgumentError);
  const step = compile((x, y) => new nn.CrossEntropyLoss().forward(x, y));
  expect(() => step(tensor([[1, 2]]), labels)).toThrow(lanewise.ArgumentError);
  expect(() => noGrad(async () => {})).toThrow(lanewise.StateError);
});

test('saves and loads by objects, Maps, JSON and clones', () => {
  const [from, to] = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
  const state = from.stateDict();
  for (const like of [
    { ...state },
    new Map(Object.entries(state)),
    JSON.parse(JSON.stringify(from)),
    structuredClone(state),
  ]) {
    noGrad(() => to.weight.copy_(tensor(0)));
    to.loadStateDict(like);
    expect(equal(to.weight, from.weight)).toBe(true);
  }
});

test('trains, is aborted, predicts', async () => {
  manualSeed(0);
  const model = new nn.Sequential({ first: new nn.Linear(3, 4), act: new nn.Tanh(), last: new nn.Linear(4, 1) });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
  const loss = new nn.MSELoss();
  const [x, y] = [randn([40, 3]), randn([40, 1])];
  const { epochs } = await fit(model, { train: [x, y], optimizer, loss, epochs: 5, shuffle: true });
  expect(epochs[4].loss).toBeLessThan(epochs[0].loss);
  async function* batches() {
    yield [x, y];
  }
  await fit(model, { train: { [Symbol.asyncIterator]: batches }, optimizer, loss });
  const controller = new AbortController();
  const aborted = fit(model, {
    ...{ train: [x, y], optimizer, loss, epochs: 1e6, signal: controller.signal },
    onEpoch: async () => controller.abort(new Error('enough')),
  });
  await expect(aborted).rejects.toThrow('enough');
  expect((await predict(model, x)).shape).toEqual([40, 1]);
});

test('tells tensors, states and models apart', () => {
  const pairs = [
    [tensor([1, 2]), tensor([1, 3])],
    [tensor(1), tensor(2)],
    [tensor([[1], [2]]), tensor([[1], [3]])],
    [tensor([1]), tensor([1], { dtype: 'int32' })],
    [new nn.Linear(1, 1).stateDict(), new nn.Linear(1, 1).stateDict()],
    [new nn.Sequential(new nn.Linear(1, 1)), new nn.Sequential(new nn.Linear(1, 1))],
  ];
  for (const [a, b] of pairs) {
    expect(a).not.toEqual(b);
    expect(a).not.toStrictEqual(b);
    expect(() => assert.deepStrictEqual(a, b)).toThrow(assert.AssertionError);
  }
  const [one, other] = [tensor([1, 2], { requiresGrad: true }).mul(2), tensor([2, 4])];
  expect(one).toEqual(other);
  expect(one).toStrictEqual(other);
  expect({ deep: [tensor(1)] }).toEqual({ deep: [tensor(1)] });
  assert.deepStrictEqual(one, other);
  expect(allclose(one, other)).toBe(true);
});

test('writes numbers into snapshots', () => {
  expect({ weight: tensor([[1.5, 2]]) }).toMatchSnapshot();
});
