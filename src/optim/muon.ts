import { checkBoolean, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { matmul } from '../functional/matmul.js';
import { norm } from '../functional/norm.js';
import { PointwiseFunction, type Scalar } from '../functional/pointwise.js';
import { transpose } from '../functional/strided.js';
import { isArray } from '../realm.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { BaseOptions, OptimizerKind } from './kind.js';
import { Optimizer } from './optimizer.js';
import { checkCount, checkFinite } from './options.js';
import type { GroupOptions, Params } from './params.js';

export interface MuonOptions extends BaseOptions {
  /** By how much the weights shrink in a step, as a share of lr. Default 0.1. */
  weightDecay: number;
  /** Decay of the average of gradients. Default 0.95. */
  momentum: number;
  /** Look ahead along the momentum (Nesterov). Default true. */
  nesterov: boolean;
  /** Coefficients a, b, c of the iteration. Default [3.4445, -4.775, 2.0315]. */
  nsCoefficients: readonly [number, number, number];
  /** The least norm that a direction is divided by. Default 1e-7. */
  eps: number;
  /** Number of iterations, below 100. Default 5. */
  nsSteps: number;
  /**
   * What lr is multiplied by for a weight [A, B]: `'original'`, and null, √max(1, A/B); `'match_rms_adamw'` 0.2·√max(A, B), so that rates and decay of AdamW can be
   * kept. Default null.
   */
  adjustLrFn: 'original' | 'match_rms_adamw' | null;
}

type NumberName = 'lr' | 'weightDecay' | 'momentum' | 'a' | 'b' | 'c' | 'eps';

/** x + (y - x)·share. */
const mixed = new PointwiseFunction({
  inputs: 2,
  scalars: 1,
  build: ([x, y], [share]) => share!.fma(y!.sub(x!), x!),
});
/** The average of gradients, whose share is the momentum. */
const averaged = new PointwiseFunction({
  inputs: 2,
  scalars: 1,
  build: ([average, grad], [momentum]) => momentum!.neg().add(1).fma(grad!.sub(average!), average!),
});
const divided = new PointwiseFunction({
  inputs: 2,
  scalars: 1,
  build: ([x, size], [least]) => x!.div(size!.maximum(least!)),
});
/** a·x + b·y. */
const combined = new PointwiseFunction({
  inputs: 2,
  scalars: 2,
  build: ([x, y], [a, b]) => a!.mul(x!).add(b!.mul(y!)),
});
const scaled = new PointwiseFunction({ inputs: 1, scalars: 1, build: ([x], [a]) => x!.mul(a!) });

/**
 * Brings the singular values of a matrix near 1, by iterations X = a·X + (b·G + c·G²)·X with G = X·Xᵀ from X/‖X‖ on. As the coefficients are chosen for speed, they
 * end between about 0.7 and 1.2.
 */
function orthogonalized(matrix: Tensor, steps: number, numbers: Readonly<Record<NumberName, Scalar>>): Tensor {
  const { a, b, c, eps } = numbers;
  const isTall = matrix.shape[0]! > matrix.shape[1]!;
  const wide = isTall ? transpose(matrix, 0, 1) : matrix;
  let x = divided.compute('Muon', [wide, norm(matrix)], [eps]);
  for (let i = 0; i < steps; i++) {
    const gram = matmul(x, transpose(x, 0, 1));
    const factor = combined.compute('Muon', [gram, matmul(gram, gram)], [b, c]);
    x = combined.compute('Muon', [x, matmul(factor, x)], [a, 1]);
  }
  return isTall ? transpose(x, 0, 1) : x;
}

/** A number of at least 0, with PyTorch's sentence for this optimizer. */
function checkMuon(caller: string, what: string, value: unknown): void {
  if (!(typeof value === 'number' && Number.isFinite(value) && value >= 0))
    throw new ArgumentError(`${caller}: ${what} should be >= 0 but is: ${show(value)}`);
}

const kind: OptimizerKind<MuonOptions, NumberName, 'momentum_buffer'> = {
  name: 'Muon',
  defaults: {
    ...{ lr: 1e-3, weightDecay: 0.1, momentum: 0.95, nesterov: true, eps: 1e-7, nsSteps: 5, adjustLrFn: null },
    nsCoefficients: [3.4445, -4.775, 2.0315],
  },
  check(caller, options) {
    checkMuon(caller, 'Learning rate', options.lr);
    checkMuon(caller, 'momentum', options.momentum);
    checkMuon(caller, 'weight decay', options.weightDecay);
    checkMuon(caller, 'epsilon', options.eps);
    checkBoolean(caller, 'nesterov', options.nesterov);
    checkCount(caller, 'ns_steps value', options.nsSteps);
    if (options.nsSteps >= 100)
      throw new ArgumentError(`${caller}: Number of steps must be less than 100 for computational efficiency`);
    const { nsCoefficients, adjustLrFn } = options;
    if (!isArray(nsCoefficients) || nsCoefficients.length !== 3)
      throw new ArgumentError(`${caller}: Coefficients must be a tuple of exactly 3 values`);
    for (const each of nsCoefficients) checkFinite(caller, 'coefficient', each);
    if (adjustLrFn !== null && adjustLrFn !== 'original' && adjustLrFn !== 'match_rms_adamw')
      throw new ArgumentError(`${caller}: Adjust learning rate function ${show(adjustLrFn)} is not supported`);
  },
  numbers: {
    lr: ({ lr }) => lr,
    weightDecay: ({ weightDecay }) => weightDecay,
    momentum: ({ momentum }) => momentum,
    a: ({ nsCoefficients }) => nsCoefficients[0],
    b: ({ nsCoefficients }) => nsCoefficients[1],
    c: ({ nsCoefficients }) => nsCoefficients[2],
    eps: ({ eps }) => eps,
  },
  form: ({ nesterov, nsSteps, adjustLrFn }) => ({ nesterov, nsSteps, matches: adjustLrFn === 'match_rms_adamw' }),
  state: { required: ['momentum_buffer'], optional: [], countsSteps: false },
  direction({ param, grad, buffer }, numbers, { nesterov, nsSteps, matches }) {
    const average = buffer('momentum_buffer');
    averaged.write([average, grad], [numbers.momentum]);
    const ahead = nesterov ? mixed.compute('Muon', [grad, average], [numbers.momentum]) : average;
    const [rows, columns] = param.shape as [number, number];
    const ratio = matches ? 0.2 * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, rows / columns));
    return scaled.compute('Muon', [orthogonalized(ahead, Number(nsSteps), numbers)], [ratio]);
  },
  update({ param, grad: direction }, { lr, weightDecay }) {
    return { param: param.mul(lr.mul(weightDecay).neg().add(1)).sub(lr.mul(direction)) };
  },
};

/**
 * Momentum whose direction is made orthogonal: B = momentum·B + (1-momentum)·grad; D = grad + momentum·(B - grad) with Nesterov, else B;
 * O = D with its singular values brought near 1 by `nsSteps` iterations of Newton and Schulz; then param *= 1 - lr·weightDecay and param -= ratio·lr·O, the ratio
 * being that of {@link MuonOptions.adjustLrFn}. For weights of hidden layers, [A, B]; all else goes to another optimizer, as AdamW.
 *
 * It iterates in the dtype of the weights, where PyTorch does so in bfloat16: directions differ by what bfloat16 rounds, some thousandths.
 *
 * Jordan et al., Muon: An optimizer for hidden layers in neural networks (2024); Liu et al., Muon is Scalable for LLM Training (2025);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html | torch.optim.Muon}.
 */
export class Muon extends Optimizer<MuonOptions> {
  /** @throws ArgumentError for parameters that have not two dimensions, or options that are not valid, in PyTorch's words. */
  constructor(params: Params<MuonOptions>, options?: Partial<MuonOptions>) {
    super(kind, params, options);
  }

  /** As {@link Optimizer.addParamGroup}; parameters have two dimensions. */
  override addParamGroup(group: GroupOptions<MuonOptions>): void {
    super.addParamGroup(group, (params) => {
      for (const { ndim, shape } of params)
        if (ndim !== 2)
          throw new ArgumentError(
            `Muon: Muon only supports 2D parameters whereas we found a parameter with size: ${formatShape(shape)}`,
          );
    });
  }
}
