import { nn, pointwise, type Tensor } from 'lanewise';

/**
 * x·tanh(log(1 + e^x)) (Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019). The formula is traced once; its
 * gradient follows by rule, and in a compiled step it runs inside the linear layer before it.
 */
export const mish = pointwise(
  (x) => {
    // log(1 + e^x) is x for a large x, whose exponential is not needed and would overflow.
    const softplus = x.gt(20).where(x, x.minimum(20).exp().log1p());
    return x.mul(softplus.tanh());
  },
  { name: 'mish' },
);

export class Mish extends nn.Module {
  override forward(input: Tensor): Tensor {
    return mish(input);
  }
}
