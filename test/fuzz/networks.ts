/** Random networks: eager, compiled and `fit` give the same bits, on any number of threads and instruction set. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { backend, compile, data, fit, manualSeed, nn, optim, randint, randn, type Tensor } from '../../src/index.js';
import { unfused } from '../compile/fixtures.js';

interface Case {
  readonly rows: number;
  readonly batchSize: number;
  readonly features: number;
  readonly layers: readonly { readonly kind: keyof typeof layers; readonly features: number }[];
  readonly classes: number;
  readonly loss: keyof typeof losses;
  readonly optimizer: keyof typeof optimizers;
  readonly seed: number;
}

const layers = {
  linear: (given: number, features: number) => [new nn.Linear(given, features)],
  unbiased: (given: number, features: number) => [new nn.Linear(given, features, { bias: false })],
  relu: () => [new nn.ReLU()],
  tanh: () => [new nn.Tanh()],
  sigmoid: () => [new nn.Sigmoid()],
  dropout: () => [new nn.Dropout(0.3)],
  block: (given: number, features: number) => [new nn.Linear(given, features), new nn.ReLU(), new nn.Dropout(0.5)],
};
const losses = {
  crossEntropy: () => new nn.CrossEntropyLoss(),
  smoothed: () => new nn.CrossEntropyLoss({ labelSmoothing: 0.1, reduction: 'sum' }),
  mse: () => new nn.MSELoss(),
};
const optimizers = {
  sgd: (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.05 }),
  momentum: (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.05, momentum: 0.9, nesterov: true }),
  adam: (parameters: Tensor[]) => new optim.Adam(parameters, { lr: 0.01 }),
  adamw: (parameters: Tensor[]) => new optim.AdamW(parameters, { lr: 0.01, weightDecay: 0.1 }),
};

/** Small, the lanes of an instruction set and their neighbours, and a prime beyond a tile. */
const size = fc.constantFrom(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 67);
const kinds = Object.keys(layers) as (keyof typeof layers)[];

export const networks: fc.Arbitrary<Case> = fc.record({
  rows: size,
  batchSize: size,
  features: size,
  layers: fc.array(fc.record({ kind: fc.constantFrom(...kinds), features: size }), { maxLength: 5 }),
  classes: fc.constantFrom(1, 2, 3, 10, 17),
  loss: fc.constantFrom<keyof typeof losses>('crossEntropy', 'smoothed', 'mse'),
  optimizer: fc.constantFrom<keyof typeof optimizers>('sgd', 'momentum', 'adam', 'adamw'),
  seed: fc.nat(2 ** 31),
});

/** How a case is trained. */
export interface Way {
  readonly name: string;
  readonly backend: string;
  readonly threads: number;
  readonly form: 'eager' | 'compiled' | 'fit';
  readonly fuse: boolean;
}

/** Two epochs in the order of the data; the weights after them, and what the model makes of the data. */
async function train(given: Case, way: Way): Promise<readonly Float32Array[]> {
  backend.use(way.backend);
  backend.threads = way.threads;
  manualSeed(given.seed);
  const model = new nn.Sequential();
  let width = given.features;
  for (const { kind, features } of given.layers) {
    const made = layers[kind](width, features);
    model.extend(made);
    if (made[0] instanceof nn.Linear) width = features;
  }
  model.append(new nn.Linear(width, given.classes));
  const input = randn([given.rows, given.features]);
  const target =
    given.loss === 'mse'
      ? randn([given.rows, given.classes])
      : randint(0, given.classes, [given.rows], { dtype: 'int32' });
  const optimizer = optimizers[given.optimizer](model.parameters());
  const loss = losses[given.loss]();
  const dataset = new data.TensorDataset(input, target);
  const { batchSize } = given;
  if (way.form === 'fit') {
    await fit(model, {
      train: dataset,
      batchSize,
      epochs: 2,
      shuffle: false,
      optimizer,
      loss,
      fuse: way.fuse,
      threads: way.threads,
    });
  } else {
    const step = (x: Tensor, y: Tensor): Tensor => {
      optimizer.zeroGrad();
      const value = loss.forward(model.forward(x), y);
      value.backward();
      optimizer.step();
      return value;
    };
    const run = way.form === 'compiled' ? compile(step, way.fuse ? {} : { passes: unfused }) : step;
    for (let epoch = 0; epoch < 2; epoch++)
      for (const [x, y] of new data.DataLoader(dataset, { batchSize })) run(x!, y!);
  }
  model.eval();
  return [...model.parameters(), model.forward(input)].map((tensor) => tensor.toTypedArray('float32'));
}

/** Each group has the same bits throughout. */
function groups(): Way[][] {
  const natives = backend.available.filter((name) => name.startsWith('native:'));
  // Plain code multiplies and adds in two steps where the others have one instruction.
  const fused = natives.filter((name) => name !== 'native:scalar');
  const forms = (name: string): Way[] =>
    (['eager', 'compiled', 'fit'] as const).map((form) => ({
      name: `${name}, ${form}`,
      backend: name,
      threads: 1,
      form,
      fuse: false,
    }));
  const threads = fused.flatMap((name) =>
    [1, 2, 3, 4, 8].map((count) => ({
      name: `${name}, ${count} threads, fused`,
      backend: name,
      threads: count,
      form: 'compiled' as const,
      fuse: true,
    })),
  );
  return [...backend.available.map(forms), threads, fused.flatMap(forms)].filter((group) => group.length > 0);
}

export const networkProperty = fc.asyncProperty(networks, async (given) => {
  const { name, threads } = backend;
  try {
    for (const group of groups()) {
      const [first, ...others] = group;
      const expected = await train(given, first!);
      for (const way of others)
        if (!isDeepStrictEqual(await train(given, way), expected))
          throw new Error(`${way.name} differs from ${first!.name}`);
    }
  } finally {
    backend.use(name);
    backend.threads = threads;
  }
});
