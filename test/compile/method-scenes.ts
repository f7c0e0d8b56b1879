/** Steps that use one family of functions each. */
import { functional as F, nn, optim, randn, Slice, type Tensor } from '../../src/index.js';
import type { Scene } from './scenes.js';

/** Trains a [4, 6] weight by the loss that `loss` makes of it. */
function weightScene(
  loss: (weight: Tensor, ...args: Tensor[]) => Tensor,
  args: () => Tensor[] = () => [],
): () => Scene {
  return () => {
    const model = new nn.Linear(6, 4, { bias: false });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.5 });
    const given = args();
    return {
      step(...inputs) {
        optimizer.zeroGrad();
        const value = loss(model.weight, ...inputs);
        value.backward();
        optimizer.step();
        return [value];
      },
      args: () => given,
      modules: [model],
      optimizers: [optimizer],
    };
  };
}

export const methodScenes: Readonly<Record<string, () => Scene>> = {
  'repetition, pieces, positions': weightScene(
    (w, x) => {
      const [left, right] = w.split([2, 4], 1);
      const tiled = left!
        .repeat([1, 2])
        .mul(right!)
        .add(x.expand([4, 4]));
      const picked = w.index(new Slice(0, null, 2), null, -1).add(w.slice(1, 1, null, 2).repeatInterleave(2));
      return F.cat([tiled.view([16]), picked.flatten(), w.T.chunk(3)[1]!.flatten()])
        .pow(2)
        .mean();
    },
    () => [randn([4, 1])],
  ),
};
