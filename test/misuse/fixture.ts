/** The fixture that bad input is tried on, and a picture of all that must be the same afterwards. */
import {
  backend,
  data,
  defaultGenerator,
  Generator,
  manualSeed,
  nn,
  optim,
  rand,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { isGradEnabled } from '../../src/tensor/grad-mode.js';
import { Tensor as TensorClass } from '../../src/tensor/tensor.js';

/** What a JavaScript caller may pass, whatever the types say. */
export const bad = (value: unknown): never => value as never;

/** A model after one training step, and tensors of every kind. Made again after a row that changes something. */
export function makeFixture() {
  manualSeed(20);
  const model = new nn.Sequential(new nn.Linear(4, 5), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(5, 3));
  const criterion = new nn.CrossEntropyLoss();
  const tensors = {
    /** [2, 4]: two samples for the model. */
    x: randn([2, 4]),
    labels: tensor([0, 2], { dtype: 'int32' }),
    matrix: rand([2, 3]),
    cube: rand([2, 1, 3]),
    vector: rand([3]),
    scalar: tensor(1.5),
    integers: tensor([[1, 2, 3]], { dtype: 'int32' }),
    doubles: tensor(Float64Array.of(1, 2, 3, 4, 5, 6), { shape: [2, 3] }),
    empty: tensor([], { shape: [0, 3] }),
    leaf: rand([2, 3], { requiresGrad: true }),
    probabilities: tensor([0.5, 0.25, 0.25, 1, 0, 0], { shape: [2, 3] }),
  };
  tensors.leaf.mul(2).sum().backward();
  const dataset = new data.TensorDataset(randn([5, 4]), tensor([0, 1, 2, 1, 0], { dtype: 'int32' }));
  const generator = new Generator(3);
  generator.normalFill(new Float32Array(1));
  const loader = new data.DataLoader(dataset, { batchSize: 2, shuffle: true, generator });
  const loss = (): Tensor => criterion.forward(model.forward(tensors.x), tensors.labels);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const momentum = new optim.SGD([{ params: [tensors.leaf], lr: 0.1, momentum: 0.9 }]);
  loss().backward();
  optimizer.step();
  momentum.step();
  return { model, criterion, optimizer, momentum, ...tensors, dataset, generator, loader, loss };
}

export type Fixture = ReturnType<typeof makeFixture>;

/** Everything of the fixture and of the library that a refused call must leave alone, as plain values. */
export function picture(fixture: Fixture): unknown {
  return {
    fixture: plain(fixture, new Set()),
    modes: fixture.model.modules().map((module) => module.training),
    optimizers: [fixture.optimizer, fixture.momentum].map((optimizer) => plain(optimizer.stateDict(), new Set())),
    defaultGenerator: stateOf(defaultGenerator),
    backend: backend.name,
    threads: backend.threads,
    gradEnabled: isGradEnabled(),
    prototypes: [Object.prototype, Array.prototype, Float32Array.prototype].map((object) => Object.keys(object)),
  };
}

/** The state of a generator, its 624 words as an array of numbers: lists of objects take ten times as long to compare, 20,000 times. */
function stateOf(generator: Generator): unknown {
  const { mt19937, ...rest } = generator.getState();
  return { ...rest, words: Float64Array.from(mt19937.words), position: mt19937.position };
}

function plain(value: unknown, above: ReadonlySet<object>): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? 'function' : value;
  if (above.has(value)) return 'circle';
  const inside = new Set(above).add(value);
  const inner = (part: unknown) => plain(part, inside);
  if (value instanceof TensorClass) {
    const { shape, dtype, requiresGrad, grad, isLeaf } = value;
    return { shape: [...shape], dtype, requiresGrad, isLeaf, values: [...value.toTypedArray()], grad: inner(grad) };
  }
  if (value instanceof Generator) return stateOf(value);
  if (value instanceof nn.Module) {
    const members = Symbol.iterator in value ? [...(value as Iterable<unknown>)] : [];
    return { training: value.training, fields: fields(value, inner), members: members.map(inner) };
  }
  if (value instanceof Map) return [...value].map(([key, part]) => [inner(key), inner(part)]);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as Iterable<unknown>, inner);
  return fields(value, inner);
}

function fields(value: object, inner: (part: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inner(part)]));
}
