// What becomes of tensors, modules and states in JSON and in structured clones: every number comes back, or an error names the way.
import v8 from 'node:v8';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Generator, nn, optim, ShapeError, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

const special = [Number.NaN, Infinity, -Infinity, -0, 0.1, 3.4028234663852886e38, 1.401298464324817e-45];

const viaPort = <T>(value: T): T => {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const received = receiveMessageOnPort(port2)?.message;
  port1.close();
  return received;
};

const ways: [string, <T>(value: T) => T][] = [
  ['JSON', (value) => JSON.parse(JSON.stringify(value))],
  ['structuredClone', structuredClone],
  ['postMessage', viaPort],
  ['v8.serialize', (value) => v8.deserialize(v8.serialize(value))],
];

const bits = (t: Tensor) => Buffer.from(t.toTypedArray().buffer).toString('hex');
const reread = (value: unknown): Tensor => tensor(value as Tensor);

function trained() {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 1));
  const optimizer = new optim.Adam(model.parameters(), { amsgrad: true });
  for (let step = 0; step < 3; step++) {
    optimizer.zeroGrad();
    model
      .forward(tensor([[1, 2, 3]]))
      .sum()
      .backward();
    optimizer.step();
  }
  return { model, optimizer };
}

describe.each(ways)('by %s', (_way, send) => {
  it.each([
    ['float32', [7]],
    ['float64', [7]],
    ['float32', [7, 1]],
    ['float64', [1, 7]],
  ] as const)('a tensor of %s %s comes back to the bit', (dtype, shape) => {
    const original = tensor(special, { dtype, shape: [...shape] });
    const back = reread(send(original));
    expect([back.dtype, back.shape, bits(back)]).toEqual([dtype, shape, bits(original)]);
  });

  it.each([[[]], [[0, 3]], [[2, 0]], [[1]]])('a tensor of shape %s keeps its sizes', (shape) => {
    const original = tensor(
      Int32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => -(2 ** 31)),
      { shape },
    );
    const back = reread(send(original));
    expect([back.dtype, back.shape, back.toArray()]).toEqual(['int32', shape, original.toArray()]);
  });

  it('a result with a gradient is its numbers', () => {
    const result = tensor([1, 2], { requiresGrad: true }).mul(2);
    expect(reread(send(result)).toArray()).toEqual([2, 4]);
  });

  it('the states of a model and of its optimizer come back', () => {
    const { model, optimizer } = trained();
    const fresh = trained();
    for (const parameter of fresh.model.parameters()) parameter.detach().copy_(tensor(9));
    fresh.model.loadStateDict(send(model.stateDict()));
    fresh.optimizer.loadStateDict(send(optimizer.stateDict()));
    expect(JSON.stringify(fresh.model)).toBe(JSON.stringify(model));
    expect(JSON.stringify(fresh.optimizer)).toBe(JSON.stringify(optimizer));
    expect(optimizer.stateDict().state[0]?.step?.item()).toBe(3);
  });
});

describe('modules and optimizers', () => {
  it('are their states in JSON', () => {
    const { model, optimizer } = trained();
    const other = trained();
    other.model.loadStateDict(JSON.parse(JSON.stringify({ model })).model);
    expect(JSON.stringify(other.model.stateDict())).toBe(JSON.stringify(model.stateDict()));
    expect(JSON.stringify(optimizer)).toBe(JSON.stringify(optimizer.stateDict()));
  });

  it.each(ways.slice(1))('cannot go by %s, and the error names the way', (_way, send) => {
    const { model, optimizer } = trained();
    for (const value of [model, model.at(0), { deep: [model] }, optimizer])
      expect(() => send(value)).toThrow(/send its stateDict\(\), which loadStateDict\(\) takes/);
  });
});

describe('generators and schedulers', () => {
  it('are their states in JSON', () => {
    const generator = new Generator(5);
    generator.normalFill(new Float32Array(3), 0, 1);
    const copy = new Generator().setState(JSON.parse(JSON.stringify({ generator })).generator);
    expect(copy.random63()).toBe(generator.random63());
    const { optimizer } = trained();
    const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2 });
    scheduler.step();
    const fresh = new optim.lrScheduler.StepLR(trained().optimizer, { stepSize: 2 });
    fresh.loadStateDict(JSON.parse(JSON.stringify(scheduler)));
    expect(fresh.lastEpoch).toBe(1);
  });

  it.each(ways.slice(1))('cannot go by %s', (_way, send) => {
    expect(() => send(new Generator())).toThrow(/send its getState\(\), which setState\(\) takes/);
    const scheduler = new optim.lrScheduler.StepLR(trained().optimizer, { stepSize: 2 });
    expect(() => send(scheduler)).toThrow('could not be cloned');
  });
});

describe('what comes back damaged is refused, with the model as it was', () => {
  const good = { dtype: 'float32', shape: [1, 2], data: [[1, 2]] };
  it.each([
    ['a size more', { ...good, data: [[1, 2, 3]] }, ShapeError, 'data is not of shape [1, 2]'],
    ['a number less', { ...good, data: [[1]] }, ShapeError, 'data is not of shape [1, 2]'],
    ['null for NaN', { ...good, data: [[1, null]] }, Error, 'expected a number in data, got null'],
    ['text', { ...good, data: [[1, '2']] }, Error, 'expected a number in data, got "2"'],
    ['an unknown dtype', { ...good, dtype: 'float16' }, Error, 'dtype must be one of'],
    ['bad sizes', { ...good, shape: [1, -2] }, Error, 'must not be negative'],
    ['another shape', { ...good, shape: [2 ** 20, 2 ** 11], data: [] }, ShapeError, 'size mismatch for weight'],
    ['a fraction in int32', { ...good, dtype: 'int32', data: [[1, 0.5]] }, Error, 'expected a number in data'],
    ['an array of another type', { ...good, data: new Float64Array(2) }, ShapeError, '2 elements of float32'],
    ['an array too short', { ...good, data: new Float32Array(1) }, ShapeError, '2 elements of float32'],
    ['something else', { shape: [1, 2] }, Error, 'expected a Tensor from checkpoint but received'],
  ])('%s', (_what, weight, kind, message) => {
    const layer = new nn.Linear(2, 1);
    const before = JSON.stringify(layer);
    const load = () => layer.loadStateDict({ bias: tensor([5]), weight: weight as object as Tensor });
    expect(load).toThrow(kind);
    expect(load).toThrow(message);
    expect(JSON.stringify(layer)).toBe(before);
  });
});

describeEachBackend('numbers that lie in buffers', () => {
  it('are the newest ones in clones, JSON and comparisons', async () => {
    const { compile } = await import('../../src/index.js');
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = model.forward(x).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const before = structuredClone(model.stateDict());
    step(tensor([[2]]));
    const after = structuredClone(model.stateDict());
    expect(reread(after.weight).item()).toBe(Math.fround(reread(before.weight).item() - 2));
    expect(after).not.toEqual(before);
    step.dispose();
    expect(structuredClone(model.stateDict())).toEqual(after);
  });
});
