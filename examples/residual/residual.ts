import { nn, type Tensor } from 'lanewise';

/**
 * A layer of your own is a class with a `forward`. Modules in fields are found by themselves: their parameters appear in
 * `parameters()` and `stateDict()`, and `train()` and `eval()` reach them.
 *
 * This one adds what it computes to its input (He et al., Deep Residual Learning for Image Recognition, CVPR 2016), so that
 * gradients have a way around the layers in it. What you use of a tensor is up to you: every method has its gradient.
 */
export class Residual extends nn.Module {
  readonly first: nn.Linear;
  readonly second: nn.Linear;
  readonly dropout: nn.Dropout;

  constructor(features: number, p: number) {
    super();
    this.first = new nn.Linear(features, features);
    this.second = new nn.Linear(features, features);
    this.dropout = new nn.Dropout(p);
  }

  override forward(input: Tensor): Tensor {
    const hidden = this.dropout.forward(this.first.forward(input).relu());
    return this.second.forward(hidden).add(input).relu();
  }
}
