/** Things to be trained, each made from a seed, and a picture of all that a step may change. */
import {
  bernoulli,
  type CompileOptions,
  compile,
  defaultGenerator,
  functional as F,
  Generator,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  pointwise,
  rand,
  randint,
  randintLike,
  randn,
  randnLike,
  randperm,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { Own } from '../helpers/own-optimizer.js';
import { type Fixture, labels, type Result } from './fixture.js';
import { imageFixtures } from './image-fixtures.js';
import { methodFixtures } from './method-fixtures.js';

/** Only passes that leave out or move ops. */
export const unfused: NonNullable<CompileOptions['passes']> = {
  'relu-dropout': false,
  'relu-max-pool': false,
  'pointwise-chains': false,
  'conv-epilogue': false,
  'conv-max-pool': false,
  'linear-input-gradient': false,
  'linear-epilogue': false,
  'cross-entropy-train': false,
  'linear-weight-update': false,
  'weight-panels': false,
};

/** The numbers of a tensor, so that NaN equals NaN and 0 does not equal -0. */
export const numbers = (t: Tensor | null): unknown => (t === null ? null : [t.dtype, t.shape, [...t.toTypedArray()]]);

/** Everything that a step may change. */
export function picture(
  { modules, optimizers, others = [], generators = [] }: Fixture,
  { gradients = true } = {},
): unknown {
  const parameters = modules.flatMap((module) => [...module.parameters(), ...module.buffers()]);
  return {
    parameters: parameters.map(numbers),
    gradients: gradients ? parameters.map(({ grad }) => numbers(grad)) : null,
    requiresGrad: parameters.map(({ requiresGrad }) => requiresGrad),
    modes: modules.flatMap((module) => module.modules().map(({ training }) => training)),
    optimizers: optimizers.map((optimizer) => {
      const { state, param_groups } = optimizer.stateDict();
      const plain = Object.values(state).map((own) =>
        Object.entries(own).map(([key, value]) => [key, numbers(value as Tensor)]),
      );
      return { plain, param_groups };
    }),
    others: others.map(numbers),
    generator: [defaultGenerator, ...generators].map((each) => each.getState()),
  };
}

/** A dropout MLP on two batches in turn; with `make` the optimizer. */
function mlp(
  make: (params: Tensor[]) => optim.Optimizer,
  options: { sizes?: readonly number[]; activation?: nn.Module<readonly [Tensor], Tensor> } = {},
): Fixture {
  const { sizes = [6], activation = new nn.ReLU() } = options;
  const model = new nn.Sequential(new nn.Linear(7, 9), activation, new nn.Dropout(0.4), new nn.Linear(9, 5));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = make(model.parameters());
  const batches = sizes.map((size) => [randn([size, 7]), labels(size, 5)]);
  return {
    step(x, y) {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x!), y!);
      loss.backward();
      optimizer.step();
      return loss;
    },
    args: (i) => batches[i % batches.length]!,
    modules: [model],
    optimizers: [optimizer],
  };
}

class Residual extends nn.Module<readonly [Tensor, Tensor], { logits: Tensor; hidden: Tensor }> {
  readonly left = new nn.Linear(4, 6);
  readonly right = new nn.Linear(3, 6, { bias: false });
  readonly inner = new nn.ModuleList([new nn.Linear(6, 6), new nn.Linear(6, 6)]);
  readonly gain = new nn.Parameter(ones([6]));

  override forward(a: Tensor, b: Tensor): { logits: Tensor; hidden: Tensor } {
    let hidden = this.left.forward(a).add(this.right.forward(b)).tanh();
    for (const layer of this.inner) hidden = (layer as nn.Linear).forward(hidden).relu().add(hidden).mul(this.gain);
    return { logits: hidden.matmul(hidden.transpose(0, 1)).softmax(1), hidden };
  }
}

/** A module of a function. */
export class Lambda extends nn.Module<readonly [Tensor], Tensor> {
  readonly #compute: (x: Tensor) => Tensor;
  constructor(compute: (x: Tensor) => Tensor) {
    super();
    this.#compute = compute;
  }
  override forward(x: Tensor): Tensor {
    return this.#compute(x);
  }
}

/** Its tanh form, by methods. */
export const gelu = (x: Tensor): Tensor =>
  x.mul(0.5).mul(
    x
      .add(x.pow(3).mul(0.044715))
      .mul(Math.sqrt(2 / Math.PI))
      .tanh()
      .add(1),
  );

/** A function with a kink and a number. */
export const soft = pointwise((x, { beta }) => x.lt(0).where(x.mul(beta).expm1().div(beta), x.add(x.sin())), {
  name: 'soft',
  scalars: { beta: 1 },
});

const sgd = (params: Tensor[]) => new optim.SGD(params, { lr: 0.1 });

export const fixtures: Readonly<Record<string, () => Fixture>> = {
  ...methodFixtures,
  ...imageFixtures,
  'MLP, SGD': () => mlp(sgd),
  'MLP, momentum': () => mlp((p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, dampening: 0.1, weightDecay: 0.01 })),
  'MLP, nesterov': () => mlp((p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, nesterov: true })),
  'MLP, Adam': () => mlp((p) => new optim.Adam(p, { lr: 0.01 })),
  'MLP, amsgrad': () => mlp((p) => new optim.Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.1 })),
  'MLP, AdamW': () => mlp((p) => new optim.AdamW(p, { lr: 0.01 })),
  "MLP, GELU by methods, a user's optimizer": () => mlp((p) => new Own(p), { activation: new Lambda(gelu) }),
  "MLP, a user's function, another form of a user's optimizer": () =>
    mlp((p) => new Own(p, { centered: true, eps: 0.01 }), {
      activation: new Lambda((x) => soft(x, { beta: 1.5 })),
    }),
  'MLP, RMSprop': () => mlp((p) => new optim.RMSprop(p, { momentum: 0.9, centered: true })),
  'a last, shorter batch': () => mlp((p) => new optim.Adam(p), { sizes: [6, 6, 1, 0] }),

  'several inputs and outputs, residual paths': () => {
    const model = new Residual();
    const optimizer = new optim.AdamW(model.parameters());
    const [a, b] = [randn([5, 4]), randn([5, 3])];
    return {
      step(x, y) {
        model.zeroGrad();
        const { logits, hidden } = model.forward(x!, y!);
        const loss = logits.log().sum().neg().add(hidden.pow(2).mean());
        loss.backward();
        optimizer.step();
        return { loss, hidden, input: x!, gain: model.gain, gradient: model.gain.grad! };
      },
      args: () => [a, b],
      modules: [model],
      optimizers: [optimizer],
    };
  },

  'averages of weights, in place': () => {
    const fixture = mlp(sgd);
    const [model] = fixture.modules as [nn.Sequential];
    const averages = model.parameters().map((parameter) => parameter.detach().clone());
    return {
      ...fixture,
      step(x, y) {
        const loss = fixture.step(x!, y!);
        noGrad(() => {
          for (const [i, parameter] of model.parameters().entries())
            averages[i]!.mul_(0.9).add_(parameter, { alpha: 0.1 });
        });
        return loss;
      },
      others: averages,
    };
  },

  'gradients added up over calls': () => {
    const fixture = mlp(sgd);
    const [model] = fixture.modules as [nn.Sequential];
    const [optimizer] = fixture.optimizers;
    return {
      ...fixture,
      step(x, y) {
        const loss = F.crossEntropy(model.forward(x!), y!);
        loss.backward();
        return [loss];
      },
      before(i) {
        if (i % 3 !== 2) return;
        optimizer!.step();
        if (i % 2 === 0) optimizer!.zeroGrad();
        else optimizer!.zeroGrad({ setToNone: false });
      },
    };
  },

  'gradient clipping': () => {
    const fixture = mlp((p) => new optim.Adam(p, { lr: 0.01 }));
    const [model] = fixture.modules as [nn.Sequential];
    const [optimizer] = fixture.optimizers;
    return {
      ...fixture,
      step(x, y) {
        optimizer!.zeroGrad();
        const loss = F.crossEntropy(model.forward(x!), y!);
        loss.backward();
        const squares = model.parameters().map(({ grad }) => grad!.pow(2).sum());
        const norm = squares.reduce((sum, each) => sum.add(each)).sqrt();
        const factor = F.div(0.1, norm.add(1e-6)).clamp(undefined, 1);
        for (const parameter of model.parameters()) parameter.grad = parameter.grad!.mul(factor);
        optimizer!.step();
        return [loss, norm];
      },
    };
  },

  'another learning rate at each call': () => {
    const fixture = mlp(
      (p) => new optim.SGD([{ params: p.slice(0, 2) }, { params: p.slice(2), lr: 0.3 }], { lr: 0.1 }),
    );
    const [optimizer] = fixture.optimizers;
    const schedule = new optim.lrScheduler.StepLR(optimizer!, { stepSize: 2, gamma: 0.5 });
    return {
      ...fixture,
      before(i) {
        if (i > 0) schedule.step();
        if (i === 3) optimizer!.paramGroups[1]!.lr = 0.7;
      },
    };
  },

  'train and eval, what is frozen, p: all change': () => {
    const fixture = mlp((p) => new optim.SGD(p, { lr: 0.1, momentum: 0.5 }));
    const [model] = fixture.modules as [nn.Sequential];
    return {
      ...fixture,
      before(i) {
        if (i === 1) model.eval();
        if (i === 2) model.train();
        if (i === 3) model.at(0).requiresGrad_(false);
        if (i === 4) (model.at(2) as nn.Dropout).p = 0.9;
        if (i === 5) model.at(0).requiresGrad_(true);
      },
    };
  },

  "PyTorch's masks": () => {
    manualSeed(8, { masks: 'mt19937' });
    return mlp(sgd);
  },

  'a function that sets the mode': () => {
    const fixture = mlp(sgd);
    const [model] = fixture.modules as [nn.Sequential];
    return {
      ...fixture,
      step(x) {
        const noisy = model.train().forward(x!);
        return [noisy, noGrad(() => model.eval().forward(x!))];
      },
    };
  },

  'backward without a step': () => {
    const fixture = mlp(sgd);
    const [model] = fixture.modules as [nn.Sequential];
    return {
      ...fixture,
      step(x, y) {
        model.zeroGrad();
        const loss = F.crossEntropy(model.forward(x!), y!);
        loss.backward();
        return loss;
      },
    };
  },

  'constants made inside, one of them changed': () => {
    const total = zeros([3]);
    const x = randn([3]);
    return {
      step(a) {
        const weights = tensor([1, 2, 3]);
        const sum = zeros([3]);
        const scratch = tensor([9, 9, 9]);
        sum.copy_(
          sum
            .add(a!)
            .add(weights)
            .mul(ones([3])),
        );
        scratch.copy_(scratch.add(sum));
        total.copy_(total.add(scratch));
        return [sum, scratch, weights, total];
      },
      args: () => [x],
      modules: [],
      optimizers: [],
      others: [total],
    };
  },

  'random numbers drawn inside, from two generators': () => {
    const model = new nn.Linear(3, 4);
    const own = new Generator(6);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const x = rand([5, 3]);
    return {
      step(a) {
        optimizer.zeroGrad();
        const mean = model.forward(F.dropout(a!.add(randnLike(a!, { generator: own })), 0.3));
        const sample = mean
          .exp()
          .mul(randn([5, 4]))
          .add(mean);
        const rows = sample.indexSelect(randperm(5)).indexSelect(randint(0, 5, [7]));
        const loss = rows.mul(bernoulli(rand([7, 4], { generator: own }))).sum();
        loss.backward();
        optimizer.step();
        return { loss, rows, order: randperm(9, { generator: own }), few: randn([3]), floats: randintLike(a!, -4, 4) };
      },
      args: () => [x],
      modules: [model],
      optimizers: [optimizer],
      generators: [own],
    };
  },

  'indices, extrema, joins': () => {
    const table = new nn.Linear(4, 6);
    const rows = tensor([5, 0, 0, 3], { dtype: 'int32' });
    return {
      step(index) {
        table.zeroGrad();
        const picked = table.weight.indexSelect(index!);
        const { values, indices } = picked.max({ dim: 1 });
        const loss = F.cat([values, picked.narrow(1, 1, 2).flatten(), picked.min().reshape([1])])
          .pow(2)
          .mean();
        loss.backward();
        return [loss, indices, picked.to('int32')];
      },
      args: () => [rows],
      modules: [table],
      optimizers: [],
    };
  },
};

export type Mode = 'eager' | 'compiled' | 'mixed' | 'async';

/** Takes `calls` steps of a fixture, and returns what they returned and what is left. */
export async function play(
  make: () => Fixture,
  mode: Mode,
  calls = 7,
  options: CompileOptions = {},
  looks: { gradients?: boolean } = {},
): Promise<unknown> {
  manualSeed(5);
  const fixture = make();
  const compiled = compile(fixture.step, { passes: unfused, keepGradients: true, ...options });
  const taken: unknown[] = [];
  for (let i = 0; i < calls; i++) {
    fixture.before?.(i);
    const args = fixture.args(i);
    const isEager = mode === 'eager' || (mode === 'mixed' && i % 3 === 1);
    const result: Result = isEager
      ? fixture.step(...args)
      : mode === 'async'
        ? await compiled.async(...args)
        : compiled(...args);
    taken.push(
      Object.entries(result.constructor.name === 'Tensor' ? { result } : result).map(([key, t]) => [key, numbers(t)]),
    );
    // Looking at everything each time brings the host side up to date; not looking leaves it behind.
    if (i % 2 === 0) taken.push(picture(fixture, looks));
  }
  compiled.dispose();
  return { taken, left: picture(fixture, looks) };
}
