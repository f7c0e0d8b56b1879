import { type Expression, optim } from 'lanewise';

export interface LionOptions extends optim.BaseOptions {
  /** Decay of the average in the direction, and of the average that is kept. Default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** Share of the weights that each step takes away, times the rate. Default 0. */
  weightDecay: number;
}

/** What the library's own optimizers are made of, too: defaults, checks, the numbers of a step, its state, and the step itself. */
const lion: optim.OptimizerKind<LionOptions, 'lr' | 'beta1' | 'beta2' | 'weightDecay', 'exp_avg'> = {
  name: 'Lion',
  defaults: { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0 },
  check(place, { lr, betas, weightDecay }) {
    for (const number of [lr, weightDecay, ...betas])
      if (!(number >= 0)) throw new RangeError(`${place}: the rate, the betas and the decay are at least 0`);
  },
  numbers: {
    lr: ({ lr }) => lr,
    beta1: ({ betas }) => betas[0],
    beta2: ({ betas }) => betas[1],
    weightDecay: ({ weightDecay }) => weightDecay,
  },
  state: { required: ['exp_avg'], optional: [], countsSteps: false },
  update({ param, grad, exp_avg: average }, { lr, beta1, beta2, weightDecay }) {
    const mix = (beta: Expression) => average.mul(beta).add(grad.mul(beta.neg().add(1)));
    const direction = mix(beta1).sign().add(param.mul(weightDecay));
    return { param: param.sub(direction.mul(lr)), exp_avg: mix(beta2) };
  },
};

/** The sign of an average of gradients (Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023). */
export class Lion extends optim.Optimizer<LionOptions> {
  constructor(params: optim.Params<LionOptions>, options?: Partial<LionOptions>) {
    super(lion, params, options);
  }
}
