/** An optimizer as a user writes one. */
import { optim, type Tensor } from '../../src/index.js';

export interface OwnOptions extends optim.BaseOptions {
  /** Decay of the average of squared gradients. Default 0.99. */
  alpha: number;
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Divide by the deviation: the average of the gradients is kept, too. Default false. */
  centered: boolean;
}

const kind: optim.OptimizerKind<OwnOptions, 'lr' | 'alpha' | 'eps', 'square_avg' | 'grad_avg'> = {
  name: 'Own',
  defaults: { lr: 0.01, alpha: 0.99, eps: 1e-8, centered: false },
  check(place, { lr, alpha, eps }) {
    for (const value of [lr, alpha, eps]) if (!(value >= 0)) throw new TypeError(`${place}: ${value} is not valid`);
  },
  numbers: { lr: ({ lr }) => lr, alpha: ({ alpha }) => alpha, eps: ({ eps }) => eps },
  form: ({ centered }) => ({ centered }),
  state: {
    required: ['square_avg'],
    optional: ['grad_avg'],
    countsSteps: true,
    uses: ({ centered }) => (centered ? ['grad_avg'] : []),
  },
  update({ param, grad, square_avg: squares, grad_avg: mean }, { lr, alpha, eps }, { centered }) {
    const rest = alpha.neg().add(1);
    const nextSquares = alpha.mul(squares).add(rest.mul(grad).mul(grad));
    const nextMean = centered ? alpha.mul(mean).add(rest.mul(grad)) : null;
    const spread = nextMean === null ? nextSquares : nextSquares.sub(nextMean.mul(nextMean));
    return {
      param: param.sub(lr.mul(grad.div(spread.sqrt().add(eps)))),
      square_avg: nextSquares,
      ...(nextMean === null ? {} : { grad_avg: nextMean }),
    };
  },
};

/** RMSprop, each operation rounded by itself. */
export class Own extends optim.Optimizer<OwnOptions> {
  constructor(params: Tensor[], options?: Partial<OwnOptions>) {
    super(kind, params, options);
  }
}
