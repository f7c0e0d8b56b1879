/** Steps that use one family of functions each. */
import { functional as F, nn, optim, randn, Slice, type Tensor, tensor } from '../../src/index.js';
import type { Fixture } from './fixture.js';

/** Trains a [4, 6] weight by the loss that `loss` makes of it. */
function weightFixture(
  loss: (weight: Tensor, ...args: Tensor[]) => Tensor,
  args: () => Tensor[] = () => [],
): () => Fixture {
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

export const methodFixtures: Readonly<Record<string, () => Fixture>> = {
  'repetition, pieces, positions': weightFixture(
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

  'elements by index, orders': weightFixture(
    (w, index, labels) => {
      const { values, indices } = w.sort({ descending: true });
      const put = w.scatter(1, index, values.slice(1, 0, 2)).scatterAdd(0, index, w.slice(1, 0, 2));
      const chosen = w
        .gather(1, w.argsort().slice(1, 0, 1))
        .add(w.topk(4, { dim: 0 }).values.gather(1, index.slice(1, 0, 1)));
      const hot = F.oneHot(labels, 6).to('float32').mul(w.cumsum(1));
      return F.cat([put.flatten(), chosen.flatten(), hot.flatten(), indices.to('float32').mul(w).flatten()])
        .pow(2)
        .mean();
    },
    () => [
      tensor(
        [
          [3, 0],
          [1, 2],
          [2, 1],
          [0, 3],
        ],
        { dtype: 'int32' },
      ),
      tensor([5, 0, 2, 2], { dtype: 'int32' }),
    ],
  ),

  'statistics and products': weightFixture(
    (w, x) => {
      const spread = w
        .var({ dim: 1 })
        .add(w.std({ dim: 1 }))
        .add(w.norm(2, { dim: 1 }))
        .add(w.prod({ dim: 1 }));
      const scores = F.einsum('ij,kj->ik', w, x).add(
        w
          .view([1, 4, 6])
          .bmm(x.T.view([1, 6, 4]))
          .view([4, 4]),
      );
      return F.cat([spread, scores.flatten(), w.select(0, 0).outer(x.select(0, 1)).flatten()])
        .pow(2)
        .mean();
    },
    () => [randn([4, 6])],
  ),
};
