import { nn, type Tensor, tensor } from 'lanewise';

/**
 * Adds to step p of a sequence sin(p / 10000^(2i/d)) in feature 2i and the cosine of the same in feature 2i + 1: what tells a transformer where a step stands.
 * Vaswani et al., Attention Is All You Need (2017), 3.5.
 */
export class SinusoidalPositions extends nn.Module {
  /** [steps, features], not learnt: a buffer. */
  declare readonly table: Tensor;

  /**
   * @param features an even number
   * @param longest steps of the longest sequence
   */
  constructor(features: number, longest: number) {
    super();
    const numbers = Float32Array.from({ length: longest * features }, (_, at) => {
      const [step, feature] = [Math.floor(at / features), at % features];
      const angle = step / 10000 ** ((feature - (feature % 2)) / features);
      return feature % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
    this.registerBuffer('table', tensor(numbers, { shape: [longest, features] }));
  }

  /** @param sequence [batch, steps, features] */
  override forward(sequence: Tensor): Tensor {
    return sequence.add(this.table.narrow(0, 0, sequence.shape[1]!));
  }
}
